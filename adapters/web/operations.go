package web

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/billing"
)

// counters are the server's own figures.
type counters struct {
	events  map[string]*metrics.Counter // webhooks by what became of them
	answers [6]*metrics.Counter         // by the first digit of the status
}

func newCounters(set *metrics.Set) counters {
	c := counters{events: map[string]*metrics.Counter{}}
	for _, outcome := range []string{
		string(billing.Applied), string(billing.Duplicate), string(billing.Ignored), string(billing.Parked), string(billing.Failed),
		"invalid_signature", "unreadable",
	} {
		c.events[outcome] = set.GetOrCreateCounter(fmt.Sprintf("sselfie_webhook_events_total{outcome=%q}", outcome))
	}
	for i := range c.answers {
		c.answers[i] = set.GetOrCreateCounter(fmt.Sprintf("sselfie_http_answers_total{status=\"%dxx\"}", i))
	}
	return c
}

// healthz is GET /healthz: the process is up.
func (s *Server) healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"status": "ok"})
}

// readiness keeps the last answer for a moment, because anybody may ask and each
// question writes to the disk.
type readiness struct {
	mu    sync.Mutex
	until time.Time
	err   error
}

const readinessTime = time.Second

// readyz is GET /readyz: the database can be written, the schema is current.
func (s *Server) readyz(ctx context.Context, c *fiber.Ctx) error {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if now := time.Now(); !now.Before(s.ready.until) {
		s.ready.err = s.opts.Ready(ctx)
		s.ready.until = now.Add(readinessTime)
	}
	if s.ready.err != nil {
		e := &core.Error{Code: core.Unavailable, Op: "web.readyz", Message: "The database does not answer as it should.", Err: s.ready.err}
		var known *core.Error
		if errors.As(s.ready.err, &known) && known.Code == core.Unavailable && known.Message != "" {
			e.Message = known.Message // what to do about it: who asks here is the operator
		}
		return e
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"status": "ready"})
}

// metrics is GET /metrics: for this machine, or for who has the token. To
// anybody else there is nothing here.
func (s *Server) metrics(c *fiber.Ctx) error {
	token, bearer := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	known := bearer && s.opts.MetricsToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.MetricsToken)) == 1
	// A proxy on this machine that is not configured as one would make
	// everybody look local.
	local := peer(c.Context()).IsLoopback() && c.Get(fiber.HeaderXForwardedFor) == "" && c.Get("Forwarded") == ""
	if !known && !local {
		return fiber.ErrNotFound
	}
	var b bytes.Buffer
	s.opts.Stats.WritePrometheus(&b)
	c.Set(fiber.HeaderContentType, "text/plain; version=0.0.4; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(explained(b.Bytes()))
}

// explained puts words into the HELP lines, which the library leaves empty.
func explained(text []byte) []byte {
	out := make([]byte, 0, len(text)+2048)
	for line := range bytes.Lines(text) {
		name, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("# HELP "))
		if words := help[string(name)]; found && words != "" {
			line = fmt.Appendf(nil, "# HELP %s %s\n", name, words)
		}
		out = append(out, line...)
	}
	return out
}

// help says what each figure counts.
var help = map[string]string{
	"sselfie_webhook_events_total":           "Webhooks by what became of them.",
	"sselfie_http_answers_total":             "Answers by the first digit of their status.",
	"sselfie_job_runs_total":                 "Runs of jobs by how they ended.",
	"sselfie_job_last_run_timestamp_seconds": "When each job last ran, by the business clock.",
	"sselfie_mails_total":                    "Mails by what became of them.",
	"sselfie_writer_batches_total":           "Write transactions, each of which serves one or more callers.",
	"sselfie_writer_failed_batches_total":    "Write transactions that were lost as a whole.",
	"sselfie_writer_closures_total":          "Callers that were served by write transactions.",
	"sselfie_writer_batch_size":              "Callers in one write transaction.",
	"sselfie_writer_wait_seconds":            "Longest wait of a caller before its write transaction began.",
	"sselfie_writer_run_seconds":             "Time of all callers' work in a write transaction.",
	"sselfie_writer_commit_seconds":          "Time from COMMIT to durable.",
}

// sitemap is GET /sitemap.xml.
func (s *Server) sitemap(c *fiber.Ctx) error {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n")
	for _, p := range s.publicPaths {
		b.WriteString("  <url><loc>" + html.EscapeString(s.opts.BaseURL+p) + "</loc></url>\n")
	}
	b.WriteString("</urlset>\n")
	c.Set(fiber.HeaderContentType, "application/xml; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return c.SendString(b.String())
}

// robots is GET /robots.txt.
func (s *Server) robots(c *fiber.Ctx) error {
	text := "User-agent: *\nDisallow: /api/\nDisallow: /auth/\nDisallow: /account\nDisallow: /admin\nAllow: /checkout/success\nDisallow: /checkout\nDisallow: /studio\nDisallow: /unsubscribe\n\nSitemap: " + s.opts.BaseURL + "/sitemap.xml\n"
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return c.SendString(text)
}

// assetFile is GET /assets/*: from memory, never from a path.
func (s *Server) asset(c *fiber.Ctx) error {
	return s.sendAsset(c, c.Params("*"))
}

func (s *Server) sendAsset(c *fiber.Ctx, name string) error {
	a, ok := s.opts.Pages.Assets().Open(name)
	if !ok {
		return fiber.ErrNotFound
	}
	m, ok := s.assets.Load(a)
	if !ok {
		m, _ = s.assets.LoadOrStore(a, newServable(a))
	}
	m.(*servable).serve(c.Context())
	return nil
}

// favicon is GET /favicon.ico, which browsers ask for whatever a page says.
func (s *Server) favicon(c *fiber.Ctx) error {
	for _, name := range []string{"favicon.ico", "favicon.svg", "favicon.png", "icon.svg"} {
		if _, ok := s.opts.Pages.Assets().Open(name); ok {
			return s.sendAsset(c, name)
		}
	}
	return fiber.ErrNotFound
}

var _ Pages = (*view.Renderer)(nil)
