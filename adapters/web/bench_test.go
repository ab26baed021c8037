package web_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
)

// These benchmarks print the ratio to a limit that is measured in the same run,
// on the same machine, with the same client: the bare framework. Noise hits
// both, so they run in turns and the medians are compared.

const (
	benchClients = 16
	benchTurns   = 7
	benchTurn    = 300 * time.Millisecond
)

// client is a connection that speaks just enough HTTP to be cheaper than what
// it measures.
type client struct {
	c       net.Conn
	r       *bufio.Reader
	request []byte
	status  string // of every answer; "" for 200
}

func dial(b *testing.B, addr, request string) *client {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return &client{c: c, r: bufio.NewReaderSize(c, 64<<10), request: []byte(request)}
}

// once sends the request and reads the answer, whose length must be stated.
func (k *client) once() error {
	if _, err := k.c.Write(k.request); err != nil {
		return err
	}
	return k.read()
}

func (k *client) read() error {
	length, first := -1, true
	for {
		line, err := k.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first {
			if string(line[9:12]) != cmp.Or(k.status, "200") {
				return fmt.Errorf("answer %s", line)
			}
			first = false
		}
		if len(line) <= 2 {
			break
		}
		if len(line) > 16 && (line[0] == 'C' || line[0] == 'c') && strings.EqualFold(string(line[:16]), "content-length: ") {
			length = 0
			for _, d := range line[16 : len(line)-2] {
				length = length*10 + int(d-'0')
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("no content length")
	}
	_, err := k.r.Discard(length)
	return err
}

// rate asks from all clients for one turn and returns answers per second and
// processor time per answer.
func rate(b *testing.B, clients []*client) (perSecond float64, cpu time.Duration) {
	b.Helper()
	var wg sync.WaitGroup
	counts := make([]int, len(clients))
	start, used := time.Now(), processorTime()
	end := start.Add(benchTurn)
	for i, k := range clients {
		wg.Go(func() {
			for time.Now().Before(end) {
				if err := k.once(); err != nil {
					b.Error(err)
					return
				}
				counts[i]++
			}
		})
	}
	wg.Wait()
	n := 0
	for _, c := range counts {
		n += c
	}
	took := time.Since(start)
	return float64(n) / took.Seconds(), (processorTime() - used) / time.Duration(max(n, 1))
}

// crowd runs work from callers at once, n times altogether, and returns the
// rate and how long single calls took.
func crowd(b *testing.B, callers, n int, work func(caller, i int) error) (perSecond float64, p50, p99 time.Duration) {
	b.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for k := range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				at := time.Now()
				if err := work(k, i); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(at)
			}
		})
	}
	wg.Wait()
	rate := float64(n) / time.Since(start).Seconds()
	slices.Sort(took)
	return rate, took[n/2], took[n*99/100]
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compare runs ours and the limit in turns and reports the medians.
func compare(b *testing.B, goal string, ours, limit []*client) {
	b.Helper()
	for _, k := range append(append([]*client(nil), ours...), limit...) { // warm
		if err := k.once(); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		var o, l, r, oc, lc []float64
		for range benchTurns {
			lr, lcpu := rate(b, limit)
			or, ocpu := rate(b, ours)
			o, l, r = append(o, or), append(l, lr), append(r, or/lr)
			oc, lc = append(oc, float64(ocpu.Microseconds())), append(lc, float64(lcpu.Microseconds()))
		}
		b.ReportMetric(median(o), "ours/s")
		b.ReportMetric(median(l), "limit/s")
		b.ReportMetric(median(r), "ratio(goal>="+goal+")")
		b.ReportMetric(median(oc), "ours-cpu-µs")
		b.ReportMetric(median(lc), "limit-cpu-µs")
	}
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	s := append([]float64(nil), v...)
	for i := range s {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
	return s[len(s)/2]
}

// bare starts a framework without anything of ours.
func bare(b *testing.B, path string, h fiber.Handler) string {
	b.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get(path, h)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	b.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
	return ln.Addr().String()
}

func clientsOf(b *testing.B, n int, addr, request string) []*client {
	out := make([]*client, n)
	for i := range out {
		out[i] = dial(b, addr, request)
	}
	return out
}

// bulky draws pages of 40 KB.
type bulky struct{ plainPages }

func (bulky) Public(view.View) (*view.Asset, error) {
	return &view.Asset{Body: []byte(strings.Repeat("forty kilobytes of page. ", 40<<10/25)), ContentType: "text/html; charset=utf-8", ETag: `"40k"`}, nil
}

// BenchmarkP2PublicPage: a 40 KB page against bare Fiber that sends the same
// bytes. The goal is 0.95.
func BenchmarkP2PublicPage(b *testing.B) {
	s := open(b, func(o *web.Options) {
		o.Pages = bulky{}
		o.Log = slog.New(slog.NewJSONHandler(io.Discard, nil))
	})
	page, _ := bulky{}.Public(nil)
	limit := bare(b, "/", func(c *fiber.Ctx) error {
		c.Set("Content-Type", "text/html; charset=utf-8")
		return c.Send(page.Body)
	})
	get := func(addr string) string {
		return "GET / HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\n\r\n"
	}
	compare(b, "0.95", clientsOf(b, benchClients, s.addr, get(s.addr)), clientsOf(b, benchClients, limit, get(limit)))
}

// BenchmarkP2SignedInRead: a balance, with its session looked up, against bare
// Fiber with one indexed SELECT. The goal is 0.6.
func BenchmarkP2SignedInRead(b *testing.B) {
	s := open(b, func(o *web.Options) { o.Log = slog.New(slog.NewJSONHandler(io.Discard, nil)) })
	cookie := s.signUp("ada@example.com")
	user := s.user("ada@example.com").ID
	limit := bare(b, "/api/user/credits", func(c *fiber.Ctx) error {
		a, err := s.db.CreditAccount(context.Background(), user)
		if err != nil {
			return err
		}
		return c.JSON(a)
	})
	get := func(addr string) string {
		return "GET /api/user/credits HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: application/json\r\nCookie: sselfie=" + cookie + "\r\n\r\n"
	}
	compare(b, "0.6", clientsOf(b, benchClients, s.addr, get(s.addr)), clientsOf(b, benchClients, limit, get(limit)))
}
