package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Times and sizes of a connection. A slow client is cut off after readTimeout.
const (
	readTimeout   = 10 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 75 * time.Second
	handleTimeout = 15 * time.Second // of one handler, unless it says otherwise
	headerBytes   = 16 << 10
	maxConns      = 4096
)

// Server answers HTTP.
type Server struct {
	opts        Options
	app         *fiber.App
	inner       fasthttp.RequestHandler // the router
	public      map[string]*publicPage  // by path
	limits      limits
	counted     counters
	listening   atomic.Pointer[listener]
	ready       readiness
	assets      sync.Map // *view.Asset -> *servable
	refusals    refusals
	failures    refusals
	squeezers   sync.Pool       // *gzip.Writer
	publicPaths []string        // in the order of the sitemap
	base        context.Context // ends when a shutdown gives up waiting
	cancel      context.CancelFunc

	origin       []byte // scheme and host of the base URL
	host         []byte // its Host header
	names        map[string]bool
	baseLoopback bool
	headers      [classes][]header
	cookie       string
	cookieTail   string
}

// limits are the windows of one server.
type limits struct {
	signUp, login, forgot, setup, checkout, status, portal, track, form, unsubscribe, badSignature *window
}

// New builds a server. It fails when the base URL is none.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("web: base URL %q must be http(s)://host without a path", o.BaseURL)
	}
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		u.Host = strings.TrimSuffix(u.Host, ":"+port) // as browsers write an origin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stats == nil {
		o.Stats = metrics.NewSet()
	}
	s := &Server{
		opts: o, public: map[string]*publicPage{},
		origin: []byte(u.Scheme + "://" + u.Host), host: []byte(u.Host), names: map[string]bool{hostname(u.Host): true},
		headers: headerSets(u.Scheme == "https", o.Demo),
		cookie:  "sselfie", cookieTail: "; HttpOnly; SameSite=Lax",
		limits: limits{
			signUp: hourly(o.Limits.SignUpPerHour), login: hourly(o.Limits.LoginPerHour), forgot: hourly(o.Limits.ForgotPerHour),
			setup: hourly(o.Limits.SetupPerHour), checkout: hourly(o.Limits.CheckoutPerHour), status: hourly(o.Limits.StatusPerHour),
			portal: hourly(o.Limits.PortalPerHour), track: hourly(o.Limits.TrackPerHour), form: hourly(o.Limits.FormPerHour),
			unsubscribe: hourly(o.Limits.UnsubscribePerHour), badSignature: hourly(o.Limits.BadSignaturesPerHour),
		},
	}
	if u.Scheme == "https" {
		s.cookie, s.cookieTail = "__Host-sselfie", "; HttpOnly; Secure; SameSite=Lax"
	}
	addr, err := netip.ParseAddr(hostname(u.Host))
	s.baseLoopback = hostname(u.Host) == "localhost" || (err == nil && addr.IsLoopback())
	for _, h := range o.Hosts {
		s.names[hostname(h)] = true
	}
	s.counted = newCounters(o.Stats)
	s.base, s.cancel = context.WithCancel(context.Background())
	s.build()
	return s, nil
}

// build makes the router and puts the edge before it.
func (s *Server) build() {
	proxies := make([]string, 0, len(s.opts.TrustedProxies))
	for _, p := range s.opts.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	s.app = fiber.New(fiber.Config{
		AppName:                 "sselfie",
		Immutable:               true, // strings kept after a handler would become another request's
		CaseSensitive:           true,
		EnableTrustedProxyCheck: true,
		TrustedProxies:          proxies,
		ReadTimeout:             readTimeout,
		WriteTimeout:            writeTimeout,
		IdleTimeout:             idleTimeout,
		ReadBufferSize:          headerBytes,
		BodyLimit:               maxBody,
		Concurrency:             maxConns,
		DisableStartupMessage:   true,

		DisablePreParseMultipartForm: true, // or large forms would become files on disk before anybody asked
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			s.fail(c.Context(), err)
			return nil
		},
	})
	s.routes()
	s.inner = s.app.Handler()
	srv := s.app.Server()
	srv.Handler = s.edge
	srv.ErrorHandler = s.broken
	srv.NoDefaultServerHeader = true
	srv.CloseOnShutdown = true
	srv.SecureErrorLogMessage = true // headers of a broken request may hold cookies
	srv.HeaderReceived = received
}

// received looks at a request before its body is read: uploads get more room
// and time than others, and a request with two framings is marked.
func received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if h.ContentLength() == -1 && doublyFramed(h) {
		h.SetMethod(refusedFraming)
	}
	return fasthttp.RequestConfig{}
}

// Serve answers on ln until Shutdown. It is called once.
func (s *Server) Serve(ln net.Listener) error {
	wrapped := newListener(ln)
	s.listening.Store(wrapped)
	err := s.app.Listener(wrapped)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more requests and waits for those that have begun, until
// ctx ends; then it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	done := make(chan error, 1)
	go func() { done <- s.app.ShutdownWithContext(ctx) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case now := <-tick.C:
			if ln := s.listening.Load(); ln != nil {
				ln.closeSilent(now)
			}
		}
	}
}

// Handler answers a single request, for tests and for embedding.
func (s *Server) Handler() fasthttp.RequestHandler { return s.edge }

// handler is a route's work. Its ctx ends with the server or after a while;
// the framework's own does neither.
type handler func(ctx context.Context, c *fiber.Ctx) error

func (s *Server) do(h handler) fiber.Handler { return s.within(handleTimeout, h) }

func (s *Server) within(limit time.Duration, h handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(s.base, limit)
		defer cancel()
		return h(ctx, c)
	}
}
