package app

import (
	"bufio"
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/sqlite/sqlitetest"
)

// manyUsers is how large the shop of the growth benchmarks is: 1,000,000 is the
// figure to reach.
var manyUsers = flag.Int("users", 50_000, "customers in the larger shop of the growth benchmark")

const fewUsers = 10_000

// BenchmarkGrowth is row P7 as Stripe feels it: a lone webhook, with everything
// that follows from it, in a shop of 10,000 customers and in a large one, in turns.
func BenchmarkGrowth(b *testing.B) {
	few, many := largeShop(b, fewUsers), largeShop(b, *manyUsers)
	for b.Loop() {
		var p50, p99 [2][]float64
		for turn := range 10 {
			for i, s := range []*largeOne{few, many} {
				h, l := s.webhooks(b, 300, nil)
				if turn > 0 { // the first warms up
					p50[i], p99[i] = append(p50[i], h), append(p99[i], l)
				}
			}
		}
		b.ReportMetric(middle(p50[0]), "few-p50-ms")
		b.ReportMetric(middle(p50[1])/middle(p50[0]), "p50-growth(goal<=1.3)")
		b.ReportMetric(middle(p99[1])/middle(p99[0]), "p99-growth(goal<=1.6)")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWebhookWhileRefreshing is row P7's last figure: a lone webhook while
// all segments are refreshed, between two quiet rounds.
func BenchmarkWebhookWhileRefreshing(b *testing.B) {
	s := largeShop(b, *manyUsers)
	var quiet50, quiet99, busy50, busy99, took []float64
	before50, before99 := s.webhooks(b, 1000, nil)
	for b.Loop() {
		began := time.Now()
		h, l := s.webhooks(b, 1, s.refreshing(b))
		took = append(took, time.Since(began).Seconds())
		after50, after99 := s.webhooks(b, 1000, nil)
		quiet50, quiet99 = append(quiet50, before50), append(quiet99, before99)
		busy50, busy99 = append(busy50, 2*h/(before50+after50)), append(busy99, 2*l/(before99+after99))
		before50, before99 = after50, after99
	}
	b.ReportMetric(middle(quiet50), "quiet-p50-ms")
	b.ReportMetric(middle(quiet99), "quiet-p99-ms")
	b.ReportMetric(middle(busy50), "p50-while-refreshing")
	b.ReportMetric(middle(busy99), "p99-while-refreshing(goal<=2)")
	b.ReportMetric(middle(took), "refresh-s")
	b.ReportMetric(0, "ns/op")
}

// largeOne is the house over a shop of many customers, and who buys there.
type largeOne struct {
	*house
	buy purchases
}

func largeShop(b *testing.B, users int) *largeOne {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	sqlitetest.Crowd(b, filepath.Join(dir, "sselfie.db"), users, time.Now().UTC().Truncate(24*time.Hour))
	h, addr := openShopIn(b, dir)
	product, ok := h.catalog.Product("bio_glowup")
	if !ok {
		b.Fatal("there is nothing to buy")
	}
	s := &largeOne{h, purchases{addr: addr, price: product.Price.Minor}}
	s.refresh(b) // the first fills them
	sqlitetest.Settle(b)
	return s
}

func (s *largeOne) refresh(b *testing.B) {
	if _, err := s.voice.segments.Refresh(context.WithoutCancel(b.Context()), s.clock.Now()); err != nil {
		b.Error(err)
	}
}

// refreshing begins a refresh and returns whether it is still going on.
func (s *largeOne) refreshing(b *testing.B) func() bool {
	var over atomic.Bool
	go func() { defer over.Store(true); s.refresh(b) }()
	return func() bool { return !over.Load() }
}

// webhooks delivers purchases by strangers one after another, n of them and as
// long as while says so, and returns the median and the 99th of a hundred, in
// milliseconds.
func (s *largeOne) webhooks(b *testing.B, n int, while func() bool) (p50, p99 float64) {
	b.Helper()
	conn, err := net.Dial("tcp", s.buy.addr)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	stripe := caller{conn, bufio.NewReaderSize(conn, 4<<10)}
	var took []time.Duration
	for i := 0; i < n || while != nil && while(); i++ {
		request := s.buy.request()
		began := time.Now()
		if err := stripe.send(request); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	at := func(part int) float64 { return float64(took[len(took)*part/100].Microseconds()) / 1000 }
	return at(50), at(99)
}
