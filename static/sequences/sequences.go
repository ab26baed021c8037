// Package sequences holds the letters that go out by themselves: a folder for
// each series, a file for each step, and beside it step.product.md for what the
// buyers of one product read instead. A creator's folder may lie over them, file
// by file; where she writes a step, ours for single products fall away.
package sequences

import (
	"embed"
	"errors"
	"io/fs"
	"strings"
)

// Files are the letters that ship.
//
//go:embed */*.md
var Files embed.FS

// Read returns every letter by its name, series/step.md: those of over where
// there are any, ours otherwise. over may be nil.
func Read(over fs.FS) (map[string]string, error) {
	out := map[string]string{}
	for _, files := range []fs.FS{Files, over} {
		if files == nil {
			continue
		}
		names, err := fs.Glob(files, "*/*.md")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, name := range names {
			for ours := range out {
				if strings.HasPrefix(ours, strings.TrimSuffix(name, "md")) && ours != name {
					delete(out, ours)
				}
			}
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, err
			}
			out[name] = string(text)
		}
	}
	return out, nil
}
