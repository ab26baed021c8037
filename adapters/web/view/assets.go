package view

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Asset is a body ready to serve. Gzip is nil where compression does not pay.
type Asset struct {
	Body        []byte
	ContentType string
	ETag        string // with its quotes
	Immutable   bool   // the address holds a hash of the body: cache it for a year

	once sync.Once
	gz   []byte
}

// newAsset wraps a body with its ETag.
func newAsset(body []byte, contentType string, immutable bool) *Asset {
	return &Asset{Body: body, ContentType: contentType, ETag: `"` + digest(body) + `"`, Immutable: immutable}
}

// Gzip returns the compressed body, made at the first call; nil when it would
// not be smaller.
func (a *Asset) Gzip() []byte {
	a.once.Do(func() {
		if !strings.HasPrefix(a.ContentType, "text/") && !strings.Contains(a.ContentType, "json") && !strings.Contains(a.ContentType, "svg") {
			return
		}
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = w.Write(a.Body)
		_ = w.Close()
		if b.Len() < len(a.Body) {
			a.gz = b.Bytes()
		}
	})
	return a.gz
}

// CacheControl returns the header that belongs to the asset.
func (a *Asset) CacheControl() string {
	if a.Immutable {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12]
}

// Assets maps logical names ("app.css") to addresses with a content hash
// ("/assets/app.0f3c….css") and back. Stylesheets and modules that refer to
// other files by relative paths are rewritten to the hashed names.
type Assets struct {
	urls  map[string]string // logical name -> address
	files map[string]*Asset // path below /assets/, hashed and plain
	mu    sync.Mutex
	lazy  map[string]lazyAsset // path below /assets/, hashed and plain
	made  map[string]*Asset    // what lazy ones have become

	fonts []string // logical names of the fonts that each page fetches first
}

// lazyAsset is made at its first request.
type lazyAsset struct {
	make      func() ([]byte, error)
	immutable bool
}

// NewAssets reads assets/ of fsys and adds what is generated: the brand's
// colours and the preview pictures. Fonts, rules and colours become one
// stylesheet, so that a page waits for one answer only.
func NewAssets(fsys fs.FS, site Site) (*Assets, error) {
	a := &Assets{urls: map[string]string{}, files: map[string]*Asset{}, lazy: map[string]lazyAsset{}, made: map[string]*Asset{}}
	raw := map[string][]byte{}
	err := fs.WalkDir(fsys, "assets", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		if err == nil {
			raw[strings.TrimPrefix(p, "assets/")] = b
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("view: reading assets: %w", err)
	}
	if css, ok := raw["fonts.css"]; ok {
		faces, bad := readFaces(css, func(name string) bool { _, ok := raw[name]; return ok })
		if bad = append(bad, missingFonts(faces, site.Brand.Fonts)...); len(bad) > 0 {
			return nil, bad
		}
		a.fonts = preloads(faces, site.Brand.Fonts)
	}
	raw["app.css"] = bytes.Join([][]byte{raw["fonts.css"], raw["app.css"], []byte(BrandCSS(site.Brand))}, []byte("\n"))
	state := map[string]int{}
	for name := range raw {
		if err := a.add(name, raw, state); err != nil {
			return nil, err
		}
	}
	addPreviews(a, fsys, site)
	return a, nil
}

var (
	importRef = regexp.MustCompile(`((?:from|import)\s*\(?\s*)"(\.{1,2}/[^"]+)"`)
	urlRef    = regexp.MustCompile(`url\("(\.{0,2}/?[^":)]+)"\)`)
)

// add hashes one file after the files that it refers to.
func (a *Assets) add(name string, raw map[string][]byte, state map[string]int) error {
	if state[name] == 2 {
		return nil
	}
	if state[name] == 1 {
		return fmt.Errorf("view: assets/%s refers to itself in a circle", name)
	}
	state[name] = 1
	body := raw[name]
	var refErr error
	resolve := func(ref string) string {
		target := path.Join(path.Dir(name), ref)
		if _, ok := raw[target]; !ok {
			refErr = fmt.Errorf("view: assets/%s refers to assets/%s, which does not exist", name, target)
			return ref
		}
		if err := a.add(target, raw, state); err != nil {
			refErr = err
			return ref
		}
		return a.urls[target]
	}
	switch path.Ext(name) {
	case ".js":
		body = importRef.ReplaceAllFunc(body, func(m []byte) []byte {
			g := importRef.FindSubmatch(m)
			return []byte(string(g[1]) + `"` + resolve(string(g[2])) + `"`)
		})
	case ".css":
		body = urlRef.ReplaceAllFunc(body, func(m []byte) []byte {
			g := urlRef.FindSubmatch(m)
			return []byte(`url("` + resolve(string(g[1])) + `")`)
		})
	}
	if refErr != nil {
		return refErr
	}
	hashed := withHash(name, digest(body))
	a.urls[name] = "/assets/" + hashed
	a.files[hashed] = newAsset(body, contentType(name), true)
	a.files[name] = newAsset(body, contentType(name), false)
	state[name] = 2
	return nil
}

// addLazy registers a file whose hash is known from its inputs and whose body
// is made at the first request.
func (a *Assets) addLazy(name, hash string, make func() ([]byte, error)) {
	hashed := withHash(name, hash)
	a.urls[name] = "/assets/" + hashed
	a.lazy[hashed] = lazyAsset{make, true}
	a.lazy[name] = lazyAsset{make, false}
}

func withHash(name, hash string) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hash + ext
}

// URL returns the address of a logical name. An unknown name is an error: a
// page must not link to what is not there.
func (a *Assets) URL(name string) (string, error) {
	u, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return u, nil
}

// Open returns the asset of a path below /assets/, with or without its hash.
// It returns false for anything else; no path ever reaches a file system.
func (a *Assets) Open(p string) (*Asset, bool) {
	p = strings.TrimPrefix(strings.TrimPrefix(p, "/assets"), "/")
	if f, ok := a.files[p]; ok {
		return f, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.made[p]; ok {
		return f, true
	}
	mk, ok := a.lazy[p]
	if !ok {
		return nil, false
	}
	body, err := mk.make()
	if err != nil {
		return nil, false
	}
	f := newAsset(body, contentType(p), mk.immutable)
	a.made[p] = f
	return f, true
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".webp":
		return "image/webp"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	case ".json", ".webmanifest":
		return "application/json"
	}
	return "application/octet-stream"
}
