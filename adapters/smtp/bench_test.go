package smtp_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"sselfie/adapters/letters"
	"sselfie/adapters/smtp"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/brand"
	"sselfie/core/mail"
	static "sselfie/static/mail"
)

// BenchmarkMail is the whole way of a mail: claimed, rendered, sent over four
// connections, durably marked. Its limit is go-mail sending one rendered message
// over four connections in the same run, without any check between two letters.
func BenchmarkMail(b *testing.B) {
	b.Run("local sink", func(b *testing.B) { race(b, 0, 2000) })
	b.Run("relay that takes 20 ms", func(b *testing.B) { race(b, 20*time.Millisecond, 120) })
}

func race(b *testing.B, delay time.Duration, batch int) {
	r := benchRenderer(b)
	db := sqlitetest.New(b)
	bare, full := newSink(b), newSink(b)
	bare.discard, full.discard = true, true
	bare.inOne, full.inOne = true, true
	// The relay thinks once a letter, about its body.
	bare.dotDelay, full.dotDelay = delay, delay
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: full.port(), TLS: smtp.None})
	if err != nil {
		b.Fatal(err)
	}
	at := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	box := mail.New(mail.Ports{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) mail.Tx { return tx }), Reads: db, Sender: sender, Renderer: r, Clock: at,
	}, mail.Limits{})
	one, err := r.Render(b.Context(), outgoing("eml_one"))
	if err != nil {
		b.Fatal(err)
	}

	var limits, ours, ratios, limitCPU, cpu []float64
	each := func(since time.Duration) float64 {
		return float64((processorTime() - since).Microseconds()) / float64(batch)
	}
	round := 0
	for b.Loop() {
		round++
		spent := processorTime()
		limit := float64(batch) / bareGoMail(b, bare.port(), one, batch).Seconds()
		limitCPU = append(limitCPU, each(spent))
		b.StopTimer()
		promiseMany(b, db, round, batch, at.Now())
		b.StartTimer()
		spent, begin := processorTime(), time.Now()
		n, err := box.DeliverDue(b.Context())
		rate := float64(batch) / time.Since(begin).Seconds()
		if n != batch || err != nil {
			b.Fatalf("%d of %d sent, %v", n, batch, err)
		}
		cpu = append(cpu, each(spent))
		limits, ours, ratios = append(limits, limit), append(ours, rate), append(ratios, rate/limit)
	}
	if delay > 0 { // the limit that the connections themselves set
		for i := range ratios {
			ratios[i] = ours[i] / (4 / (delay + 2*time.Millisecond).Seconds())
		}
	}
	b.ReportMetric(median(ours), "mails/s")
	b.ReportMetric(median(limits), "limit/s")
	b.ReportMetric(median(cpu), "cpu-us/mail")
	b.ReportMetric(median(limitCPU), "limit-cpu-us/mail")
	b.ReportMetric(median(ratios), "ratio(goal>=0.9)")
	b.ReportMetric(0, "ns/op")
}

// bareGoMail sends one message n times over four connections.
func bareGoMail(b *testing.B, port int, l mail.Letter, n int) time.Duration {
	var wg sync.WaitGroup
	begin := time.Now()
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			client, err := gomail.NewClient("127.0.0.1", gomail.WithPort(port), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithoutNoop(), gomail.WithoutRset())
			if err != nil {
				b.Error(err)
				return
			}
			if err := client.DialWithContext(context.Background()); err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = client.Close() }()
			m := gomail.NewMsg()
			if err := m.From(l.From); err != nil {
				b.Error(err)
			}
			if err := m.To(l.To); err != nil {
				b.Error(err)
			}
			m.Subject(l.Subject)
			m.SetBodyString(gomail.TypeTextPlain, l.Text)
			m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
			for range n / 4 {
				if err := client.Send(m); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	return time.Since(begin)
}

func benchRenderer(b *testing.B) *letters.Renderer {
	br := brand.Default()
	r, err := letters.New(letters.Config{Files: static.Files, Look: letters.Look{
		BrandName: br.Name, SenderName: br.Owner, From: "Sselfie <hello@sselfie.test>", PostalAddress: "1 Sample Street, Sampletown",
		BaseURL: "https://sselfie.test", Light: letters.PaletteOf(br.Light), Dark: letters.PaletteOf(br.Dark),
	}})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func outgoing(id string) mail.Outgoing {
	o := letters.Sample(mail.Renewal)
	o.ID, o.At = core.MailID(id), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return o
}

func promiseMany(b *testing.B, db *sqlite.DB, round, n int, now time.Time) {
	props := outgoing("x").Props
	for from := 0; from < n; from += 500 {
		err := db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
			for i := from; i < min(from+500, n); i++ {
				key := fmt.Sprintf("p%d@example.com", i)
				q := mail.Queued{
					ID: core.MailID(fmt.Sprintf("eml_%d_%d", round, i)), ToKey: core.EmailKey(key), BusinessKey: fmt.Sprintf("renewal:%d:%d", round, i),
					At: now, Promise: mail.Promise{Kind: mail.Renewal, To: key, Props: props},
				}
				if _, err := tx.EnqueueMail(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
