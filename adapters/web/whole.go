package web

import (
	"net"
	"net/http"
	"sync"

	"github.com/valyala/fasthttp"
)

// fasthttp writes an answer through a buffer of 4 KiB: what fits, with the head,
// and then the rest, in two calls of the system. Of a page's work those calls are
// nearly all, so the first piece waits for the second and both leave in one.

// pieceBytes is the size of fasthttp's buffer. An answer of twice that is written
// in more than one piece, wherever its head ends.
const pieceBytes = 4096

// whole joins the first two pieces of an answer.
type whole struct {
	awaited bool
	first   *[pieceBytes]byte // nil until it came
	n       int
	pieces  [2][]byte
	both    net.Buffers // over pieces
}

var firstPieces = sync.Pool{New: func() any { return new([pieceBytes]byte) }}

// awaitWhole makes the connection wait for the second piece of an answer that is
// certain to have one. Nothing may change the answer after it.
func awaitWhole(rc *fasthttp.RequestCtx) {
	r := &rc.Response
	if r.StatusCode() != http.StatusOK || r.IsBodyStream() || r.SkipBody || rc.IsHead() || len(r.Body()) < 2*pieceBytes {
		return
	}
	if c, ok := rc.Conn().(*conn); ok {
		c.whole.awaited = true
	}
}

// Write sends p, after the piece that waits for it.
func (c *conn) Write(p []byte) (int, error) {
	w := &c.whole
	switch {
	case !w.awaited:
		return c.Conn.Write(p)
	case w.first == nil && len(p) <= pieceBytes:
		w.first = firstPieces.Get().(*[pieceBytes]byte)
		w.n = copy(w.first[:], p) // the buffer is filled anew before p is written
		return len(p), nil
	case w.first == nil:
		w.awaited = false
		return c.Conn.Write(p)
	}
	w.pieces = [2][]byte{w.first[:w.n], p}
	w.both = w.pieces[:]
	n, err := w.both.WriteTo(c.Conn)
	firstPieces.Put(w.first)
	n = max(0, n-int64(w.n))
	*w = whole{}
	return int(n), err
}
