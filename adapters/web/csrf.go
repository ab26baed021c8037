package web

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"sselfie/core"
)

// safe reports whether a method changes nothing.
func safe(method []byte) bool {
	switch string(method) {
	case fasthttp.MethodGet, fasthttp.MethodHead, fasthttp.MethodOptions:
		return true
	}
	return false
}

// otherwiseProven are the unsafe routes that authenticate by other means than a
// cookie: a signature, a token in the link, a bearer.
func otherwiseProven(path []byte) bool {
	switch string(path) {
	case webhookPath, returnsPath, "/unsubscribe":
		return true
	}
	return bytes.HasPrefix(path, []byte("/api/cron/"))
}

// crossSite refuses an unsafe request that a browser sent for another site. A
// request with neither header comes from no browser.
func (s *Server) crossSite(rc *fasthttp.RequestCtx, path []byte) error {
	if safe(rc.Method()) || otherwiseProven(path) {
		return nil
	}
	sites := rc.Request.Header.PeekAll("Sec-Fetch-Site")
	own := len(sites) == 1 && string(sites[0]) == "same-origin"
	for _, site := range sites {
		if v := string(site); v != "same-origin" && v != "none" {
			return foreign()
		}
	}
	for _, origin := range rc.Request.Header.PeekAll(fasthttp.HeaderOrigin) {
		// A page that keeps its address to itself (Referrer-Policy: no-referrer)
		// sends its own forms with the origin null; that they are its own the
		// browser says in a header that no page can set.
		if own && string(origin) == "null" {
			continue
		}
		if !bytes.Equal(origin, s.origin) {
			return foreign()
		}
	}
	return nil
}

func foreign() error {
	return &core.Error{
		Code: core.Forbidden, Op: "web.crossSite",
		Message: "This request came from another site. Open our page and try again from there.",
	}
}
