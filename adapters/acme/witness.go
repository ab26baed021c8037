package acme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// witness keeps what an authority said about challenges that failed. The library
// tries one way after the other and tells in the end only that none is left.
type witness struct {
	next http.RoundTripper
	mu   sync.Mutex
	said []string
}

// largest is how much of an authority's answer is read again.
const largest = 1 << 20

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	_ = resp.Body.Close() // it was read
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	w.hear(body)
	return resp, nil
}

// hear reads an authorization, or anything else.
func (w *witness) hear(body []byte) {
	var authorization struct {
		Challenges []struct {
			Type  string
			Error *struct{ Detail string }
		}
	}
	if json.Unmarshal(body, &authorization) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range authorization.Challenges {
		if c.Error == nil {
			continue
		}
		line := fmt.Sprintf("%s: %s", c.Type, strings.Join(strings.Fields(c.Error.Detail), " "))
		if len(line) <= 1000 && len(w.said) < 8 && !slices.Contains(w.said, line) {
			w.said = append(w.said, line)
		}
	}
}

// forget begins anew.
func (w *witness) forget() { w.mu.Lock(); defer w.mu.Unlock(); w.said = nil }

// told returns what was said since, "" when nothing was.
func (w *witness) told() string { w.mu.Lock(); defer w.mu.Unlock(); return strings.Join(w.said, "; ") }
