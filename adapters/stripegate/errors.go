package stripegate

import (
	"fmt"
	"net/http"
)

// apiError is a failure in Stripe's words.
type apiError struct {
	Status                              int
	Type, Code, Param, Message, Decline string
	Charge, Intent                      string
}

func (e *apiError) Error() string { return e.Message }

func (e *apiError) body() obj {
	o := obj{"type": e.Type, "message": e.Message}
	for k, v := range map[string]string{"code": e.Code, "param": e.Param, "decline_code": e.Decline, "charge": e.Charge} {
		if v != "" {
			o[k] = v
		}
	}
	if e.Code != "" {
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + dashes(e.Code)
	}
	if e.Intent != "" {
		o["payment_intent"] = obj{"id": e.Intent, "object": "payment_intent"}
	}
	return obj{"error": o}
}

func dashes(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == '_' {
			b[i] = '-'
		}
	}
	return string(b)
}

// invalid is a request that cannot be carried out as it stands.
func invalid(param, format string, args ...any) *apiError {
	return &apiError{Status: http.StatusBadRequest, Type: "invalid_request_error", Param: param, Message: fmt.Sprintf(format, args...)}
}

func (e *apiError) code(c string) *apiError { e.Code = c; return e }

// required is a parameter that is not there.
func required(param string) *apiError {
	return invalid(param, "Missing required param: %s.", param).code("parameter_missing")
}

// absent is an id in the path that names nothing.
func absent(kind, id string) *apiError {
	e := invalid("id", "No such %s: '%s'", kind, id).code("resource_missing")
	e.Status = http.StatusNotFound
	return e
}

// unknown is an id in a parameter that names nothing.
func unknown(kind, id, param string) *apiError {
	return invalid(param, "No such %s: '%s'", kind, id).code("resource_missing")
}

// both is two parameters of which only one may stand.
func both(a, b string) *apiError {
	return invalid(a, "You may only specify one of these parameters: %s, %s.", a, b)
}

// declined is a card that the bank refuses.
func declined(code, decline, param, message string) *apiError {
	return &apiError{Status: http.StatusPaymentRequired, Type: "card_error", Code: code, Decline: decline, Param: param, Message: message}
}
