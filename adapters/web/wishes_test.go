package web_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/mail"
)

// wishes is the mail desk as the program wires it.
type wishes struct{ desk mail.Desk }

func (w wishes) WantedBy(ctx context.Context, address string) (web.Subscription, error) {
	p, err := w.desk.WantedBy(ctx, address)
	return web.Subscription{Stopped: p.Off, Kinds: []view.Preference{{Key: "offers", On: p.Offers && !p.Off}, {Key: "newsletter", On: p.Newsletter && !p.Off}}}, err
}

func (w wishes) ChooseFor(ctx context.Context, user core.UserID, address string, wanted map[string]bool) error {
	return w.desk.ChooseFor(ctx, user, address, mail.Preferences{Offers: wanted["offers"], Newsletter: wanted["newsletter"]})
}

// A customer refuses one kind of letter on her account page, then all, then
// takes one back, without the link of any letter.
func TestLettersAreChosenOnTheAccountPage(t *testing.T) {
	s := open(t, func(o *web.Options) {
		db := o.Reads.(*sqlite.DB)
		o.Customer.Wishes = wishes{mail.Desk{Store: sqlite.Bind(db, func(tx *sqlite.Tx) mail.DeskTx { return tx }), Read: db, Clock: o.Clock, Fold: locksmith.NewFold()}}
	})
	anna := s.signUp("Anna@x.test")
	page := func(has ...string) {
		t.Helper()
		says(t, s.page(anna, "/account"), http.StatusOK, has...)
	}
	choose := func(v url.Values) {
		t.Helper()
		if a := s.send("/account/letters", anna, v); a.status != http.StatusSeeOther || a.header.Get("Location") != "/account?saved=letters" {
			t.Fatalf("%v: %d %s", v, a.status, a.body)
		}
	}
	page(`"Key":"offers","Label":"","Help":"","On":true`, `"Key":"newsletter","Label":"","Help":"","On":true`, `"Stopped":false`)
	choose(url.Values{"newsletter": {"true"}})
	page(`"Key":"offers","Label":"","Help":"","On":false`, `"Key":"newsletter","Label":"","Help":"","On":true`)
	choose(url.Values{})
	page(`"Key":"newsletter","Label":"","Help":"","On":false`, `"Stopped":true`)
	choose(url.Values{"offers": {"true"}})
	page(`"Key":"offers","Label":"","Help":"","On":true`, `"Stopped":false`)
	says(t, s.do(ask{method: "POST", path: "/account/letters"}), http.StatusSeeOther)
}
