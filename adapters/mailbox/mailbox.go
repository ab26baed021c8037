// Package mailbox captures letters instead of sending them: the mail driver of
// the demo. Each letter is a file, so the mailbox survives a restart and can be
// looked at with any editor.
package mailbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Box is a folder of captured letters. It is a mail.Sender whose every lane
// leads into the folder.
type Box struct {
	dir     string
	fold    core.Fold
	damaged []string

	mu    sync.RWMutex
	index map[core.MailID]slip
	seq   int64 // of the newest letter
}

// slip is what is kept of a letter in memory.
type slip struct {
	id     core.MailID
	to     core.EmailKey
	sentAt time.Time
	seq    int64
}

// sheet is a letter as it lies in its file.
type sheet struct {
	mail.Captured
	Seq int64 `json:"seq"` // the order of arrival, for letters of one instant
}

const suffix = ".json"

// Open returns the mailbox in dir, which it makes where there is none. A file
// that cannot be read as a letter is left alone and named by Damaged.
func Open(dir string, fold core.Fold) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	b := &Box{dir: dir, fold: fold, index: map[core.MailID]slip{}}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, temporary):
			_ = os.Remove(filepath.Join(dir, name)) // left by a crash in the middle of writing
		case strings.HasSuffix(name, suffix):
			s, err := b.read(strings.TrimSuffix(name, suffix))
			if err != nil || string(s.ID)+suffix != name {
				b.damaged = append(b.damaged, name)
				continue
			}
			b.note(s)
		}
	}
	return b, nil
}

// Damaged returns the names of files in the folder that are no letters.
func (b *Box) Damaged() []string { return b.damaged }

// Open returns the box itself: every lane leads here.
func (b *Box) Open(context.Context) (mail.Conn, error) { return b, nil }

// Close does nothing.
func (b *Box) Close() error { return nil }

// proper are ids that make good file names, up to longestID.
var proper = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

const longestID = 128

// Send keeps a letter, in the place of one with the same id.
func (b *Box) Send(_ context.Context, l mail.Letter) error {
	if len(l.ID) > longestID || !proper.MatchString(string(l.ID)) {
		return &mail.SendError{Fault: mail.Final, Stage: "mailbox", Err: fmt.Errorf("%q is no id of a letter", l.ID)}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := sheet{
		Captured: mail.Captured{
			ID: l.ID, To: l.To, Subject: l.Subject, Kind: l.Kind, SentAt: l.Date.UTC().Truncate(time.Millisecond),
			Text: l.Text, HTML: l.HTML, Links: links(l), Headers: l.AllHeaders(),
		},
		Seq: b.seq + 1,
	}
	if err := b.write(s); err != nil {
		// The folder is one for all letters: a full disk concerns each of them.
		return &mail.SendError{Fault: mail.Down, Stage: "mailbox", Err: err}
	}
	b.note(s)
	return nil
}

// List returns captured letters, newest first. With to, only those to that
// address, compared folded. A limit of 0 is none.
func (b *Box) List(_ context.Context, to string, limit int) ([]mail.Captured, error) {
	key := b.fold(to)
	b.mu.RLock()
	defer b.mu.RUnlock()
	slips := make([]slip, 0, len(b.index))
	for _, s := range b.index {
		if key == "" || s.to == key {
			slips = append(slips, s)
		}
	}
	slices.SortFunc(slips, func(x, y slip) int {
		if c := y.sentAt.Compare(x.sentAt); c != 0 {
			return c
		}
		return int(y.seq - x.seq)
	})
	if limit > 0 && len(slips) > limit {
		slips = slips[:limit]
	}
	items := make([]mail.Captured, 0, len(slips))
	for _, s := range slips {
		sheet, err := b.read(string(s.id))
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody tidied up
		}
		if err != nil {
			return nil, fmt.Errorf("mailbox: %w", err)
		}
		items = append(items, sheet.Captured)
	}
	return items, nil
}

// Get returns one captured letter, core.NotFound for an unknown id.
func (b *Box) Get(_ context.Context, id core.MailID) (mail.Captured, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if _, ok := b.index[id]; ok {
		s, err := b.read(string(id))
		if err == nil {
			return s.Captured, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return mail.Captured{}, fmt.Errorf("mailbox: %w", err)
		}
	}
	return mail.Captured{}, &core.Error{Code: core.NotFound, Op: "mailbox.Get", Message: "There is no such letter in the mailbox."}
}

// EraseCaptured removes every letter that names an address, whoever got it.
func (b *Box) EraseCaptured(_ context.Context, key core.EmailKey) error {
	if key == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, s := range b.index {
		name := filepath.Join(b.dir, string(id)+suffix)
		if s.to != key {
			text, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("mailbox: %w", err)
			}
			if !bytes.Contains(bytes.ToLower(text), []byte(key)) {
				continue
			}
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("mailbox: %w", err)
		}
		delete(b.index, id)
	}
	return nil
}

// note puts a letter into the index.
func (b *Box) note(s sheet) {
	b.index[s.ID] = slip{id: s.ID, to: b.fold(s.To), sentAt: s.SentAt, seq: s.Seq}
	b.seq = max(b.seq, s.Seq)
}

func (b *Box) read(id string) (s sheet, err error) {
	text, err := os.ReadFile(filepath.Join(b.dir, id+suffix))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// temporary begins the names of files that are not whole yet.
const temporary = ".writing-"

// write puts the letter on the disk before it counts as captured, and never
// leaves half of one under its name.
func (b *Box) write(s sheet) (err error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(b.dir, temporary+"*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	// Not synced: a captured letter is to be looked at, and a sample history is a
	// hundred of them. What a power cut leaves of one is told by Damaged.
	_, err = f.Write(append(text, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(b.dir, string(s.ID)+suffix))
}
