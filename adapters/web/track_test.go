package web_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core/tracking"
)

// heard keeps events instead of storing them.
type heard struct {
	mu     sync.Mutex
	events []tracking.Event
}

func (h *heard) Update(ctx context.Context, fn func(context.Context, tracking.Recorder) error) error {
	return fn(ctx, h)
}

func (h *heard) RecordEvent(_ context.Context, e tracking.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	return nil
}

func TestVisitsAreCounted(t *testing.T) {
	h := &heard{}
	s := open(t, func(o *web.Options) {
		o.Events.Store = h
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	const firefox = "Mozilla/5.0 Firefox"
	visit := func(body, from, agent string) answer {
		return s.do(ask{method: "POST", path: "/api/track", body: body, header: map[string]string{"User-Agent": agent, "X-Forwarded-For": from}})
	}
	for name, c := range map[string]struct {
		body, agent string
		status      int
		kept        bool
	}{
		"a view":             {`{"name":"pricing_view","product":"bio_glowup","source":"ig","campaign":"c","props":{"a":"b","n":3,"x":[1]}}`, firefox, 204, true},
		"by the page's name": {`{"name":"cta_click","product":"bio-glow-up"}`, firefox, 204, true},
		"a robot":            {`{"name":"pricing_view"}`, "Googlebot/2.1", 204, false},
		"nobody":             {`{"name":"pricing_view"}`, "", 204, false},
		"an unknown name":    {`{"name":"purchase"}`, firefox, 400, false},
		"an unknown product": {`{"name":"pricing_view","product":"moon"}`, firefox, 400, false},
		"no name":            {`{}`, firefox, 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(h.events)
			if a := visit(c.body, "1.2.3.4", c.agent); a.status != c.status || (len(h.events) > before) != c.kept {
				t.Fatalf("%d %s, kept %v", a.status, a.body, len(h.events) > before)
			}
		})
	}
	visitor := func(from, agent string) string {
		_ = visit(`{"name":"pricing_view"}`, from, agent)
		return h.events[len(h.events)-1].Visitor
	}
	first := visitor("1.2.3.4", firefox)
	if first == "" || strings.Contains(first, "1.2.3") {
		t.Fatalf("visitor %q", first)
	}
	if visitor("1.2.3.99", firefox) != first {
		t.Error("a neighbour in the truncated network is another visitor")
	}
	if visitor("1.2.4.4", firefox) == first || visitor("1.2.3.4", "Mozilla/5.0 Safari") == first {
		t.Error("others are the same visitor")
	}
	s.clock.Advance(24 * time.Hour)
	if visitor("1.2.3.4", firefox) == first {
		t.Error("a visitor is known the next day")
	}
}
