package view

import (
	"errors"
	"io"
	"io/fs"
)

// Check returns everything that "sselfie content check" prints: what Broken
// finds, and pictures that are named but missing.
func Check(fsys fs.FS, site Site) []Problem { return check(fsys, site, true) }

// Broken reads content, parses every template and draws every sample page, and
// returns what does not work, with file and line. It is what stops a start. A
// missing picture does not: its page shows a blank frame.
func Broken(fsys fs.FS, site Site) []Problem { return check(fsys, site, false) }

func check(fsys fs.FS, site Site, pictures bool) []Problem {
	r, err := New(Options{Site: site, Files: fsys})
	if err != nil {
		return asProblems(err)
	}
	s, err := r.current()
	if err != nil {
		return asProblems(err)
	}
	var bad []Problem
	for _, p := range site.Catalog.Products {
		if !pictures {
			break
		}
		bad = append(bad, missingPictures(fsys, "content/"+string(p.ID)+".md", s.content.Product(p.ID))...)
	}
	seen := map[Problem]bool{}
	for _, sample := range Samples(site) {
		if err := r.draw(io.Discard, s, sample.View); err != nil {
			if p := templateProblem(err); !seen[p] {
				seen[p] = true
				bad = append(bad, p)
			}
		}
	}
	return bad
}

func asProblems(err error) []Problem {
	var ps Problems
	if errors.As(err, &ps) {
		return ps
	}
	return []Problem{templateProblem(err)}
}
