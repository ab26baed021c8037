package mail_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core/mail"
)

// TestSoftBounces plays reports of a full mailbox: d is a soft bounce on that
// day, -d a delivery.
func TestSoftBounces(t *testing.T) {
	for name, c := range map[string]struct {
		days []int
		list mail.Reason
	}{
		"four are a holiday":                   {[]int{1, 2, 3, 4}, ""},
		"five on three days are no holiday":    {[]int{1, 1, 2, 2, 3}, mail.Unreachable},
		"five in one storm are one storm":      {[]int{1, 1, 1, 1, 1}, ""},
		"those of long ago count no more":      {[]int{1, 2, 3, 4, 33}, ""},
		"a delivery forgives":                  {[]int{1, 2, 3, 4, -5, 6}, ""},
		"and lifts what they led to":           {[]int{1, 2, 3, 4, 5, -6}, ""},
		"a delivery of before forgives little": {[]int{-1, 2, 3, 4, 5, 6}, mail.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			h := newCounter(t)
			start := h.clock.Now()
			for i, day := range c.days {
				r := mail.Report{Kind: mail.SoftBounceReport, Mail: "eml_1", Reference: strconv.Itoa(i)}
				if day < 0 {
					r.Kind, day = mail.DeliveredReport, -day
				}
				h.clock.Advance(start.AddDate(0, 0, day).Sub(h.clock.Now()))
				for range 2 {
					if err := h.desk.Take(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
			}
			series, waiting, list := h.state()
			if list != c.list {
				t.Errorf("the list says %q, want %q", list, c.list)
			}
			if c.list != "" && (series != string(c.list) || waiting != mail.StateSuppressed) {
				t.Errorf("left %q %q", series, waiting)
			}
		})
	}
}

func TestAReportOfTheFutureIsOfNow(t *testing.T) {
	h := newCounter(t)
	for i := range 5 {
		r := mail.Report{Kind: mail.SoftBounceReport, Mail: "eml_1", Reference: strconv.Itoa(i), At: h.clock.Now().AddDate(1, 0, i)}
		if err := h.desk.Take(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, list := h.state(); list != "" {
		t.Errorf("the list says %q", list)
	}
}

// TestTheUnreachableGetNoMarketing claims what waits for an address on the list.
func TestTheUnreachableGetNoMarketing(t *testing.T) {
	if !mail.Unreachable.Blocks(mail.Campaign) || mail.Unreachable.Blocks(mail.Purchase) {
		t.Error("unreachable stops the wrong letters")
	}
}

func TestADeletedAccountLeavesNoReportBehind(t *testing.T) {
	h := newCounter(t)
	if err := h.desk.Take(t.Context(), mail.Report{Kind: mail.SoftBounceReport, Address: "anna@x.org", Reference: "r", Detail: "anna@x.org is full"}); err != nil {
		t.Fatal(err)
	}
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		if n, _, err := tx.SoftBounces(ctx, "anna@x.org", time.Time{}); n != 1 || err != nil {
			t.Errorf("%d before, %v", n, err)
		}
		if err := tx.ForgetMarketing(ctx, "usr_1", "anna@x.org", h.clock.Now()); err != nil {
			return err
		}
		n, _, err := tx.SoftBounces(ctx, "anna@x.org", time.Time{})
		if n != 0 {
			t.Errorf("%d after", n)
		}
		return err
	})
}

func TestAnAddressIsForgottenWithItsSoftBounces(t *testing.T) {
	h := newCounter(t)
	if err := h.desk.Take(t.Context(), mail.Report{Kind: mail.SoftBounceReport, Address: "anna@x.org", Reference: "r"}); err != nil {
		t.Fatal(err)
	}
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		for days, want := range []int{0, 1, 0} { // the third sweep finds nothing more
			n, err := tx.ForgetSoftBounces(ctx, h.clock.Now().AddDate(0, 0, min(days, 1)), 10)
			if n != want || err != nil {
				t.Errorf("sweep %d took %d, %v", days, n, err)
			}
		}
		n, _, err := tx.SoftBounces(ctx, "anna@x.org", time.Time{})
		if n != 0 {
			t.Errorf("%d are left", n)
		}
		return err
	})
}
