package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sheet is one page as one person sees it.
type sheet struct {
	name, path string
	who        string // "" a visitor, "ada" a buyer, "carmen" a member, "new" somebody without a purchase, "creator" the admin
	do         string // what to press once it is there: an expression
	then       string // what is true once that has worked
	refused    bool   // the page says no: its status is an error
}

// sheets lists every page of the site. Pages that need a token or a session get
// theirs from the running demo.
func (w *world) sheets() []sheet {
	all := []sheet{
		{name: "home", path: "/"},
		{name: "free-blueprint", path: "/free-blueprint"},
		{name: "contact", path: "/contact"},
		{name: "withdraw", path: "/withdraw"},
		{name: "withdraw-customer", path: "/withdraw", who: "ada"},
		{name: "login", path: "/auth/login?returnTo=%2Fcheckout-upgrade%3Fpromo%3DMINI20"},
		{name: "sign-up", path: "/auth/sign-up?next=%2Fstudio%3Ftab%3Dblueprint"},
		{name: "password-forgot", path: "/auth/password/forgot"},
		{name: "password-setup", path: w.path("fatima@example.com", "password_reset", "/auth/password/setup")},
		{name: "password-setup-expired", path: "/auth/password/setup?token=gone", refused: true},
		{name: "confirm-expired", path: "/auth/confirm?token=gone", refused: true},
		{name: "unsubscribe", path: w.leave},
		{name: "account-toast", path: "/account", who: "carmen", do: noConnection, then: `!!document.querySelector(".toast")`},
		{name: "checkout-waiting", path: "/checkout/bio_glowup", do: `window.fetch = () => new Promise(() => {});` + pressBuy, then: `!document.getElementById("checkout-waiting").hidden`},
		{name: "checkout-error", path: "/checkout/bio_glowup", do: `window.fetch = () => Promise.reject(new Error("There is no connection. Nothing was charged."));` + pressBuy, then: `!document.getElementById("checkout-error").hidden`},
		{name: "unsubscribe-invalid", path: "/unsubscribe?token=gone", refused: true},
		{name: "success-unknown", path: "/checkout/success?session_id=cs_unknown"},
		{name: "success", path: "/checkout/success?session_id=" + w.session, do: `document.querySelector("[data-stop]")?.click()`},
		{name: "checkout", path: "/checkout/bio_glowup"},
		{name: "checkout-open", path: "/checkout/nine_post_feed", do: pressBuy, then: `!!document.querySelector("#checkout-mount iframe")`},
		{name: "checkout-form", path: w.form},
		{name: "checkout-studio", path: "/checkout/sselfie_studio_membership?promo=MINI20", who: "ada"},
		{name: "upgrade", path: "/checkout-upgrade?promo=MINI20", who: "ada"},
		{name: "studio", path: "/studio?purchase=success", who: "ada"},
		{name: "studio-photos", path: "/studio?tab=photos", who: "ada"},
		{name: "studio-blueprint", path: "/studio#blueprint", who: "ada"},
		{name: "studio-feed", path: "/studio?tab=feed", who: "ada"},
		{name: "studio-academy", path: "/studio?tab=academy", who: "ada"},
		{name: "studio-upgrade", path: "/studio", who: "ada", do: openDialog("upgrade-modal"), then: `document.getElementById("upgrade-modal").open`},
		{name: "studio-compare", path: "/studio", who: "ada", do: openDialog("compare-modal"), then: `document.getElementById("compare-modal").open`},
		{name: "wizard", path: "/studio", who: "new"},
		{name: "wizard-change", path: "/welcome?change=businessType&next=/studio?tab=blueprint", who: "ada"},
		{name: "studio-member", path: "/studio?tab=academy", who: "carmen"},
		{name: "account", path: "/account", who: "ada", do: `document.querySelectorAll("details").forEach(d => { d.open = true })`},
		{name: "account-member", path: "/account", who: "carmen"},
		{name: "bio-locked", path: "/bio/generator", who: "new"},
		{name: "bio", path: "/bio/generator", who: "carmen"},
		{name: "feed-planner", path: "/feed-planner", who: "carmen"},
		{name: "rebrand-wizard", path: "/rebrand-wizard", who: "carmen"},
		{name: "not-found", path: "/nowhere", refused: true},
		{name: "dev", path: "/dev"},
		{name: "dev-components", path: "/dev/components"},
		{name: "dev-mailbox", path: "/dev/mailbox"},
		{name: "dev-mail", path: w.mail},
	}
	for _, page := range []string{"", "/users", "/tickets", "/webhooks", "/outbox", "/jobs", "/flags", "/launch-check", "/second-factor", "/emails", "/campaigns", "/campaigns/new", "/series", "/series/mini-product/day-14", "/segments", "/segments/new?from=seg_booster_frequent_not_studio", "/segments/seg_studio_members?why=ada"} {
		all = append(all, sheet{name: "admin" + strings.ReplaceAll(strings.Split(page, "?")[0], "/", "-"), path: "/admin" + page, who: "creator"})
	}
	for _, slug := range []string{"starter-photoshoot", "brand-blueprint", "bio-glow-up", "nine-post-feed", "rebrand-reset", "studio-membership"} {
		all = append(all, sheet{name: slug, path: "/" + slug})
	}
	for _, slug := range []string{"terms", "privacy", "imprint", "withdrawal"} {
		all = append(all, sheet{name: slug, path: "/legal/" + slug})
	}
	return all
}

