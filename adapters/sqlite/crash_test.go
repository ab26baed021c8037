package sqlite

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
)

// A killed process loses nothing that it had acknowledged, and the next one is
// not hindered by the lock that the dead one held. (What the kernel has is
// enough for this; TestPowerLoss... asks what is on the disk.)
func TestKilledWriterKeepsWhatItAcknowledged(t *testing.T) {
	for name, role := range map[string]string{"each by itself": "write", "joined, as clicks are": "join"} {
		t.Run(name, func(t *testing.T) { killed(t, role) })
	}
}

func killed(t *testing.T, role string) {
	path := filepath.Join(t.TempDir(), "sselfie.db")
	acked := map[string]int{}
	for round := range *kills {
		cmd := child(limited(t), role, path)
		cmd.Env = append(cmd.Env, "SQLITE_TEST_ENDLESS=1", "SQLITE_TEST_RUN="+strconv.Itoa(round))
		lines := start(t, cmd)
		seen, end := 0, 20+rand.IntN(400)
		counts, errs := acks(lines, func() {
			if seen++; seen == end {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		})
		_ = cmd.Wait() // killed
		if len(errs) > 0 {
			t.Fatalf("round %d: %v", round, errs)
		}
		for who, n := range counts {
			acked[who] = n
		}
	}
	wantAcked(t, openAt(t, path), acked)
}

// wantAcked checks that each caller's notes 0..n-1 are there, and at most one
// more: that was on its way.
func wantAcked(t testing.TB, db *DB, acked map[string]int) {
	t.Helper()
	for who, want := range acked {
		got, err := db.notes(context.Background(), who)
		if err != nil {
			t.Fatal(err)
		}
		if got < want || got > want+1 {
			t.Errorf("%d notes of %.8s, want the %d acknowledged and at most one more", got, who, want)
		}
	}
	if len(acked) == 0 {
		t.Error("nothing was acknowledged")
	}
}
