// Package stripepay speaks with Stripe: it reads webhooks into billing's words,
// and calls the API through stripe-go v76. Facts about Stripe that the code
// rests on are cited where they matter.
package stripepay

import (
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"sselfie/core"
	"sselfie/core/billing"
)

// tolerance is how far a signature's time may be from the wall clock, either
// way (http-api.md, Checkout and payments). Stripe signs each attempt anew.
const tolerance = 5 * time.Minute

// Reader checks signatures and reads events.
type Reader struct {
	Secrets []string // the endpoint's signing secrets; several while one is being replaced
	Wall    core.Clock
	// Skewed is told when a genuine signature is too old or too new: the
	// server's clock is wrong, and every webhook will be refused.
	Skewed func(by time.Duration)
}

// Read checks the signature and reads the event. A forged, stale or missing
// signature is core.InvalidSignature with a text that gives nothing away; a
// signed body that is no event is core.Invalid.
func (r *Reader) Read(payload []byte, signature string) (billing.Event, error) {
	refuse := &core.Error{Code: core.InvalidSignature, Op: "stripepay.Read", Message: "The signature does not fit this body."}
	if len(payload) == 0 || signature == "" {
		return billing.Event{}, refuse
	}
	genuine := false
	for _, secret := range r.Secrets {
		// An empty secret would accept what anybody signs with the empty key.
		if secret != "" && webhook.ValidatePayloadIgnoringTolerance(payload, signature, secret) == nil {
			genuine = true
			break
		}
	}
	if !genuine {
		return billing.Event{}, refuse
	}
	if off := r.Wall.Now().Sub(signedAt(signature)); off > tolerance || off < -tolerance {
		if r.Skewed != nil {
			r.Skewed(off)
		}
		return billing.Event{}, refuse
	}
	return r.Parse(payload)
}

// signedAt returns the time that the header claims; it was signed with the body.
// The library takes the last of several, so a second one could hide how old a
// signature is: such a header counts as without a time.
func signedAt(header string) time.Time {
	var at time.Time
	for part := range strings.SplitSeq(header, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || !at.IsZero() {
				return time.Time{}
			}
			at = time.Unix(n, 0)
		}
	}
	return at
}
