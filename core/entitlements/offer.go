package entitlements

// Trigger is why the offer of Studio is made now.
type Trigger string

// The triggers, in the words of the pages.
const (
	NoTrigger   Trigger = "button" // nothing presses: the offer stands behind its button
	CreditsLow  Trigger = "credits_low"
	CreditsOut  Trigger = "credits_out"
	FeatureGate Trigger = "feature_gate"
)

// lowBalance is where credits may be running low.
const lowBalance = 30

// OfferStudio decides what leads to the offer: no credits at all; or fewer than
// 30 and than half of what came last, once something was spent; or a door that
// the tier does not open. gate is what was asked for, "" for nothing.
func OfferStudio(t Tier, balance, lastGrant int, spent bool, gate Feature) Trigger {
	if t >= Studio {
		return NoTrigger
	}
	if gate != "" {
		if open, _ := Can(t, gate); !open {
			return FeatureGate
		}
	}
	switch {
	case balance <= 0:
		return CreditsOut
	case spent && balance < lowBalance && 2*balance < lastGrant:
		return CreditsLow
	}
	return NoTrigger
}
