package view

import (
	"bytes"
	"os"
	"testing"

	"sselfie/core/brand"
	"sselfie/core/catalog"
	"sselfie/static"
)

// sampleSite is the shop of all tests: the defaults, in demo mode.
func sampleSite() Site {
	return Site{
		Brand: brand.Default(), Catalog: catalog.Default(), BaseURL: "http://localhost:8080", Demo: true,
		Payments:      Payments{PublishableKey: "pk_test_sample", ScriptURL: "/gateway/v3.js"},
		PostalAddress: "1 Sample Street, Sampletown", ConsentVersion: "2026-01",
	}
}

func newRenderer(t testing.TB, site Site) *Renderer {
	t.Helper()
	r, err := New(Options{Site: site, Files: static.Files})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// liveRenderer reads the files of the working tree.
func liveRenderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New(Options{Site: sampleSite(), Files: os.DirFS("../../../static"), Live: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func render(t testing.TB, r *Renderer, v View) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Render(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
