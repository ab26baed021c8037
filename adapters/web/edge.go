package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"sselfie/core"
)

// This file is what stands before the router. It runs on every request, so it
// works on bytes and allocates next to nothing: a public page leaves from here.

var (
	mailShape   = regexp.MustCompile(`[^\s"'<>=/]+(@|%40)[^\s"'<>,;/]+`)
	secretShape = regexp.MustCompile(`\b(sk|rk|whsec|pk)_[A-Za-z0-9_]{4,}|[A-Za-z0-9_-]{43}\b`)
)

const requestIDHeader = "X-Request-Id"

var requestIDName = []byte(requestIDHeader)

// edge handles one request from its first byte to its log line.
func (s *Server) edge(rc *fasthttp.RequestCtx) {
	start := time.Now()
	path := rc.URI().PathOriginal()
	id := requestID()
	rc.Response.Header.SetCanonical(requestIDName, id)
	dressed := false
	defer func() { s.leave(rc, path, id, start, dressed, recover()) }()
	if p, ok := s.public[string(path)]; ok && (rc.IsGet() || rc.IsHead()) && bytes.Equal(rc.Host(), s.host) && !follows(rc, path) {
		if err := p.serve(rc, id); err != nil {
			s.fail(rc, err)
		} else {
			dressed = true
		}
		return
	}
	if err := s.enter(rc, path); err != nil {
		s.fail(rc, err)
	}
}

func (s *Server) enter(rc *fasthttp.RequestCtx, path []byte) error {
	h := &rc.Request.Header
	if !bytes.Equal(rc.Host(), s.host) {
		if done, err := s.otherHost(rc, path); done || err != nil {
			return err
		}
	}
	if rc.IsGet() || rc.IsHead() {
		s.inner(rc)
		return nil
	}
	if string(rc.Method()) == refusedFraming {
		rc.SetConnectionClose()
		return &core.Error{Code: core.Invalid, Op: "web.enter", Message: "A request has either Content-Length or Transfer-Encoding, not both."}
	}
	if err := s.crossSite(rc, path); err != nil {
		return err
	}
	switch string(rc.Method()) {
	case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch, fasthttp.MethodDelete, fasthttp.MethodOptions:
	case fasthttp.MethodTrace, fasthttp.MethodConnect: // no route takes them: the router says which methods there are
	default:
		rc.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		return &core.Error{Code: methodNotAllowed, Op: "web.enter", Message: "This server does not know that method."}
	}
	if enc := h.Peek(fasthttp.HeaderContentEncoding); len(enc) > 0 && !bytes.EqualFold(enc, []byte("identity")) && string(path) != webhookPath {
		return &core.Error{Code: core.UnsupportedMedia, Op: "web.enter", Message: "Send the body uncompressed, without Content-Encoding."}
	}
	s.inner(rc)
	return nil
}

// refusedFraming is the method that received gives to a request with two
// framings: once the body is read, nothing else tells.
const refusedFraming = "TWICE-FRAMED"

// doublyFramed reports whether a chunked request names a length as well, which
// two servers could read as two different requests.
func doublyFramed(h *fasthttp.RequestHeader) bool {
	for line := range bytes.Lines(h.RawHeaders()) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(bytes.TrimSpace(name), []byte("content-length")) {
			return true
		}
	}
	return false
}

// leave finishes an answer: what panicked, the headers, the log line.
func (s *Server) leave(rc *fasthttp.RequestCtx, path, id []byte, start time.Time, dressed bool, p any) {
	if p != nil {
		rc.Response.Reset()
		rc.Response.Header.SetCanonical(requestIDName, id)
		s.fail(rc, &core.Error{Code: core.Internal, Op: "web.panic", Err: fmt.Errorf("%v\n%s", p, debug.Stack())})
	}
	if !dressed {
		s.writeHeaders(&rc.Response.Header, classOf(path))
	}
	s.counted.answers[min(rc.Response.StatusCode()/100, len(s.counted.answers)-1)].Inc()
	s.logRequest(rc, path, id, start)
	awaitWhole(rc)
}

// broken answers what is no request at all: oversized, cut off, malformed. The
// connection is closed after it. What arrived is not logged: it may hold cookies.
func (s *Server) broken(rc *fasthttp.RequestCtx, err error) {
	start := time.Now()
	id := requestID()
	rc.Response.Header.SetCanonical(requestIDName, id)
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		err = fasthttp.ErrBodyTooLarge
		if c, ok := rc.Conn().(*conn); ok {
			c.linger.Store(true) // or the client, still sending, sees a reset instead of the answer
		}
	case errors.As(err, new(*fasthttp.ErrSmallBuffer)):
		err = &core.Error{Code: core.Invalid, Op: "web.broken", Message: "The headers of the request are larger than 16 KiB."}
	case errors.As(err, &timeout) && timeout.Timeout():
		err = &core.Error{Code: tooSlow, Op: "web.broken", Message: "The request took too long to arrive."}
	default:
		err = &core.Error{Code: core.Invalid, Op: "web.broken", Message: "This is no HTTP request that we can read."}
	}
	s.fail(rc, err)
	rc.SetConnectionClose()
	path := rc.URI().PathOriginal()
	s.writeHeaders(&rc.Response.Header, classOf(path))
	s.counted.answers[min(rc.Response.StatusCode()/100, len(s.counted.answers)-1)].Inc()
	s.logRequest(rc, path, id, start)
}

