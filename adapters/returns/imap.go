package returns

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"
)

// IMAP is a mailbox at a mail server.
type IMAP struct {
	Host, Username, Password string
	Port                     int
	TLS                      string // implicit, starttls or none
	Mailbox                  string // INBOX
	Roots                    *x509.CertPool
}

const (
	imapTime  = 2 * time.Minute // for one look at the mailbox
	imapStep  = 30 * time.Second
	imapBatch = 20
	imapMost  = 2000 // mails of one look; the rest waits for the next
)

// Read hands over what came after mark, which is empty at first, and returns
// where it ended. The mailbox is opened for reading only: nothing is deleted,
// moved or marked as seen.
func (b IMAP) Read(ctx context.Context, mark string, take Take) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, imapTime)
	defer cancel()
	c, err := b.dial(ctx)
	if err != nil {
		return mark, err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Terminate() })()
	defer func() { _ = c.Logout() }() // everything was taken or is told as an error
	if err := c.Login(b.Username, b.Password); err != nil {
		return mark, fmt.Errorf("the mailbox refuses the sign-in: %w", err)
	}
	box, err := c.Select(b.Mailbox, true)
	if err != nil {
		return mark, fmt.Errorf("the mailbox %s cannot be opened: %w", b.Mailbox, err)
	}
	if box.Messages == 0 {
		return mark, nil
	}
	last := lastUID(mark, box.UidValidity)
	wanted := imap.NewSearchCriteria()
	wanted.Uid = new(imap.SeqSet)
	wanted.Uid.AddRange(last+1, 0) // 0 is the newest
	uids, err := c.UidSearch(wanted)
	if err != nil {
		return mark, fmt.Errorf("the mailbox cannot be searched: %w", err)
	}
	fresh := uids[:0]
	for _, uid := range uids {
		if uid > last { // n:* answers with the newest even where it is older than n
			fresh = append(fresh, uid)
		}
	}
	slices.Sort(fresh)
	if len(fresh) > imapMost {
		fresh = fresh[:imapMost]
	}
	for len(fresh) > 0 {
		n := min(imapBatch, len(fresh))
		upTo, err := b.fetch(ctx, c, fresh[:n], take)
		if upTo > 0 {
			mark = fmt.Sprintf("%d:%d", box.UidValidity, upTo)
		}
		if err != nil {
			return mark, err
		}
		fresh = fresh[n:]
	}
	return mark, nil
}

// dial connects and protects the connection.
func (b IMAP) dial(ctx context.Context) (*client.Client, error) {
	address := net.JoinHostPort(b.Host, strconv.Itoa(b.Port))
	conn, err := (&net.Dialer{Timeout: imapStep}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the mailbox cannot be reached: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // for the greeting; the client sets its own afterwards
	}
	secure := &tls.Config{ServerName: b.Host, MinVersion: tls.VersionTLS12, RootCAs: b.Roots}
	if b.TLS == "implicit" {
		t := tls.Client(conn, secure)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("the mailbox offers no sound encryption: %w", err)
		}
		conn = t
	}
	c, err := client.New(conn)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the mailbox does not greet: %w", err)
	}
	c.ErrorLog = log.New(io.Discard, "", 0) // it would speak past our log
	c.Timeout = imapStep
	if b.TLS == "starttls" {
		if err := c.StartTLS(secure); err != nil {
			_ = c.Terminate()
			return nil, fmt.Errorf("the mailbox offers no sound encryption: %w", err)
		}
	}
	return c, nil
}

// fetch hands over the mails with these ids and returns the last that was taken.
func (b IMAP) fetch(ctx context.Context, c *client.Client, uids []uint32, take Take) (last uint32, err error) {
	set := new(imap.SeqSet)
	set.AddNum(uids...)
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, Largest}}
	got, failed := make(chan *imap.Message, len(uids)), make(chan error, 1)
	go func() { failed <- c.UidFetch(set, []imap.FetchItem{imap.FetchUid, section.FetchItem()}, got) }()
	byUID := map[uint32]*imap.Message{}
	for m := range got {
		if slices.Contains(uids, m.Uid) {
			byUID[m.Uid] = m
		}
	}
	if err := <-failed; err != nil {
		return 0, fmt.Errorf("the mails cannot be fetched: %w", err)
	}
	for _, uid := range uids {
		m := byUID[uid]
		if m == nil {
			last = uid // gone meanwhile
			continue
		}
		body := m.GetBody(section)
		if body == nil {
			return last, errors.New("the mailbox sent a mail without its text")
		}
		raw, err := io.ReadAll(io.LimitReader(body, Largest))
		if err == nil {
			err = take(ctx, raw)
		}
		if err != nil {
			return last, err
		}
		last = uid
	}
	return last, nil
}

// lastUID reads a mark. When the server has numbered its mails anew, all of them
// are read again, and what was taken before is known.
func lastUID(mark string, validity uint32) uint32 {
	v, uid, ok := strings.Cut(mark, ":")
	n, err := strconv.ParseUint(uid, 10, 32)
	if !ok || err != nil || v != strconv.FormatUint(uint64(validity), 10) {
		return 0
	}
	return uint32(n)
}
