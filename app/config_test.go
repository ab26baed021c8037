package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// load reads a configuration from text and variables.
func load(t *testing.T, src string, vars map[string]string, why Purpose) (Config, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, func(k string) string { return vars[k] }, why)
	var bad *ConfigError
	if err != nil && !errors.As(err, &bad) {
		t.Fatalf("not a ConfigError: %v", err)
	}
	if bad == nil {
		return c, nil
	}
	for i, p := range bad.Problems {
		bad.Problems[i] = strings.ReplaceAll(p, file, "config.yaml")
	}
	return c, bad.Problems
}

func TestTheExampleIsTheDefault(t *testing.T) {
	src, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, problems := load(t, string(src), nil, ToLook)
	if len(problems) > 0 {
		t.Fatalf("config.example.yaml has mistakes:\n%s", strings.Join(problems, "\n"))
	}
	want := Default()
	want.derive()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config.example.yaml differs from the defaults:\n%s", diff)
	}
}

func TestTheExampleShowsEveryKey(t *testing.T) {
	src, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{origin: map[string]string{}}
	c := Default()
	r.file(&c, "config.example.yaml", src)
	leaves(reflect.ValueOf(&c).Elem(), "", func(k key) {
		if r.origin[k.path] == "" {
			t.Errorf("config.example.yaml does not show %s", k.path)
		}
	})
}

func TestWhatIsPrintedReadsBackTheSame(t *testing.T) {
	want := Default()
	want.Brand.Name = `Ada's "Studio": #1`
	want.TrustedProxies = []string{"10.0.0.0/8", "::1"}
	want.Limits.SignUpPerHour = 7
	want.Retention.Analytics = 36 * time.Hour
	var out bytes.Buffer
	want.Print(&out)
	got, problems := load(t, out.String(), nil, ToLook)
	want.derive()
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("%s\n%v\n%s", diff, problems, out.String())
	}
}

