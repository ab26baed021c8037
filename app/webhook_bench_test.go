package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// openShop builds the real house, with everything that follows from a purchase
// inside its transaction, and serves it without the workers beside.
func openShop(b *testing.B) (h *house, addr string) {
	b.Helper()
	return openShopIn(b, filepath.Join(b.TempDir(), "data"))
}

// openShopIn is openShop with the data that lies in a folder.
func openShopIn(b *testing.B, dir string) (h *house, addr string) {
	b.Helper()
	vars := map[string]string{
		"SSELFIE_DATA_DIR": dir, "SSELFIE_STRIPE_SECRET_KEY": "sk_test_bench", "SSELFIE_STRIPE_PUBLISHABLE_KEY": "pk_test_bench",
		"SSELFIE_STRIPE_WEBHOOK_SECRET": "whsec_bench", "SSELFIE_MAIL_DRIVER": "disabled",
	}
	c, err := Load("", func(k string) string { return vars[k] }, ToServe)
	if err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	base := c.baseURL(ln.Addr().String())
	if h, err = build(b.Context(), c, base, slog.New(slog.NewJSONHandler(io.Discard, nil))); err != nil {
		b.Fatal(err)
	}
	pages, err := c.pages(base, h.clock.Now)
	if err != nil {
		b.Fatal(err)
	}
	srv, err := h.server(pages)
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			b.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			b.Errorf("serve: %v", err)
		}
		if err := h.close(); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return h, ln.Addr().String()
}

// purchases makes purchases by strangers, each once, as requests ready to send.
type purchases struct {
	addr  string
	price int64
	n     int
}

func (p *purchases) request() []byte {
	p.n++
	// As long as what Stripe sends.
	body := fmt.Sprintf(`{"id":"evt_bench%08[1]d","object":"event","padding":"%[2]s","api_version":"2023-10-16","created":%[3]d,"livemode":false,"type":"checkout.session.completed",
	"data":{"object":{"id":"cs_test_bench%08[1]d","object":"checkout.session","amount_subtotal":%[4]d,"amount_total":%[4]d,"currency":"usd",
	"customer":null,"customer_details":{"email":"buyer%08[1]d@example.com","name":"Ada"},"livemode":false,"mode":"payment","payment_intent":"pi_bench%08[1]d","payment_status":"paid","status":"complete",
	"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},
	"metadata":{"product_type":"bio_glowup","source":"landing_page","campaign":"spring"}}}}`, p.n, strings.Repeat("x", 2500), time.Now().Unix(), p.price)
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: "whsec_bench", Timestamp: time.Now()})
	return fmt.Appendf(nil, "POST /api/webhooks/stripe HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		p.addr, signed.Header, len(body), body)
}

// caller is a connection that sends a request and reads its answer, cheaper than
// what it measures.
type caller struct {
	c net.Conn
	r *bufio.Reader
}

func (k caller) send(request []byte) error {
	if _, err := k.c.Write(request); err != nil {
		return err
	}
	status, length := "", 0
	for {
		line, err := k.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if status == "" {
			status = string(line[9:12])
		}
		if v, ok := strings.CutPrefix(strings.ToLower(string(line)), "content-length: "); ok {
			if _, err := fmt.Sscan(v, &length); err != nil {
				return err
			}
		}
		if len(line) <= 2 {
			break
		}
	}
	body, err := k.r.Peek(length)
	if err != nil {
		return err
	}
	if status != "200" || !strings.Contains(string(body), `"applied"`) {
		return fmt.Errorf("answer %s %s", status, body)
	}
	_, err = k.r.Discard(length)
	return err
}

// bareTransaction is the limit: the statements of a purchase without a rule.
func bareTransaction(tx *sqlite.Tx, ctx context.Context, i int64) error {
	user := core.UserID(fmt.Sprintf("usr_bare%08d", i))
	email, at := fmt.Sprintf("bare%08d@example.com", i), coretest.Start
	if err := tx.SaveEvent(ctx, billing.Record{ID: core.EventID(fmt.Sprintf("evt_bare%08d", i)), Type: "checkout.session.completed", Outcome: billing.Applied, Attempts: 1, Payload: []byte(strings.Repeat("x", 3500)), At: at, ReceivedAt: at, AppliedAt: at}); err != nil {
		return err
	}
	if err := tx.InsertUser(ctx, accounts.User{ID: user, Email: email, Key: core.EmailKey(email), Origin: accounts.FromPurchase, CreatedAt: at}); err != nil {
		return err
	}
	if _, err := tx.PaymentsOf(ctx, user); err != nil {
		return err
	}
	if err := tx.InsertPayment(ctx, billing.Payment{
		ID: core.PaymentID(fmt.Sprintf("pay_bare%08d", i)), User: user, Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd",
		Match: "new", Session: fmt.Sprintf("cs_bare%08d", i), PaidAt: at, CreatedAt: at,
	}); err != nil {
		return err
	}
	if _, err := tx.CreditAccount(ctx, user); err != nil {
		return err
	}
	if err := tx.AppendCredit(ctx, credits.Entry{
		ID: core.CreditID(fmt.Sprintf("crd_bare%08d", i)), User: user, Amount: 25, Type: credits.Purchase, Description: "Bio Glow-Up", BalanceAfter: 25, Key: "cs:1", At: at,
	}); err != nil {
		return err
	}
	if _, err := tx.EnqueueMail(ctx, mail.Queued{
		ID: core.MailID(fmt.Sprintf("eml_bare%08d", i)), Promise: mail.Promise{Kind: mail.Purchase, User: user, To: email, Reference: "1"},
		ToKey: core.EmailKey(email), BusinessKey: fmt.Sprintf("purchase:bare%d", i), At: at,
	}); err != nil {
		return err
	}
	if err := tx.RecordEvent(ctx, tracking.Event{Name: tracking.Purchase, User: user, Product: "bio_glowup", At: at}); err != nil {
		return err
	}
	_, err := tx.EventByID(ctx, core.EventID(fmt.Sprintf("evt_bare%08d", i)))
	return err
}