const pressBuy = `document.querySelectorAll("input[type=checkbox][required]").forEach(x => { if (!x.checked) x.click() });
	document.querySelector("[data-checkout] button[type=submit]").click()`

const noConnection = `window.fetch = () => Promise.reject(new Error("The billing portal did not answer. Nothing was changed."));
	document.querySelector("form[data-billing]").requestSubmit()`

func openDialog(id string) string {
	return fmt.Sprintf(`document.querySelectorAll("dialog[open]").forEach(d => d.close()); document.getElementById(%q).showModal()`, id)
}

// world is a demo with its sample history and people who are signed in.
type world struct {
	*site
	people              map[string]*http.Client
	session, form, mail string
	leave               string // the way out of letters, from one of them
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{site: start(t, map[string]string{
		"SSELFIE_DEMO": "true", "SSELFIE_DEMO_SEED": "true", "SSELFIE_ADMIN_EMAIL": "creator@example.com", "SSELFIE_ADMIN_PASSWORD": "contact sheet",
	}), people: map[string]*http.Client{"": http.DefaultClient}}
	w.buyBy("bio_glowup", "leaver@example.com")
	w.advance(4 * 24 * time.Hour) // her first letter about Studio comes on day 3
	w.leave = w.path("leaver@example.com", "sequence", "/unsubscribe")
	w.people["ada"] = w.enter("/api/auth/login", `{"email":"ada@example.com","password":"contact sheet"}`)
	w.until("the creator can sign in", func() bool {
		return w.post("/api/auth/login", `{"email":"creator@example.com","password":"contact sheet"}`, nil) == http.StatusOK
	})
	w.people["creator"] = w.enter("/api/auth/login", `{"email":"creator@example.com","password":"contact sheet"}`)
	w.people["new"] = w.enter("/api/auth/sign-up", `{"email":"fatima@example.com","password":"contact sheet","name":"فاطمة العلي"}`)
	w.post("/api/auth/password/forgot", `{"email":"fatima@example.com"}`, nil)
	w.post("/api/auth/password/forgot", `{"email":"carmen@example.com"}`, nil)
	_, token, _ := strings.Cut(w.path("carmen@example.com", "password_reset", "/auth/password/setup"), "token=")
	w.people["carmen"] = w.enter("/api/auth/password/setup", fmt.Sprintf(`{"token":%q,"password":"contact sheet"}`, token))
	for _, who := range []string{"ada", "carmen"} { // past the wizard, in the studio
		resp, err := w.people[who].Post(w.url+"/api/onboarding/dismiss", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		w.read(resp, nil)
	}
	var checkout struct{ SessionID string }
	if code := w.post("/api/checkout/landing", `{"product":"bio_glowup","consent":{"immediate":true,"version":"1"}}`, &checkout); code != http.StatusCreated {
		t.Fatalf("a checkout answers %d", code)
	}
	w.session = checkout.SessionID
	w.form = "/gateway/c/" + url.PathEscape(checkout.SessionID)
	var box struct{ Items []struct{ ID string } }
	w.get("/dev/mailbox.json", &box)
	if len(box.Items) == 0 {
		t.Fatal("the sample history sent no mail")
	}
	w.mail = "/dev/mailbox/" + box.Items[0].ID
	return w
}

// enter signs somebody in.
func (w *world) enter(path, body string) *http.Client {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	resp, err := c.Post(w.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if status := w.read(resp, nil); status >= 300 {
		w.t.Fatalf("%s answers %d", path, status)
	}
	return c
}

// path is the path of a link in a mail.
func (w *world) path(to, kind, part string) string {
	w.t.Helper()
	u, err := url.Parse(w.link(to, kind, part))
	if err != nil {
		w.t.Fatal(err)
	}
	return u.RequestURI()
}

// html fetches a page as its person.
func (w *world) html(p sheet) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+p.path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	resp, err := w.people[p.who].Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if refused := resp.StatusCode >= 400; refused != p.refused {
		w.t.Errorf("%s answers %s", p.name, resp.Status)
	}
	return string(body)
}

// tool returns a file of the pinned npm packages. Where they are not installed
// the test is skipped; on the machine that judges a change they must be.
func tool(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join("..", "tools", "node_modules", filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: run make tools-npm", err)
		}
		t.Skip("the npm packages for the tests of pages are not here: make tools-npm brings them")
	}
	return file
}

