package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"sselfie/core"
	"sselfie/core/brand"
	"sselfie/core/catalog"
)

// Site is what all pages share. It comes from the configuration and does not
// change while the process runs.
type Site struct {
	Brand          brand.Brand
	Catalog        catalog.Catalog
	BaseURL        string // public address without a trailing slash; every absolute link begins with it
	Demo           bool   // sample data is marked as such, developer links are shown
	Samples        bool   // the customers and figures of the demo were made up when it began
	Payments       Payments
	PostalAddress  string // of the creator, for the imprint
	ConsentVersion string // of the words beside the checkout's boxes, kept with each answer
}

// Payments is what the checkout page's script needs. The zero value is a shop
// that cannot take money yet; the page then says so.
type Payments struct {
	PublishableKey string
	ScriptURL      string // https://js.stripe.com/v3/, or the local gateway's path
}

// Options builds a Renderer.
type Options struct {
	Site  Site
	Files fs.FS            // assets/, pages/ and content/, layered
	Live  bool             // read templates and content anew when a file changed (demo mode)
	Now   func() time.Time // for the year in the footer; nil leaves it out

	// Shipped says that Files are those that ship and nothing lies over them. Tests
	// have drawn them all, so they are read when the first page is asked for.
	Shipped bool
}

// Renderer draws pages. It is safe for concurrent use.
type Renderer struct {
	site  Site
	opts  Options
	mu    sync.RWMutex
	set   *set // templates and content that belong together
	cache sync.Map
}

// set is one generation of templates, content and assets.
type set struct {
	templates *template.Template
	content   *Content
	assets    *Assets
	mark      string // signature of the files it was read from
}

// New reads content and assets and checks them. Templates are parsed at the
// first page, which keeps the start short; Check parses and renders them all.
// Every mistake is in the returned Problems error.
func New(o Options) (*Renderer, error) {
	r := &Renderer{site: o.Site, opts: o}
	if o.Shipped && speaksOf(o.Files, o.Site) {
		return r, nil
	}
	s, err := r.load()
	if err != nil {
		return nil, err
	}
	r.set = s
	return r, nil
}

// speaksOf reports whether the files that ship have all that the configuration
// asks of them: a text for each page of the catalogue, and the brand's fonts.
func speaksOf(fsys fs.FS, site Site) bool {
	for _, p := range site.Catalog.Products {
		if p.Page == "" {
			continue
		}
		if _, err := fs.Stat(fsys, "content/"+string(p.ID)+".md"); err != nil {
			return false
		}
	}
	return site.Brand.Fonts == brand.Default().Fonts
}

func (r *Renderer) load() (*set, error) {
	content, problems := LoadContent(r.opts.Files, r.site)
	if len(problems) > 0 {
		return nil, Problems(problems)
	}
	assets, err := NewAssets(r.opts.Files, r.site)
	if err != nil {
		return nil, err
	}
	s := &set{content: content, assets: assets}
	if r.opts.Live {
		s.mark = mark(r.opts.Files)
	}
	return s, nil
}

// current returns the generation to draw with, its templates parsed. In demo
// mode it notices changed files.
func (r *Renderer) current() (*set, error) {
	r.mu.RLock()
	s := r.set
	r.mu.RUnlock()
	changed := s == nil || r.opts.Live && mark(r.opts.Files) != s.mark
	if !changed && s.templates != nil {
		return s, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if changed && r.set == s { // nobody was faster
		fresh, err := r.load()
		if err != nil {
			return nil, err
		}
		r.set = fresh
		r.cache.Clear()
	}
	if r.set.templates == nil {
		t, err := parse(r.opts.Files, r.set)
		if err != nil {
			return nil, err
		}
		// Replaced, not changed: other goroutines may be reading the old one.
		r.set = &set{templates: t, content: r.set.content, assets: r.set.assets, mark: r.set.mark}
	}
	return r.set, nil
}

// Assets returns what is served below /assets/.
func (r *Renderer) Assets() *Assets {
	s, err := r.current()
	if err != nil {
		s = r.last() // a live file was just broken
	}
	return s.assets
}

// Content returns the texts of the page that is being drawn.
func (r *Renderer) Content() *Content { return r.last().content }

// last returns the generation that was read last, an empty one before the first.
func (r *Renderer) last() *set {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.set == nil {
		return &set{content: &Content{}, assets: &Assets{}}
	}
	return r.set
}

// Render draws a page into w. Nothing is written when it fails.
func (r *Renderer) Render(w io.Writer, v View) error {
	s, err := r.current()
	if err != nil {
		return err
	}
	return r.draw(w, s, v)
}

// Public draws a page that is the same for everybody once per content version,
// and returns it ready to serve: body, gzip and ETag.
func (r *Renderer) Public(v View) (*Asset, error) {
	s, err := r.current()
	if err != nil {
		return nil, err
	}
	c := v.chrome()
	if c.Viewer != nil || len(c.Notice) > 0 {
		return nil, errors.New("view: a page with a viewer or notices must not be cached")
	}
	key := fmt.Sprintf("%T %+v", v, v)
	if a, ok := r.cache.Load(key); ok {
		return a.(*Asset), nil
	}
	var b bytes.Buffer
	if err := r.draw(&b, s, v); err != nil {
		return nil, err
	}
	a := newAsset(b.Bytes(), "text/html; charset=utf-8", false)
	r.cache.Store(key, a)
	return a, nil
}

// scope is what a template sees.
type scope struct {
	Site   Site
	Page   about
	Chrome Chrome
	V      View
	Text   *Content
	Year   int
	r      *Renderer
	s      *set
}

func (r *Renderer) draw(w io.Writer, s *set, v View) error {
	a := v.about(r)
	sc := scope{Site: r.site, Page: a, Chrome: v.chrome(), V: v, Text: s.content, r: r, s: s}
	if r.opts.Now != nil {
		sc.Year = r.opts.Now().Year()
	}
	var page bytes.Buffer
	if err := s.templates.ExecuteTemplate(&page, a.Template, sc); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	_, err := w.Write(withFrames(page.Bytes()))
	return err
}

// product returns a catalogue entry; a zero product when it is gone, so that a
// page about an old purchase still renders.
func (r *Renderer) product(id core.ProductID) catalog.Product {
	p, ok := r.site.Catalog.Product(id)
	if !ok {
		return catalog.Product{ID: id, Name: strings.ReplaceAll(string(id), "_", " ")}
	}
	return p
}
