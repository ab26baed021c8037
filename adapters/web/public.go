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
	lines []header // of its class
	live  bool     // ask for a new version at each request
	made  atomic.Pointer[servable]
}

// servable is a body with everything that its answer needs.
type servable struct {
	asset        *view.Asset
	head, headGz fasthttp.ResponseHeader // of a public page: every line of its answer but the request's id
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

// current returns the page as it is served now.
func (p *publicPage) current() (*servable, error) {
	m := p.made.Load()
	if m != nil && !p.live {
		return m, nil
	}
	a, err := p.pages.Public(p.view)
	if err != nil {
		return nil, err
	}
	if m == nil || m.asset != a {
		m = newServable(a)
		m.dress(&m.head, p.lines)
		m.dress(&m.headGz, p.lines)
		m.headGz.SetCanonical(contentEncoding, gzipName)
		p.made.Store(m)
	}
	return m, nil
}

// dress writes every line of the answer once, so that a request only copies.
func (m *servable) dress(h *fasthttp.ResponseHeader, lines []header) {
	for _, line := range lines {
		h.SetCanonical(line.name, line.value)
	}
	h.SetCanonical(etag, m.tag)
	h.SetCanonical(cacheControl, m.cacheControl)
	if m.gz != nil {
		h.SetCanonical(vary, acceptEncoding)
	}
	h.SetContentTypeBytes(m.contentType)
}

// serve writes the whole answer, headers included.
func (p *publicPage) serve(rc *fasthttp.RequestCtx, id []byte) error {
	m, err := p.current()
	if err != nil {
		return err
	}
	body, head := m.plain, &m.head
	if m.gz != nil && takesGzip(rc.Request.Header.Peek(fasthttp.HeaderAcceptEncoding)) {
		body, head = m.gz, &m.headGz
	}
	head.CopyTo(&rc.Response.Header)
	rc.Response.Header.SetCanonical(requestIDName, id)
	if m.known(rc) {
		rc.SetStatusCode(http.StatusNotModified)
		return nil
	}
	rc.Response.SetBodyRaw(body)
	return nil
}

// known reports whether the client has this version.
func (m *servable) known(rc *fasthttp.RequestCtx) bool {
	have := rc.Request.Header.Peek(fasthttp.HeaderIfNoneMatch)
	return len(have) > 0 && bytes.Contains(have, m.tag[2:])
}

var (
	vary           = []byte("Vary")
	acceptEncoding = []byte("Accept-Encoding")
	etag           = []byte("ETag")
	cacheControl   = []byte("Cache-Control")
	gzipName       = []byte("gzip")

	contentEncoding = []byte(fasthttp.HeaderContentEncoding)
)

// serve writes the body, or 304 where the client has it.
func (m *servable) serve(rc *fasthttp.RequestCtx) {
	h := &rc.Response.Header
	h.SetCanonical(etag, m.tag)
	h.SetCanonical(cacheControl, m.cacheControl)
	if m.gz != nil {
		h.SetCanonical(vary, acceptEncoding)
	}
	if m.known(rc) {
		rc.SetStatusCode(http.StatusNotModified)
		return
	}
	h.SetContentTypeBytes(m.contentType)
	if m.gz != nil && takesGzip(rc.Request.Header.Peek(fasthttp.HeaderAcceptEncoding)) {
		h.SetCanonical(contentEncoding, gzipName)
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
