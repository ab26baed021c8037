package smtp

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"time"
)

// wire is the connection below the conversation. It holds the clock: go-mail
// would allow every single read its full timeout, so a server that drips one
// byte at a time could keep a lane for ever. Here a stage ends when its time is
// up, whatever arrived, and at once when the caller's context ends.
type wire struct {
	net.Conn
	stage atomic.Value // string: how far a new connection has come
}

// SetDeadline leaves the limits to stage.
func (w *wire) SetDeadline(time.Time) error { return nil }

// limit gives the conversation until d from now, or until ctx ends. The
// returned function says that the stage is over.
func (w *wire) limit(ctx context.Context, d time.Duration) (done func()) {
	at := time.Now().Add(d)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		at = deadline
	}
	_ = w.Conn.SetDeadline(at) // a closed connection says so at the next read
	stop := context.AfterFunc(ctx, func() { _ = w.Conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// Write notes the stage by the command that goes out, for the error message.
func (w *wire) Write(p []byte) (int, error) {
	switch {
	case bytes.HasPrefix(p, []byte("EHLO")), bytes.HasPrefix(p, []byte("HELO")):
		w.stage.Store("ehlo")
	case bytes.HasPrefix(p, []byte("STARTTLS")):
		w.stage.Store("starttls")
	case bytes.HasPrefix(p, []byte("AUTH")):
		w.stage.Store("auth")
	}
	return w.Conn.Write(p)
}

func (w *wire) at() string {
	if s, ok := w.stage.Load().(string); ok {
		return s
	}
	return "banner"
}
