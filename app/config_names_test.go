package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAMisspeltVariableIsAMistake(t *testing.T) {
	for name, c := range map[string]struct {
		variable, value string
		want            string // "" for no problem
	}{
		"two letters changed places":  {"SSELFIE_STIRPE_SECRET_KEY", "sk_test_x", "SSELFIE_STIRPE_SECRET_KEY: is no setting; did you mean SSELFIE_STRIPE_SECRET_KEY?"},
		"a joint is missing":          {"SSELFIE_BASEURL", "http://x", "did you mean SSELFIE_BASE_URL?"},
		"like nothing":                {"SSELFIE_FROBNICATION_OF_EVERYTHING", "1", "is no setting"},
		"one of ours":                 {"SSELFIE_LOG_LEVEL", "debug", ""},
		"a file with a secret":        {"SSELFIE_CRON_SECRET_FILE", "/dev/null", ""},
		"unset again":                 {"SSELFIE_BASEURL", "", ""},
		"a switch of the tests":       {"SSELFIE_BROWSER_TESTS", "1", ""},
		"another program's":           {"OTHER_SELFIE", "1", ""},
		"of a service in Kubernetes":  {"SSELFIE_PORT_8080_TCP_ADDR", "10.0.0.1", ""},
		"of its port":                 {"SSELFIE_PORT", "tcp://10.0.0.1:8080", ""},
		"of a service that is longer": {"SSELFIE_WEB_SERVICE_PORT_HTTP", "8080", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load("../config.example.yaml", func(k string) string {
				if k == c.variable {
					return c.value
				}
				return ""
			}, ToLook, c.variable)
			var bad *ConfigError
			var problems []string
			if errors.As(err, &bad) {
				problems = bad.Problems
			}
			about := slices.DeleteFunc(problems, func(p string) bool { return !strings.Contains(p, "setting") })
			if (c.want == "") != (len(about) == 0) || (c.want != "" && !strings.Contains(about[0], c.want)) {
				t.Errorf("%q, want %q", problems, c.want)
			}
		})
	}
}
