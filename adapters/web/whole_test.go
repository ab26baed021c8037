package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
)

// sized draws public pages of n bytes.
type sized struct {
	plainPages
	n int
}

func (s sized) Public(view.View) (*view.Asset, error) {
	return &view.Asset{Body: bytes.Repeat([]byte("x"), s.n), ContentType: "text/html; charset=utf-8", ETag: `"sized"`}, nil
}

// Answers of every size arrive whole and in order, also to a client that does not
// wait for one before it asks for the next, and to one that wants no body.
func TestAnswersArriveWhole(t *testing.T) {
	for _, n := range []int{1, 3000, 4096, 8191, 8192, 8193, 9000, 40 << 10, 300 << 10} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := open(t, func(o *web.Options) { o.Pages = sized{n: n} })
			c, err := net.DialTimeout("tcp", s.addr, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			asked := strings.Fields("GET HEAD GET GET KNOWN GET HEAD GET")
			var all strings.Builder
			for _, what := range asked {
				method, more := what, ""
				if what == "KNOWN" {
					method, more = http.MethodGet, "If-None-Match: W/\"sized\"\r\n"
				}
				fmt.Fprintf(&all, "%s / HTTP/1.1\r\nHost: %s\r\n%s\r\n", method, s.addr, more)
			}
			for name, text := range map[string]string{"all at once": all.String(), "one": "GET / HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n"} {
				if _, err := io.WriteString(c, text); err != nil {
					t.Fatal(err)
				}
				r := bufio.NewReader(c)
				for i := range strings.Count(text, "HTTP/1.1") {
					what := "GET"
					if name != "one" {
						what = asked[i]
					}
					method, want := what, n
					if what == "KNOWN" {
						method = http.MethodGet
					}
					if what != "GET" {
						want = 0
					}
					res, err := http.ReadResponse(r, &http.Request{Method: method})
					if err != nil {
						t.Fatalf("%s: answer %d, to %s: %v", name, i, what, err)
					}
					body, err := io.ReadAll(res.Body)
					if err != nil || len(body) != want || strings.Trim(string(body), "x") != "" || (what == "KNOWN") != (res.StatusCode == http.StatusNotModified) {
						t.Fatalf("%s: answer %d, to %s: %d with %d bytes, %v; want %d bytes", name, i, what, res.StatusCode, len(body), err, want)
					}
				}
			}
		})
	}
}
