package tracking_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/tracking"
)

// diary keeps what is recorded.
type diary struct{ events []tracking.Event }

func (d *diary) Update(ctx context.Context, fn func(context.Context, tracking.Recorder) error) error {
	return fn(ctx, d)
}

func (d *diary) RecordEvent(_ context.Context, e tracking.Event) error {
	d.events = append(d.events, e)
	return nil
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

func track(e tracking.Event, userAgent string) ([]tracking.Event, error) {
	d := &diary{}
	err := tracking.Service{Store: d, Clock: coretest.NewClock()}.Track(context.Background(), e, userAgent)
	return d.events, err
}

func TestWhatABrowserMayReport(t *testing.T) {
	for name, may := range map[tracking.Name]bool{
		tracking.PricingView: true, tracking.CTAClick: true, tracking.CheckoutStart: true,
		tracking.Purchase: false, tracking.SignUp: false, tracking.Upgrade: false, "": false, "Pricing_View": false, "pricing_view ": false, "drop table": false,
	} {
		got, err := track(tracking.Event{Name: name, Visitor: "v"}, firefox)
		if tracking.FromBrowser(name) != may || (err == nil) != may || (len(got) == 1) != may || (!may && !core.Is(err, core.Invalid)) {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}

func TestRobotsAreDroppedInSilence(t *testing.T) {
	for _, ua := range []string{
		"", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "facebookexternalhit/1.1", "Twitterbot/1.0", "Slackbot-LinkExpanding 1.0",
		"curl/8.5.0", "Wget/1.21", "python-requests/2.31", "Go-http-client/1.1", "Mozilla/5.0 (compatible; bingbot/2.0)", "Baiduspider", "Yahoo! Slurp",
		"Mozilla/5.0 AppleWebKit SkypeUriPreview", "AhrefsBot", "SemrushBot", "Screaming Frog crawler",
	} {
		if got, err := track(tracking.Event{Name: tracking.PricingView}, ua); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", ua, got, err)
		}
	}
	for _, ua := range []string{
		firefox,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 340.0.0.22.109",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
	} {
		if got, err := track(tracking.Event{Name: tracking.PricingView}, ua); err != nil || len(got) != 1 {
			t.Errorf("a person with %q: %v, %v", ua, got, err)
		}
	}
}

func TestWhatAStrangerCanMakeUsKeep(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	props := map[string]string{}
	for i := range 1000 {
		props[fmt.Sprint(i, long)] = long
	}
	got, err := track(tracking.Event{Name: tracking.CTAClick, Product: core.ProductID(long), Source: long, Campaign: " spring \xff", Props: props, Visitor: "v"}, firefox)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	e := got[0]
	if len(e.Props) > 10 || utf8.RuneCountInString(e.Source) != 200 || utf8.RuneCountInString(string(e.Product)) > 200 || e.Campaign != "spring" {
		t.Errorf("%d props, %d characters of source, %d of product, campaign %q", len(e.Props), utf8.RuneCountInString(e.Source), utf8.RuneCountInString(string(e.Product)), e.Campaign)
	}
	for k, v := range e.Props {
		if utf8.RuneCountInString(k) > 200 || utf8.RuneCountInString(v) > 200 {
			t.Errorf("a property of %d and %d characters", utf8.RuneCountInString(k), utf8.RuneCountInString(v))
		}
	}
	if !e.At.Equal(coretest.Start) {
		t.Errorf("the time is ours, not the browser's: %s", e.At)
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "  a b ": "a b", "a\xffb": "ab", strings.Repeat("x", 200): strings.Repeat("x", 200), strings.Repeat("é", 201): strings.Repeat("é", 200),
	} {
		if got := tracking.Clip(in); got != want {
			t.Errorf("%.20q: %.20q", in, got)
		}
	}
}
