package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/sequences"
)

// Bounds of what a request may hold. Nothing here comes near them by honest use.
const (
	maxBody      = 1 << 20   // of any request
	maxJSON      = 256 << 10 // of a JSON call
	maxForm      = 256 << 10 // a letter, with every character of it escaped
	maxDepth     = 16
	maxFieldSize = 10_000 // characters of one text
)

// letterText is a text that may be as long as a letter.
type letterText string

// readJSON decodes the body into dst, a pointer to a struct. Members that we
// don't know are passed over, because additions are free on both sides.
func readJSON(c *fiber.Ctx, dst any) error {
	const op = "web.readJSON"
	if kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || kind != fiber.MIMEApplicationJSON {
		return &core.Error{Code: core.UnsupportedMedia, Op: op, Message: "Send the body as JSON, with Content-Type: application/json."}
	}
	body := c.BodyRaw()
	if len(body) > maxJSON {
		return &core.Error{Code: core.TooLarge, Op: op, Message: fmt.Sprintf("A call takes at most %d KiB of JSON.", maxJSON>>10)}
	}
	bad := func(message string) error { return &core.Error{Code: core.Invalid, Op: op, Message: message} }
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return bad("The body is empty. Send a JSON object.")
	case !utf8.Valid(trimmed):
		return bad("The body is not UTF-8. Send JSON as UTF-8.")
	case trimmed[0] != '{':
		return bad("The body is not a JSON object. Send one object, in braces.")
	case tooDeep(trimmed):
		return bad("The body is nested too deeply. Send a flat JSON object.")
	}
	dec := json.NewDecoder(bytes.NewReader(trimmed))
	err := dec.Decode(dst)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		field := mistyped.Field
		if field == "" {
			return bad("The body has another shape than this call takes. Send one JSON object.")
		}
		return core.FieldError(op, field, fmt.Sprintf("%s must be %s, not %s.", field, jsonName(mistyped.Type), mistyped.Value))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bad("The JSON ends in the middle. Send the whole object.")
	case err != nil:
		return bad("The body is not valid JSON. Check quotes, commas and braces.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return bad("There is something after the JSON object. Send one object only.")
	}
	if long := longFields(reflect.ValueOf(dst).Elem()); len(long) > 0 {
		return &core.Error{Code: core.Invalid, Op: op, Message: "Some texts are too long.", Fields: long}
	}
	return nil
}

func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a number"
}

// tooDeep counts open braces and brackets outside of texts.
func tooDeep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch ch := b[i]; {
		case quoted:
			if ch == '\\' {
				i++
			} else if ch == '"' {
				quoted = false
			}
		case ch == '"':
			quoted = true
		case ch == '{' || ch == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case ch == '}' || ch == ']':
			depth--
		}
	}
	return false
}

// longFields names the texts of a struct that are longer than any we take.
func longFields(v reflect.Value) map[string]string {
	out := map[string]string{}
	for i := range v.NumField() {
		f, most := v.Field(i), maxFieldSize
		if f.Type() == reflect.TypeFor[letterText]() {
			most = sequences.LetterMost
		}
		if f.Kind() == reflect.String && utf8.RuneCountInString(f.String()) > most {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			out[name] = fmt.Sprintf("At most %d characters.", most)
		}
	}
	return out
}

// readForm decodes the urlencoded body of a page's form.
func readForm(c *fiber.Ctx) (url.Values, error) {
	const op = "web.readForm"
	body := c.BodyRaw()
	if kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); len(body) > 0 && (err != nil || kind != fiber.MIMEApplicationForm) {
		return nil, &core.Error{Code: core.UnsupportedMedia, Op: op, Message: "This form is sent as application/x-www-form-urlencoded."}
	}
	if len(body) > maxForm {
		return nil, &core.Error{Code: core.TooLarge, Op: op, Message: fmt.Sprintf("A form takes at most %d KiB.", maxForm>>10)}
	}
	v, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return nil, &core.Error{Code: core.Invalid, Op: op, Message: "The form arrived damaged. Go back and send it again."}
	}
	for name, values := range v {
		if len(name) > 200 || len(values) > 50 || !utf8.ValidString(strings.Join(values, "")) {
			return nil, &core.Error{Code: core.Invalid, Op: op, Message: "The form arrived damaged. Go back and send it again."}
		}
	}
	return v, nil
}
