package app_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/billing"
)

// manyUsers is how large the shop of the growth benchmark is: 1,000,000 is the
// figure to reach.
var manyUsers = flag.Int("users", 50_000, "customers in the larger shop of the growth benchmark")

const fewUsers = 10_000

// BenchmarkGrowth is row P7 as Stripe and a visitor of the desk feel it: a lone
// webhook, with everything that follows from it, in a shop of 10,000 customers
// and in a large one, in turns; and while all segments are refreshed.
func BenchmarkGrowth(b *testing.B) {
	few, many := shopOf(b, fewUsers), shopOf(b, *manyUsers)
	for b.Loop() {
		var p50, p99 [2][]float64
		var busy50, busy99 []float64
		for turn := range 6 {
			for i, s := range []*site{few, many} {
				h, l := s.webhooks(b, 150, nil)
				if turn > 0 { // the first warms up
					p50[i], p99[i] = append(p50[i], h), append(p99[i], l)
				}
			}
		}
		// Between two quiet rounds: the demo's payment service writes down all that it
		// ever heard of at each purchase, so that later rounds are slower by themselves.
		before50, before99 := many.webhooks(b, 150, nil)
		for range 3 {
			h, l := many.webhooks(b, 150, many.refreshing(b))
			after50, after99 := many.webhooks(b, 150, nil)
			busy50, busy99 = append(busy50, 2*h/(before50+after50)), append(busy99, 2*l/(before99+after99))
			before50, before99 = after50, after99
		}
		b.ReportMetric(middle(p50[0]), "few-p50-ms")
		b.ReportMetric(middle(p50[1])/middle(p50[0]), "p50-growth")
		b.ReportMetric(middle(p99[1])/middle(p99[0]), "p99-growth")
		b.ReportMetric(middle(busy50), "p50-while-refreshing")
		b.ReportMetric(middle(busy99), "p99-while-refreshing")
	}
	b.ReportMetric(0, "ns/op")
}

// shopOf runs the program over a shop of many customers.
func shopOf(b *testing.B, users int) *site {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	sqlitetest.Crowd(b, filepath.Join(dir, "sselfie.db"), users, time.Now().UTC().Truncate(24*time.Hour))
	s := start(b, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_DATA_DIR": dir, "SSELFIE_CRON_SECRET": "cron"})
	s.refresh(b) // the first fills them
	return s
}

// refresh runs the job of the segments to its end.
func (s *site) refresh(b *testing.B) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+"/api/cron/refresh-segments", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer cron")
	resp, err := (&http.Client{Timeout: 20 * time.Minute}).Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_ = resp.Body.Close()
}

// refreshing begins a refresh and returns whether it is still going on.
func (s *site) refreshing(b *testing.B) func() bool {
	var over atomic.Bool
	go func() { defer over.Store(true); s.refresh(b) }()
	return func() bool { return !over.Load() }
}

var sale atomic.Int64

// webhooks delivers purchases by strangers one after another, as long as while
// says so, and returns the median and the 99th of a hundred, in milliseconds.
func (s *site) webhooks(b *testing.B, n int, while func() bool) (p50, p99 float64) {
	b.Helper()
	var took []time.Duration
	for i := 0; i < n || while != nil && while(); i++ {
		session := fmt.Sprintf("cs_growth_%d", sale.Add(1))
		body, signature := paid(session, session+"@example.com", "bio_glowup", 4700)
		began := time.Now()
		if out := deliver(http.DefaultClient, s.url, body, signature); out != billing.Applied {
			b.Fatalf("%s: %q", session, out)
		}
		took = append(took, time.Since(began))
		if while != nil && !while() {
			break
		}
	}
	slices.Sort(took)
	at := func(part int) float64 { return float64(took[len(took)*part/100].Microseconds()) / 1000 }
	return at(50), at(99)
}

func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
