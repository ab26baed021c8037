package mail

import "testing"

func TestReasonBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		reason Reason
		kind   Kind
		want   bool
	}{
		"nothing known, nothing blocked":             {NotSuppressed, Campaign, false},
		"a mailbox that does not exist gets nothing": {HardBounce, Purchase, true},
		"nor marketing":                                 {HardBounce, Sequence, true},
		"who unsubscribed gets no campaign":             {Unsubscribed, Campaign, true},
		"and no reminder of a checkout":                 {Unsubscribed, AbandonedCheckout, true},
		"but what was bought":                           {Unsubscribed, Purchase, false},
		"and the blueprint that was asked for":          {Unsubscribed, Freebie, false},
		"a complaint ends marketing":                    {Complaint, Sequence, true},
		"a complaint leaves the password link":          {Complaint, PasswordReset, false},
		"the creator's own entry is about marketing":    {ByHand, Campaign, true},
		"the creator's own entry leaves the renewal be": {ByHand, Renewal, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.reason.Blocks(c.kind); got != c.want {
				t.Errorf("%q blocks %s: %v, want %v", c.reason, c.kind, got, c.want)
			}
		})
	}
}
