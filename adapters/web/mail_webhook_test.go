package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/mail"
)

const returnsSecret = "mail-secret-0123456789"

// bounces takes reports, and knows one letter.
type bounces struct {
	got []mail.Report
	err error
}

func (b *bounces) Take(_ context.Context, r mail.Report) error {
	if r.Mail == "eml_gone" {
		return &core.Error{Code: core.NotFound, Op: "test"}
	}
	if b.err == nil {
		b.got = append(b.got, r)
	}
	return b.err
}

// signedReport is the header that goes with a body.
func signedReport(secret, body string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return "t=" + strconv.FormatInt(at.Unix(), 10) + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func report(body, signature string) ask {
	return ask{method: "POST", path: "/api/webhooks/mail", body: body, header: map[string]string{"Sselfie-Signature": signature}}
}

func TestMailWebhook(t *testing.T) {
	b := &bounces{}
	s := open(t, func(o *web.Options) { o.Returns, o.ReturnsSecret = b, returnsSecret })
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body   string
		answer string
		want   []mail.Report
	}{
		"one event": {
			`{"id":"e1","type":"hard_bounce","messageId":"<eml_1@studio.example>","detail":"550 no","at":"2026-03-01T13:00:00+01:00"}`, `{"received":true,"kept":1,"unknown":0}`,
			[]mail.Report{{Kind: mail.BounceReport, Mail: "eml_1", Reference: "webhook:e1", Detail: "550 no", At: at}},
		},
		"a list": {
			`{"events":[{"id":"e1","type":"soft_bounce","address":" ada@x.org "},{"id":"e2","type":"complaint","messageId":"eml_2@x"},{"id":"e3","type":"delivered","address":"a@x.org"}]}`,
			`{"received":true,"kept":3,"unknown":0}`,
			[]mail.Report{
				{Kind: mail.SoftBounceReport, Address: "ada@x.org", Reference: "webhook:e1"},
				{Kind: mail.ComplaintReport, Mail: "eml_2", Reference: "webhook:e2"},
				{Kind: mail.DeliveredReport, Address: "a@x.org", Reference: "webhook:e3"},
			},
		},
		"letters of other programs": {
			`{"events":[{"id":"e1","type":"bounce","messageId":"<other@x>"},{"id":"e2","type":"bounce","messageId":"<eml_gone@x>"},{"id":"e3","type":"bounce","messageId":"<other@x>","address":"a@x.org"}]}`,
			`{"received":true,"kept":1,"unknown":2}`,
			[]mail.Report{{Kind: mail.BounceReport, Address: "a@x.org", Reference: "webhook:e3"}},
		},
		"an odd address beside a letter": {
			`{"id":"e1","type":"bounce","messageId":"<eml_1@x>","address":"Ada <ada@x.org>"}`, `{"received":true,"kept":1,"unknown":0}`,
			[]mail.Report{{Kind: mail.BounceReport, Mail: "eml_1", Reference: "webhook:e1"}},
		},
		"nothing new": {`{"events":[]}`, `{"received":true,"kept":0,"unknown":0}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b.got = nil
			a := s.do(report(c.body, signedReport(returnsSecret, c.body, s.wall.Now())))
			if a.status != 200 || a.body != c.answer {
				t.Errorf("%d %s", a.status, a.body)
			}
			if diff := cmp.Diff(c.want, b.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMailWebhookRefuses(t *testing.T) {
	b := &bounces{}
	s := open(t, func(o *web.Options) { o.Returns, o.ReturnsSecret = b, returnsSecret })
	const body = `{"id":"e1","type":"hard_bounce","address":"ada@x.org"}`
	now := s.wall.Now()
	right := func(body string) ask { return report(body, signedReport(returnsSecret, body, now)) }
	for name, c := range map[string]struct {
		ask ask
		has string
	}{
		"no signature":          {ask{method: "POST", path: "/api/webhooks/mail", body: body}, `"code":"invalid_signature"`},
		"another secret":        {report(body, signedReport("another", body, now)), `"code":"invalid_signature"`},
		"another body":          {report(body+" ", signedReport(returnsSecret, body, now)), `"code":"invalid_signature"`},
		"another time":          {report(body, strings.Replace(signedReport(returnsSecret, body, now), "t=", "t=1", 1)), `"code":"invalid_signature"`},
		"a replay of long ago":  {report(body, signedReport(returnsSecret, body, now.Add(-301*time.Second))), "5 minutes"},
		"a stamp of the future": {report(body, signedReport(returnsSecret, body, now.Add(6*time.Minute))), "5 minutes"},
		"a form of its own":     {report(body, "sha256=00"), `"code":"invalid_signature"`},
		"no JSON":               {right("hello"), `"code":"invalid_request"`},
		"two objects":           {right(body + body), `"code":"invalid_request"`},
		"no id":                 {right(`{"type":"bounce","address":"a@x.org"}`), `events[0].id`},
		"an unknown type":       {right(`{"id":"1","type":"love","address":"a@x.org"}`), `events[0].type`},
		"nobody":                {right(`{"id":"1","type":"bounce"}`), `events[0].address`},
		"no address":            {right(`{"id":"1","type":"bounce","address":"a\nb"}`), `events[0].address`},
		"two addresses":         {right(`{"id":"1","type":"bounce","address":"a@x.org, b@x.org"}`), `events[0].address`},
		"a time that is none":   {right(`{"id":"1","type":"bounce","address":"a@x.org","at":"yesterday"}`), `events[0].at`},
		"too many":              {right(`{"events":[` + strings.Repeat(body+",", 1000) + body + `]}`), `"events"`},
		"one of two is wrong":   {right(`{"events":[` + body + `,{"id":"2"}]}`), `events[1].type`},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.do(c.ask); a.status != 400 || !strings.Contains(a.body, c.has) {
				t.Errorf("%d %s", a.status, a.body)
			}
			if len(b.got) > 0 {
				t.Errorf("it took %+v", b.got)
			}
		})
	}
	if a := s.do(ask{path: "/api/webhooks/mail"}); a.status != 405 {
		t.Errorf("GET: %d", a.status)
	}
	b.err = errors.New("the disk is full")
	if a := s.do(right(body)); a.status != 500 || strings.Contains(a.body, "disk") {
		t.Errorf("a report that was not kept: %d %s", a.status, a.body)
	}
}

func TestWithoutASecretThereIsNoMailWebhook(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Returns = &bounces{} })
	const body = `{"id":"e1","type":"hard_bounce","address":"ada@x.org"}`
	if a := s.do(report(body, signedReport("", body, s.wall.Now()))); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
