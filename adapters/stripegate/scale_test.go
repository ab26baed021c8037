package stripegate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestEncodedStateIsWhatWasKept(t *testing.T) {
	r := newRig(t)
	r.buy()
	r.flush()
	r.must(r.g.Resend(r.g.s.Events[0].ID))
	r.flush()
	r.must(r.g.Close())
	back, err := r.g.store.load()
	r.must(err)
	var a, b bytes.Buffer
	r.must(r.g.s.encode(&a))
	r.must(back.encode(&b))
	if a.String() != b.String() || len(back.Events) != 5 || len(back.Events[0].Deliveries) != 2 || back.Events[0].Deliveries[1].State != done {
		t.Errorf("read back %d events, %d bytes of %d", len(back.Events), b.Len(), a.Len())
	}
}

// BenchmarkYearOfMembers lets a year pass for many members: what the time
// machine asks for.
func BenchmarkYearOfMembers(b *testing.B) {
	const members = 50
	for b.Loop() {
		r := newRig(b)
		price := r.monthly()
		for i := range members {
			s := r.session(params("subscription", price.ID))
			f := card4("4242424242424242")
			f.Set("email", fmt.Sprintf("m%d@example.com", i))
			r.post("/gateway/c/"+s.ID+"/pay", f)
			r.advance(time.Hour)
		}
		if got := r.advance(366 * days); len(got) < members*12*len(renewal) {
			b.Fatalf("%d events", len(got))
		}
		info, err := os.Stat(filepath.Join(r.dir, "gateway.json"))
		r.must(err)
		b.ReportMetric(float64(info.Size())/1e6, "MB-state")
	}
}
