package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// purchases makes purchases by strangers, each once, as requests ready to send.
type purchases struct {
	s *shop
	n atomic.Int64
}

func (p *purchases) request() []byte {
	i := p.n.Add(1)
	product, _ := p.s.opts.Catalog.Product("bio_glowup")
	session := fmt.Sprintf("cs_test_bench%08d", i)
	body := paid(fmt.Sprintf("evt_bench%08d", i), session, "", product, fmt.Sprintf("buyer%08d@example.com", i))
	// As long as what Stripe sends.
	body = strings.Replace(body, `"object":"event"`, `"object":"event","padding":"`+strings.Repeat("x", 2500)+`"`, 1)
	return fmt.Appendf(nil, "POST /api/webhooks/stripe HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		p.s.addr, p.s.sign(body, p.s.wall.Now()), len(body), body)
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

// BenchmarkP1Webhook: from the signed request to the durable commit, against
// the bare statements in the same writer. The goals are 0.8 of the rate at 1.5
// times the p99 from 64 callers, and twice the time of a lone one.
func BenchmarkP1Webhook(b *testing.B) {
	for name, c := range map[string]struct{ callers, n int }{"64 callers": {64, 1500}, "alone": {1, 200}} {
		b.Run(name, func(b *testing.B) {
			s := open(b, func(o *web.Options) { o.Log = slog.New(slog.NewJSONHandler(io.Discard, nil)) })
			p := &purchases{s: s}
			store := sqlite.Bind(s.db, func(tx *sqlite.Tx) *sqlite.Tx { return tx })
			clients := make([]*client, c.callers)
			for i := range clients {
				conn, err := net.Dial("tcp", s.addr)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = conn.Close() })
				clients[i] = &client{c: conn, r: bufio.NewReaderSize(conn, 4<<10)}
			}
			var bare atomic.Int64
			for b.Loop() {
				var ratios, p50s, p99s, ours, limits []float64
				for range 5 {
					requests := make([][]byte, c.n)
					for i := range requests {
						requests[i] = p.request()
					}
					lr, l50, l99 := crowd(b, c.callers, c.n, func(int, int) error {
						i := bare.Add(1)
						return store.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error { return bareTransaction(tx, ctx, i) })
					})
					or, o50, o99 := crowd(b, c.callers, c.n, func(caller, i int) error {
						if _, err := clients[caller].c.Write(requests[i]); err != nil {
							return err
						}
						return clients[caller].read()
					})
					ours, limits, ratios = append(ours, or), append(limits, lr), append(ratios, or/lr)
					p50s, p99s = append(p50s, float64(o50)/float64(l50)), append(p99s, float64(o99)/float64(l99))
				}
				b.ReportMetric(median(ours), "ours/s")
				b.ReportMetric(median(limits), "limit/s")
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(median(p50s), "p50-ratio")
				b.ReportMetric(median(p99s), "p99-ratio")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
