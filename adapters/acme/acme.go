// Package acme keeps a certificate for one domain: it gets it from an ACME
// authority (Let's Encrypt unless told otherwise), renews it in time, and sends
// visitors who come by plain HTTP to the safe address.
package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Options says for whom a certificate is kept, and where.
type Options struct {
	Domain    string
	Email     string       // where the authority sends warnings, may be empty
	Folder    string       // keys and certificates, readable by this program alone
	Directory string       // "" means Let's Encrypt
	Client    *http.Client // nil means the usual one
	Log       *slog.Logger
}

// Keeper keeps the certificate.
type Keeper struct {
	opts    Options
	manager *autocert.Manager
	plain   *http.Server
	witness *witness
}

// New returns a keeper. Using it means to accept the authority's terms.
func New(o Options) *Keeper {
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	w := &witness{next: client.Transport}
	if w.next == nil {
		w.next = http.DefaultTransport
	}
	client.Transport = w
	k := &Keeper{opts: o, witness: w, manager: &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(o.Folder),
		HostPolicy: autocert.HostWhitelist(o.Domain),
		Email:      o.Email,
		Client:     &acme.Client{DirectoryURL: o.Directory, HTTPClient: &client, UserAgent: "sselfie"},
	}}
	if o.Directory == "" {
		k.manager.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	k.plain = &http.Server{
		Handler:           withoutPort(k.manager.HTTPHandler(http.HandlerFunc(k.redirect))),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return k
}

// TLS returns the settings of a listener that shows the certificate. h2 is not
// offered: the server behind it speaks HTTP/1.1, and a browser that was promised
// h2 would find nobody who understands it.
func (k *Keeper) TLS() *tls.Config {
	c := k.manager.TLSConfig()
	c.MinVersion = tls.VersionTLS12
	c.NextProtos = slices.DeleteFunc(c.NextProtos, func(p string) bool { return p == "h2" })
	return c
}

// ServePlain answers on port 80: the authority's challenges, and everybody else
// with the way to HTTPS. It returns when Close was called.
func (k *Keeper) ServePlain(ln net.Listener) error {
	if err := k.plain.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// withoutPort takes the port off the Host header: the library knows the domain
// alone, and a client may name the port as well.
func withoutPort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host
		}
		next.ServeHTTP(w, r)
	})
}

// redirect leads to the configured domain, whatever host the request names.
func (k *Keeper) redirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	code := http.StatusPermanentRedirect
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		code = http.StatusMovedPermanently
	}
	path := r.URL.EscapedPath()
	if path == "" || path[0] != '/' { // OPTIONS *, or a request to a proxy
		path = "/"
	}
	target := "https://" + k.opts.Domain + path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, target, code)
}

// Fetch gets the certificate now, so that the first visitor does not wait for
// it. The listeners must be answering. A failure is no reason to stop: every
// visitor's connection tries again. The error says what the authority found.
func (k *Keeper) Fetch(ctx context.Context) error {
	k.witness.forget()
	done := make(chan error, 1)
	go func() {
		_, err := k.manager.GetCertificate(&tls.ClientHelloInfo{
			ServerName:       k.opts.Domain,
			SupportedProtos:  []string{"http/1.1"},
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			SupportedCurves:  []tls.CurveID{tls.CurveP256},
			CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		done <- err
	}()
	select {
	case err := <-done:
		if said := k.witness.told(); err != nil && said != "" {
			return fmt.Errorf("the authority did not find this machine at %s: the domain's records in DNS must lead here, and ports 80 and 443 must be open from outside. It says: %s", k.opts.Domain, said)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends ServePlain, after the requests under way or at ctx's end.
func (k *Keeper) Close(ctx context.Context) error { return k.plain.Shutdown(ctx) }
