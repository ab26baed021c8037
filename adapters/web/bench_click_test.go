package web_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/adapters/web"
	"sselfie/core/coretest"
	"sselfie/core/tracking"
)

// storedNowhere says that a click is kept, and keeps nothing: the limit.
type storedNowhere struct{}

func (storedNowhere) Update(context.Context, func(ctx context.Context, tx tracking.LinkTx) error) error {
	return nil
}

// BenchmarkP5Click: a click of a person, stored before she is led on, by 64
// callers over HTTP, against the same route that stores nothing. The goal is 0.7.
func BenchmarkP5Click(b *testing.B) {
	const links, callers, turn = 200_000, 64, 6000
	db, path := sqlitetest.NewAt(b, sqlite.Options{})
	back, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{
		`INSERT INTO email_logs (id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at, sent_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
			SELECT printf('eml_%08d', i), 'x', 'x', 'campaign', printf('k%d', i), '{}', 'sent', 0, 0, 0 FROM n`,
		`INSERT INTO email_links (id, email_log_id, destination, created_at) SELECT 'lnk_' || substr(id, 5) || 'abcdef', id, '/studio', 0 FROM email_logs WHERE ?1 > 0`,
	} {
		if _, err := back.ExecContext(b.Context(), text, links); err != nil {
			b.Fatal(err)
		}
	}
	if err := back.Close(); err != nil {
		b.Fatal(err)
	}
	serve := func(store tracking.LinkStore) *shop {
		return open(b, func(o *web.Options) {
			o.Log = slog.New(slog.NewJSONHandler(io.Discard, nil))
			o.Links = &tracking.Links{Store: store, Read: db, Clock: coretest.NewClock()}
		})
	}
	dialed := func(s *shop) []*client {
		out := clientsOf(b, callers, s.addr, "")
		for _, k := range out {
			k.status = "302"
		}
		return out
	}
	ours := dialed(serve(sqlite.BindJoined(db, func(tx *sqlite.Tx) tracking.LinkTx { return tx })))
	limit := dialed(serve(storedNowhere{}))
	var next atomic.Int64
	round := func(clients []*client, from *atomic.Int64) float64 {
		perSecond, _, _ := crowd(b, callers, turn, func(caller, _ int) error {
			k := clients[caller]
			_, err := fmt.Fprintf(k.c, "GET /api/email/track-click?id=lnk_%08dabcdef HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11)\r\n\r\n", from.Add(1)%links, host(k.c))
			if err != nil {
				return err
			}
			return k.read()
		})
		return perSecond
	}
	for b.Loop() {
		var ratios, rates, limits []float64
		for range 7 {
			var same atomic.Int64
			same.Store(next.Load())
			l := round(limit, &same)
			o := round(ours, &next)
			ratios, rates, limits = append(ratios, o/l), append(rates, o), append(limits, l)
		}
		b.ReportMetric(median(rates), "clicks/s")
		b.ReportMetric(median(limits), "limit/s")
		b.ReportMetric(median(ratios), "ratio(goal>=0.7)")
	}
	b.ReportMetric(0, "ns/op")
}

func host(c net.Conn) string { return c.RemoteAddr().String() }
