package view

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

var previewAddr = flag.String("preview", "", "serve every sample page on this address until interrupted")

// TestPreview is a window, not a test: go test -run TestPreview -preview
// 127.0.0.1:9099 -timeout 0 serves every sample page, reading templates,
// stylesheets and texts from disk as they change.
func TestPreview(t *testing.T) {
	if *previewAddr == "" {
		t.Skip("no -preview address")
	}
	r := liveRenderer(t)
	http.HandleFunc("/assets/", func(w http.ResponseWriter, req *http.Request) {
		a, ok := r.Assets().Open(req.URL.Path)
		if !ok {
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		_, _ = w.Write(a.Body)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		name := strings.Trim(req.URL.Path, "/")
		for _, s := range Samples(r.site) {
			if s.Name == name {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self'")
				if err := r.Render(w, s.View); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
				return
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, s := range Samples(r.site) {
			fmt.Fprintf(w, `<p><a href="/%s">%s</a></p>`, s.Name, s.Name)
		}
	})
	t.Log("listening on", *previewAddr)
	t.Fatal(http.ListenAndServe(*previewAddr, nil)) //nolint:gosec // a window for developers
}
