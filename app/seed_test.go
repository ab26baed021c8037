package app

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core/admin"
	"sselfie/core/mail"
	"sselfie/core/segments"
)

// sampleHouse builds a demo and fills it with its sample history.
func sampleHouse(t *testing.T, vars map[string]string) *house {
	t.Helper()
	env := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DEMO_SEED": "true", "SSELFIE_DATA_DIR": filepath.Join(t.TempDir(), "data")}
	for k, v := range vars {
		env[k] = v
	}
	c, err := Load("", func(k string) string { return env[k] }, ToServe)
	if err != nil {
		t.Fatal(err)
	}
	h, err := build(t.Context(), c, "http://127.0.0.1:8080", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	begun := time.Now()
	if err := h.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("sixty days took %v", time.Since(begun))
	return h
}

// Whoever tries the product sees on its first day what letters do: they went
// out, were read, and each says what it earned.
func TestTheSampleHistoryShowsWhatLettersEarn(t *testing.T) {
	h := sampleHouse(t, nil)
	now := h.clock.Now()
	got, err := h.voiceDesk().Analytics(t.Context(), now.AddDate(0, 0, -90), now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Totals.Sent < 30 || got.Totals.Opened == 0 || got.Totals.Clicked == 0 || got.Totals.OpenedByMachines+got.Totals.ClickedByMachines == 0 || got.Totals.Converted < 3 {
		t.Errorf("letters: %+v", got.Totals)
	}
	earned := map[string]int64{}
	for _, s := range got.Sequences {
		earned[s.Sequence+" "+s.Step] += s.Revenue
	}
	if earned["mini-product day-7"] == 0 {
		t.Errorf("nobody became a member by the letter of day 7: %v", earned)
	}
	if len(got.Campaigns) != 1 || got.Campaigns[0].Sent < 3 || got.Campaigns[0].Revenue == 0 {
		t.Errorf("the campaign: %+v", got.Campaigns)
	}
}

// The history is over when the demo begins: the clock is right, nothing of it
// lies ahead, and it stands up to what every history is held to.
func TestTheSampleHistoryEndsNow(t *testing.T) {
	h := sampleHouse(t, nil)
	if d := time.Since(h.clock.Now()).Abs(); d > time.Minute {
		t.Errorf("the clock is off by %v", d)
	}
	if err := h.db.View(t.Context(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.Verify(ctx, h.catalog)
		if err != nil {
			return err
		}
		letters, err := v.VerifyVoice(ctx, segments.Query{Now: h.clock.Now(), Grace: h.config.GracePeriod})
		for _, f := range append(found, letters...) {
			t.Error(f)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	letters, err := h.mailbox.List(context.Background(), sampleEmail, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[mail.Kind]int{}
	for _, m := range letters {
		kinds[m.Kind]++
		if time.Since(m.SentAt) < 12*time.Hour {
			t.Errorf("%q came at %v", m.Subject, m.SentAt)
		}
	}
	if kinds[mail.Purchase] != 1 || kinds[mail.Sequence] < 4 {
		t.Errorf("the sample customer's letters: %v", kinds)
	}
}

// Sample people don't buy by the clock, and a segment that a month moves them to
// has them from the night after it.
func TestTheSampleHistoryLooksLived(t *testing.T) {
	h := sampleHouse(t, nil)
	letters, err := h.mailbox.List(context.Background(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	hours := map[int]bool{}
	for _, m := range letters {
		if m.Kind == mail.Purchase {
			hours[m.SentAt.Hour()] = true
		}
	}
	if len(hours) < 6 {
		t.Errorf("all buy at the hours %v", hours)
	}
	u, err := h.db.UserByKey(t.Context(), h.fold(sampleEmail))
	if err != nil {
		t.Fatal(err)
	}
	var joined time.Time
	moments, err := (&admin.Service{Read: h.db, Catalog: h.catalog}).Timeline(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range moments {
		if strings.Contains(m.Title, "Joins Mini Product Alumni") {
			joined = m.At
		}
	}
	if month := u.CreatedAt.AddDate(0, 0, 30); joined.Before(month) || joined.After(month.AddDate(0, 0, 1).Add(3*time.Hour)) {
		t.Errorf("bought %v, an alumna since %v", u.CreatedAt, joined)
	}
}
