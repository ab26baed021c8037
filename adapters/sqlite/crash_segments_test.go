package sqlite

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/segments"
	"sselfie/migrations"
)

// A month after they bought, everybody in the shop of these tests becomes an
// alumna in one night.
const alumnae = 8 * segments.Chunk

var night = coretest.Start.AddDate(0, 0, segments.AlumniAfter+1)

func segmentsAt(db *DB, store segments.Store, now time.Time) *segments.Service {
	clock := coretest.NewClock()
	clock.Advance(now.Sub(clock.Now()))
	return &segments.Service{Store: store, Read: db, Clock: clock, IDs: &coretest.IDs{}, Catalog: catalog.Default(), Grace: 7 * 24 * time.Hour}
}

func bulkOf(db *DB) segments.Store { return BindBulk(db, func(tx *Tx) segments.Tx { return tx }) }

// telling says each transaction that is on the disk.
type telling struct{ segments.Store }

func (s telling) Update(ctx context.Context, fn func(ctx context.Context, tx segments.Tx) error) error {
	err := s.Store.Update(ctx, fn)
	say("done")
	return err
}

// childRefreshes refreshes all segments, in the night.
func childRefreshes(path string) error {
	db, err := Open(context.Background(), Options{Path: path, Migrations: migrations.Files})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = segmentsAt(db, telling{bulkOf(db)}, night).Refresh(context.Background(), night)
	return err
}

// A refresh that is killed in the middle leaves segments that hold together, and
// the next one brings in whoever is missing.
func TestARefreshThatIsKilledIsFinishedByTheNext(t *testing.T) {
	inTheMiddle := 0
	for round := range *kills / 2 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sselfie.db")
			opts := Options{Path: path, Migrations: migrations.Files}
			db := open(t, opts)
			for _, text := range []string{
				`INSERT INTO users (id, email, email_key, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
					SELECT printf('usr_%05d', i), printf('u%d@x.org', i), printf('u%d@x.org', i), ?2 FROM n`,
				`INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, session_id, live, paid_at, created_at)
					SELECT 'pay_' || id, id, 'bio_glowup', 4700, 4700, 'usd', 'new', 'cs_' || id, 0, ?2, ?2 FROM users WHERE ?1 > 0`,
			} {
				if err := db.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
					_, err := tx.exec(ctx, text, alumnae, ms(coretest.Start))
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			svc := segmentsAt(db, bulkOf(db), coretest.Start)
			if err := svc.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c, err := svc.Refresh(t.Context(), coretest.Start); err != nil || c != (segments.Count{Joined: alumnae}) {
				t.Fatal(c, err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}

			cmd := child(limited(t), "refresh", path)
			lines, seen, end := start(t, cmd), 0, rand.IntN(alumnae/segments.Chunk)
			for seen <= end && lines.Scan() {
				if lines.Text() != "done" {
					t.Fatal(lines.Text())
				}
				seen++
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed

			db = open(t, opts)
			segmentsHold(t, db)
			in := membersOf(t, db, segments.MiniAlumni)
			if in < seen*segments.Chunk {
				t.Errorf("%d are in, of %d chunks that were on the disk", in, seen)
			}
			if in < alumnae {
				inTheMiddle++
			}
			svc = segmentsAt(db, bulkOf(db), night)
			if c, err := svc.Refresh(t.Context(), night); err != nil || c != (segments.Count{Joined: alumnae - in}) {
				t.Errorf("the next refresh did %+v, want the %d who were missing: %v", c, alumnae-in, err)
			}
			segmentsHold(t, db)
			if n := membersOf(t, db, segments.MiniAlumni); n != alumnae {
				t.Errorf("%d of %d are in at the end", n, alumnae)
			}
		})
	}
	if inTheMiddle == 0 {
		t.Error("none was killed in the middle")
	}
}

func membersOf(t *testing.T, db *DB, id segments.ID) int {
	t.Helper()
	n := 0
	if err := db.Members(t.Context(), id, func(segments.Member) bool { n++; return true }); err != nil {
		t.Fatal(err)
	}
	return n
}

// segmentsHold asks what sselfie verify asks.
func segmentsHold(t *testing.T, db *DB) {
	t.Helper()
	if err := db.View(t.Context(), func(ctx context.Context, v View) error {
		found, err := v.VerifyVoice(ctx, segments.Query{Now: night, Grace: 7 * 24 * time.Hour})
		if len(found) > 0 {
			t.Errorf("%+v", found)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
