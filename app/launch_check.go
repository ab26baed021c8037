package app

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"sselfie/adapters/dns"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web/view"
	"sselfie/core/admin"
	"sselfie/core/launch"
)

// launchCheck looks whether the shop can open, for the desk and for doctor.
type launchCheck struct {
	h   *house
	dns launch.Resolver
}

func newLaunchCheck(h *house) launchCheck { return launchCheck{h, &dns.Resolver{}} }

// Check implements web.LaunchCheck.
func (l launchCheck) Check(ctx context.Context) []admin.Finding {
	here := func(f func() admin.Finding) check { return one(func(context.Context) admin.Finding { return f() }) }
	checks := []check{
		here(l.mode), here(l.address), l.certificate, one(l.selfTest), one(l.prices), l.relays, l.names, here(l.letterhead), one(l.links),
		one(l.time), here(l.disk), here(l.backup), here(l.admins),
	}
	return together(ctx, checks)
}

// means says what is good about what was looked at.
var means = map[string]string{
	"Keys":           "With live keys money moves, with test keys none does.",
	"Address":        "Every link in every letter and every return from a payment begins with it.",
	"Mail server":    "Letters bring buyers their access.",
	"Postal address": "The law asks for it under marketing.",
	"Disk":           "A full disk stops sales.",
	"Backup":         "What is not copied is lost with the disk.",
	"Notices":        "Somebody must hear of a payment that nobody can place.",
}

func finding(name string, state admin.State, detail, fix string) admin.Finding {
	if state == admin.Fine {
		fix = ""
	}
	return admin.Finding{Name: name, Means: means[name], State: state, Detail: detail, Fix: fix}
}

func (l launchCheck) mode() admin.Finding {
	c := l.h.config
	switch {
	case c.Demo:
		return finding("Keys", admin.Warning, "demo mode: nobody pays and no mail leaves", "Turn SSELFIE_DEMO off and set Stripe's keys to open the shop.")
	case c.Payments == "disabled":
		return finding("Keys", admin.Wrong, "payments are disabled", "Set the keys of Stripe; stripe.secret_key, stripe.publishable_key, stripe.webhook_secret.")
	case !c.Live():
		return finding("Keys", admin.Warning, "test keys: cards are Stripe's test cards", "Set the live keys, in a data folder of their own.")
	}
	return finding("Keys", admin.Fine, "live keys", "")
}

func (l launchCheck) address() admin.Finding {
	base := l.h.base
	if strings.HasPrefix(base, "https://") {
		return finding("Address", admin.Fine, base, "")
	}
	state := admin.Wrong
	if l.h.config.Demo {
		state = admin.Warning
	}
	return finding("Address", state, base+" is not encrypted", "Set base_url to the https address, and tls.domain or a proxy that has a certificate.")
}

func (l launchCheck) mail() admin.Finding {
	c := l.h.config
	switch c.Mail.Driver {
	case "mailbox":
		return finding("Mail server", admin.Warning, "captured: nothing leaves this machine", "Set mail.driver to smtp, and smtp.host.")
	}
	return finding("Mail server", admin.Wrong, "disabled", "Set mail.driver to smtp, and smtp.host.")
}

func (l launchCheck) letterhead() admin.Finding {
	if strings.TrimSpace(l.h.config.Mail.PostalAddress) == "" {
		return finding("Postal address", admin.Wrong, "missing: marketing mail is not sent without one, and the imprint needs it", "Set mail.postal_address.")
	}
	return finding("Postal address", admin.Fine, l.h.config.Mail.PostalAddress, "")
}

const leastDisk = 1 << 30

func (l launchCheck) disk() admin.Finding {
	var st syscall.Statfs_t
	if err := syscall.Statfs(l.h.config.DataDir, &st); err != nil {
		return finding("Disk", admin.Wrong, "data_dir cannot be looked at", "Check data_dir and its rights.")
	}
	free := uint64(st.Bsize) * st.Bavail //nolint:gosec,unconvert // a block size is above zero, and of another type elsewhere
	detail := fmt.Sprintf("%.1f GB free", float64(free)/(1<<30))
	if free < leastDisk {
		return finding("Disk", admin.Wrong, detail, "Make room: a backup needs as much as the database.")
	}
	return finding("Disk", admin.Fine, detail, "")
}

func (l launchCheck) backup() admin.Finding {
	const name, fix = "Backup", "Run: sselfie backup; the job of that name does it every night."
	last, ok := lastBackup(sqlite.BackupFolder(l.h.config.databasePath()))
	if !ok {
		return finding(name, admin.Warning, "there is none yet", fix)
	}
	age := l.h.wall.Now().Sub(last)
	if age > 36*time.Hour {
		return finding(name, admin.Warning, "the last one is "+age.Round(time.Hour).String()+" old", fix)
	}
	return finding(name, admin.Fine, "the last one is from "+last.UTC().Format("2006-01-02 15:04"), "")
}

func (l launchCheck) admins() admin.Finding {
	if l.h.config.creator() == "" {
		return finding("Notices", admin.Warning, "nobody hears when a payment matches nobody", "Set admin.email, or brand.support.")
	}
	return finding("Notices", admin.Fine, "go to "+l.h.config.creator(), "")
}

// skewedBy is by how much the last genuine report was off that was refused for
// its time, 0 when none was.
func (h *house) skewedBy() time.Duration {
	if h.money == nil {
		return 0
	}
	return time.Duration(h.money.skew.Load())
}

// warnings are the banners above every page of the desk.
func (h *house) warnings() []view.Notice {
	var out []view.Notice
	if by := h.skewedBy(); by != 0 {
		out = append(out, view.Notice{
			Tone: view.Danger, Title: "The clock of this server is wrong",
			Text: "A genuine report of Stripe's was refused: its time and ours are " + by.Round(time.Second).String() + " apart. Set the clock by NTP; Stripe sends it again.",
		})
	}
	return append(out, h.pausedNotice()...)
}
