package sqlite

import (
	"context"
	"database/sql"
	"reflect"
	"sync"
	"time"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// A closure has a limit, also in the middle of a statement. The driver can keep
// it: for a statement whose context can end it starts a goroutine, and
// database/sql a second one for a query. On two cores those cost more than most
// statements do (3.5 of 6 µs), so the writer's statements run without, and one
// goroutine, begun only when the limit is over, interrupts the connection.

// again is how often an interrupt is repeated: SQLite forgets one that finds no
// statement running.
const again = 2 * time.Millisecond

// interrupter stops what a connection is doing. Its zero value cannot, and
// whoever has one hands the context to the driver.
type interrupter struct{ handle uintptr }

// interrupterOf finds SQLite's own handle inside the driver's connection, which
// the driver does not give away.
func interrupterOf(conn *sql.Conn) (out interrupter) {
	_ = conn.Raw(func(driverConn any) error {
		v := reflect.ValueOf(driverConn)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
			return nil
		}
		if f := v.Elem().FieldByName("db"); f.Kind() == reflect.Uintptr {
			out.handle = uintptr(f.Uint())
		}
		return nil
	})
	return out
}

func (i interrupter) works() bool { return i.handle != 0 }

func (i interrupter) interrupt() {
	tls := libc.NewTLS()
	lib.Xsqlite3_interrupt(tls, i.handle)
	tls.Close()
}

// inTransaction reports whether the connection's transaction still stands; where
// there is no handle to ask, it says no.
func (i interrupter) inTransaction() bool {
	if !i.works() {
		return false
	}
	tls := libc.NewTLS()
	defer tls.Close()
	return lib.Xsqlite3_get_autocommit(tls, i.handle) == 0
}

// deadline keeps one closure to its limit.
type deadline struct {
	mu   sync.Mutex
	over bool
	stop func() bool
}

// limit interrupts the connection once ctx has ended, until finish.
func limit(ctx context.Context, i interrupter) *deadline {
	d := &deadline{}
	if i.works() {
		d.stop = context.AfterFunc(ctx, func() { d.insist(i) })
	}
	return d
}

func (d *deadline) insist(i interrupter) {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		d.mu.Lock()
		if d.over {
			d.mu.Unlock()
			return
		}
		i.interrupt()
		d.mu.Unlock()
		<-tick.C
	}
}

// finish returns when nothing can be interrupted any more on behalf of this
// closure: the next one's statements are not its business.
func (d *deadline) finish() {
	if d.stop == nil || d.stop() {
		return
	}
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
}
