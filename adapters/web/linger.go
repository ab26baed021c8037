package web

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// lingerTime and lingerBytes bound how much of a refused upload is read away.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// silentTime is how long a shutdown leaves a new connection the chance to speak.
const silentTime = 250 * time.Millisecond

// listener hands out connections that can be closed politely, and knows those
// that have not said a word yet: a shutdown would wait for them in vain.
type listener struct {
	net.Listener
	mu     sync.Mutex
	silent map[*conn]time.Time
}

func newListener(ln net.Listener) *listener {
	return &listener{Listener: ln, silent: map[*conn]time.Time{}}
}

// Accept wraps the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	wrapped := &conn{Conn: c, from: l}
	l.mu.Lock()
	l.silent[wrapped] = time.Now()
	l.mu.Unlock()
	return wrapped, nil
}

func (l *listener) heard(c *conn) {
	l.mu.Lock()
	delete(l.silent, c)
	l.mu.Unlock()
}

// closeSilent ends the connections that nobody uses.
func (l *listener) closeSilent(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, since := range l.silent {
		if now.Sub(since) >= silentTime {
			_ = c.Conn.Close()
			delete(l.silent, c)
		}
	}
}

// conn is a connection whose Close may first read what the client is still
// sending. Closed at once, TCP would answer that with a reset, which throws the
// answer away before the client has read it.
type conn struct {
	net.Conn
	from   *listener
	spoke  bool // read by one goroutine at a time
	linger atomic.Bool
	whole  whole
}

// Read notes the first byte.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.spoke && n > 0 {
		c.spoke = true
		c.from.heard(c)
	}
	return n, err
}

// Close ends the connection.
func (c *conn) Close() error {
	c.from.heard(c)
	if c.linger.Swap(false) {
		if w, ok := c.Conn.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
			if err := c.SetReadDeadline(time.Now().Add(lingerTime)); err == nil {
				_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
			}
		}
	}
	return c.Conn.Close()
}
