package sqlitetest

import (
	"database/sql"
	"net/url"
	"testing"
)

// Ask returns the first column of a question about the file at path, as texts.
// The file may be open elsewhere.
func Ask(t testing.TB, path, text string, args ...any) (out []string) {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: "mode=ro&_busy_timeout=5000&_dqs=0"}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
