package tracking_test

import (
	"encoding/json"
	"math"
	"testing"

	"sselfie/core/tracking"
)

func TestLift(t *testing.T) {
	for name, c := range map[string]struct {
		f    tracking.CampaignFigures
		want float64 // NaN for none
	}{
		"nobody left out":     {tracking.CampaignFigures{MailFigures: tracking.MailFigures{Sent: 10}, Bought: 1}, math.NaN()},
		"nobody written to":   {tracking.CampaignFigures{HeldOut: 10}, math.NaN()},
		"the letter helped":   {tracking.CampaignFigures{MailFigures: tracking.MailFigures{Sent: 100}, Bought: 8, HeldOut: 50, HeldOutBought: 1}, 0.06},
		"it was better quiet": {tracking.CampaignFigures{MailFigures: tracking.MailFigures{Sent: 100}, Bought: 1, HeldOut: 50, HeldOutBought: 1}, -0.01},
	} {
		got := c.f.Lift()
		if math.IsNaN(c.want) != (got == nil) || got != nil && math.Abs(*got-c.want) > 1e-9 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A figure without its meaning is a number.
func TestEveryFigureIsDefined(t *testing.T) {
	text, err := json.Marshal(tracking.MailFigures{})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		if tracking.Definitions[name] == "" {
			t.Errorf("%s has no definition", name)
		}
	}
}
