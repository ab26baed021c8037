package web_test

import (
	"context"
	"testing"

	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
)

type fakeLetters struct {
	stopped int
	chosen  map[string]bool
}

func (f *fakeLetters) check(token string) error {
	if token != "good" {
		return &core.Error{Code: core.TokenInvalid, Op: "letters", Message: "No such link."}
	}
	return nil
}

func (f *fakeLetters) Subscription(_ context.Context, token string) (web.Subscription, error) {
	return web.Subscription{MaskedMail: "a•••@e•••.com", Stopped: f.stopped > 0, Kinds: []view.Preference{{Key: "news"}, {Key: "series"}}}, f.check(token)
}

func (f *fakeLetters) Stop(_ context.Context, token string) error {
	if err := f.check(token); err != nil {
		return err
	}
	f.stopped++
	return nil
}

func (f *fakeLetters) Choose(_ context.Context, token string, wanted map[string]bool) error {
	f.chosen = wanted
	return f.check(token)
}

func TestUnsubscribing(t *testing.T) {
	f := &fakeLetters{}
	s := open(t, func(o *web.Options) { o.Letters = f })
	form := func(token, body string) ask {
		return ask{
			method: "POST", path: "/unsubscribe?token=" + token, body: body, kind: "application/x-www-form-urlencoded",
			header: map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"},
		}
	}
	s.play(t, scenario{ask: ask{path: "/unsubscribe?token=good"}, status: 200, has: []string{`"State":"ask"`, "a•••@e•••.com"}, header: map[string]string{"Referrer-Policy": "no-referrer"}})
	s.play(t, scenario{ask: ask{path: "/unsubscribe?token=altered"}, status: 400, has: []string{`"State":"invalid"`}, hasNot: []string{"a•••"}})
	s.play(t, scenario{ask: form("altered", "List-Unsubscribe=One-Click"), status: 400, has: []string{`"State":"invalid"`}})
	s.play(t, scenario{ask: form("good", "preferences=true&news=on"), status: 200, has: []string{`"Saved":true`, `"State":"ask"`}})
	if f.stopped != 0 || !f.chosen["news"] || f.chosen["series"] {
		t.Fatalf("looking and choosing stopped %d, chose %v", f.stopped, f.chosen)
	}
	s.play(t, scenario{ask: form("good", "List-Unsubscribe=One-Click"), status: 200, has: []string{`"State":"done"`}, header: map[string]string{"Location": ""}})
	multipart := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	s.play(t, scenario{ask: ask{method: "POST", path: "/unsubscribe?token=good", body: multipart, kind: "multipart/form-data; boundary=b"}, status: 200, has: []string{`"State":"done"`}})
	s.play(t, scenario{ask: ask{method: "POST", path: "/unsubscribe?token=good"}, status: 200})
	if f.stopped != 3 {
		t.Fatalf("stopped %d times", f.stopped)
	}
}
