package app

import (
	"context"
	"fmt"

	"sselfie/core"
	"sselfie/core/admin"
)

type doctorCommand struct{}

// Help implements kong.HelpProvider.
func (doctorCommand) Help() string {
	return "Looks at keys, address and certificate, the webhook (by a signed event), prices at Stripe, the mail server, SPF, DKIM, DMARC and PTR, every link in every letter, clock, disk and last backup; says what each is good for and what to do. It changes nothing. Works beside a running site, where the desk shows the same at /admin/launch-check. Exit code 1 when something is wrong; warnings alone are none.\n\nExample: sselfie doctor"
}

// Run looks at everything.
func (doctorCommand) Run(s *shell) error { return s.do("doctor", nil) }

// examine is the errand of doctor.
func examine(ctx context.Context, h *house, _ map[string]string) (lines []string, err error) {
	return report(newLaunchCheck(h).Check(ctx))
}

// report tells findings, and fails when one of them is wrong.
func report(all []admin.Finding) (lines []string, err error) {
	wrong, warnings := 0, 0
	for _, f := range all {
		mark := "ok     "
		switch f.State {
		case admin.Wrong:
			mark = "WRONG  "
			wrong++
		case admin.Warning:
			mark = "warning"
			warnings++
		}
		lines = append(lines, fmt.Sprintf("%s  %s: %s", mark, f.Name, f.Detail))
		if f.State != admin.Fine {
			lines = append(lines, "         "+f.Means, "         what to do: "+f.Fix)
		}
	}
	if wrong > 0 {
		return lines, &core.Error{Code: core.Conflict, Op: "app.doctor", Message: fmt.Sprintf("%d of %d checks are wrong, %d warn.", wrong, len(all), warnings)}
	}
	return append(lines, fmt.Sprintf("%d checks, none is wrong, %d warn", len(all), warnings)), nil
}
