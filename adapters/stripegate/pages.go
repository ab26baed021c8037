package stripegate

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed assets/*
var assets embed.FS

//go:embed templates/*.html
var templates embed.FS

const (
	strict   = "default-src 'self'; script-src 'self'; style-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
	maxPost  = 64 << 10
	wantJSON = "application/json"
)

// Pages is the browser part, mounted by the site under /gateway/ with the path
// left as it is:
//
//	/gateway/v3.js               the shim in place of Stripe's script
//	/gateway/c/{session}         the checkout page, shown in a frame
//	/gateway/3ds/{session}       the bank's question
//	/gateway/portal/{id}         what a customer does with a membership
//	/gateway/                    the desk: everything, for the developer
//
// A scripted test pays without a browser:
//
//	POST /gateway/c/{session}/pay
//	Content-Type: application/x-www-form-urlencoded (a flat JSON object works too)
//	Accept: application/json
//
//	email=ada@example.com&name=Ada&number=4242424242424242&exp=12/34&cvc=123&promo=&method=card
//
// name, promo and method are optional; method is card, bank (a debit that is
// paid three days later) or bank_fails. The answer is one of
//
//	200 {"status":"complete","redirect":"https://.../return?session_id=cs_test_..."}
//	200 {"status":"requires_action","redirect":"/gateway/3ds/cs_test_..."}
//	402 {"status":"failed","error":{"code","decline_code","param","message"}}
//	404, 409, 410 with the same body: unknown, already paid, expired
//
// POST /gateway/3ds/{session} with result=approve or result=fail answers alike.
func (g *Gateway) Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gateway/v3.js", func(w http.ResponseWriter, r *http.Request) { asset(w, r, "v3.js") })
	mux.HandleFunc("GET /gateway/assets/{file}", func(w http.ResponseWriter, r *http.Request) { asset(w, r, r.PathValue("file")) })
	mux.HandleFunc("GET /gateway/c/{id}", g.showCheckout)
	mux.HandleFunc("POST /gateway/c/{id}/pay", g.postPay)
	mux.HandleFunc("POST /gateway/c/{id}/promo", g.postPromo)
	mux.HandleFunc("POST /gateway/c/{id}/email", g.postEmail)
	mux.HandleFunc("GET /gateway/c/{id}/done", g.showDone)
	mux.HandleFunc("GET /gateway/3ds/{id}", g.showSecure)
	mux.HandleFunc("POST /gateway/3ds/{id}", g.postSecure)
	mux.HandleFunc("GET /gateway/portal/{id}", g.showPortal)
	mux.HandleFunc("POST /gateway/portal/{id}/{act}", g.postPortal)
	mux.HandleFunc("GET /gateway/invoices/{id}", g.showInvoice)
	mux.HandleFunc("GET /gateway/receipts/{id}", g.showReceipt)
	mux.HandleFunc("GET /gateway/{$}", g.showDesk)
	mux.HandleFunc("GET /gateway/events/{id}", g.showEvent)
	mux.HandleFunc("POST /gateway/faults", g.postFaults)
	mux.HandleFunc("POST /gateway/desk/{kind}/{id}/{act}", g.postDesk)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		framed := strings.HasPrefix(r.URL.Path, "/gateway/c/") || strings.HasPrefix(r.URL.Path, "/gateway/3ds/")
		if framed {
			h.Set("Content-Security-Policy", strict+"'self'")
			h.Set("X-Frame-Options", "SAMEORIGIN")
		} else {
			h.Set("Content-Security-Policy", strict+"'none'")
			h.Set("X-Frame-Options", "DENY")
		}
		if r.Method == http.MethodPost {
			if !g.sameSite(r) {
				http.Error(w, "This form was sent from another site.", http.StatusForbidden)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxPost)
		}
		mux.ServeHTTP(w, r)
	})
}

// sameSite refuses forms of other sites. A request that says nothing of its
// origin comes from no browser.
func (g *Gateway) sameSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Host == r.Host || strings.HasPrefix(g.base+"/", origin+"/"))
}

var kinds = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

func asset(w http.ResponseWriter, r *http.Request, name string) {
	b, err := assets.ReadFile("assets/" + name)
	dot := strings.LastIndexByte(name, '.')
	if err != nil || dot < 0 || kinds[name[dot:]] == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kinds[name[dot:]])
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(b)
}

// screen renders a page of templates/ within the frame of layout.html.
func (g *Gateway) screen(w http.ResponseWriter, status int, name string, data any) {
	t, err := template.New("layout.html").Funcs(template.FuncMap{
		"money": amount,
		"when":  func(n int64) string { return time.Unix(n, 0).UTC().Format("2 Jan 2006 15:04 UTC") },
		"day":   func(n int64) string { return time.Unix(n, 0).UTC().Format("2 January 2006") },
		"short": func(s string) string {
			if len(s) > 22 {
				return s[:12] + "…" + s[len(s)-6:]
			}
			return s
		},
	}).ParseFS(templates, "templates/layout.html", "templates/"+name)
	var b bytes.Buffer
	if err == nil {
		err = t.Execute(&b, data)
	}
	if err != nil {
		g.log.Error("gateway page failed", "page", name, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

// notice is a page that only says something.
type notice struct {
	Title, Text, Link, LinkText string
	Top                         bool // the link leaves the frame
}

func (g *Gateway) notice(w http.ResponseWriter, status int, n notice) {
	g.screen(w, status, "notice.html", n)
}

// sent reads a posted form, urlencoded or a flat JSON object.
func sent(r *http.Request) (url.Values, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), wantJSON) {
		var m map[string]string
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		v := url.Values{}
		for k, s := range m {
			v.Set(k, s)
		}
		return v, nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return r.PostForm, nil
}

func asksJSON(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), wantJSON) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := pretty(v)
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", wantJSON)
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
