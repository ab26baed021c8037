package web_test

import (
	"context"
	"errors"
	"testing"

	"sselfie/adapters/web"
	"sselfie/core/tracking"
)

// fakeLinks knows one link.
type fakeLinks struct {
	clicks, opens []tracking.Meta
	dest          string
	fails         error
}

func (f *fakeLinks) Click(_ context.Context, id, dest string, m tracking.Meta) (string, error) {
	f.clicks, f.dest = append(f.clicks, m), dest
	if id != "lnk_good" {
		return "/", f.fails
	}
	return "/studio-membership?link=lnk_good", f.fails
}

func (f *fakeLinks) Open(_ context.Context, _ string, m tracking.Meta) error {
	f.opens = append(f.opens, m)
	return f.fails
}

func TestLinksOfMailsLeadWhereTheMailPointed(t *testing.T) {
	f := &fakeLinks{}
	s := open(t, func(o *web.Options) { o.Links = f })
	for name, c := range map[string]struct {
		query, to string
		fails     error
	}{
		"a link":                      {"?id=lnk_good", "/studio-membership?link=lnk_good", nil},
		"with another destination":    {"?id=lnk_good&dest=https://evil.example/", "/studio-membership?link=lnk_good", nil},
		"one that nobody knows":       {"?id=lnk_other", "/", nil},
		"none":                        {"", "/", nil},
		"one that could not be count": {"?id=lnk_good", "/studio-membership?link=lnk_good", errors.New("the disk is full")},
	} {
		t.Run(name, func(t *testing.T) {
			f.fails = c.fails
			s.play(t, scenario{ask: ask{path: "/api/email/track-click" + c.query}, status: 302, header: map[string]string{"Location": c.to, "Cache-Control": "no-store"}})
		})
	}
	f.fails = nil
	if a := s.do(ask{method: "HEAD", path: "/api/email/track-click?id=lnk_good"}); a.status != 302 || f.clicks[len(f.clicks)-1].Method != "HEAD" {
		t.Errorf("HEAD: %d, and the core hears %q", a.status, f.clicks[len(f.clicks)-1].Method)
	}
	if f.clicks[0].Client == "" || f.clicks[0].Client == "127.0.0.1" {
		t.Errorf("the client is %q", f.clicks[0].Client)
	}
}

func TestThePictureOfAMailIsNeverCached(t *testing.T) {
	f := &fakeLinks{}
	s := open(t, func(o *web.Options) { o.Links = f })
	for _, id := range []string{"pxl_good", "", "nobody-knows"} {
		a := s.do(ask{path: "/api/email/track-open?id=" + id})
		if a.status != 200 || len(a.body) != 43 || a.header.Get("Content-Type") != "image/gif" || a.header.Get("Cache-Control") != "no-store, max-age=0" {
			t.Errorf("%q: %d, %d bytes, %v", id, a.status, len(a.body), a.header)
		}
	}
	if a := s.do(ask{method: "HEAD", path: "/api/email/track-open?id=pxl_good"}); a.status != 200 || f.opens[len(f.opens)-1].Method != "HEAD" {
		t.Errorf("HEAD: %d, %d opens", a.status, len(f.opens))
	}
}
