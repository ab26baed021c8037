package returns_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sselfie/adapters/returns"
	"sselfie/core"
	"sselfie/core/mail"
)

// TestParseReportsOfRealServers reads what Postfix 3.7, Exim 4.96 and OpenSMTPD
// 6.8 returned to us, with other names of hosts, and with the letter cut off
// after its first lines.
func TestParseReportsOfRealServers(t *testing.T) {
	for file, want := range map[string]struct {
		kind   mail.ReportKind
		status string // what the detail begins with
	}{
		"postfix-nobody":        {mail.BounceReport, "5.1.1"},
		"postfix-off":           {mail.BounceReport, "5.2.1"},
		"postfix-full":          {mail.SoftBounceReport, "5.2.2"},
		"postfix-dovecot-quota": {mail.SoftBounceReport, "5.2.2"},
		"postfix-no-host":       {mail.SoftBounceReport, "5.4.4"},
		"postfix-given-up":      {mail.SoftBounceReport, "4.4.1"},
		"postfix-blocked":       {},
		"postfix-delayed":       {},
		// Exim calls every failure 5.0.0; the other server's answer says more.
		"exim-nobody":   {mail.BounceReport, "5.1.1"},
		"exim-full":     {mail.SoftBounceReport, "5.2.2"},
		"exim-given-up": {mail.SoftBounceReport, "4.2.1"},
		"exim-blocked":  {},
		// OpenSMTPD does so, too, and repeats the answer in its words to people alone.
		"opensmtpd-nobody":  {mail.BounceReport, "5.1.1"},
		"opensmtpd-full":    {mail.SoftBounceReport, "5.2.2"},
		"opensmtpd-blocked": {},
		"opensmtpd-delayed": {},
	} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", file+".eml"))
			if err != nil {
				t.Fatal(err)
			}
			for ends, text := range map[string]string{"LF": string(raw), "CRLF": strings.ReplaceAll(string(raw), "\n", "\r\n")} {
				got := returns.Parse([]byte(text))
				switch {
				case want.kind == "" && len(got) > 0:
					t.Errorf("%s: %+v, want nothing", ends, got)
				case want.kind == "":
				case len(got) != 1:
					t.Errorf("%s: %+v, want one report", ends, got)
				case got[0].Kind != want.kind || got[0].Mail != core.MailID("eml_0198c0de") || got[0].Address == "" || got[0].At.IsZero() || !strings.HasPrefix(got[0].Detail, want.status):
					t.Errorf("%s: %+v, want %v", ends, got[0], want)
				}
			}
		})
	}
}
