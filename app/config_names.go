package app

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// names returns the names of an environment as os.Environ lists it.
func names(environ []string) []string {
	out := make([]string, 0, len(environ))
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		out = append(out, name)
	}
	return out
}

// notOurs reports variables that begin like ours and are for others: switches of
// the repository's tests, and what Kubernetes and Docker set in every container
// beside a service whose name begins like ours.
func notOurs(name, value string) bool {
	return slices.Contains([]string{"SSELFIE_BROWSER_TESTS", "SSELFIE_STRIPE_MOCK"}, name) ||
		serviceShape.MatchString(name) || strings.Contains(value, "://") && strings.HasSuffix(name, "_PORT")
}

var serviceShape = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`)

// misspelt names variables that nobody reads. As in the file, that is a mistake:
// a limit or a secret that silently does not count is found out too late.
func (r *reader) misspelt(c *Config, getenv func(string) string, names []string) {
	known := map[string]bool{}
	var words []string
	leaves(reflect.ValueOf(c).Elem(), "", func(k key) {
		name := variable(k.path)
		known[name] = true
		if word, ours := strings.CutPrefix(name, "SSELFIE_"); ours {
			words = append(words, strings.ToLower(word))
		}
		if isSecret(k.field) {
			known[name+"_FILE"] = true
		}
	})
	for _, name := range names {
		word, ours := strings.CutPrefix(name, "SSELFIE_")
		if !ours || known[name] {
			continue
		}
		value := getenv(name)
		if value == "" || notOurs(name, value) {
			continue
		}
		text := "is no setting"
		if w := nearest(strings.ToLower(word), words); w != "" {
			text += fmt.Sprintf("; did you mean SSELFIE_%s?", strings.ToUpper(w))
		}
		r.say(name, "", "%s", text)
	}
}
