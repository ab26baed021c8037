package returns_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sselfie/adapters/returns"
	"sselfie/core"
	"sselfie/core/mail"
)

// wire is a mail as it travels.
func wire(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// dsn is a delivery report: the lines about the recipient, and the head of the
// letter that it is about.
func dsn(about string, original ...string) []byte {
	return wire("From: Mail Delivery System <mailer-daemon@mx.example>", "To: hello@studio.example", "Date: Sun, 1 Mar 2026 12:00:00 +0000",
		"Subject: Undelivered Mail Returned to Sender", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="b1"`, "",
		"This is a MIME-encapsulated message.", "", "--b1", "Content-Type: text/plain; charset=us-ascii", "", "I'm sorry to have to inform you ...", "",
		"--b1", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example", "Arrival-Date: Sun, 1 Mar 2026 11:59:00 +0000", "",
		about, "", "--b1", "Content-Type: message/rfc822", "", strings.Join(original, "\r\n"), "", "It is ready.", "", "--b1--")
}

const (
	letterID = "Message-ID: <eml_0198c0de@studio.example>"
	gone     = "Final-Recipient: rfc822; Ada@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <ada@x.example>: no such\r\n user"
)

// arf is a complaint as a feedback loop sends it.
func arf(kind string, original ...string) []byte {
	return wire("From: <abuse@isp.example>", "To: hello@studio.example", "Date: Sun, 1 Mar 2026 12:00:00 +0000", "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type="feedback-report"; boundary="b 2"`, "",
		"--b 2", "Content-Type: text/plain", "", "This is an abuse report.", "", "--b 2", "Content-Type: message/feedback-report", "Content-Transfer-Encoding: 7bit", "",
		"Feedback-Type: "+kind, "User-Agent: SomeGenerator/1.0", "Version: 1", "Original-Mail-From: <hello@studio.example>", "Original-Rcpt-To: <ada@x.example>", "",
		"--b 2", "Content-Type: text/rfc822-headers", "", strings.Join(original, "\r\n"), "", "--b 2--")
}

func TestParse(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	report := func(kind mail.ReportKind, id core.MailID, to, detail string) []mail.Report {
		return []mail.Report{{Kind: kind, Mail: id, Address: to, Detail: detail, At: at, Unproven: true}}
	}
	with := func(action, status, said string) string {
		return "Original-Recipient: rfc822;ada@x.example\r\nFinal-Recipient: rfc822; somewhere@else.example\r\nAction: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + said
	}
	const id, ada, spam = core.MailID("eml_0198c0de"), "ada@x.example", "a feedback loop reported it as spam"
	for name, c := range map[string]struct {
		raw  []byte
		want []mail.Report
	}{
		"nobody lives there":            {dsn(gone, "Subject: Hi", letterID), report(mail.BounceReport, id, "Ada@x.example", "5.1.1 smtp; 550 5.1.1 <ada@x.example>: no such user")},
		"a letter of somebody else":     {dsn(gone, "Message-ID: <other@studio.example>"), report(mail.BounceReport, "", "Ada@x.example", "5.1.1 smtp; 550 5.1.1 <ada@x.example>: no such user")},
		"a full mailbox":                {dsn(with("failed", "5.2.2", "552 full"), letterID), report(mail.SoftBounceReport, id, ada, "5.2.2 smtp; 552 full")},
		"given up after days":           {dsn(with("failed", "4.4.1 (timeout)", "timed out"), letterID), report(mail.SoftBounceReport, id, ada, "4.4.1 smtp; timed out")},
		"failed without a reason":       {dsn(with("failed", "5.0.0", "550 no"), letterID), report(mail.SoftBounceReport, id, ada, "5.0.0 smtp; 550 no")},
		"our server is on a blocklist":  {dsn(with("failed", "5.7.1", "550 blocked"), letterID), nil},
		"the same without a code":       {dsn(with("failed", "5.0.0", "550 blocked using dnsbl"), letterID), nil},
		"still trying":                  {dsn(with("delayed", "4.4.1", "later"), letterID), nil},
		"delivered":                     {dsn(with("delivered", "2.1.5", "ok"), letterID), report(mail.DeliveredReport, id, ada, "2.1.5 smtp; ok")},
		"a recipient of another kind":   {dsn("Final-Recipient: x400; /C=US/\r\nAction: failed\r\nStatus: 5.1.1", "Subject: x"), nil},
		"a complaint":                   {arf("abuse", letterID), report(mail.ComplaintReport, id, ada, spam)},
		"a complaint without a letter":  {arf("abuse", "Subject: x"), report(mail.ComplaintReport, "", ada, spam)},
		"not spam after all":            {arf("not-spam", letterID), nil},
		"an answer of a person":         {wire("From: ada@x.example", "Subject: Re: Hi", "Content-Type: text/plain", "", gone, "", letterID), nil},
		"an absence note":               {wire("From: ada@x.example", "Auto-Submitted: auto-replied", "", "I am away."), nil},
		"no mail at all":                {[]byte("\x00\xff"), nil},
		"nothing":                       {nil, nil},
		"parts without end":             {wire(`Content-Type: multipart/report; boundary=b`, "", "--b"), nil},
		"a letter within a letter":      {wire("Content-Type: multipart/mixed; boundary=o", "", "--o", strings.TrimSuffix(string(dsn(gone, letterID))[strings.Index(string(dsn(gone)), "Content-Type"):], "\r\n"), "--o--"), []mail.Report{{Kind: mail.BounceReport, Mail: id, Address: "Ada@x.example", Detail: "5.1.1 smtp; 550 5.1.1 <ada@x.example>: no such user", Unproven: true}}},
		"a report that is encoded":      {wire("Date: Sun, 1 Mar 2026 12:00:00 +0000", "Content-Type: multipart/report; boundary=b", "", "--b", "Content-Type: message/delivery-status", "Content-Transfer-Encoding: quoted-printable", "", "Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; ada=40x.example", "Action: failed", "Status: 5.1.1", "", "--b--"), report(mail.BounceReport, "", ada, "5.1.1")},
		"an id that is made up to harm": {dsn(gone, "Message-ID: <eml_'; DROP TABLE@x>"), report(mail.BounceReport, "", "Ada@x.example", "5.1.1 smtp; 550 5.1.1 <ada@x.example>: no such user")},
	} {
		t.Run(name, func(t *testing.T) {
			got := returns.Parse(c.raw)
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(mail.Report{}, "Reference"), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			again := returns.Parse(c.raw)
			for i, r := range got {
				if r.Reference == "" || r.Reference != again[i].Reference {
					t.Errorf("the reference is %q, and then %q", r.Reference, again[i].Reference)
				}
			}
		})
	}
}

// TestALetterHandedOnToSeveral: a mailing list of somebody else bounces; that is
// no reason to stop writing to the list, which is whom we wrote to.
func TestALetterHandedOnToSeveral(t *testing.T) {
	two := gone + "\r\n\r\nFinal-Recipient: rfc822; bob@x.example\r\nAction: failed\r\nStatus: 5.1.1"
	got := returns.Parse(dsn(two, letterID))
	if len(got) != 2 || got[0].Mail != "" || got[1].Mail != "" || got[1].Address != "bob@x.example" || got[0].Reference == got[1].Reference {
		t.Errorf("%+v", got)
	}
}

// FuzzReturnPath feeds the reader what anybody can send to a sender's address.
func FuzzReturnPath(f *testing.F) {
	for _, raw := range [][]byte{dsn(gone, letterID), arf("abuse", letterID), wire("Content-Type: multipart/report; boundary=b", "", "--b", "--b", "--b--"), []byte("From x\r\n\r\n")} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, r := range returns.Parse(raw) {
			if !r.Unproven || r.Reference == "" || len(r.Reference) > 300 || r.Mail == "" && r.Address == "" {
				t.Errorf("%+v", r)
			}
			if strings.ContainsAny(r.Address+string(r.Mail), "\r\n\x00") {
				t.Errorf("a line break in %+v", r)
			}
		}
	})
}
