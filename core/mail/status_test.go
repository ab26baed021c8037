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
