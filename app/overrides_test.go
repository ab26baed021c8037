package app_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sselfie/static"
)

// mine is a creator's folder of files that lie over those that ship.
type mine struct {
	t   *testing.T
	dir string
}

// edit writes a file of the creator's: one that ships, with a change.
func (m mine) edit(name, from, to string) {
	m.t.Helper()
	shipped, err := fs.ReadFile(static.Files, name)
	if err != nil {
		m.t.Fatal(err)
	}
	if !strings.Contains(string(shipped), from) {
		m.t.Fatalf("%s has no %q", name, from)
	}
	file := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(shipped), from, to, 1)), 0o600); err != nil {
		m.t.Fatal(err)
	}
	// A file system may keep time in coarse steps; an edit is noticed by size or time.
	at := time.Now().Add(time.Duration(len(to)) * time.Second)
	if err := os.Chtimes(file, at, at); err != nil {
		m.t.Fatal(err)
	}
}

func (m mine) vars() map[string]string {
	return map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_STATIC_DIR": m.dir, "SSELFIE_DATA_DIR": filepath.Join(m.t.TempDir(), "data"), "SSELFIE_ADDR": "127.0.0.1:0"}
}

const headline = "headline: You took the picture. We develop it."

func TestACreatorsWordsShowWithoutARestart(t *testing.T) {
	m := mine{t, t.TempDir()}
	m.edit("content/home.md", headline, "headline: Bring the picture.")
	m.edit("content/bio_glowup.md", "before: raw-bun", "before: mine/gone.jpg") // falls back to a blank frame
	s := start(t, m.vars())
	w := &world{site: s, people: map[string]*http.Client{"": http.DefaultClient}}
	if page := w.html(sheet{name: "home", path: "/"}); !strings.Contains(page, "Bring the picture.") {
		t.Error("the creator's headline is not shown")
	}
	if page := w.html(sheet{name: "bio", path: "/bio-glow-up"}); strings.Contains(page, "gone.jpg") || !strings.Contains(page, "data-slider") {
		t.Error("a missing picture leaves a hole, or takes its section away")
	}
	m.edit("content/home.md", headline, "headline: Bring it again, Sam.")
	s.until("an edit shows without a restart", func() bool {
		return strings.Contains(w.html(sheet{name: "home", path: "/"}), "Bring it again, Sam.")
	})
}

func TestWhatDoesNotRenderStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, says string }{
		"a missing field":   {"content/home.md", headline, "# nothing", "content/home.md:2: headline is missing"},
		"a broken template": {"pages/home.html", `{{define "home"}}`, `{{define "home"}}{{if}}`, "pages/home.html:1: missing value for if"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mine{t, t.TempDir()}
			m.edit(c.file, c.from, c.to)
			if code, said := run(t, m.vars(), "serve"); code == 0 || !strings.Contains(said, c.says) {
				t.Errorf("serve ends with %d: %s", code, said)
			}
			if code, _ := run(t, m.vars(), "content", "check"); code == 0 {
				t.Error("content check finds nothing")
			}
		})
	}
}

// A product without proof loses the section, not the rhythm: what follows takes
// the next number, and no heading stands over nothing.
func TestAProductWithoutProofKeepsItsRhythm(t *testing.T) {
	m := mine{t, t.TempDir()}
	shipped, err := fs.ReadFile(static.Files, "content/one_time_session.md")
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	skipping := false
	for _, line := range strings.Split(string(shipped), "\n") {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "-  ") {
			skipping = strings.HasPrefix(line, "gallery:") || strings.HasPrefix(line, "testimonials:")
		}
		if !skipping {
			kept = append(kept, line)
		}
	}
	m.edit("content/one_time_session.md", string(shipped), strings.Join(kept, "\n"))
	s := start(t, m.vars())
	page := (&world{site: s, people: map[string]*http.Client{"": http.DefaultClient}}).html(sheet{name: "bare", path: "/starter-photoshoot"})
	for _, no := range []string{"Before, and after", "data-slider", "In their words"} {
		if strings.Contains(page, no) {
			t.Errorf("the page still holds %q", no)
		}
	}
	if !strings.Contains(page, "How it works") || !strings.Contains(page, "Questions") {
		t.Error("more than the proof was lost")
	}
}
