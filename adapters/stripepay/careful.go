package stripepay

import (
	"encoding/json"
	"errors"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"
)

// careful takes no answer for Stripe's that names neither itself nor its kind. Something
// between us may answer 200 to everything, and the library would hand out an
// object without an id as if it had been made.
type careful struct{ stripe.Backend }

// Call implements stripe.Backend.
func (c careful) Call(method, path, key string, params stripe.ParamsContainer, v stripe.LastResponseSetter) error {
	return c.Backend.Call(method, path, key, params, &named200{v})
}

// CallRaw implements stripe.Backend.
func (c careful) CallRaw(method, path, key string, body *form.Values, params *stripe.Params, v stripe.LastResponseSetter) error {
	return c.Backend.CallRaw(method, path, key, body, params, &named200{v})
}

// named200 reads an answer into what stands behind it, if the answer has a kind
// or an id: every object of Stripe's has both, every list has a kind.
type named200 struct{ stripe.LastResponseSetter }

var errNotStripes = errors.New("the answer is none of Stripe's: it has neither a kind nor an id")

// UnmarshalJSON implements json.Unmarshaler.
func (n *named200) UnmarshalJSON(b []byte) error {
	var is struct {
		Object string `json:"object"`
		ID     string `json:"id"`
	}
	if err := json.Unmarshal(b, &is); err != nil {
		return err
	}
	if is.Object == "" && is.ID == "" {
		return errNotStripes
	}
	return json.Unmarshal(b, n.LastResponseSetter)
}
