package letters_test

import (
	"strings"
	"testing"

	"sselfie/core/mail"
)

// Above the link of the plain part stand the words of the button.
func TestTheLineAboveTheLinkEndsOnce(t *testing.T) {
	r := renderer(t)
	for action, want := range map[string]string{"See Studio": "\nSee Studio:\n", "Need more credits?": "\nNeed more credits?\n", "Go on.": "\nGo on.\n", "Look:": "\nLook:\n"} {
		for _, kind := range []mail.Kind{mail.Sequence, mail.Campaign} {
			l := render(t, r, sample(kind, func(o *mail.Outgoing) { o.Props["action"] = action }))
			if !strings.Contains(l.Text, want) {
				t.Errorf("%s with %q: %s", kind, action, l.Text)
			}
		}
	}
}
