package stripegate

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID returns prefix and n random letters and digits, as Stripe's ids look.
func newID(prefix string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return prefix + string(b)
}

// fresh returns the head of a new object.
func (g *Gateway) fresh(prefix string, meta map[string]string) thing {
	g.s.Seq++
	return thing{ID: newID(prefix, 24), Seq: g.s.Seq, Created: g.now(), Meta: maps.Clone(meta)}
}

// values returns the objects of a map in order of creation.
func values[T entry](m map[string]T) []T {
	out := slices.Collect(maps.Values(m))
	slices.SortFunc(out, func(a, b T) int { return int(a.head().Seq - b.head().Seq) })
	return out
}

func timeOf(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