// TestPagesAreValid reads every page as it is served with html-validate.
func TestPagesAreValid(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	validator := tool(t, "html-validate/bin/html-validate.mjs")
	w, dir := newWorld(t), t.TempDir()
	for _, p := range w.sheets() {
		keep(t, dir, p.name, w.html(p))
	}
	url, states := stateServer(t)
	aside := &world{site: &site{t: t, url: url}, people: w.people}
	for _, p := range states {
		keep(t, dir, p.name, aside.html(p))
	}
	keep(t, dir, "planted", `<!doctype html><html lang="en"><head><title>t</title></head><body><p><div></p><img src="x"></body></html>`)
	found := validate(t, validator, dir)
	if len(found["planted"]) == 0 {
		t.Error("a page that is wrong passed")
	}
	delete(found, "planted")
	for name, messages := range found {
		for _, m := range messages {
			t.Errorf("%s: %s", name, m)
		}
	}
}

func keep(t *testing.T, dir, name, html string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
}

// validate returns what html-validate says, by page.
func validate(t *testing.T, validator, dir string) map[string][]string {
	t.Helper()
	// Beside the recommended set: the templates are written without needless
	// white space and closing slashes, and long pages have long lines.
	config := filepath.Join(dir, ".htmlvalidate.json")
	rules := `{"root":true,"extends":["html-validate:recommended"],"rules":{"no-trailing-whitespace":"off","long-title":"off","void-style":"off","doctype-style":"off","no-redundant-role":"off","aria-label-misuse":["error",{"allowAnyNamable":true}],"prefer-native-element":"off"}}`
	if err := os.WriteFile(config, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil {
		t.Fatal(err)
	}
	// Into a file: node leaves a pipe half written when it ends with an error.
	out, err := os.Create(filepath.Join(dir, "report.json")) //nolint:gosec // a folder of this test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", slices.Concat([]string{validator, "--formatter", "json", "--config", config}, files)...) //nolint:gosec // our own arguments
	cmd.Stdout, cmd.Stderr = out, &errs
	runErr := cmd.Run()
	said, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var report []struct {
		FilePath string
		Messages []struct {
			RuleID, Message string
			Line            int
		}
	}
	if err := json.Unmarshal(said, &report); err != nil {
		t.Fatalf("html-validate: %v %v\n%s%s", runErr, err, said, errs.String())
	}
	found := map[string][]string{}
	for _, f := range report {
		name := strings.TrimSuffix(filepath.Base(f.FilePath), ".html")
		for _, m := range f.Messages {
			found[name] = append(found[name], fmt.Sprintf("line %d: %s (%s)", m.Line, m.Message, m.RuleID))
		}
	}
	return found
}
