package view

import (
	"errors"
	"io"
	"io/fs"
)

// Check reads content, parses every template and draws every sample page, and
// returns what does not work, with file and line. It is what
// "sselfie content check" prints and what a start with an override runs.
func Check(fsys fs.FS, site Site) []Problem {
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
