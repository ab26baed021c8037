// Package migrations carries the numbered SQL files that make the schema. Each
// runs in a transaction of its own, has a Down, and is never edited after it
// landed: a correction is the next number.
package migrations

import "embed"

// Files holds every migration of this binary.
//
//go:embed *.sql
var Files embed.FS
