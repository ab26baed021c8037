package mail

import "slices"

// marketing are the kinds that a person may refuse. Everything else answers
// something that the person did, and is sent whatever they unsubscribed from.
// The free blueprint itself was asked for; its follow-ups are a sequence.
var marketing = [...]Kind{AbandonedCheckout, Sequence, Campaign}

// Marketing reports whether the kind needs consent, carries an unsubscribe link
// and waits behind the mails that somebody is looking out for.
func (k Kind) Marketing() bool { return slices.Contains(marketing[:], k) }

// MarketingKinds returns the kinds for which Marketing is true.
func MarketingKinds() []Kind { return slices.Clone(marketing[:]) }

// Kinds returns every kind, in the order of the HTTP contract.
func Kinds() []Kind {
	return []Kind{
		Purchase, Welcome, ConfirmAddress, PasswordReset, PasswordChanged,
		StudioWelcome, Renewal, PaymentFailed, PaymentFailedFinal, Cancellation,
		Farewell, Refund, AbandonedCheckout, Freebie, Sequence, Campaign, Notice,
	}
}

// Lane says which of the two queues a mail waits in.
type Lane int

// The lanes: a purchase never waits behind a campaign.
const (
	Urgent Lane = iota // transactional
	Bulk               // marketing
)

// Lane returns the queue of a kind.
func (k Kind) Lane() Lane {
	if k.Marketing() {
		return Bulk
	}
	return Urgent
}

// Reason says why an address is on the suppression list.
type Reason string

// The reasons, as email_suppressions keeps them.
const (
	NotSuppressed Reason = ""
	HardBounce    Reason = "hard_bounce"  // the mailbox does not exist
	Complaint     Reason = "complaint"    // marked as spam
	Unsubscribed  Reason = "unsubscribed" // asked for no more marketing
	ByHand        Reason = "manual"       // put there by the creator
	Unreachable   Reason = "unreachable"  // kept failing for a while
)

// Blocks reports whether a suppressed address gets no mail of this kind. A
// mailbox that does not exist gets nothing; every other reason is about
// marketing, and what a person bought still reaches them.
func (r Reason) Blocks(k Kind) bool {
	switch r {
	case NotSuppressed:
		return false
	case HardBounce:
		return true
	}
	return k.Marketing()
}
