package view

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"sselfie/static"
)

// counting counts how many files are read.
type counting struct {
	fs.ReadDirFS
	mu   sync.Mutex
	read map[string]int
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.ReadDirFS.Open(name)
	if err != nil {
		return nil, err
	}
	return countedFile{f, c, name}, nil
}

type countedFile struct {
	fs.File
	c    *counting
	name string
}

func (f countedFile) Read(b []byte) (int, error) {
	f.c.mu.Lock()
	f.c.read[f.name]++
	f.c.mu.Unlock()
	return f.File.Read(b)
}

func TestWhatShipsIsReadAtTheFirstPage(t *testing.T) {
	files := &counting{ReadDirFS: static.Files, read: map[string]int{}}
	r, err := New(Options{Site: sampleSite(), Files: files, Shipped: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(files.read) > 0 {
		t.Errorf("the start read %v", files.read)
	}
	var want bytes.Buffer
	if err := newRenderer(t, sampleSite()).Render(&want, Home{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 { // several first visitors at once
		wg.Go(func() {
			var got bytes.Buffer
			if err := r.Render(&got, Home{}); err != nil {
				t.Error(err)
			}
			if got.String() != want.String() {
				t.Error("the page differs from one whose texts were read before")
			}
		})
	}
	wg.Wait()
	if files.read["content/home.md"] == 0 {
		t.Error("nobody read content/home.md")
	}
	before := files.read["content/home.md"]
	if err := r.Render(io.Discard, Home{}); err != nil {
		t.Fatal(err)
	}
	if n := files.read["content/home.md"]; n != before {
		t.Errorf("the second page read content/home.md again")
	}
}

func TestAnAssetIsFoundBeforeTheFirstPage(t *testing.T) {
	r, err := New(Options{Site: sampleSite(), Files: static.Files, Shipped: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Assets().Open("app.css"); !ok {
		t.Error("there is no app.css")
	}
}

func TestWhatTheConfigurationAsksOfTheShippedFilesIsMissedAtTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Site)
		want   string
	}{
		"a product without a text": {func(s *Site) {
			p := s.Catalog.Products[0]
			p.ID, p.Page = "pottery_day", "/pottery-day"
			s.Catalog.Products = append(s.Catalog.Products, p)
		}, "content/pottery_day.md:1: is missing"},
		"a font that does not ship": {func(s *Site) { s.Brand.Fonts.Display = "Garamond" }, `brand.fonts.display is "Garamond"`},
	} {
		t.Run(name, func(t *testing.T) {
			site := sampleSite()
			c.change(&site)
			_, err := New(Options{Site: site, Files: static.Files, Shipped: true})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}
