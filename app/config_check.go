package app

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// derive fills what follows from other settings where nothing was said.
func (c *Config) derive() {
	if c.TLS.Domain != "" {
		if c.Addr == Default().Addr {
			c.Addr = ":443"
		}
		if c.BaseURL == "" {
			c.BaseURL = "https://" + c.TLS.Domain
		}
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Mail.Driver == "" {
		c.Mail.Driver = "smtp"
		if c.Demo {
			c.Mail.Driver = "mailbox"
		}
	}
	if c.Demo {
		if c.Mail.From == "" {
			c.Mail.From = "Sselfie <hello@localhost>"
		}
		if c.Mail.PostalAddress == "" {
			c.Mail.PostalAddress = "1 Sample Street, Sampletown"
		}
	}
}

// baseURL returns the public address when the server listens at listening.
func (c *Config) baseURL(listening string) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "http://" + listening
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Secure reports whether visitors come by HTTPS.
func (c *Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// Live reports whether the keys move real money. A demo is test.
func (c *Config) Live() bool { return !c.Demo && mode(c.Stripe.SecretKey) == "live" }

// mode returns live or test for a key of Stripe's, "" for anything else.
func mode(key string) string {
	for _, kind := range []string{"sk_", "rk_", "pk_"} {
		for _, m := range []string{"live", "test"} {
			if strings.HasPrefix(key, kind+m+"_") {
				return m
			}
		}
	}
	return ""
}

// labelShape is a part of a host name; isHost knows how long one may be.
var labelShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// isHost reports whether name may stand in DNS.
func isHost(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if len(label) > 63 || !labelShape.MatchString(label) {
			return false
		}
	}
	return true
}

// wrong reports a problem with a setting at the place where it was set.
func (r *reader) wrong(path, format string, args ...any) {
	where := r.origin[path]
	if where == "" {
		if parent, _, ok := cutLast(path); ok && r.origin[parent] != "" {
			where = r.origin[parent]
		}
	}
	if where == variable(path) {
		path = ""
	}
	r.say(where, path, format, args...)
}

func cutLast(path string) (before, after string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return path, "", false
	}
	return path[:i], path[i+1:], true
}

// check reports settings that cannot be, alone or together.
func (r *reader) check(c *Config) {
	r.checkAddresses(c)
	r.checkStripe(c)
	r.checkMail(c)
	r.checkPeople(c)
	if c.Demo && !c.DemoPublic && !isLoopback(c.Addr) {
		r.wrong("addr", "demo mode listens on loopback only, because it takes no real money and shows everybody's mail: use 127.0.0.1:8080, or set demo_public when the site is meant as a public sample")
	}
	if u, err := url.Parse(c.BaseURL); c.Demo && !c.DemoPublic && c.BaseURL != "" && err == nil && u.Host != "" && !isLoopback(net.JoinHostPort(u.Hostname(), "80")) {
		r.wrong("base_url", "is public, but demo mode is for this machine only: remove it, or set demo_public when the site is meant as a public sample")
	}
	if c.DemoSeed && !c.Demo {
		r.wrong("demo_seed", "works in demo mode only: remove it, or set demo")
	}
	if c.Engine.Images != "embedded" {
		r.wrong("engine.images", "this version has the embedded engine only")
	}
	if c.Engine.Text != "embedded" {
		r.wrong("engine.text", "this version has the embedded engine only")
	}
	for _, what := range c.Brand.Validate() {
		path, rest, ok := strings.Cut(what, " ")
		if key := strings.TrimSuffix(path, ":"); ok && strings.HasPrefix(key, "brand.") {
			r.wrong(snakePath(key), "%s", rest)
		} else {
			r.say("", "brand", "%s", what)
		}
	}
	r.checkCatalog(c)
}

// snakePath turns brand.assistantName into brand.assistant_name.
func snakePath(path string) string {
	parts := strings.Split(path, ".")
	for i := range parts {
		parts[i] = snake(parts[i])
	}
	return strings.Join(parts, ".")
}

func (r *reader) checkCatalog(c *Config) {
	for _, p := range r.problems {
		if strings.HasPrefix(p.path, "catalog.") {
			return // a value that was refused would be complained of twice
		}
	}
	for _, what := range c.Catalog.Catalogue().Validate() {
		where := ""
		for _, kind := range []string{"product", "promotion"} {
			if rest, ok := strings.CutPrefix(what, kind+" "); ok {
				id, _, _ := strings.Cut(rest, ":")
				where = r.origin["catalog."+kind+"s."+id]
			}
		}
		r.say(where, "catalog", "%s", what)
	}
}

func (r *reader) checkAddresses(c *Config) {
	r.checkAddr("addr", c.Addr)
	if c.BaseURL != "" {
		u, ok := r.checkURL("base_url", c.BaseURL)
		if ok && (u.Path != "" || u.RawQuery != "" || u.Fragment != "") {
			r.wrong("base_url", "%q has something behind the host: write https://example.com alone", c.BaseURL)
		}
		if ok && c.TLS.Domain != "" && c.BaseURL != "https://"+c.TLS.Domain {
			r.wrong("base_url", "%q is not https://%s, the domain of tls.domain: leave one of the two out", c.BaseURL, c.TLS.Domain)
		}
	}
	if c.DataDir == "" {
		r.wrong("data_dir", "is empty: name a folder that only this program uses")
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParseAddr(p); err == nil {
			continue
		}
		if _, err := netip.ParsePrefix(p); err != nil {
			r.wrong("trusted_proxies", "%q is neither an address nor a network like 10.0.0.0/8", p)
		}
	}
	if c.TLS.Domain != "" {
		_, ipErr := netip.ParseAddr(c.TLS.Domain)
		if !isHost(c.TLS.Domain) || len(c.TLS.Domain) > 253 || !strings.Contains(c.TLS.Domain, ".") || ipErr == nil {
			r.wrong("tls.domain", "%q is not a domain name like studio.example.com", c.TLS.Domain)
		}
		r.checkAddr("tls.http_addr", c.TLS.HTTPAddr)
		if c.TLS.Email != "" {
			r.checkAddress("tls.email", c.TLS.Email)
		}
		if c.TLS.Directory != "" {
			r.checkURL("tls.directory", c.TLS.Directory)
		}
	}
}

