package app_test

import (
	"net/http"
	"testing"
	"time"
)

// A year goes by in seconds, with everything that falls due in it: in order, and
// listed.
func TestAYearGoesBy(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the jobs of a year")
	}
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DEMO_SEED": "true", "SSELFIE_LOG_LEVEL": "error"})
	var out struct {
		Now time.Time `json:"now"`
		Ran []struct {
			Job   string    `json:"job"`
			At    time.Time `json:"at"`
			Error string    `json:"error"`
		} `json:"ran"`
	}
	begin := time.Now()
	if code := s.post("/dev/clock/advance", `{"by":"8760h"}`, &out); code != http.StatusOK {
		t.Fatalf("status %d", code)
	}
	t.Logf("a year took %v", time.Since(begin)) // under 10 s on a machine that does nothing else
	count := map[string]int{}
	for i, r := range out.Ran {
		count[r.Job]++
		if i > 0 && r.At.Before(out.Ran[i-1].At) {
			t.Fatalf("%s at %v after %s at %v", r.Job, r.At, out.Ran[i-1].Job, out.Ran[i-1].At)
		}
		if r.Error != "" {
			t.Errorf("%s at %v: %s", r.Job, r.At, r.Error)
		}
	}
	for job, n := range map[string]int{"backup": 365, "housekeeping": 365, "stripe-catch-up": 8760} {
		if count[job] < n || count[job] > n+1 { // one more when the hour strikes meanwhile
			t.Errorf("%s ran %d times, want %d", job, count[job], n)
		}
	}
	// What ran is in the table, and the clock is stored: a second journey finds
	// nothing that was missed.
	if code := s.post("/dev/clock/advance", `{"by":"1s"}`, &out); code != http.StatusOK || len(out.Ran) > 4 {
		t.Errorf("status %d, ran %d again", code, len(out.Ran))
	}
	s.stop()
	again := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": s.dir})
	var clock struct{ Now time.Time }
	again.get("/dev/clock", &clock)
	if clock.Now.Before(begin.AddDate(0, 11, 0)) {
		t.Errorf("after a restart it is %v", clock.Now)
	}
	if code, errs := run(t, map[string]string{"SSELFIE_DATA_DIR": s.dir, "SSELFIE_DEMO": "true"}, "verify"); code != 0 {
		t.Errorf("verify: %d %s", code, errs)
	}
}