// crowd runs work from callers at once, n times altogether, and returns the
// rate, how long single calls took, and the processor time of each.
func crowd(b *testing.B, callers, n int, work func(caller, i int) error) (perSecond float64, p50, p99, cpu time.Duration) {
	b.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	start, used := time.Now(), processorTime(b)
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
	return rate, took[n/2], took[n*99/100], (processorTime(b) - used) / time.Duration(n)
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkP1Webhook: from the signed request to the durable commit, with the
// series and the segments that follow, against the bare statements of a purchase
// in the same writer. The goals are 0.8 of the rate at 1.5 times the p99 from 64
// callers, and twice the time of a lone one. Beside it the same statements as one
// writes them without that writer (plain_limit_test.go).
func BenchmarkP1Webhook(b *testing.B) {
	for name, c := range map[string]struct {
		callers, n         int
		rate, median, slow string
	}{
		"64 callers": {64, 1500, "ratio(goal>=0.8)", "p50-ratio", "p99-ratio(goal<=1.5)"},
		"alone":      {1, 200, "ratio", "p50-ratio(goal<=2)", "p99-ratio(goal<=2)"},
	} {
		b.Run(name, func(b *testing.B) {
			h, addr := openShop(b)
			product, _ := h.catalog.Product("bio_glowup")
			p := &purchases{addr: addr, price: product.Price.Minor}
			store := sqlite.Bind(h.db, func(tx *sqlite.Tx) *sqlite.Tx { return tx })
			callers := make([]caller, c.callers)
			for i := range callers {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = conn.Close() })
				callers[i] = caller{conn, bufio.NewReaderSize(conn, 4<<10)}
			}
			var bare, simple atomic.Int64
			simply := openPlain(b)
			for b.Loop() {
				var ratios, p50s, p99s, ours, limits, cpus, limitCPUs, plains, toPlain, plain50s, plain99s, plainCPUs []float64
				for range 5 {
					requests := make([][]byte, c.n)
					for i := range requests {
						requests[i] = p.request()
					}
					lr, l50, l99, lcpu := crowd(b, c.callers, c.n, func(int, int) error {
						i := bare.Add(1)
						return store.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error { return bareTransaction(tx, ctx, i) })
					})
					or, o50, o99, ocpu := crowd(b, c.callers, c.n, func(caller, i int) error { return callers[caller].send(requests[i]) })
					pr, pl50, pl99, pcpu := crowd(b, c.callers, c.n, func(int, int) error { return simply.purchase(simple.Add(1)) })
					ours, limits, ratios = append(ours, or), append(limits, lr), append(ratios, or/lr)
					p50s, p99s = append(p50s, float64(o50)/float64(l50)), append(p99s, float64(o99)/float64(l99))
					plains, toPlain, plainCPUs = append(plains, pr), append(toPlain, or/pr), append(plainCPUs, float64(pcpu.Microseconds()))
					plain50s, plain99s = append(plain50s, float64(o50)/float64(pl50)), append(plain99s, float64(o99)/float64(pl99))
					cpus, limitCPUs = append(cpus, float64(ocpu.Microseconds())), append(limitCPUs, float64(lcpu.Microseconds()))
				}
				b.ReportMetric(middle(ours), "ours/s")
				b.ReportMetric(middle(limits), "limit/s")
				b.ReportMetric(middle(ratios), c.rate)
				b.ReportMetric(middle(p50s), c.median)
				b.ReportMetric(middle(p99s), c.slow)
				b.ReportMetric(middle(cpus), "cpu-µs")
				b.ReportMetric(middle(limitCPUs), "limit-cpu-µs")
				b.ReportMetric(middle(plains), "plain-limit/s")
				b.ReportMetric(middle(toPlain), "ratio-to-plain")
				b.ReportMetric(middle(plain50s), "p50-to-plain")
				b.ReportMetric(middle(plain99s), "p99-to-plain")
				b.ReportMetric(middle(plainCPUs), "plain-cpu-µs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
