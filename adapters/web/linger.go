package web

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingerTime and lingerBytes bound how much of a refused upload is read away.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// lingeringListener hands out connections that can be closed politely.
type lingeringListener struct{ net.Listener }

// Accept wraps the next connection.
func (l lingeringListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lingering{Conn: c}, nil
}

// lingering is a connection whose Close may first read what the client is still
// sending. Closed at once, TCP would answer that with a reset, which throws the
// answer away before the client has read it.
type lingering struct {
	net.Conn
	linger atomic.Bool
}

// Close ends the connection.
func (c *lingering) Close() error {
	if c.linger.Swap(false) {
		if w, ok := c.Conn.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
			if err := c.SetReadDeadline(time.Now().Add(lingerTime)); err == nil {
				_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
			}
		}
	}
	return c.Conn.Close()
}
