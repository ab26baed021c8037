package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

const (
	// returnsWindow is how far a report's time stamp may be from ours.
	returnsWindow = 5 * time.Minute
	// returnsMost is how many events one report may hold.
	returnsMost = 1000
)

// mailEvent is one event of POST /api/webhooks/mail.
type mailEvent struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	MessageID string `json:"messageId"`
	Address   string `json:"address"`
	Detail    string `json:"detail"`
	At        string `json:"at"`
}

// mailWebhook is POST /api/webhooks/mail: what became of letters, told by a relay
// or by whatever translates its reports. The signature is checked on the bytes as
// they came. An answer of 200 is a receipt; every event is kept once.
func (s *Server) mailWebhook(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.mailWebhook"
	body := bytes.Clone(c.Context().Request.Body())
	headers := c.Context().Request.Header.PeekAll("Sselfie-Signature")
	if len(headers) != 1 {
		return s.badReport(c, unsigned(op, "A report carries one Sselfie-Signature header."))
	}
	if why := signedRight(string(headers[0]), body, s.opts.ReturnsSecret, s.opts.Wall.Now()); why != "" {
		return s.badReport(c, unsigned(op, why))
	}
	events, err := mailEvents(op, body)
	if err != nil {
		return err
	}
	var answer struct {
		Received bool `json:"received"`
		Kept     int  `json:"kept"`
		Unknown  int  `json:"unknown"`
	}
	var reports []mail.Report
	for i, e := range events {
		r, err := e.report(op, i)
		switch {
		case core.Is(err, core.NotFound):
			answer.Unknown++ // of another sender's letter: telling it again would help nobody
		case err != nil:
			return err
		default:
			reports = append(reports, r)
		}
	}
	for _, r := range reports {
		switch err := s.opts.Returns.Take(ctx, r); {
		case core.Is(err, core.NotFound):
			answer.Unknown++
		case err != nil:
			return err
		default:
			answer.Kept++
		}
	}
	answer.Received = true
	return c.JSON(answer)
}

// badReport counts forged reports by address; genuine ones have no limit.
func (s *Server) badReport(c *fiber.Ctx, err error) error {
	if limited := s.allow(c, s.limits.badSignature); limited != nil {
		return limited
	}
	return err
}

func unsigned(op, why string) error {
	return &core.Error{Code: core.InvalidSignature, Op: op, Message: why}
}

// signedRight says why a header t=<unix time>,v1=<hex> is no signature of body,
// "" when it is. Several v1 may stand in it while a secret is changed.
func signedRight(header string, body []byte, secret string, now time.Time) string {
	stamp, given := "", [][]byte(nil)
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil && len(given) < 5 {
				given = append(given, sum)
			}
		}
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(given) == 0 {
		return "The signature is not of the form t=<unix time>,v1=<hex>."
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	want, right := mac.Sum(nil), false
	for _, sum := range given {
		right = hmac.Equal(sum, want) || right
	}
	if !right {
		return "The signature does not fit the body and the secret."
	}
	if off := now.Sub(time.Unix(at, 0)); off > returnsWindow || off < -returnsWindow {
		return "The signature is older than 5 minutes, or one of the two clocks is wrong."
	}
	return ""
}

// mailEvents reads one event, or a list of them under events.
func mailEvents(op string, body []byte) ([]mailEvent, error) {
	var in struct {
		mailEvent
		Events []mailEvent `json:"events"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&in); err != nil {
		return nil, core.FieldError(op, "body", "This is no JSON object with an event, or with a list named events.")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, core.FieldError(op, "body", "There is more behind the JSON object.")
	}
	if len(in.Events) > returnsMost {
		return nil, core.FieldError(op, "events", "At most 1000 events at once.")
	}
	if in.Events == nil {
		in.Events = []mailEvent{in.mailEvent}
	}
	return in.Events, nil
}

// mailTypes are the words of the webhook for what became of a letter.
var mailTypes = map[string]mail.ReportKind{
	"hard_bounce": mail.BounceReport, "bounce": mail.BounceReport, "soft_bounce": mail.SoftBounceReport,
	"complaint": mail.ComplaintReport, "delivered": mail.DeliveredReport,
}

// messageID is a Message-ID of ours, with or without its brackets; the letter's id
// in it is no longer than longestMailID.
var messageID = regexp.MustCompile(`^<?(eml_[A-Za-z0-9_-]+)@[^@\s<>]+>?$`)

const longestMailID = 84

// report says an event in the words of the core.
func (e mailEvent) report(op string, i int) (mail.Report, error) {
	field := func(name, what string) error {
		return core.FieldError(op, "events["+strconv.Itoa(i)+"]."+name, what)
	}
	r := mail.Report{Kind: mailTypes[e.Type], Address: strings.TrimSpace(e.Address), Reference: "webhook:" + e.ID, Detail: e.Detail}
	switch {
	case e.ID == "" || len(e.ID) > 200:
		return r, field("id", "An event needs an id of its own, at most 200 characters: the second time changes nothing.")
	case r.Kind == "":
		return r, field("type", "Use hard_bounce, soft_bounce, complaint or delivered.")
	}
	if found := messageID.FindStringSubmatch(strings.TrimSpace(e.MessageID)); found != nil && len(found[1]) <= longestMailID {
		r.Mail = core.MailID(found[1])
	}
	if r.Address != "" && accounts.CheckAddress(r.Address) != "" {
		if r.Mail == "" {
			return r, field("address", "This is no e-mail address.")
		}
		r.Address = "" // the letter knows to whom it went
	}
	if r.Mail == "" && r.Address == "" {
		if e.MessageID != "" { // a letter that another program sent through the same relay
			return r, &core.Error{Code: core.NotFound, Op: op, Message: "No letter of ours has this Message-ID."}
		}
		return r, field("address", "Say which address, or which messageId.")
	}
	if e.At != "" {
		at, err := time.Parse(time.RFC3339, e.At)
		if err != nil {
			return r, field("at", "Write the time as 2026-03-01T12:00:00Z.")
		}
		r.At = at.UTC()
	}
	return r, nil
}