func TestConfigFromAFileAndVariables(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "key")
	if err := os.WriteFile(secret, []byte("sk_test_fromafile\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		src  string
		vars map[string]string
		see  func(Config) any
		want any
	}{
		"nothing said":                 {"", nil, func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		"only comments":                {"# nothing\n", nil, func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		"an empty section":             {"stripe:\nlog:\n  level: debug\n", nil, func(c Config) any { return c.Log.Level }, "debug"},
		"a key of the file":            {"addr: 127.0.0.1:9\n", nil, func(c Config) any { return c.Addr }, "127.0.0.1:9"},
		"a variable wins":              {"addr: 127.0.0.1:9\n", map[string]string{"SSELFIE_ADDR": "[::1]:10"}, func(c Config) any { return c.Addr }, "[::1]:10"},
		"a variable in a section":      {"", map[string]string{"SSELFIE_SMTP_PORT": "2525"}, func(c Config) any { return c.SMTP.Port }, 2525},
		"a flag keeps its own name":    {"", map[string]string{"FEATURE_BLUEPRINT_WELCOME_ENABLED": "false"}, func(c Config) any { return c.Features.BlueprintWelcomeEnabled }, false},
		"a list as a variable":         {"", map[string]string{"SSELFIE_TRUSTED_PROXIES": "10.0.0.0/8, ::1"}, func(c Config) any { return strings.Join(c.TrustedProxies, "+") }, "10.0.0.0/8+::1"},
		"sections in a variable":       {"", map[string]string{"SSELFIE_BRAND_SOCIAL": `[{label: Site, url: "https://a.test"}]`}, func(c Config) any { return c.Brand.Social[0].URL }, "https://a.test"},
		"a secret from a file":         {"stripe:\n  secret_key_file: " + secret + "\n", nil, func(c Config) any { return c.Stripe.SecretKey }, "sk_test_fromafile"},
		"a variable that names a file": {"", map[string]string{"SSELFIE_STRIPE_SECRET_KEY_FILE": secret}, func(c Config) any { return c.Stripe.SecretKey }, "sk_test_fromafile"},
		"digits stay as written":       {"smtp:\n  password: 0123\n", nil, func(c Config) any { return c.SMTP.Password }, "0123"},
		"one price changed": {"catalog: {products: {bio_glowup: {price: 5000}}}\n", nil, func(c Config) any {
			p, _ := c.Catalog.Catalogue().Product("bio_glowup")
			return p.Price.String() + p.Page
		}, "$50/bio-glow-up"},
		"what is named comes first":    {"catalog: {products: {rebrand_reset: {}}}\n", nil, func(c Config) any { return c.Catalog.Products[0].ID + c.Catalog.Products[1].ID }, "rebrand_resetone_time_session"},
		"a price as a variable":        {"", map[string]string{"SSELFIE_CATALOG_PRODUCTS_BIO_GLOWUP_PRICE": "5100"}, func(c Config) any { return c.Catalog.Products[2].Price }, 5100},
		"a demo has mail":              {"demo: true\n", nil, func(c Config) any { return c.Mail.Driver + c.Mail.From }, "mailboxSselfie <hello@localhost>"},
		"a domain listens on 443":      {"tls: {domain: a.example.com}\n", nil, func(c Config) any { return c.Addr + c.BaseURL }, ":443https://a.example.com"},
		"a slash behind the host":      {"base_url: https://a.example.com/\n", nil, func(c Config) any { return c.BaseURL }, "https://a.example.com"},
		"days and hours":               {"grace_period: 36h\nretention: {analytics: 30d}\n", nil, func(c Config) any { return c.GracePeriod + c.Retention.Analytics }, 36*time.Hour + 30*day},
		"a key without a value":        {"addr:\n", nil, func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		"lines that end as on Windows": {"log:\r\n  level: debug\r\n", nil, func(c Config) any { return c.Log.Level }, "debug"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, problems := load(t, c.src, c.vars, ToLook)
			if len(problems) > 0 {
				t.Fatalf("problems: %q", problems)
			}
			if got := c.see(cfg); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestConfigMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		vars map[string]string
		want string // a regular expression; one problem matches it, and there is no other
	}{
		"a letter wrong":                    {"addr: 127.0.0.1:1\nstripe:\n  secret_kye: sk_live_x\n", nil, `^config\.yaml:3: stripe\.secret_kye: unknown key; did you mean stripe\.secret_key\?$`},
		"another spelling":                  {"baseUrl: https://a.test\n", nil, `config\.yaml:1: baseUrl: unknown key; did you mean base_url\?`},
		"a key of another section":          {"host: mail.test\n", nil, `unknown key; did you mean smtp\.host or marketing_smtp\.host`},
		"a key that nobody means":           {"frobnicate_all_the_widgets: 1\n", nil, `unknown key; config\.example\.yaml lists all keys`},
		"an unknown key of a small section": {"log:\n  colour_of_everything: red\n", nil, `config\.yaml:2: log\.colour_of_everything: unknown key; here may stand format, level`},
		"a key of a product":                {"catalog:\n  products:\n    bio_glowup:\n      prize: 1\n", nil, `config\.yaml:4: catalog\.products\.bio_glowup\.prize: unknown key; did you mean catalog\.products\.bio_glowup\.price\?`},
		"a key twice":                       {"addr: 127.0.0.1:1\naddr: 127.0.0.1:2\n", nil, `config\.yaml:2: addr: stands twice`},
		"a section twice":                   {"log: {level: info}\nlog: {format: json}\n", nil, `config\.yaml:2: log: stands twice`},
		"a text for a number":               {"smtp:\n  port: many\n", nil, `config\.yaml:2: smtp\.port: "many" is not a whole number$`},
		"a number too large":                {"smtp: {port: 99999}\n", nil, `smtp\.port: 99999 is outside of 1 to 65535`},
		"a negative number":                 {"limits: {sign_up_per_hour: -1}\n", nil, `limits\.sign_up_per_hour: -1 is outside of 1 to`},
		"a price with cents":                {"catalog: {products: {bio_glowup: {price: 49.00}}}\n", nil, `price: "49\.00" is not a whole number; prices stand in the smallest unit of the currency: \$49 is 4900`},
		"a price of nothing":                {"catalog: {products: {bio_glowup: {price: 0}}}\n", nil, `price: 0 is outside of 50 to 99999999`},
		"a negative discount":               {"catalog: {promotions: {MINI20: {amount_off: -2000}}}\n", nil, `amount_off: -2000 is outside`},
		"yes for true":                      {"demo: yes\n", nil, `demo: "yes" is neither true nor false`},
		"a list for a value":                {"addr: [1, 2]\n", nil, `config\.yaml:1: addr: is one value`},
		"a value for a list":                {"trusted_proxies: 10.0.0.1\n", nil, `trusted_proxies: is a list`},
		"a value for a section":             {"stripe: sk_live_secret\n", nil, `config\.yaml:1: stripe: is a section`},
		"a list for the whole":              {"- addr\n", nil, `a configuration consists of lines`},
		"a text for the whole":              {"hello\n", nil, `a configuration consists of lines`},
		"a word that is none of these":      {"payments: paypal\n", nil, `payments: "paypal" is not one of stripe, disabled`},
		"a length without unit":             {"stripe: {timeout: 20}\n", nil, `stripe\.timeout: "20" is not a length of time: write for example 90s`},
		"a negative length":                 {"grace_period: -7d\n", nil, `grace_period: "-7d" is negative`},
		"a length that is no number":        {"grace_period: sevend\n", nil, `"sevend" is not a length of time`},
		"a broken address":                  {"addr: localhost\n", nil, `config\.yaml:1: addr: "localhost" is not an address to listen at`},
		"a port that is none":               {"addr: 127.0.0.1:70000\n", nil, `is not an address to listen at`},
		"a base URL without scheme":         {"base_url: example.com\n", nil, `config\.yaml:1: base_url: is not a web address`},
		"a base URL with a path":            {"base_url: https://example.com/shop\n", nil, `has something behind the host`},
		"a base URL with a password":        {"base_url: https://me:hunter22@example.com\n", nil, `base_url: is not a web address`},
		"a base URL of another domain":      {"base_url: https://b.example.com\ntls: {domain: a.example.com}\n", nil, `is not https://a\.example\.com`},
		"a proxy by name":                   {"trusted_proxies: [10.0.0.1, proxy]\n", nil, `config\.yaml:1: trusted_proxies: "proxy" is neither`},
		"a domain with a scheme":            {"tls: {domain: 'https://a.example.com'}\nbase_url: 'https://https://a.example.com'\n", nil, `tls\.domain|base_url`},
		"a domain that is an address":       {"tls: {domain: 192.0.2.1}\n", nil, `tls\.domain: "192\.0\.2\.1" is not a domain name`},
		"a publishable key as secret":       {"stripe: {secret_key: pk_test_abc}\n", nil, `stripe\.secret_key: is not a secret key`},
		"keys of two modes":                 {"stripe:\n  secret_key: sk_live_a\n  publishable_key: pk_test_b\n", nil, `config\.yaml:3: stripe\.publishable_key: is for test mode, but stripe\.secret_key is for live mode`},
		"a webhook secret that is none":     {"stripe: {webhook_secret: hello}\n", nil, `stripe\.webhook_secret: is not the signing secret`},
		"a live key in demo mode":           {"demo: true\nstripe: {secret_key: sk_live_a}\n", nil, `config\.yaml:2: stripe\.secret_key: is a live key, but demo mode is on`},
		"a demo in public":                  {"demo: true\naddr: :8080\n", nil, `config\.yaml:2: addr: demo mode listens on loopback only`},
		"a seed without a demo":             {"demo_seed: true\n", nil, `demo_seed: works in demo mode only`},
		"an engine of a later version":      {"engine: {images: openai}\n", nil, `engine\.images: this version has the embedded engine only`},
		"a sender that is none":             {"mail: {from: Ada}\n", nil, `mail\.from: "Ada" is not an e-mail address`},
		"a relay with its port":             {"smtp: {host: 'mail.test:25'}\n", nil, `smtp\.host: "mail\.test:25" is not a host name`},
		"a password in the clear":           {"smtp: {host: mail.test, password: hunter22, tls: none}\n", nil, `smtp\.tls: none would send the password readable`},
		"a user without a password":         {"smtp: {host: mail.test, username: ada}\n", nil, `smtp\.password: is missing beside smtp\.username`},
		"an admin without a password":       {"admin: {email: a@b.test}\n", nil, `admin: email and password come together`},
		"an admin's short password":         {"admin: {email: a@b.test, password: abc}\n", nil, `admin\.password: must have 8 to 128`},
		"a short cron secret":               {"cron: {secret: abc}\n", nil, `cron\.secret: is too short`},
		"grey on paper":                     {"brand: {light: {soft_ink: '#bbb'}}\n", nil, `brand\.light: .*contrast`},
		"a colour that is none":             {"brand:\n  light:\n    ink: blackish\n", nil, `config\.yaml:3: brand\.light\.ink: .*not a colour`},
		"a brand without a name":            {"brand:\n  assistant_name: ' '\n", nil, `config\.yaml:2: brand\.assistant_name: is empty`},
		"a membership too many":             {"catalog:\n  products:\n    another:\n      kind: membership\n      page: /another\n      name: Another\n      price: 900\n      credits: 1\n      entitlement: sselfie_studio_membership\n      after: /studio\n", nil, `catalog: there must be exactly one membership, found 2`},
		"a page that is taken":              {"catalog:\n  products:\n    bio_glowup:\n      page: /brand-blueprint\n", nil, `config\.yaml:3: catalog: product brand_blueprint_paid: page|catalog: product .*page /brand-blueprint belongs to another`},
		"an id inside its own section":      {"catalog: {products: {bio_glowup: {id: other}}}\n", nil, `the key is the id already`},
		"no YAML":                           {"addr: \"127.0.0.1\nx\n", nil, `^config\.yaml:\d+: is not valid YAML`},
		"tabs":                              {"log:\n\tlevel: info\n", nil, `^config\.yaml:\d+: is not valid YAML`},
		"two documents":                     {"addr: 127.0.0.1:1\n---\naddr: 127.0.0.1:2\n", nil, `more than one document`},
		"an anchor":                         {"addr: &a 127.0.0.1:1\n", nil, `anchors, aliases and tags are not understood`},
		"a secret's file that is missing":   {"stripe: {secret_key_file: /nowhere/key}\n", nil, `secret_key_file: cannot read /nowhere/key: no such file`},
		"a secret twice":                    {"cron:\n  secret: 0123456789abcdef\n  secret_file: /nowhere\n", nil, `cron\.secret_file: stands beside cron\.secret`},
		"a variable that is no number":      {"", map[string]string{"SSELFIE_SMTP_PORT": "smtp"}, `^SSELFIE_SMTP_PORT: "smtp" is not a whole number$`},
		"a variable that cannot be":         {"", map[string]string{"SSELFIE_BASE_URL": "ftp://a.test"}, `^SSELFIE_BASE_URL: is not a web address`},
		"a variable and its file":           {"", map[string]string{"SSELFIE_CRON_SECRET": "0123456789abcdef", "SSELFIE_CRON_SECRET_FILE": "/x"}, `^SSELFIE_CRON_SECRET_FILE: is set beside SSELFIE_CRON_SECRET`},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := load(t, c.src, c.vars, ToLook)
			if len(problems) == 0 {
				t.Fatal("accepted")
			}
			for _, p := range problems {
				if !regexp.MustCompile(c.want).MatchString(p) {
					t.Errorf("said %q, want %q", p, c.want)
				}
				if strings.Contains(p, "hunter22") || strings.Contains(p, "sk_live_") && !strings.Contains(p, "begins with") {
					t.Errorf("a secret is shown: %q", p)
				}
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, problems := load(t, "adr: x\nsmtp:\n  port: x\n  hots: y\ngrace_period: x\n", map[string]string{"SSELFIE_DEMO": "perhaps"}, ToLook)
	if len(problems) != 5 {
		t.Errorf("made 5 mistakes, heard of %d: %q", len(problems), problems)
	}
}

// What a file that cannot be read may hold is not said to be missing.
func TestAFileThatCannotBeReadIsTheOneMistake(t *testing.T) {
	for name, text := range map[string]string{
		"no YAML":       "stripe:\n  secret_key: \"sk_live_a\n",
		"two documents": "stripe:\n  secret_key: sk_live_a\n---\naddr: x\n",
		"too large":     "# " + strings.Repeat("x", 2<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if _, problems := load(t, text, nil, ToServe); len(problems) != 1 {
				t.Errorf("%q", problems)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), func(string) string { return "" }, ToServe)
		if err == nil || strings.Contains(err.Error(), "missing") || !strings.Contains(err.Error(), "none.yaml: cannot be read") {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatAServerNeeds(t *testing.T) {
	all := map[string]string{
		"SSELFIE_STRIPE_SECRET_KEY": "sk_test_a", "SSELFIE_STRIPE_PUBLISHABLE_KEY": "pk_test_a", "SSELFIE_STRIPE_WEBHOOK_SECRET": "whsec_a",
		"SSELFIE_SMTP_HOST": "mail.test", "SSELFIE_MAIL_FROM": "a@b.test",
	}
	but := func(without string, with ...string) map[string]string {
		m := map[string]string{}
		for k, v := range all {
			if !strings.Contains(k, without) || without == "" {
				m[k] = v
			}
		}
		for i := 0; i+1 < len(with); i += 2 {
			m[with[i]] = with[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		vars map[string]string
		want []string
	}{
		"everything":                  {all, nil},
		"nothing":                     {nil, []string{"stripe.secret_key", "stripe.publishable_key", "stripe.webhook_secret", "smtp.host", "mail.from"}},
		"a demo":                      {map[string]string{"SSELFIE_DEMO": "true"}, nil},
		"no sales":                    {but("STRIPE", "SSELFIE_PAYMENTS", "disabled"), nil},
		"no mail":                     {but("MAIL", "SSELFIE_MAIL_DRIVER", "disabled"), nil},
		"no webhook secret":           {but("WEBHOOK"), []string{"stripe.webhook_secret"}},
		"live without webhook secret": {but("STRIPE", "SSELFIE_STRIPE_SECRET_KEY", "sk_live_a", "SSELFIE_STRIPE_PUBLISHABLE_KEY", "pk_live_a"), []string{"stripe.webhook_secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := load(t, "", c.vars, ToServe)
			if len(problems) != len(c.want) {
				t.Fatalf("want %d missing, got %q", len(c.want), problems)
			}
			for i, key := range c.want {
				if problems[i] != key+": is missing: "+variable(key) {
					t.Errorf("%q does not name %s", problems[i], key)
				}
			}
			if _, problems := load(t, "", c.vars, ToLook); len(problems) > 0 {
				t.Errorf("looking needs no keys: %q", problems)
			}
		})
	}
}

func TestPrintHidesSecrets(t *testing.T) {
	c := Default()
	var planted []string
	leaves(reflect.ValueOf(&c).Elem(), "", func(k key) {
		if isSecret(k.field) {
			planted = append(planted, "planted_"+k.path)
			k.value.SetString("planted_" + k.path)
		}
	})
	if len(planted) < 6 {
		t.Fatalf("only %d keys are secret: %q", len(planted), planted)
	}
	var out bytes.Buffer
	c.Print(&out)
	if strings.Contains(out.String(), "planted_") || strings.Count(out.String(), "hidden") != len(planted) {
		t.Errorf("printed:\n%s", out.String())
	}
}

func FuzzConfig(f *testing.F) {
	src, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	f.Add([]byte("stripe: {secret_key: PLANTED}\nx: PLANTED\n"))
	f.Add([]byte("stripe: [PLANTED]\nlog: &a {level: *a}\n? [a]\n: b\n"))
	f.Add([]byte("catalog: {products: {a: {price: 1.5, id: b}, ? : c}}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		r := &reader{origin: map[string]string{}}
		c := Default()
		r.file(&c, "config.yaml", src)
		c.derive()
		r.check(&c)
		r.complete(&c)
		for _, p := range r.problems {
			if strings.Count(p.String(), "\n") > 0 {
				t.Errorf("a problem of several lines: %q", p.String())
			}
		}
		if len(r.problems) == 0 {
			var out bytes.Buffer
			c.Print(&out)
		}
	})
}
