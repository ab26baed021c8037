package view

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Problem is one mistake in a file that the creator may edit.
type Problem struct {
	File    string // below the override directory: content/home.md
	Line    int
	Message string
}

// String returns file:line: message, as editors understand it.
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message) }

// Problems is every mistake found, as one error.
type Problems []Problem

// Error returns one line per problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

var templateError = regexp.MustCompile(`(?s)template: ?((?:pages/)[^:]+):(\d+)(?::\d+)?: (.*)`)

// templateProblem finds file and line in what html/template says.
func templateProblem(err error) Problem {
	if m := templateError.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[2])
		return Problem{File: m[1], Line: line, Message: m[3]}
	}
	return Problem{File: "pages", Line: 1, Message: err.Error()}
}
