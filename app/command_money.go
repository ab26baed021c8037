package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sselfie/core"
)

type reconcileCommand struct {
	Days   int  `default:"7" help:"How far back to compare, at most 365."`
	Repair bool `help:"Apply what is missing, the way of a webhook."`
}

// Help implements kong.HelpProvider.
func (reconcileCommand) Help() string {
	return "Compares sessions, subscriptions, invoices, refunds and disputes at Stripe with the database and prints what differs. Works beside a running site. Exit code 1 when something differs and was not repaired.\n\nExample: sselfie reconcile --days 30\nExample: sselfie reconcile --days 30 --repair"
}

// Run compares with Stripe.
func (r reconcileCommand) Run(s *shell) error {
	if r.Days < 1 || r.Days > 365 {
		return core.FieldError("app.reconcile", "days", "Compare from 1 to 365 days.")
	}
	return s.do("reconcile", map[string]string{"days": strconv.Itoa(r.Days), "repair": strconv.FormatBool(r.Repair)})
}

func reconcile(ctx context.Context, h *house, v map[string]string) ([]string, error) {
	const op = "app.reconcile"
	if h.money == nil {
		return nil, &core.Error{Code: core.Invalid, Op: op, Message: "Payments are disabled: there is nothing to compare with."}
	}
	days, err := strconv.Atoi(v["days"])
	if err != nil {
		return nil, core.FieldError(op, "days", "Give a number of days.")
	}
	found, err := h.money.billing.Reconcile(ctx, h.clock.Now().AddDate(0, 0, -days), v["repair"] == "true")
	var lines []string
	open := 0
	for _, d := range found.Differences {
		what := "differs"
		if d.Fixed {
			what = "repaired"
		} else {
			open++
		}
		lines = append(lines, fmt.Sprintf("%s %s (%s): %s", d.Object, what, d.Type, strings.Join(d.Missing, "; ")))
	}
	lines = append(lines, fmt.Sprintf("compared %d objects of the last %d days, %d differ, %d repaired", found.Compared, days, len(found.Differences), len(found.Differences)-open))
	if err == nil && open > 0 {
		err = &core.Error{Code: core.Conflict, Op: op, Message: fmt.Sprintf("%d differ. Run: sselfie reconcile --days %d --repair; what cannot be placed waits at /admin/webhooks.", open, days)}
	}
	return lines, err
}

type simulateCommand struct {
	FromCopy     bool   `help:"Work on a throw-away copy of the database. There is no other way; it is said so that nobody wonders."`
	Days         int    `default:"30" help:"How many days to let pass, at most 3660."`
	For          string `required:"" placeholder:"EMAIL" help:"Whose life to watch."`
	ClickOnDay   int    `default:"-1" placeholder:"N" help:"She clicks the newest mail's link on this day."`
	UpgradeOnDay int    `default:"-1" placeholder:"N" help:"She joins Studio on this day, with her promotion where she has one."`
	RefundOnDay  int    `default:"-1" placeholder:"N" help:"Her newest payment is refunded on this day."`
	Out          string `placeholder:"FILE.html" help:"Write the time line as a page, too."`
}

// Help implements kong.HelpProvider.
func (simulateCommand) Help() string {
	return "Copies the database, lets time pass on the copy with the local payment gateway and captured mail, and prints everything that happens to one customer: mails, credits, segments, renewals. Nobody is charged or written to; the database is only read, also beside a running site.\n\nExample: sselfie simulate --from-copy --days 30 --for ada@example.com --click-on-day 7 --upgrade-on-day 10 --refund-on-day 12 --out ada.html"
}

// Run simulates.
func (c simulateCommand) Run(s *shell) error {
	const op = "app.simulate"
	if !c.FromCopy {
		return &core.Error{Code: core.Invalid, Op: op, Message: "Time is moved on a throw-away copy of the database only. Say so: sselfie simulate --from-copy ..."}
	}
	if c.Days < 1 || c.Days > 3660 {
		return core.FieldError(op, "days", "Let from 1 to 3660 days pass.")
	}
	acts := []act{{c.ClickOnDay, "click"}, {c.UpgradeOnDay, "upgrade"}, {c.RefundOnDay, "refund"}}
	for _, a := range acts {
		if a.day > c.Days {
			return core.FieldError(op, a.what, fmt.Sprintf("The %s is on day %d, but the simulation ends on day %d.", a.what, a.day, c.Days))
		}
	}
	return s.simulate(c, acts)
}

// act is something that the customer does on a day.
type act struct {
	day  int
	what string
}

const simulated = 24 * time.Hour