func (r *reader) checkAddr(path, addr string) {
	host, port, err := net.SplitHostPort(addr)
	n, errPort := strconv.Atoi(port)
	if err != nil || errPort != nil || n < 0 || n > 65535 || strings.ContainsAny(host, " /") {
		r.wrong(path, "%q is not an address to listen at: write for example 127.0.0.1:8080 or :8080", addr)
	}
}

func (r *reader) checkURL(path, raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || strings.ContainsAny(raw, " \t\"<>") {
		// The address is not repeated: somebody may have put a password into it.
		r.wrong(path, "is not a web address: write for example https://example.com")
		return nil, false
	}
	return u, true
}

// isLoopback reports whether only this machine can reach an address to listen at.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (r *reader) checkStripe(c *Config) {
	s := c.Stripe
	secret, publishable := mode(s.SecretKey), mode(s.PublishableKey)
	if s.SecretKey != "" && (secret == "" || strings.HasPrefix(s.SecretKey, "pk_")) {
		r.wrong("stripe.secret_key", "is not a secret key of Stripe's: it begins with sk_live_, sk_test_, rk_live_ or rk_test_")
	}
	if s.PublishableKey != "" && !strings.HasPrefix(s.PublishableKey, "pk_") {
		r.wrong("stripe.publishable_key", "is not a publishable key of Stripe's: it begins with pk_live_ or pk_test_")
	}
	if secret != "" && publishable != "" && secret != publishable {
		r.wrong("stripe.publishable_key", "is for %s mode, but stripe.secret_key is for %s mode: take both from the same page of Stripe's dashboard", publishable, secret)
	}
	for path, v := range map[string]string{"stripe.webhook_secret": s.WebhookSecret, "stripe.previous_webhook_secret": s.PreviousWebhookSecret} {
		if v != "" && !strings.HasPrefix(v, "whsec_") {
			r.wrong(path, "is not the signing secret of a webhook: it begins with whsec_")
		}
	}
	if c.Demo && (secret == "live" || publishable == "live") {
		path := "stripe.secret_key"
		if secret != "live" {
			path = "stripe.publishable_key"
		}
		r.wrong(path, "is a live key, but demo mode is on, which never touches real money: remove the key, or turn demo off")
	}
	if s.APIBase != "" {
		r.checkURL("stripe.api_base", s.APIBase)
	}
	if s.Timeout < time.Second || s.Timeout > 2*time.Minute {
		r.wrong("stripe.timeout", "must be from 1s to 2m")
	}
}

func (r *reader) checkAddress(path, address string) {
	if _, err := mail.ParseAddress(address); err != nil {
		r.wrong(path, "%q is not an e-mail address: write for example Ada <ada@example.com>", address)
	}
}

func (r *reader) checkPeople(c *Config) {
	a := c.Admin
	if a.Email != "" {
		if p, err := mail.ParseAddress(a.Email); err != nil || p.Address != a.Email {
			r.wrong("admin.email", "%q is not a plain e-mail address", a.Email)
		}
	}
	if (a.Email == "") != (a.Password == "") {
		r.wrong("admin", "email and password come together: set both, or none of them")
	}
	if n := utf8.RuneCountInString(a.Password); a.Password != "" && (n < 8 || n > 128) {
		r.wrong("admin.password", "must have 8 to 128 characters")
	}
	if s := c.Cron.Secret; s != "" && len(s) < 16 && !c.Demo {
		r.wrong("cron.secret", "is too short to be a secret: use at least 16 characters")
	}
	if s := c.Metrics.Token; s != "" && len(s) < 16 && !c.Demo {
		r.wrong("metrics.token", "is too short to be a secret: use at least 16 characters")
	}
}

// complete reports what a server still misses, and what to do instead of it.
func (r *reader) complete(c *Config) {
	if c.Demo {
		return
	}
	need := func(path, value string) (missing bool) {
		if value == "" {
			r.say("", path, "is missing: %s", variable(path))
		}
		return value == ""
	}
	if c.Payments == "stripe" && count(
		need("stripe.secret_key", c.Stripe.SecretKey),
		need("stripe.publishable_key", c.Stripe.PublishableKey),
		need("stripe.webhook_secret", c.Stripe.WebhookSecret), // without it anybody could report a payment
	) > 0 {
		r.advise("Keys are at dashboard.stripe.com under Developers; `sselfie stripe setup` makes the webhook and prints its secret. SSELFIE_PAYMENTS=disabled runs the site without sales.")
	}
	if c.Mail.Driver == "smtp" && count(need("smtp.host", c.SMTP.Host), need("mail.from", c.Mail.From)) > 0 {
		r.advise("Buyers get their access by mail. SSELFIE_MAIL_DRIVER=disabled runs the site without.")
	}
	if len(r.advice) > 0 {
		r.advise("SSELFIE_DEMO=true needs none of these: it brings a payment gateway and a mailbox of its own.")
	}
}

func (r *reader) advise(text string) { r.advice = append(r.advice, text) }

func count(facts ...bool) int {
	n := 0
	for _, f := range facts {
		if f {
			n++
		}
	}
	return n
}
