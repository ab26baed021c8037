package returns

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Take hears one mail, so much of it as Largest.
type Take func(ctx context.Context, raw []byte) error

// Folder is a Maildir, or a file in the mbox format, that a mail server on this
// machine delivers into.
type Folder struct{ Path string }

// overlap is how far back a Maildir is looked at again: a file's time is that of
// its delivery, which may end after a younger one's.
const overlap = 10 * time.Minute

// Read hands over what came after mark, which is empty at first, and returns
// where it ended. After an error the mark says what was taken before it.
func (f Folder) Read(ctx context.Context, mark string, take Take) (string, error) {
	info, err := os.Stat(f.Path)
	switch {
	case err != nil:
		return mark, fmt.Errorf("returns.path: %w", err)
	case info.IsDir():
		return f.maildir(ctx, mark, take)
	}
	return f.mbox(ctx, info, mark, take)
}

// maildir reads new and cur, oldest first. The mark is a time.
func (f Folder) maildir(ctx context.Context, mark string, take Take) (string, error) {
	since, _ := time.Parse(time.RFC3339Nano, mark) // an unknown mark reads all: what was taken is known
	type file struct {
		path string
		at   time.Time
	}
	var found []file
	dirs := 0
	for _, sub := range []string{"new", "cur"} {
		list, err := os.ReadDir(filepath.Join(f.Path, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return mark, fmt.Errorf("returns.path: %w", err)
		}
		dirs++
		for _, e := range list {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(since.Add(-overlap)) {
				continue // gone meanwhile, or read before
			}
			found = append(found, file{filepath.Join(f.Path, sub, e.Name()), info.ModTime()})
		}
	}
	if dirs == 0 {
		return mark, fmt.Errorf("returns.path: %s is no Maildir: it has neither new nor cur", f.Path)
	}
	slices.SortFunc(found, func(a, b file) int { return a.at.Compare(b.at) })
	for _, one := range found {
		raw, err := head(one.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a mail program moved it: it is found again the next time
		}
		if err == nil {
			err = take(ctx, raw)
		}
		if err != nil {
			return mark, err
		}
		mark = one.at.UTC().Format(time.RFC3339Nano)
	}
	return mark, nil
}

func head(path string) ([]byte, error) {
	in, err := os.Open(path) //nolint:gosec // a file of the folder that the operator named
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(in, Largest))
}

// settled is how long a file must have been left alone before its last mail is
// taken for whole: a mail server may be writing it.
const settled = 10 * time.Second

// mbox reads from where the last time ended. The mark is an offset, at which a
// mail begins or the file ends; where it does not, the file is another one or was
// emptied, and is read from its beginning.
func (f Folder) mbox(ctx context.Context, info fs.FileInfo, mark string, take Take) (string, error) {
	size, quiet := info.Size(), time.Since(info.ModTime()) > settled
	in, err := os.Open(f.Path)
	if err != nil {
		return mark, fmt.Errorf("returns.path: %w", err)
	}
	defer func() { _ = in.Close() }() // it was only read
	from, _ := strconv.ParseInt(mark, 10, 64)
	if from < 0 || from > size || from < size && !begins(in, from) {
		from = 0
	}
	if _, err := in.Seek(from, io.SeekStart); err != nil {
		return mark, err
	}
	r := bufio.NewReader(io.LimitReader(in, size-from))
	var one bytes.Buffer
	at, began, inside := from, from, false
	flush := func() error {
		if !inside {
			return nil
		}
		if err := take(ctx, bytes.Clone(one.Bytes())); err != nil {
			return err
		}
		began = at
		return nil
	}
	for {
		line, err := r.ReadBytes('\n')
		if bytes.HasPrefix(line, []byte("From ")) {
			if err := flush(); err != nil {
				return strconv.FormatInt(began, 10), err
			}
			one.Reset()
			inside = true
		} else if inside && one.Len() < Largest {
			one.Write(unquoted(line))
		}
		at += int64(len(line))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return strconv.FormatInt(began, 10), err
		}
	}
	if !quiet {
		return strconv.FormatInt(began, 10), nil
	}
	if err := flush(); err != nil {
		return strconv.FormatInt(began, 10), err
	}
	return strconv.FormatInt(at, 10), nil
}

// begins reports whether a mail begins at an offset.
func begins(in io.ReaderAt, at int64) bool {
	var first [5]byte
	_, err := in.ReadAt(first[:], at)
	return err == nil && string(first[:]) == "From "
}

// unquoted takes off the mark before a line that would have begun a mail.
func unquoted(line []byte) []byte {
	if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && strings.HasPrefix(string(rest[:min(5, len(rest))]), "From ") {
		return line[1:]
	}
	return line
}
