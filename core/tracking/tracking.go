// Package tracking records what visitors and customers do, from the first day,
// so that later figures have something to count. A visitor is a keyed hash of
// the day, truncated address and user agent; nothing is kept in the browser.
package tracking

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
)

// Name is what happened.
type Name string

// The names that are recorded.
const (
	PricingView   Name = "pricing_view"
	CTAClick      Name = "cta_click"
	CheckoutStart Name = "checkout_start"
	Purchase      Name = "purchase"
	SignUp        Name = "sign_up"
	Upgrade       Name = "upgrade"

	OnboardingStarted   Name = "onboarding_started"   // the first questions were shown
	OnboardingError     Name = "onboarding_error"     // we failed, not the customer
	OnboardingCompleted Name = "onboarding_completed" // the flow came to its end
)

// FromBrowser reports whether a visitor's script may send this name; the others
// are recorded by the use case itself.
func FromBrowser(n Name) bool {
	return n == PricingView || n == CTAClick || n == CheckoutStart
}

// Event is one thing that happened.
type Event struct {
	Name     Name
	Visitor  string
	User     core.UserID
	Product  core.ProductID
	Source   string
	Campaign string
	Props    map[string]string // at most 10, 200 characters each
	At       time.Time
}

// Recorder is the narrow port through which a use case records an event inside
// its own transaction.
type Recorder interface {
	RecordEvent(ctx context.Context, e Event) error
}

// Updater runs fn in one transaction. Events are bulk work: they wait behind
// webhooks and spends.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Recorder) error) error
}

// Service records what browsers report.
type Service struct {
	Store Updater
	Clock core.Clock
}

// maxProps and maxText bound what a stranger can make us keep.
const (
	maxProps = 10
	maxText  = 200
)

// Track keeps one event that a browser reports. Robots are dropped in silence;
// an unknown name is Invalid.
func (s Service) Track(ctx context.Context, e Event, userAgent string) error {
	if !FromBrowser(e.Name) {
		return core.FieldError("tracking.Track", "name", "Use pricing_view, cta_click or checkout_start.")
	}
	if Robot(userAgent) {
		return nil
	}
	e.At = s.Clock.Now()
	e.Product, e.Source, e.Campaign = core.ProductID(Clip(string(e.Product))), Clip(e.Source), Clip(e.Campaign)
	props := make(map[string]string, min(len(e.Props), maxProps))
	for k, v := range e.Props {
		if len(props) == maxProps {
			break
		}
		props[Clip(k)] = Clip(v)
	}
	e.Props = props
	return s.Store.Update(ctx, func(ctx context.Context, tx Recorder) error { return tx.RecordEvent(ctx, e) })
}

// Clip shortens a text from outside to 200 characters.
func Clip(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText])
	}
	return s
}

// Robot reports whether a user agent names itself as a program. An empty one
// counts as a program too: browsers always send one.
func Robot(userAgent string) bool {
	ua := strings.ReplaceAll(strings.ToLower(userAgent), "cubot", "") // a make of telephone
	if userAgent == "" {
		return true
	}
	for _, w := range []string{"bot", "crawl", "spider", "slurp", "preview", "facebookexternalhit", "curl/", "wget/", "python-", "go-http-client", "headlesschrome-lighthouse"} {
		if strings.Contains(ua, w) {
			return true
		}
	}
	return false
}
