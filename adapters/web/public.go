package web

import (
	"bytes"
	"net/http"
	"sync/atomic"

	"github.com/valyala/fasthttp"

	"sselfie/adapters/web/view"
)

// publicPage is a page that is the same for everybody: drawn once for each
// version of the content, served from memory.
type publicPage struct {
	view  view.View
	pages Pages
	live  bool // ask for a new version at each request
	made  atomic.Pointer[servable]
}

// servable is a body with everything that its answer needs.
type servable struct {
	asset        *view.Asset
	plain, gz    []byte
	tag          []byte // weak: both encodings share it
	contentType  []byte
	cacheControl []byte
}

func newServable(a *view.Asset) *servable {
	return &servable{
		asset: a, plain: a.Body, gz: a.Gzip(), tag: []byte("W/" + a.ETag),
		contentType: []byte(a.ContentType), cacheControl: []byte(a.CacheControl()),
	}
}

func (p *publicPage) serve(rc *fasthttp.RequestCtx) error {
	m := p.made.Load()
	if m == nil || p.live {
		a, err := p.pages.Public(p.view)
		if err != nil {
			return err
		}
		if m == nil || m.asset != a {
			m = newServable(a)
			p.made.Store(m)
		}
	}
	m.serve(rc)
	return nil
}

var (
	vary           = []byte("Vary")
	acceptEncoding = []byte("Accept-Encoding")
	etag           = []byte("ETag")
	cacheControl   = []byte("Cache-Control")
	gzipName       = []byte("gzip")
)

// serve writes the body, or 304 where the client has it.
func (m *servable) serve(rc *fasthttp.RequestCtx) {
	h := &rc.Response.Header
	h.SetCanonical(etag, m.tag)
	h.SetCanonical(cacheControl, m.cacheControl)
	if m.gz != nil {
		h.SetCanonical(vary, acceptEncoding)
	}
	if have := rc.Request.Header.Peek(fasthttp.HeaderIfNoneMatch); len(have) > 0 && bytes.Contains(have, m.tag[2:]) {
		rc.SetStatusCode(http.StatusNotModified)
		return
	}
	h.SetContentTypeBytes(m.contentType)
	if m.gz != nil && takesGzip(rc.Request.Header.Peek(fasthttp.HeaderAcceptEncoding)) {
		h.SetBytesKV([]byte(fasthttp.HeaderContentEncoding), gzipName)
		rc.Response.SetBodyRaw(m.gz)
		return
	}
	rc.Response.SetBodyRaw(m.plain)
}

// takesGzip reads Accept-Encoding: gzip by its name, unless its weight is zero.
func takesGzip(accept []byte) bool {
	_, rest, found := bytes.Cut(accept, gzipName)
	if !found {
		return false
	}
	weight, _, _ := bytes.Cut(rest, []byte(","))
	_, q, weighed := bytes.Cut(weight, []byte("q="))
	return !weighed || len(bytes.Trim(q, "0. ")) > 0
}
