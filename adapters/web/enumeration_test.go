package web_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
)

// TestNobodyLearnsWhoHasAnAccount asks everything that an address goes into,
// about one that has an account and one that has none, in turns: the answers are
// alike in status and body, and take about as long. How alike is measured where
// nothing else runs: SOAK=timing takes 400 samples each, wants the medians
// within 5 ms, and that a Kolmogorov-Smirnov test sees one distribution.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	samples, strict := 24, os.Getenv("SOAK") == "timing"
	if strict {
		samples = 400
	}
	hasher := locksmith.NewHasher()
	hash, err := hasher.Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path, body string) func(string) ask {
		return func(email string) ask { return ask{method: "POST", path: path, body: fmt.Sprintf(body, email)} }
	}
	get := func(path string) func(string) ask {
		return func(email string) ask { return ask{path: path + email} }
	}
	buys := func(s *shop, email string, _ bool) answer {
		p, _ := s.opts.Catalog.Product("bio_glowup")
		return s.deliver(paid("evt_"+email, "cs_"+email, "", p, email))
	}
	isALead := func(s *shop, email string, known bool) answer {
		if !known {
			email = "another" + email
		}
		return s.post("/api/freebie", fmt.Sprintf(`{"email":%q,"consent":true}`, email))
	}
	for name, c := range map[string]struct {
		ask    func(email string) ask
		status int
		before func(s *shop, email string, known bool) answer
		rough  bool // writing a row anew costs some microseconds less than changing one: 5 ms it is
		tells  int  // this status for an account: the answer may tell, the time must not
	}{
		"login":                {ask: post("/api/auth/login", `{"email":%q,"password":"not the password"}`), status: 401},
		"a forgotten password": {ask: post("/api/auth/password/forgot", `{"email":%q}`), status: 202},
		"the free blueprint":   {ask: post("/api/freebie", `{"email":%q,"consent":true}`), status: 202},
		"it, for a lead":       {ask: post("/api/freebie", `{"email":%q,"consent":true}`), status: 202, before: isALead, rough: true},
		"the end of a sale":    {ask: get("/checkout/success?session_id=cs_"), status: 200, before: buys},
		"the poll of a sale":   {ask: get("/api/checkout/status?session_id=cs_"), status: 200, before: buys},
		"sign-up":              {ask: post("/api/auth/sign-up", `{"email":%q,"password":"a good long password"}`), status: 201, tells: 409},
	} {
		t.Run(name, func(t *testing.T) {
			s := withLeads(t)
			s.people.Hasher = hasher
			s.fill(2*samples, hash)
			var took [2][]float64
			measure := func(from int) {
				took = [2][]float64{}
				for i := range samples {
					var answers [2]answer
					for _, known := range rand.Perm(2) {
						email := fmt.Sprintf("%s%04d@example.com", []string{"nobody--", "somebody"}[known], from+i)
						if c.before != nil {
							if a := c.before(s, email, known == 1); a.status/100 != 2 {
								t.Fatalf("%d %s", a.status, a.body)
							}
						}
						q := c.ask(email)
						start := time.Now()
						answers[known] = s.do(q)
						took[known] = append(took[known], float64(time.Since(start)))
						answers[known].body = strings.ReplaceAll(answers[known].body, email, "hers")
					}
					a, b := answers[0], answers[1]
					if a.status != c.status || (c.tells == 0 && (b.status != c.status || a.body != b.body)) || (c.tells > 0 && b.status != c.tells) {
						t.Fatalf("a stranger hears %d %s\nan account %d %s", a.status, a.body, b.status, b.body)
					}
				}
			}
			alike := func() bool {
				a, b := median(took[0]), median(took[1])
				near := math.Abs(a-b) < float64(5*time.Millisecond)
				if !strict { // the machine may be busy; what must not be missing is the work
					return near || max(a, b) < 3*min(a, b)
				}
				p := oneDistribution(took[0], took[1])
				t.Logf("medians %v and %v, p %.3f", time.Duration(a), time.Duration(b), p)
				return near && (p > 0.01 || c.tells > 0 || c.rough)
			}
			measure(0)
			if !alike() { // one in a hundred is so by chance
				measure(samples)
				if !alike() {
					t.Errorf("the time tells who has an account: medians %v and %v", time.Duration(median(took[0])), time.Duration(median(took[1])))
				}
			}
		})
	}
}

// fill makes accounts whose password is known, without the time of hashing.
func (s *shop) fill(n int, hash string) {
	s.t.Helper()
	fold := locksmith.NewFold()
	err := s.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		for i := range n {
			email := fmt.Sprintf("somebody%04d@example.com", i)
			if err := tx.InsertUser(ctx, accounts.User{
				ID: core.UserID(fmt.Sprintf("usr_%04d", i)), Email: email, Key: fold(email), PasswordHash: hash, PasswordSetAt: coretest.Start,
				VerifiedAt: coretest.Start, Origin: accounts.FromSignUp, CreatedAt: coretest.Start,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// oneDistribution returns how likely it is that two samples of one distribution
// differ as much as these: the two-sample Kolmogorov-Smirnov test.
func oneDistribution(a, b []float64) float64 {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	n, m, i, j, apart := float64(len(a)), float64(len(b)), 0, 0, 0.0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] <= x {
			i++
		}
		for j < len(b) && b[j] <= x {
			j++
		}
		apart = max(apart, math.Abs(float64(i)/n-float64(j)/m))
	}
	root := math.Sqrt(n * m / (n + m))
	lambda, p := (root+0.12+0.11/root)*apart, 0.0
	for k := 1.0; k <= 100; k++ {
		p += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*lambda*lambda)
	}
	return min(1, max(0, p))
}

// A measure that always says "alike" would be no measure.
func TestTheMeasureOfTimesSaysNo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	draw := func(shift float64) (out []float64) {
		for range 400 {
			out = append(out, rnd.NormFloat64()+shift)
		}
		return out
	}
	if p := oneDistribution(draw(0), draw(0)); p < 0.01 {
		t.Errorf("two samples of one distribution: p %.4f", p)
	}
	if p := oneDistribution(draw(0), draw(0.4)); p > 0.01 {
		t.Errorf("samples of two distributions: p %.4f", p)
	}
}
