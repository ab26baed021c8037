package sqlite_test

import (
	"context"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/campaigns"
	"sselfie/core/coretest"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// A letter can wait in the outbox for as long as no server takes it, and what
// happens meanwhile is known when it leaves at last.
func TestWhatOvertakesALetter(t *testing.T) {
	const key = "anna@x.org"
	promised := coretest.Start
	later := promised.Add(time.Hour)
	letter := func(kind mail.Kind, user core.UserID, o sequences.Origin) func(ctx context.Context, tx *sqlite.Tx) error {
		return func(ctx context.Context, tx *sqlite.Tx) error {
			_, err := tx.PromiseLetter(ctx, mail.Queued{
				ID: "eml_1", ToKey: key, BusinessKey: "x", At: promised, Promise: mail.Promise{Kind: kind, User: user, To: key, Props: mail.Props{}},
			}, o)
			return err
		}
	}
	step := func(n sequences.Name) func(ctx context.Context, tx *sqlite.Tx) error {
		return letter(mail.Sequence, "usr_1", sequences.Origin{Series: n, Step: "day-3", Enrolment: sequences.ID("enr_" + string(n))})
	}
	prefers := func(p mail.Preferences) func(ctx context.Context, tx *sqlite.Tx) error {
		return func(ctx context.Context, tx *sqlite.Tx) error { return tx.SavePreferences(ctx, key, p, later) }
	}
	pays := func(at time.Time) func(ctx context.Context, tx *sqlite.Tx) error {
		return func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.InsertPayment(ctx, billing.Payment{ID: "pay_2", User: "usr_1", Product: "nine_post_feed", Amount: 7700, Subtotal: 7700, Currency: "usd", Match: "new", Session: "cs_2", PaidAt: promised.Add(-time.Minute), CreatedAt: at})
		}
	}
	contests := func(ctx context.Context, tx *sqlite.Tx) error {
		all, err := tx.PaymentsOf(ctx, "usr_1")
		if err != nil {
			return err
		}
		all[0].Dispute = "open"
		return tx.SavePayment(ctx, all[0])
	}
	comes := func(ctx context.Context, tx *sqlite.Tx) error {
		u, err := tx.UserByID(ctx, "usr_1")
		if err != nil {
			return err
		}
		u.LastLoginAt = later
		return tx.SaveUser(ctx, u)
	}
	campaign := letter(mail.Campaign, "usr_1", sequences.Origin{Campaign: "cmp_1"})
	left := letter(mail.AbandonedCheckout, "", sequences.Origin{})
	moves := func(in bool) func(ctx context.Context, tx *sqlite.Tx) error {
		return func(ctx context.Context, tx *sqlite.Tx) error {
			_, _, err := tx.ApplyMembers(ctx, "seg_1", []segments.Change{{User: "usr_1", In: in}}, later)
			return err
		}
	}
	type facts struct{ refused, contested, bought, back, left bool }
	for name, c := range map[string]struct {
		letter, then func(ctx context.Context, tx *sqlite.Tx) error
		want         facts
	}{
		"nothing happened":                            {step(sequences.MiniProduct), nil, facts{}},
		"offers are refused":                          {step(sequences.MiniProduct), prefers(mail.Preferences{Newsletter: true}), facts{refused: true}},
		"the newsletter is, and this is an offer":     {step(sequences.MiniProduct), prefers(mail.Preferences{Offers: true}), facts{}},
		"the newsletter is, and this is it":           {step(sequences.Alumni), prefers(mail.Preferences{Offers: true}), facts{refused: true}},
		"a campaign with news, offers refused":        {campaign, prefers(mail.Preferences{Newsletter: true}), facts{}},
		"a campaign with news, news refused":          {campaign, prefers(mail.Preferences{Offers: true}), facts{refused: true}},
		"the creator's own test":                      {letter(mail.Campaign, "", sequences.Origin{Campaign: "cmp_1", Variant: sequences.Test}), prefers(mail.Preferences{Offers: true}), facts{}},
		"she leaves the campaign's segment":           {campaign, moves(false), facts{left: true}},
		"she leaves it, and this is a series":         {step(sequences.Alumni), moves(false), facts{}},
		"the segment is gone with the campaign's end": {campaign, func(ctx context.Context, tx *sqlite.Tx) error { return tx.DeleteSegment(ctx, "seg_1") }, facts{}},
		"the purchase is contested":                   {step(sequences.MiniProduct), contests, facts{contested: true}},
		"another purchase":                            {step(sequences.MiniProduct), pays(later), facts{}},
		"a checkout was left, and paid since":         {left, pays(later), facts{bought: true}},
		"a checkout was left, and paid before":        {left, pays(promised.Add(-time.Hour)), facts{}},
		"a captured address buys": {
			letter(mail.Sequence, "", sequences.Origin{Series: sequences.FreeBlueprint, Step: "day-2", Enrolment: "enr_free-blueprint"}),
			func(ctx context.Context, tx *sqlite.Tx) error { return tx.ConvertLead(ctx, key, "usr_1", later) },
			facts{bought: true},
		},
		"who was missed comes back":             {step(sequences.WelcomeBack), comes, facts{back: true}},
		"a visit, and the letter misses nobody": {step(sequences.MiniProduct), comes, facts{}},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqlitetest.New(t)
			if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
				for _, do := range []func(ctx context.Context, tx *sqlite.Tx) error{
					func(ctx context.Context, tx *sqlite.Tx) error {
						return tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: key, Key: key, Origin: "purchase", CreatedAt: promised.Add(-100 * time.Hour)})
					},
					func(ctx context.Context, tx *sqlite.Tx) error {
						return tx.InsertPayment(ctx, billing.Payment{ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new", Session: "cs_1", PaidAt: promised.Add(-100 * time.Hour), CreatedAt: promised.Add(-100 * time.Hour)})
					},
					func(ctx context.Context, tx *sqlite.Tx) error {
						return tx.SaveLead(ctx, leads.Lead{ID: "lead_1", Email: key, Key: key, ConsentAt: promised.Add(-99 * time.Hour), CreatedAt: promised.Add(-99 * time.Hour)})
					},
					func(ctx context.Context, tx *sqlite.Tx) error {
						days := 0
						return tx.SaveSegment(ctx, segments.Segment{ID: "seg_1", Name: "All", Rule: segments.Rule{LastSeen: &segments.Ago{AtLeast: &days}}}, promised)
					},
					moves(true),
					func(ctx context.Context, tx *sqlite.Tx) error {
						return tx.SaveCampaign(ctx, campaigns.Campaign{ID: "cmp_1", Name: "News", Subject: "News", Body: "x", Action: "x", Path: "/", Topic: sequences.Newsletter, Segment: "seg_1", State: campaigns.Sent, Goal: campaigns.Clicks}, promised)
					},
					func(ctx context.Context, tx *sqlite.Tx) error {
						for _, n := range sequences.Names() {
							e := sequences.Enrolment{ID: sequences.ID("enr_" + string(n)), Series: n, User: "usr_1", Payment: "pay_1", Product: "bio_glowup", Basis: sequences.OwnProducts, Anchor: promised.Add(-98 * time.Hour)}
							if n == sequences.FreeBlueprint {
								e.User, e.Payment, e.Lead = "", "", "lead_1"
							}
							if err := tx.InsertEnrolment(ctx, e, promised); err != nil {
								return err
							}
						}
						return nil
					},
					c.letter, c.then,
				} {
					if do == nil {
						continue
					}
					if err := do(ctx, tx); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			p, err := db.PostedLetter(t.Context(), "eml_1", later)
			if got := (facts{p.Refused, p.Contested, p.Bought, p.CameBack, p.Left}); err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}
