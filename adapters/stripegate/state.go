package stripegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// state is everything the gateway remembers.
type state struct {
	Account   string
	Seq       int64
	Faults    Faults
	Customers map[string]*customer
	Methods   map[string]*method
	Products  map[string]*product
	Prices    map[string]*price
	Coupons   map[string]*coupon
	Promos    map[string]*promo
	Sessions  map[string]*session
	Subs      map[string]*subscription
	Invoices  map[string]*invoice
	Intents   map[string]*intent
	Charges   map[string]*charge
	Refunds   map[string]*refund
	Disputes  map[string]*dispute
	Portals   map[string]*portal
	Configs   map[string]*configuration
	Endpoints map[string]*endpoint
	Clocks    map[string]*testClock
	Replays   map[string]*replay
	Events    []*event `json:",omitempty"`
}

func emptyState() *state {
	s := &state{}
	s.fill()
	return s
}

// fill makes the maps that a file of an older version lacks.
func (s *state) fill() {
	ensure(&s.Customers)
	ensure(&s.Methods)
	ensure(&s.Products)
	ensure(&s.Prices)
	ensure(&s.Coupons)
	ensure(&s.Promos)
	ensure(&s.Sessions)
	ensure(&s.Subs)
	ensure(&s.Invoices)
	ensure(&s.Intents)
	ensure(&s.Charges)
	ensure(&s.Refunds)
	ensure(&s.Disputes)
	ensure(&s.Portals)
	ensure(&s.Configs)
	ensure(&s.Endpoints)
	ensure(&s.Clocks)
	ensure(&s.Replays)
}

func ensure[V any](m *map[string]V) {
	if *m == nil {
		*m = map[string]V{}
	}
}

// store keeps the state in one file: written to a temporary one, synced and
// renamed, so that a killed process leaves the old state or the new one.
type store struct {
	dir, path string
	mu        sync.Mutex
	written   uint64
	buf       bytes.Buffer // used again by each write
}

func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &store{dir: dir, path: filepath.Join(dir, "gateway.json")}, nil
}

func (st *store) load() (*state, error) {
	b, err := os.ReadFile(st.path)
	if errors.Is(err, fs.ErrNotExist) {
		return emptyState(), nil
	}
	if err != nil {
		return nil, err
	}
	s := &state{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, err
	}
	s.fill()
	return s, nil
}

// save writes the present state. Callers that arrive while another writes share
// the next write: nobody returns before what it changed is on disk.
func (g *Gateway) save() error {
	g.mu.Lock()
	mine := g.version
	g.mu.Unlock()
	st := g.store
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.written >= mine {
		return nil
	}
	g.mu.Lock()
	version := g.version
	st.buf.Reset()
	err := g.s.encode(&st.buf)
	g.mu.Unlock()
	if err != nil {
		return err
	}
	if err := writeFile(st.dir, st.path, st.buf.Bytes()); err != nil {
		g.log.Error("gateway state not written", "path", st.path, "error", err)
		return err
	}
	st.written = version
	return nil
}

// encode writes the state as JSON. An event's text is made once and kept: events
// are most of the state and hardly ever change.
func (s *state) encode(b *bytes.Buffer) error {
	rest := *s
	rest.Events = nil
	if err := json.NewEncoder(b).Encode(&rest); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("}\n"))
	b.WriteString(`,"Events":[`)
	for i, e := range s.Events {
		if e.text == nil {
			var err error
			if e.text, err = json.Marshal(e); err != nil {
				return err
			}
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(e.text)
	}
	b.WriteString("]}\n")
	return nil
}

func writeFile(dir, path string, b []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
