package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"time"

	"sselfie/adapters/smtp"
	"sselfie/core/admin"
	"sselfie/core/launch"
)

// patience is how long one check may take. A page waits for the slowest.
const patience = 8 * time.Second

// check is one thing to look at.
type check func(ctx context.Context) []admin.Finding

func one(f func(ctx context.Context) admin.Finding) check {
	return func(ctx context.Context) []admin.Finding { return []admin.Finding{f(ctx)} }
}

// together runs checks at the same time and returns what they found in order.
func together(ctx context.Context, checks []check) (all []admin.Finding) {
	found := make([][]admin.Finding, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			found[i] = c(ctx)
		})
	}
	wg.Wait()
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

// asker follows no redirects: what is asked for must answer itself.
var asker = &http.Client{
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// certificate looks at what visitors are shown.
func (l launchCheck) certificate(ctx context.Context) []admin.Finding {
	u, err := url.Parse(l.h.base)
	if err != nil || u.Scheme != "https" {
		return nil // the finding about the address has said so
	}
	f := admin.Finding{Name: "TLS", Means: "Browsers and Stripe come only by a certificate that is valid.", State: admin.Wrong}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	conn, err := (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		f.Detail, f.Fix = "no visitor gets in: "+err.Error(), "Let the domain point to this machine, open port 443 (and 80 for the certificate authority), and look at the proxy's certificate where there is one."
		return []admin.Finding{f}
	}
	defer func() { _ = conn.Close() }() // it was only looked at
	cert := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	f.State, f.Detail = admin.Fine, "valid until "+cert.NotAfter.UTC().Format(time.DateOnly)
	if left := cert.NotAfter.Sub(l.h.wall.Now()); left < 14*day {
		f.State, f.Fix = admin.Warning, "It should have been renewed by now: look at the log for the certificate authority's answer; ports 80 and 443 must be reachable."
	}
	return []admin.Finding{f}
}

// selfTest sends the webhook a signed event that concerns nobody.
func (l launchCheck) selfTest(ctx context.Context) admin.Finding {
	f := admin.Finding{Name: "Webhook", Means: "By this way Stripe reports that somebody has paid. The event of this test is signed like Stripe's and concerns nobody.", State: admin.Wrong}
	if l.h.money == nil {
		f.State, f.Detail, f.Fix = admin.Warning, "payments are disabled", "Set the keys of Stripe."
		return f
	}
	now := l.h.wall.Now().Unix()
	body, err := json.Marshal(map[string]any{
		"id": "evt_self_test", "object": "event", "type": "sselfie.self_test", "livemode": l.h.config.Live(), "created": now, "data": map[string]any{"object": map[string]any{}},
	})
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	mac := hmac.New(sha256.New, []byte(l.h.money.reader.Secrets[0]))
	fmt.Fprintf(mac, "%d.%s", now, body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.h.base+webhookPath, strings.NewReader(string(body)))
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, hex.EncodeToString(mac.Sum(nil))))
	resp, err := asker.Do(req)
	if err != nil {
		f.Detail, f.Fix = "nobody answers at "+l.h.base+webhookPath+": "+plain(err), "Start the site; let base_url be its public address, and the proxy pass that path on."
		return f
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 300)) // for the finding
	if resp.StatusCode != http.StatusOK {
		f.Detail = fmt.Sprintf("%s answers %s: %s", webhookPath, resp.Status, strings.TrimSpace(string(text)))
		f.Fix = "Something before the site changes the request, or stripe.webhook_secret is another one there. The proxy must pass the body on byte for byte, with the Host header."
		return f
	}
	f.State, f.Detail = admin.Fine, "answers a signed event at "+l.h.base+webhookPath
	return f
}

// plain takes the address off an error of the web client: the finding names it.
func plain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// prices compares the catalogue with Stripe.
func (l launchCheck) prices(ctx context.Context) admin.Finding {
	f := admin.Finding{Name: "Prices", Means: "What the pages say and what Stripe takes must be the same.", State: admin.Wrong, Fix: "Run: sselfie stripe setup"}
	if l.h.money == nil {
		f.State, f.Detail = admin.Warning, "payments are disabled"
		return f
	}
	l.h.money.wait(ctx)
	off, err := l.h.money.stripe.PricesOff(ctx, l.h.catalog)
	switch {
	case err != nil:
		f.Detail, f.Fix = "Stripe could not be asked: "+sentence(err), "Look at stripe.secret_key, and whether this machine reaches api.stripe.com."
	case len(off) > 0:
		f.Detail = strings.Join(off, "; ")
	default:
		f.State, f.Detail, f.Fix = admin.Fine, "every product costs the same at Stripe", ""
	}
	return f
}

// mostSkew is how far the clock may be off; Stripe's signatures allow five minutes.
const mostSkew = 30 * time.Second

