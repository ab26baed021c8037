package mail_test

import (
	"testing"

	"sselfie/core/mail"
)

func TestStatusCodes(t *testing.T) {
	for status, want := range map[string]bool{
		"5.1.1": true, "5.1.10": true, "5.2.1": true, "5.2.2": false, "5.7.1": false, "4.1.1": false, "5.1": false, "": false, "1.1": false,
	} {
		if got := mail.Nobody(status); got != want {
			t.Errorf("%q: nobody %v", status, got)
		}
	}
}

func TestTheCodeInAnAnswer(t *testing.T) {
	for answer, want := range map[string]string{
		"550 5.1.1 no such user": "5.1.1", "5.7.1": "5.7.1", "smtp; 452 4.2.2 <ada@x.org>: full": "4.2.2", "550-5.1.1 no\n550 5.1.1 such user": "5.1.1",
		"550 #5.1.0 Address rejected.": "5.1.0", "550 unknown user (5.1.1)": "5.1.1", `550 "5.1.10 unknown"`: "5.1.10",
		"554 your host 5.1.1.9 is blocked": "", "554 [5.2.1.44] blocked": "", "554 we run 2.5.1.1": "", "550 no such user": "", "550 5.1.1111": "", "": "",
	} {
		if got := mail.StatusIn(answer); got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestWhomARefusalIsAbout(t *testing.T) {
	for answer, want := range map[string]bool{
		"550 No such user here": false, "550 Unknown mailbox": false,
		"550 Blocked by DNSBL": true, "554 Relay access denied": true, "550 SPF check failed": true,
	} {
		if got := mail.SpeaksOfUs(answer); got != want {
			t.Errorf("%q: of us %v", answer, got)
		}
	}
}
