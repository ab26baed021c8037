package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/smtp"
	"sselfie/core/admin"
)

// zone answers every question about texts from a table.
type zone map[string][]string

func (z zone) TXT(_ context.Context, name string) ([]string, error)    { return z[name], nil }
func (z zone) Addresses(context.Context, string) ([]netip.Addr, error) { return nil, nil }
func (z zone) Names(context.Context, netip.Addr) ([]string, error)     { return nil, nil }
func examined(c Config, z zone) (l launchCheck) {
	return launchCheck{&house{config: c, base: "http://127.0.0.1:1"}, z}
}

// TestEachDomainIsAskedForOnce: two senders, one return path, one signer.
func TestEachDomainIsAskedForOnce(t *testing.T) {
	key, err := smtp.NewDKIMKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := smtp.NewDKIM("", "brand", key)
	if err != nil {
		t.Fatal(err)
	}
	record, err := signer.Record()
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Mail.Driver, c.Mail.From, c.Mail.MarketingFrom, c.Mail.ReturnPath = "smtp", "Ada <a@x.org>", "Ada <a@news.x.org>", "bounces@x.org"
	c.Mail.DKIM.Selector, c.Mail.DKIM.Key = "brand", key
	c.SMTP.Host = "relay.net"
	got := map[string]admin.State{}
	for _, f := range examined(c, zone{"x.org": {"v=spf1 include:relay.net -all"}, "relay.net": {"v=spf1 -all"}, "_dmarc.x.org": {"v=DMARC1; p=none"}, "brand._domainkey.x.org": {record}}).names(t.Context()) {
		if _, twice := got[f.Name]; twice {
			t.Errorf("%s stands there twice", f.Name)
		}
		got[f.Name] = f.State
	}
	for name, want := range map[string]admin.State{
		"SPF of x.org": admin.Fine, "DKIM of x.org": admin.Fine, "DKIM of news.x.org": admin.Wrong, "DMARC of x.org": admin.Fine, "DMARC of news.x.org": admin.Fine, "PTR of relay.net": admin.Wrong,
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 6 {
		t.Errorf("%v", got)
	}
}

func TestTheClockIsHeldAgainstStripes(t *testing.T) {
	for name, c := range map[string]struct {
		off   time.Duration
		state admin.State
	}{"right": {0, admin.Fine}, "a little off": {20 * time.Second, admin.Fine}, "behind": {3 * time.Minute, admin.Wrong}, "ahead": {-3 * time.Minute, admin.Wrong}} {
		t.Run(name, func(t *testing.T) {
			stripe := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(c.off).UTC().Format(http.TimeFormat))
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer stripe.Close()
			conf := Default()
			conf.Stripe.APIBase = stripe.URL
			if f := examined(conf, nil).time(t.Context()); f.State != c.state || f.Means == "" || (f.Fix == "") != (f.State == admin.Fine) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestALinkThatLeadsNowhere(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/expired":
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer site.Close()
	l := examined(Default(), nil)
	for path, want := range map[string]string{"/there": "", "/expired?token=x": "", "/gone?a=b": "/gone answers 404"} {
		if got := l.leadsNowhere(t.Context(), site.URL+path); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
