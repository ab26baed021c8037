package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"sselfie/adapters/web/view"
	"sselfie/core"
)

// Codes that only HTTP knows.
const (
	methodNotAllowed core.Code = "method_not_allowed"
	misdirected      core.Code = "misdirected_request"
	tooSlow          core.Code = "request_timeout"
)

// statusOf is the one map from what failed to its HTTP status.
func statusOf(code core.Code) int {
	switch code {
	case core.Invalid, core.InvalidSignature:
		return http.StatusBadRequest
	case core.NotAuthenticated, core.InvalidCredentials, core.ReauthRequired, core.TOTPRequired:
		return http.StatusUnauthorized
	case core.PaymentRequired:
		return http.StatusPaymentRequired
	case core.Forbidden, core.UpgradeRequired:
		return http.StatusForbidden
	case core.NotFound:
		return http.StatusNotFound
	case methodNotAllowed:
		return http.StatusMethodNotAllowed
	case tooSlow:
		return http.StatusRequestTimeout
	case core.Conflict, core.AlreadyMember, core.NoTrainedModel:
		return http.StatusConflict
	case core.TokenInvalid:
		return http.StatusGone
	case core.TooLarge:
		return http.StatusRequestEntityTooLarge
	case core.UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case misdirected:
		return http.StatusMisdirectedRequest
	case core.Unprocessable:
		return http.StatusUnprocessableEntity
	case core.RateLimited:
		return http.StatusTooManyRequests
	case core.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problemOf turns any error into one of ours. What the framework refused has
// its status; everything else that we don't know is Internal.
func problemOf(err error) *core.Error {
	var known *core.Error
	if errors.As(err, &known) {
		return known
	}
	var fe *fiber.Error
	status := 0
	switch {
	case errors.As(err, &fe):
		status = fe.Code
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		status = http.StatusRequestEntityTooLarge
	}
	e := &core.Error{Op: "web", Err: err}
	switch status {
	case http.StatusNotFound:
		e.Code, e.Message = core.NotFound, "There is nothing at this address."
	case http.StatusMethodNotAllowed:
		e.Code, e.Message = methodNotAllowed, "This address does not take that method; the Allow header lists those that it takes."
	case http.StatusRequestEntityTooLarge:
		e.Code, e.Message = core.TooLarge, "The request is larger than this address takes."
	case 0:
		e.Code = core.Internal
	default:
		e.Code, e.Message = core.Invalid, "The request could not be read."
	}
	return e
}

// wantsPage reports whether a failed request gets an HTML page: a person looks
// at it. The API and the developer's JSON never do.
func wantsPage(path []byte, accept []byte) bool {
	if bytes.HasPrefix(path, []byte("/api/")) || bytes.HasSuffix(path, []byte(".json")) || bytes.HasPrefix(path, []byte("/dev/clock")) {
		return false
	}
	return bytes.Contains(accept, []byte("text/html")) || !bytes.Contains(accept, []byte("json"))
}

// fail writes the answer to a failed request. It keeps the headers that stand
// on the answer already.
func (s *Server) fail(rc *fasthttp.RequestCtx, err error) {
	e := problemOf(err)
	status := statusOf(e.Code)
	rc.SetUserValue(failure{}, err)
	h := &rc.Response.Header
	sayWhen(h, e, status)
	rc.Response.ResetBody()
	rc.SetStatusCode(status)
	h.Set(fasthttp.HeaderCacheControl, "no-store")
	message := e.Message
	if status == http.StatusInternalServerError { // nothing of the inside
		message, e = "", &core.Error{Code: core.Internal}
	}
	id := string(h.Peek(requestIDHeader))
	if wantsPage(rc.URI().PathOriginal(), rc.Request.Header.Peek(fasthttp.HeaderAccept)) {
		var page bytes.Buffer
		v := view.ErrorPage{
			Status: status, Code: string(e.Code), Message: message, RequestID: id,
			Retry: status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout,
		}
		if err := s.opts.Pages.Render(&page, v); err == nil {
			h.SetContentType("text/html; charset=utf-8")
			rc.SetBody(page.Bytes())
			return
		} else {
			s.opts.Log.Error("error page does not render", "err", err)
		}
	}
	h.SetContentType("application/problem+json")
	rc.SetBody(problemJSON(e, status, message, id))
}

// sayWhen tells a client that is to come back when to.
func sayWhen(h *fasthttp.ResponseHeader, e *core.Error, status int) {
	if wait, ok := e.Extra["retryAfter"].(int); ok {
		h.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(wait))
	} else if status == http.StatusTooManyRequests {
		h.Set(fasthttp.HeaderRetryAfter, "60")
	} else if status == http.StatusServiceUnavailable {
		h.Set(fasthttp.HeaderRetryAfter, "5")
	}
}

// failure is the key under which the request's error waits for the log line.
type failure struct{}

func problemJSON(e *core.Error, status int, message, id string) []byte {
	body := map[string]any{}
	for k, v := range e.Extra {
		body[k] = v
	}
	body["type"], body["title"], body["status"], body["code"] = "about:blank", http.StatusText(status), status, e.Code
	if message == "" && status >= 500 {
		message = "Something failed on our side. Nothing is lost; try again, and tell us the request id if it stays."
	}
	if message != "" {
		body["detail"] = message
	}
	if len(e.Fields) > 0 {
		body["fields"] = e.Fields
	} else if e.Code == core.Invalid {
		body["fields"] = map[string]string{}
	}
	if status >= 500 {
		body["requestId"] = id
	}
	b, err := json.Marshal(body)
	if err != nil { // an Extra that is no JSON: say at least what we know
		b, _ = json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": e.Code})
	}
	return b
}

// masked hides addresses and what looks like a secret in a text for the log.
func masked(s string) string {
	return secretShape.ReplaceAllString(mailShape.ReplaceAllString(s, "***@***"), "***")
}

// brief says each part of a chain of errors once: every layer adds its sentence
// for the person, and most are the same sentence.
func brief(text string) string {
	seen := map[string]bool{}
	var parts []string
	for part := range strings.SplitSeq(text, ": ") {
		if !seen[part] {
			seen[part] = true
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// oneLine makes a text fit for one log line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