// otherHost deals with a Host header that is not the base URL's: loopback and
// configured names pass, a reader is sent to the base URL, the rest is refused.
// Links are never built from the header.
func (s *Server) otherHost(rc *fasthttp.RequestCtx, path []byte) (done bool, err error) {
	name := hostname(string(rc.Host()))
	reader := rc.IsGet() || rc.IsHead()
	if addr, err := netip.ParseAddr(name); name == "localhost" || (err == nil && addr.IsLoopback()) {
		// A browser that came by another name of this machine would find its
		// forms refused, so it moves to the name that the base URL has.
		if reader && s.baseLoopback && string(rc.Request.Header.Peek("Sec-Fetch-Mode")) == "navigate" {
			s.toBase(rc, path)
			return true, nil
		}
		return false, nil
	}
	if s.names[name] {
		return false, nil
	}
	switch string(path) {
	case "/healthz", "/readyz", "/metrics": // asked by address
		return false, nil
	}
	if reader {
		s.toBase(rc, path)
		return true, nil
	}
	return true, &core.Error{Code: misdirected, Op: "web.otherHost", Message: "This server answers for " + s.opts.BaseURL + " only."}
}

func (s *Server) toBase(rc *fasthttp.RequestCtx, path []byte) {
	to := s.opts.BaseURL + string(path)
	if q := rc.URI().QueryString(); len(q) > 0 {
		to += "?" + string(q)
	}
	rc.Response.Header.Set(fasthttp.HeaderLocation, to)
	rc.SetStatusCode(http.StatusFound)
}

// hostname returns the name of a Host header without its port, in small letters.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// requestID returns 64 random bits. They only tell requests apart.
func requestID() []byte {
	return strconv.AppendUint(append(make([]byte, 0, 20), "req_"...), rand.Uint64(), 32)
}

// refusalLines is how many refused requests a second get their line in the log,
// and how many failed ones.
const refusalLines = 50

// refusals counts refused or failed requests in the running second.
type refusals struct{ second, count atomic.Int64 }

func (r *refusals) tooMany(now time.Time) bool {
	if second := now.Unix(); r.second.Swap(second) != second {
		r.count.Store(0)
	}
	return r.count.Add(1) > refusalLines
}

// logRequest writes the one line of a request: no query, no address of a
// person, no secret.
func (s *Server) logRequest(rc *fasthttp.RequestCtx, path, id []byte, start time.Time) {
	status := rc.Response.StatusCode()
	level := slog.LevelInfo
	err, _ := rc.UserValue(failure{}).(error)
	switch {
	case status >= 500:
		// Counted apart from refusals, or a flood of those could hide it.
		if level = slog.LevelError; s.failures.tooMany(start) {
			level = slog.LevelDebug // the disk may be what is full
		}
	case string(path) == "/healthz" || string(path) == "/readyz":
		level = slog.LevelDebug
	case status >= 400 && s.refusals.tooMany(start):
		level = slog.LevelDebug // a flood of forgeries must not fill the disk
	}
	if !s.opts.Log.Enabled(rc, level) {
		return
	}
	shown := string(path)
	if len(shown) > 200 {
		shown = shown[:200]
	}
	if strings.ContainsAny(shown, "@%") {
		shown = masked(shown)
	}
	// Five attributes fit into a record without another allocation.
	attrs := [8]slog.Attr{
		slog.String("id", string(id)),
		slog.String("method", string(rc.Method())),
		slog.String("path", shown),
		slog.Int("status", status),
		slog.Duration("took", time.Since(start)),
	}
	n := 5
	if err != nil {
		text := brief(masked(err.Error()))
		if status < 500 {
			text = oneLine(text)
		}
		attrs[5] = slog.String("code", string(problemOf(err).Code))
		attrs[6] = slog.String("err", text)
		attrs[7] = slog.String("from", truncated(s.clientAddr(rc)))
		n = 8
	}
	// A record of our own spares the search for the line of code that logs.
	r := slog.NewRecord(start, level, "request", 0)
	r.AddAttrs(attrs[:n]...)
	_ = s.opts.Log.Handler().Handle(rc, r)
}