// time compares the clock with that of Stripe's server.
func (l launchCheck) time(ctx context.Context) admin.Finding {
	f := admin.Finding{Name: "Clock", Means: "Signatures carry the time: a clock that is five minutes wrong refuses every report of a payment.", State: admin.Wrong, Fix: "Set the clock of this machine by NTP: timedatectl set-ntp true"}
	if by := l.h.skewedBy(); by != 0 {
		f.Detail = "a genuine report of Stripe's was " + by.Round(time.Second).String() + " off"
		return f
	}
	if l.h.config.Demo {
		f.State, f.Detail, f.Fix = admin.Fine, "a demo asks nobody for the time", ""
		return f
	}
	base := l.h.config.Stripe.APIBase
	if base == "" {
		base = "https://api.stripe.com"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base, nil)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	begin := l.h.wall.Now()
	resp, err := asker.Do(req)
	if err != nil {
		f.State, f.Detail, f.Fix = admin.Warning, "nobody could be asked: "+plain(err), "Look whether this machine reaches "+base+"."
		return f
	}
	_ = resp.Body.Close()
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		f.State, f.Detail, f.Fix = admin.Warning, base+" does not say what time it is", "Compare by hand: date -u"
		return f
	}
	end := l.h.wall.Now()
	off := max(theirs.Sub(end), begin.Add(-time.Second).Sub(theirs), 0) // the header has whole seconds
	if off > mostSkew {
		f.Detail = "off by " + off.Round(time.Second).String()
		return f
	}
	f.State, f.Detail, f.Fix = admin.Fine, "the same as Stripe's", ""
	return f
}

// relays signs in at the mail servers and sends nothing.
func (l launchCheck) relays(ctx context.Context) (out []admin.Finding) {
	c := l.h.config
	if c.Mail.Driver != "smtp" {
		return []admin.Finding{l.mail()}
	}
	look := func(name string, s SMTPConfig) {
		f := admin.Finding{Name: name, Means: "The relay that takes the letters; it was signed in to, and nothing was sent.", State: admin.Wrong}
		sender, err := c.relay(s, l.h.base)
		if err != nil {
			f.Detail, f.Fix = err.Error(), "Look at the settings of "+s.Host+"."
			out = append(out, f)
			return
		}
		var last smtp.Step
		err = sender.Look(ctx, func(st smtp.Step) { last = st })
		if err != nil {
			f.Detail, f.Fix = last.Name+": "+last.Said, last.Fix
		} else {
			f.State, f.Detail = admin.Fine, fmt.Sprintf("%s takes letters; sselfie mail test ADDRESS sends one", s.Host)
		}
		out = append(out, f)
	}
	look("Mail server", c.SMTP)
	if c.MarketingSMTP.Host != "" {
		look("Mail server of marketing", c.MarketingSMTP)
	}
	return out
}

// names judges what DNS says of the domains that letters come from.
func (l launchCheck) names(ctx context.Context) (out []admin.Finding) {
	c := l.h.config
	if c.Mail.Driver != "smtp" {
		return nil // no letter leaves, so that nobody asks
	}
	n := launch.Names{DNS: l.dns}
	var signer *smtp.DKIM
	want, selector := "", c.Mail.DKIM.Selector
	if c.Mail.DKIM.Key != "" {
		var err error
		if signer, err = smtp.NewDKIM(c.Mail.DKIM.Domain, selector, c.Mail.DKIM.Key); err == nil {
			want, err = signer.Record()
		}
		if err != nil {
			out = append(out, finding("DKIM", admin.Wrong, err.Error(), "Make a key: sselfie mail dkim-key --out FILE"))
		}
	}
	said := map[string]bool{}
	add := func(f admin.Finding) {
		if !said[f.Name] {
			said[f.Name] = true
			out = append(out, f)
		}
	}
	for _, from := range []string{c.Mail.From, c.Mail.MarketingFrom} {
		a, err := netmail.ParseAddress(from)
		if err != nil {
			continue
		}
		_, domain, _ := strings.Cut(a.Address, "@")
		envelope, signs := domain, domain
		if c.Mail.ReturnPath != "" {
			_, envelope, _ = strings.Cut(c.Mail.ReturnPath, "@")
		}
		if signer != nil {
			signs = signer.DomainFor(a.Address)
		}
		add(n.SPF(ctx, envelope))
		add(n.DKIM(ctx, signs, selector, want))
		add(n.DMARC(ctx, domain))
	}
	for _, host := range []string{c.SMTP.Host, c.MarketingSMTP.Host} {
		if host == "" {
			continue
		}
		if here(host) { // this machine sends itself: the world sees its own address
			u, err := url.Parse(l.h.base)
			if err != nil {
				continue
			}
			host = u.Hostname()
		}
		add(n.PTR(ctx, host))
	}
	return out
}
