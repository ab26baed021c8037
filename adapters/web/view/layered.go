package view

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Layered lays the creator's directory over the embedded files, file by file.
// A nil over is the embedded files alone.
func Layered(over, under fs.FS) fs.FS {
	if over == nil {
		return under
	}
	return layered{over, under}
}

type layered struct{ over, under fs.FS }

// Open prefers the upper layer. Directories are merged by ReadDir, so a
// directory handle of either layer will do.
func (l layered) Open(name string) (fs.File, error) {
	f, err := l.over.Open(name)
	if err == nil {
		if st, serr := f.Stat(); serr == nil && st.IsDir() {
			if g, gerr := l.under.Open(name); gerr == nil {
				_ = f.Close()
				return g, nil
			}
		}
		return f, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return l.under.Open(name)
}

// ReadDir merges both layers, sorted by name.
func (l layered) ReadDir(name string) ([]fs.DirEntry, error) {
	up, uerr := fs.ReadDir(l.over, name)
	down, derr := fs.ReadDir(l.under, name)
	if uerr != nil && derr != nil {
		return nil, derr
	}
	seen := map[string]bool{}
	var out []fs.DirEntry
	for _, e := range slices.Concat(up, down) {
		if !seen[e.Name()] {
			seen[e.Name()] = true
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// mark is a signature of all files by name, size and time, which tells a
// changed directory from an unchanged one without reading it.
func mark(fsys fs.FS) string {
	if l, ok := fsys.(layered); ok {
		fsys = l.over // the embedded files never change
	}
	h := sha256.New()
	_ = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that vanished is simply not in the signature
		}
		if info, ierr := d.Info(); ierr == nil {
			fmt.Fprintf(h, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))
}
