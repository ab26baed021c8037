// Package returns reads what mail servers send back: delivery reports (RFC 3464)
// and spam complaints (RFC 5965), out of a mailbox over IMAP or out of files.
// It deletes nothing and marks nothing as read.
package returns

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Limits of what one returned mail may be made of. Anybody can write to the
// address of a sender.
const (
	// Largest is how much of a mail is looked at; what is wanted stands in front.
	Largest    = 256 << 10
	partLimit  = 64 << 10
	maxParts   = 40
	maxDepth   = 4
	maxReports = 50 // recipients of one report
)

// Parse returns what a mail reports about our letters; nothing for a mail that
// is no report, for one that says nothing final, and for a refusal that is about
// us rather than about a mailbox.
func Parse(raw []byte) []mail.Report {
	if len(raw) > Largest {
		raw = raw[:Largest]
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	var f findings
	f.walk(textproto.MIMEHeader(m.Header), m.Body, 0)
	at, _ := m.Header.Date() // zero: the time of reading
	return f.reports(raw, at.UTC())
}

// findings is what the parts of a report hold.
type findings struct {
	parts    int
	blocks   []textproto.MIMEHeader // of a delivery status, one for each recipient
	feedback textproto.MIMEHeader
	original core.MailID // the letter that it is about
	words    string      // what the report says to people
}

// walk looks at a part and at those inside of it.
func (f *findings) walk(h textproto.MIMEHeader, body io.Reader, depth int) {
	if f.parts++; f.parts > maxParts || depth > maxDepth {
		return
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		parts := multipart.NewReader(body, params["boundary"])
		for f.parts <= maxParts {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			f.walk(p.Header, p, depth+1)
		}
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		f.blocks = append(f.blocks, blocks(decoded(h, body))...)
	case kind == "text/plain" && depth == 1 && f.words == "":
		text, _ := io.ReadAll(decoded(h, body)) // what could be read of it counts
		f.words = string(text)
	case kind == "message/feedback-report" && f.feedback == nil:
		if all := blocks(decoded(h, body)); len(all) > 0 {
			f.feedback = all[0]
		}
	case kind == "message/rfc822" || kind == "message/global" || kind == "text/rfc822-headers" || kind == "message/rfc822-headers" || kind == "message/global-headers":
		if head := blocks(decoded(h, body)); len(head) > 0 && f.original == "" {
			f.original = letterOf(head[0].Get("Message-Id"))
		}
	}
}

// decoded returns a part's text, so much of it as is looked at.
func decoded(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	return io.LimitReader(body, partLimit)
}

// blocks reads groups of header lines with empty lines between them. A line that
// is none ends the reading: what came before it counts.
func blocks(r io.Reader) []textproto.MIMEHeader {
	in := textproto.NewReader(bufio.NewReader(r))
	var out []textproto.MIMEHeader
	for len(out) <= maxReports {
		h, err := in.ReadMIMEHeader()
		if len(h) > 0 {
			out = append(out, h)
		}
		if err != nil {
			return out
		}
	}
	return out
}

// ours is the shape of the Message-IDs that we give; the letter's id in it is no
// longer than longestID.
var ours = regexp.MustCompile(`^<?(eml_[A-Za-z0-9_-]+)@[^@\s<>]+>?$`)

const longestID = 84

// letterOf returns the letter that a Message-ID names, "" for a foreign one.
func letterOf(messageID string) core.MailID {
	if found := ours.FindStringSubmatch(strings.TrimSpace(messageID)); found != nil && len(found[1]) <= longestID {
		return core.MailID(found[1])
	}
	return ""
}

// reports says what the findings mean. Each gets a reference made of the mail
// itself, so that one that is read twice, from wherever, is known.
func (f *findings) reports(raw []byte, at time.Time) []mail.Report {
	sum := sha256.Sum256(raw)
	ref := "returned:" + hex.EncodeToString(sum[:16])
	var out []mail.Report
	add := func(r mail.Report) {
		if r.Kind == "" || r.Mail == "" && r.Address == "" || len(out) >= maxReports {
			return
		}
		r.Reference, r.At, r.Unproven = fmt.Sprintf("%s:%d", ref, len(out)), at, true
		out = append(out, r)
	}
	if f.feedback != nil {
		add(f.complaint())
		return out
	}
	named := 0
	for _, b := range f.blocks {
		if b.Get("Final-Recipient") != "" || b.Get("Original-Recipient") != "" {
			named++
		}
	}
	for _, b := range f.blocks {
		r := f.delivery(b)
		if r.Mail = f.original; named > 1 {
			r.Mail = "" // our letters have one recipient: this one was handed on to several
		}
		add(r)
	}
	return out
}

// complaint reads a feedback report.
func (f *findings) complaint() mail.Report {
	switch strings.ToLower(strings.TrimSpace(f.feedback.Get("Feedback-Type"))) {
	case "abuse", "fraud", "opt-out", "other":
	default: // not-spam takes nothing back that we did, and virus is no complaint about us
		return mail.Report{}
	}
	r := mail.Report{Kind: mail.ComplaintReport, Mail: f.original, Detail: "a feedback loop reported it as spam"}
	for _, name := range []string{"Original-Rcpt-To", "Removal-Recipient"} {
		if r.Address == "" {
			r.Address = address(f.feedback.Get(name))
		}
	}
	return r
}

// delivery reads one recipient of a delivery status.
func (f *findings) delivery(b textproto.MIMEHeader) mail.Report {
	r := mail.Report{Address: address(b.Get("Original-Recipient"))}
	if r.Address == "" {
		r.Address = address(b.Get("Final-Recipient"))
	}
	status, _, _ := strings.Cut(strings.TrimSpace(b.Get("Status")), " ")
	said := strings.Join(strings.Fields(b.Get("Diagnostic-Code")), " ")
	if said == "" {
		said = f.saidOf(r.Address)
	}
	if strings.HasSuffix(status, ".0.0") { // Exim and OpenSMTPD say no more; the server that refused did
		if told := mail.StatusIn(said); told != "" {
			status = told
		}
	}
	r.Detail = strings.TrimSpace(status + " " + said)
	switch strings.ToLower(strings.TrimSpace(b.Get("Action"))) {
	case "failed":
		r.Kind = failure(status, said)
	case "delivered":
		r.Kind = mail.DeliveredReport
	}
	return r
}

// saidOf returns what the words to people say of an address: the paragraph that
// begins with it.
func (f *findings) saidOf(address string) string {
	var out []string
	for line := range strings.Lines(f.words) {
		line = strings.TrimSpace(line)
		switch {
		case len(out) > 0 && line == "":
			return strings.Join(out, " ")
		case len(out) > 0:
			out = append(out, line)
		case address != "" && len(line) > len(address) && strings.EqualFold(line[:len(address)], address) && line[len(address)] == ':':
			out = append(out, strings.TrimSpace(line[len(address)+1:]))
		}
	}
	return strings.Join(out, " ")
}

// failure says what a letter that could not be delivered says of its mailbox.
func failure(status, said string) mail.ReportKind {
	switch {
	case mail.Nobody(status):
		return mail.BounceReport
	case strings.HasPrefix(status, "4."), strings.HasPrefix(status, "5.2."), strings.HasPrefix(status, "5.3."), strings.HasPrefix(status, "5.4."):
		return mail.SoftBounceReport // full, away, not to be found for days
	case strings.HasPrefix(status, "5.0.") && !mail.SpeaksOfUs(said):
		return mail.SoftBounceReport // failed for no stated reason
	}
	return "" // our letter or our server displeased them
}

// address reads "rfc822; ada@example.com", or an address alone.
func address(field string) string {
	kind, rest, typed := strings.Cut(field, ";")
	if !typed {
		kind, rest = "rfc822", field
	}
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "rfc822", "utf-8":
	default:
		return ""
	}
	a, err := netmail.ParseAddress(strings.TrimSpace(rest))
	if err != nil || len(a.Address) > 320 {
		return ""
	}
	return a.Address
}
