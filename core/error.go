package core

import (
	"errors"
	"strings"
)

// Code is the stable word of a failure, the "code" of the HTTP contract.
type Code string

// The codes of http-api.md, Conventions. One map in the web adapter gives each
// its HTTP status; a new code belongs in both places.
const (
	Invalid            Code = "invalid_request"      // 400, lists Fields
	InvalidSignature   Code = "invalid_signature"    // 400
	NotAuthenticated   Code = "not_authenticated"    // 401
	InvalidCredentials Code = "invalid_credentials"  // 401
	ReauthRequired     Code = "reauth_required"      // 401
	TOTPRequired       Code = "totp_required"        // 401
	PaymentRequired    Code = "insufficient_credits" // 402
	Forbidden          Code = "forbidden"            // 403
	UpgradeRequired    Code = "upgrade_required"     // 403
	NotFound           Code = "not_found"            // 404
	Conflict           Code = "conflict"             // 409
	AlreadyMember      Code = "already_member"       // 409
	NoTrainedModel     Code = "no_trained_model"     // 409
	TokenInvalid       Code = "token_invalid"        // 410
	TooLarge           Code = "too_large"            // 413
	UnsupportedMedia   Code = "unsupported_media"    // 415
	Unprocessable      Code = "unprocessable"        // 422
	RateLimited        Code = "rate_limited"         // 429
	Internal           Code = "internal"             // 500
	Unavailable        Code = "unavailable"          // 503
)

// Error is the one error type of the product.
type Error struct {
	Code    Code
	Op      string            // where it happened, for the log: "credits.Spend"
	Message string            // for the person: what happened and what to do next
	Fields  map[string]string // for Invalid: field name to message
	Extra   map[string]any    // further members of the answer: balance, required, portalUrl
	Err     error             // the cause, for the log
}

// Error returns the line that goes to the log; people see Message.
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	for _, p := range []string{e.Op, string(e.Code), e.Message} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, Internal for any
// other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Is reports whether err carries code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// FieldError returns the Invalid error of a single field.
func FieldError(op, field, message string) *Error {
	return &Error{Code: Invalid, Op: op, Message: message, Fields: map[string]string{field: message}}
}
