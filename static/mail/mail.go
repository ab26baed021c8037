// Package mail holds the templates of the mails. Each kind has two files:
// kind.html is the letter as most people see it, kind.txt its subject, its
// preview line and the letter in plain text. A creator's folder may lie over
// them, file by file.
package mail

import "embed"

// Files are the templates that ship.
//
//go:embed *.html *.txt
var Files embed.FS
