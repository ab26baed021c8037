package stripegate

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one API request being answered, under the lock.
type call struct {
	g    *Gateway
	f    *form
	id   string // the object in the path
	path string
}

type route struct {
	pattern string
	handle  func(*call) (any, *apiError)
}

// cause is the API request that events name as their reason.
type cause struct{ Request, Key string }

// replay is the first answer to an idempotency key.
type replay struct {
	Hash   string
	Status int
	Body   string
	Wall   int64
}

const maxBody = 1 << 20

// API is the Stripe-like API under /v1. It demands the secret key.
func (g *Gateway) API() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { g.answer(w, req, r.handle) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		g.answer(w, req, func(*call) (any, *apiError) {
			e := invalid("", "Unrecognized request URL (%s: %s). This local gateway speaks a part of Stripe's API only.", req.Method, req.URL.Path)
			e.Status = http.StatusNotFound
			return nil, e
		})
	})
	return mux
}

func routes() []route {
	var all []route
	for _, part := range [][]route{
		sessionRoutes, customerRoutes, productRoutes, priceRoutes, couponRoutes, promoRoutes,
		subscriptionRoutes, invoiceRoutes, intentRoutes, chargeRoutes, refundRoutes, disputeRoutes,
		portalRoutes, endpointRoutes, eventRoutes, clockRoutes, accountRoutes,
	} {
		all = append(all, part...)
	}
	return all
}

func (g *Gateway) answer(w http.ResponseWriter, req *http.Request, handle func(*call) (any, *apiError)) {
	id := newID("req_", 14)
	h := w.Header()
	h.Set("Request-Id", id)
	h.Set("Stripe-Version", Version)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	status, body, err := g.respond(req, id, handle)
	if err != nil {
		var e *apiError
		if !errors.As(err, &e) {
			g.log.Error("gateway request failed", "request", id, "path", req.URL.Path, "error", err)
			e = &apiError{Status: http.StatusInternalServerError, Type: "api_error", Message: "The local payment gateway could not keep its state."}
		}
		status = e.Status
		body, _ = pretty(e.body())
	}
	if status == replayed {
		h.Set("Idempotent-Replayed", "true")
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// replayed marks an answer that was given before; all kept ones are 200.
const replayed = -1

func (g *Gateway) respond(req *http.Request, id string, handle func(*call) (any, *apiError)) (int, []byte, error) {
	if err := g.authorize(req); err != nil {
		return 0, nil, err
	}
	f, raw, bad := readForm(req)
	if bad != nil {
		return 0, nil, bad
	}
	c := &call{g: g, f: f, id: req.PathValue("id"), path: req.URL.Path}
	var body []byte
	run := func() error {
		out, bad := handle(c)
		if bad != nil {
			return bad
		}
		if bad := c.expand(out); bad != nil {
			return bad
		}
		var err error
		body, err = pretty(out)
		return err
	}
	if req.Method == http.MethodGet {
		var err error
		g.view(func() { err = run() })
		return http.StatusOK, body, err
	}
	status := http.StatusOK
	key := req.Header.Get("Idempotency-Key")
	if len(key) > 255 {
		return 0, nil, invalid("", "Idempotency keys can be at most 255 characters long.")
	}
	sum := sha256.Sum256([]byte(req.Method + " " + req.URL.Path + "\n" + raw))
	hash := hex.EncodeToString(sum[:])
	err := g.change(func() error {
		if r := g.s.Replays[key]; r != nil && key != "" && req.Method == http.MethodPost {
			if r.Hash != hash {
				e := invalid("", "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '%s' if you meant to execute a different request.", key)
				e.Type = "idempotency_error"
				return e
			}
			status, body = replayed, []byte(r.Body)
			return nil
		}
		g.cause = cause{Request: id, Key: key}
		defer func() { g.cause = cause{} }()
		if err := run(); err != nil {
			return err
		}
		if key != "" && req.Method == http.MethodPost {
			wall := g.opt.Wall.Now()
			for k, r := range g.s.Replays {
				if wall.Sub(time.Unix(r.Wall, 0)) > 24*time.Hour {
					delete(g.s.Replays, k)
				}
			}
			g.s.Replays[key] = &replay{Hash: hash, Body: string(body), Wall: wall.Unix()}
		}
		return nil
	})
	return status, body, err
}

// authorize accepts the secret key as bearer token or as basic user.
func (g *Gateway) authorize(req *http.Request) error {
	key, basic := "", false
	if key, _, basic = req.BasicAuth(); !basic {
		var ok bool
		if key, ok = strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); !ok {
			return &apiError{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "You did not provide an API key. Send it as 'Authorization: Bearer YOUR_SECRET_KEY'."}
		}
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(g.opt.SecretKey)) != 1 {
		return &apiError{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "Invalid API Key provided."}
	}
	return nil
}

// readForm reads query and body; raw is their canonical text.
func readForm(req *http.Request) (*form, string, error) {
	v := req.URL.Query()
	if req.Body != nil && req.Method != http.MethodGet {
		b, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
		if err != nil {
			return nil, "", invalid("", "The request body could not be read.")
		}
		if len(b) > maxBody {
			return nil, "", &apiError{Status: http.StatusRequestEntityTooLarge, Type: "invalid_request_error", Message: "The request body is too large."}
		}
		sent, err := url.ParseQuery(string(b))
		if err != nil {
			return nil, "", invalid("", "The request body is not form-encoded.")
		}
		for k, vals := range sent {
			v[k] = append(v[k], vals...)
		}
	}
	return parseForm(v), v.Encode(), nil
}
