// Command stripemock holds the names of our parameters against Stripe's own
// description of its API: it runs stripe-mock on this machine alone, lets the
// tests of adapters/stripepay speak with it, and stops it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// version is the newest that was tried.
const version = "v0.203.0"

const module = "github.com/stripe/stripe-mock"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "stripemock:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "stripemock-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	install := exec.Command("go", "install", module+"@"+version)
	install.Env, install.Stderr = append(os.Environ(), "GOBIN="+dir), os.Stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("installing %s: %w", module, err)
	}
	spec, err := patched(dir)
	if err != nil {
		return err
	}
	plain, secure, err := addresses()
	if err != nil {
		return err
	}
	// With -http-addr alone it opens HTTPS to everybody.
	mock := exec.Command(filepath.Join(dir, "stripe-mock"), "-spec", spec, "-http-addr", plain, "-https-addr", secure)
	mock.Stderr = os.Stderr
	if err := mock.Start(); err != nil {
		return err
	}
	defer func() { _ = mock.Process.Kill(); _ = mock.Wait() }()
	if err := answers("http://" + plain); err != nil {
		return err
	}
	test := exec.Command("go", "test", "-count=1", "-v", "-run", "StripeMock", "./adapters/stripepay/")
	test.Dir, test.Env = "..", append(os.Environ(), "SSELFIE_STRIPE_MOCK=http://"+plain)
	test.Stdout, test.Stderr = os.Stdout, os.Stderr
	return test.Run()
}

// patched writes stripe-mock's description with what the version that we speak
// still has, and the newest has not: embedded checkouts under that name, and
// promotion codes that name their coupon.
func patched(dir string) (string, error) {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return "", err
	}
	src, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(cache)), module+"@"+version, "embedded/openapi/spec3.json"))
	if err != nil {
		return "", err
	}
	var spec map[string]any
	if err := json.Unmarshal(src, &spec); err != nil {
		return "", err
	}
	form := func(path string) map[string]any {
		return dig(spec, "paths", path, "post", "requestBody", "content", "application/x-www-form-urlencoded", "schema")
	}
	mode := dig(form("/v1/checkout/sessions"), "properties", "ui_mode")
	promo := form("/v1/promotion_codes")
	words, ok := mode["enum"].([]any)
	if !ok || promo == nil {
		return "", errors.New("the description of the API looks otherwise than expected")
	}
	mode["enum"] = append(words, "embedded")
	dig(promo, "properties")["coupon"] = map[string]any{"type": "string", "maxLength": 5000}
	promo["required"] = []any{}
	out, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "spec.json")
	return name, os.WriteFile(name, out, 0o600)
}

// dig goes down a tree of objects, nil where the way ends.
func dig(v map[string]any, way ...string) map[string]any {
	for _, name := range way {
		v, _ = v[name].(map[string]any)
	}
	return v
}

// addresses finds two free ports of this machine.
func addresses() (string, string, error) {
	var found [2]string
	for i := range found {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer func() { _ = ln.Close() }()
		found[i] = ln.Addr().String()
	}
	return found[0], found[1], nil
}

func answers(base string) error {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if res, err := http.Get(base); err == nil {
			return res.Body.Close()
		}
	}
	return errors.New("stripe-mock does not answer")
}
