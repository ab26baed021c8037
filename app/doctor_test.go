package app_test

import (
	"strings"
	"testing"

	"sselfie/app"
)

// doctor runs the command and returns its exit code and what it printed.
func doctor(t *testing.T, dir string, vars map[string]string) (int, string) {
	t.Helper()
	var out, errs buffer
	code := app.Run(t.Context(), []string{"doctor"}, func(k string) string {
		if k == "SSELFIE_DATA_DIR" {
			return dir
		}
		return vars[k]
	}, &out, &errs)
	return code, out.String() + errs.String()
}

func TestDoctor(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		code int
		has  []string
	}{
		"a demo": {nil, 0, []string{
			"ok       Webhook: answers a signed event", "ok       Prices: every product", "ok       Links in letters: ", "warning  Keys: demo mode", "none is wrong",
		}},
		"letters that cannot leave": {map[string]string{
			"SSELFIE_MAIL_DRIVER": "smtp", "SSELFIE_SMTP_HOST": "127.0.0.1", "SSELFIE_SMTP_PORT": "1", "SSELFIE_SMTP_TLS": "none", "SSELFIE_MAIL_FROM": "hello@localhost",
		}, 1, []string{"WRONG    Mail server: connect:", "what to do: Nobody listens there"}},
	} {
		t.Run(name, func(t *testing.T) {
			vars := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"}
			for k, v := range c.vars {
				vars[k] = v
			}
			s := start(t, vars)
			code, said := doctor(t, s.dir, vars)
			for _, want := range c.has {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing in:\n%s", want, said)
				}
			}
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, said)
			}
		})
	}
}

// TestDoctorWithoutASite looks at a data folder on which nobody serves.
func TestDoctorWithoutASite(t *testing.T) {
	vars := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_ADDR": "127.0.0.1:1"}
	code, said := doctor(t, t.TempDir()+"/data", vars)
	if code != 1 || !strings.Contains(said, "WRONG    Webhook: nobody answers") || !strings.Contains(said, "WRONG    Links in letters") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}
