package campaigns

import (
	"context"
	"fmt"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

// Tx is what campaigns need of a transaction.
type Tx interface {
	sequences.Letters
	CampaignByID(ctx context.Context, id string) (Campaign, error)
	SaveCampaign(ctx context.Context, c Campaign, at time.Time) error
	// UndrawnMembers returns members of the campaign's segment without a row yet.
	UndrawnMembers(ctx context.Context, c Campaign, limit int) ([]core.UserID, error)
	// DrawRecipients adds rows; one that is there changes nothing.
	DrawRecipients(ctx context.Context, c Campaign, parts map[core.UserID]Part, at time.Time) error
	// ClaimRecipients returns recipients of some parts whose turn it is.
	ClaimRecipients(ctx context.Context, c Campaign, parts []Part, now time.Time, limit int) ([]Recipient, error)
	// SettleRecipient notes what became of a recipient; waiting ones come back at.
	SettleRecipient(ctx context.Context, id ID, user core.UserID, outcome, why string, at time.Time) error
	// WaitingRecipients counts those that nothing has become of.
	WaitingRecipients(ctx context.Context, id ID) (int, error)
	// SubjectResults returns how the subjects did so far.
	SubjectResults(ctx context.Context, id ID) (a, b Result, err error)
	// WithdrawCampaign takes back what still waits in the outbox.
	WithdrawCampaign(ctx context.Context, id ID, why string) error
	Audit(ctx context.Context, a core.Audit) error
}

// Store runs use cases, in the lane that gives way.
type Store interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Reads is what campaigns look up outside a transaction.
type Reads interface {
	CampaignByID(ctx context.Context, id string) (Campaign, error)
	Campaigns(ctx context.Context) ([]Campaign, error)
	// OpenCampaigns returns those that are scheduled until now, or being sent.
	OpenCampaigns(ctx context.Context, now time.Time) ([]Campaign, error)
	// MissedCampaigns returns those that wait for another time, the latest first.
	MissedCampaigns(ctx context.Context) ([]Campaign, error)
	SegmentExists(ctx context.Context, id string) (bool, error)
}

// Service composes and sends campaigns.
type Service struct {
	Store  Store
	Read   Reads
	Gate   sequences.Gate
	Trial  mail.Renderer // renders a campaign with samples, to refuse what would fail later; nil to skip
	Clock  core.Clock
	IDs    core.IDs
	Tokens core.Tokens
	Zone   func(name string) (*time.Location, error)
}

func invalid(op string, fields map[string]string) error {
	return &core.Error{Code: core.Invalid, Op: op, Message: "This campaign cannot be used as it is.", Fields: fields}
}

// Save keeps a draft, or a campaign that has not begun, after it was checked and
// rendered once. Without an id it is new.
func (s *Service) Save(ctx context.Context, c Campaign) (Campaign, error) {
	const op = "campaigns.Save"
	if bad := c.Check(); len(bad) > 0 {
		return Campaign{}, invalid(op, bad)
	}
	if c.Segment != "" {
		ok, err := s.Read.SegmentExists(ctx, string(c.Segment))
		if err != nil {
			return Campaign{}, err
		}
		if !ok {
			return Campaign{}, invalid(op, map[string]string{"segment": "There is no such segment."})
		}
	}
	now := s.Clock.Now()
	for _, subject := range []string{c.Subject, c.SubjectB} {
		if subject == "" {
			continue
		}
		if err := sequences.Try(ctx, s.Trial, mail.Campaign, sequences.Step{Subject: subject, Text: c.Body, Action: c.Action, Path: c.Path}, now); err != nil {
			return Campaign{}, invalid(op, map[string]string{"body": "This does not render: " + err.Error()})
		}
	}
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if c.ID == "" {
			c.ID, c.State = ID(s.IDs.NewID("cmp")), Draft
			return tx.SaveCampaign(ctx, c, now)
		}
		old, err := tx.CampaignByID(ctx, string(c.ID))
		if err != nil {
			return err
		}
		if !old.Open() {
			return &core.Error{Code: core.Conflict, Op: op, Message: "This campaign has begun, so it stays as it is. Copy it into a new one."}
		}
		c.State, c.SendAt, c.Zone, c.Drawn, c.MissedAt = old.State, old.SendAt, old.Zone, false, old.MissedAt
		return tx.SaveCampaign(ctx, c, now)
	})
	return c, err
}

// localTime is how a form gives a time without its zone.
const localTime = "2006-01-02T15:04"

// Schedule says when a campaign is sent, in the creator's own time zone.
func (s *Service) Schedule(ctx context.Context, id ID, local, zone, actor string) (Campaign, error) {
	const op = "campaigns.Schedule"
	where, err := s.Zone(zone)
	if err != nil || zone == "" || zone == "Local" {
		return Campaign{}, core.FieldError(op, "zone", "There is no time zone of this name; it looks like Europe/Berlin.")
	}
	at, err := time.ParseInLocation(localTime, local, where)
	if err != nil {
		return Campaign{}, core.FieldError(op, "sendAt", "Give a day and a time such as 2026-03-20T09:30.")
	}
	if at.Format(localTime) != local {
		return Campaign{}, core.FieldError(op, "sendAt", "There is no such time on that day: the clocks go forward. Choose an earlier or a later one.")
	}
	now := s.Clock.Now()
	if !at.After(now) {
		return Campaign{}, core.FieldError(op, "sendAt", "This time has passed: there it is "+now.In(where).Format("2 January 2006, 15:04")+" now. Choose a later one.")
	}
	if at.Sub(now) > 366*24*time.Hour {
		return Campaign{}, core.FieldError(op, "sendAt", "This is more than a year away.")
	}
	var c Campaign
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if c, err = tx.CampaignByID(ctx, string(id)); err != nil {
			return err
		}
		if !c.Open() {
			return &core.Error{Code: core.Conflict, Op: op, Message: "This campaign is " + string(c.State) + " already."}
		}
		if c.Segment == "" {
			return core.FieldError(op, "segment", "Choose whom it goes to.")
		}
		c.State, c.SendAt, c.Zone, c.MissedAt = Scheduled, at.UTC(), zone, time.Time{}
		if err := tx.SaveCampaign(ctx, c, now); err != nil {
			return err
		}
		return s.audit(ctx, tx, actor, "campaign.schedule", id, map[string]string{"at": at.UTC().Format(time.RFC3339)})
	})
	return c, err
}

// Cancel ends a campaign that is not sent, and takes back what waits in the outbox.
func (s *Service) Cancel(ctx context.Context, id ID, actor string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		c, err := tx.CampaignByID(ctx, string(id))
		if err != nil {
			return err
		}
		switch c.State {
		case Cancelled:
			return nil
		case Sent:
			return &core.Error{Code: core.Conflict, Op: "campaigns.Cancel", Message: "This campaign is sent; nothing can be taken back."}
		}
		c.State, c.FinishedAt, c.MissedAt = Cancelled, s.Clock.Now(), time.Time{}
		if err := tx.SaveCampaign(ctx, c, s.Clock.Now()); err != nil {
			return err
		}
		if err := tx.WithdrawCampaign(ctx, id, "the campaign was cancelled"); err != nil {
			return err
		}
		return s.audit(ctx, tx, actor, "campaign.cancel", id, nil)
	})
}

// Drafts are a campaign's letters, one for each subject.
func (c Campaign) Drafts() []sequences.Draft {
	var out []sequences.Draft
	for _, subject := range []string{c.Subject, c.SubjectB} {
		if subject != "" || len(out) == 0 {
			out = append(out, sequences.Draft{Campaign: string(c.ID), Words: sequences.Step{Subject: subject, Preheader: c.Preheader, Text: c.Body, Action: c.Action, Path: c.Path}})
		}
	}
	return out
}

func (s *Service) audit(ctx context.Context, tx Tx, actor, action string, id ID, detail map[string]string) error {
	return tx.Audit(ctx, core.Audit{ID: s.IDs.NewID("aud"), Actor: actor, Action: action, Subject: string(id), Detail: detail, At: s.Clock.Now()})
}

func (s *Service) promise(ctx context.Context, tx Tx, c Campaign, user core.UserID, to string, key core.EmailKey, variant, why string, now time.Time) (bool, error) {
	mailID := core.MailID(s.IDs.NewID("eml"))
	link := sequences.NewLink(s.Tokens)
	return tx.PromiseLetter(ctx, mail.Queued{
		ID: mailID, ToKey: key, At: now, BusinessKey: string(mail.Campaign) + ":" + string(c.ID) + ":" + string(user),
		Promise: mail.Promise{Kind: mail.Campaign, User: user, To: to, Reference: string(c.ID), Props: mail.Props{}},
	}, sequences.Origin{
		Campaign: string(c.ID), Variant: variant, Reason: why, Expires: now.Add(sequences.Patience), Link: link,
		Dest: sequences.Destination(c.Path, string(c.ID), variant, link), Placed: sequences.Place(c.Body, string(c.ID), variant, s.Tokens),
	})
}

// Counts is what a run did.
type Counts struct{ Sent, Skipped, Waiting int }

const chunk = 200

// Run is the work of the hourly job: it begins what is due, draws who gets what,
// decides between subjects, and promises letters. It may be cut off anywhere.
func (s *Service) Run(ctx context.Context, now time.Time) (Counts, error) {
	var sum Counts
	open, err := s.Read.OpenCampaigns(ctx, now)
	if err != nil || len(open) == 0 {
		return sum, err
	}
	paused, err := s.Gate.MarketingPaused(ctx, now)
	if err != nil || paused != "" {
		return sum, err // the breaker says on every page why nothing happens
	}
	for _, c := range open {
		if err := s.send(ctx, c, now, &sum); err != nil {
			return sum, fmt.Errorf("campaign %s: %w", c.ID, err)
		}
	}
	return sum, nil
}

func (s *Service) send(ctx context.Context, c Campaign, now time.Time, sum *Counts) error {
	step := func(fn func(ctx context.Context, tx Tx) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			if c, err = tx.CampaignByID(ctx, string(c.ID)); err != nil { // it may have been cancelled meanwhile
				return err
			}
			return fn(ctx, tx)
		})
	}
	for !c.Drawn {
		if err := step(func(ctx context.Context, tx Tx) error { return s.draw(ctx, tx, c, now) }); err != nil {
			return err
		}
		if err := step(func(context.Context, Tx) error { return nil }); err != nil {
			return err
		}
		if c.State == Missed {
			sum.Skipped++
		}
		if c.State != Sending { // nothing to send, now or any more
			return nil
		}
	}
	for more := true; more; {
		var did Counts
		if err := step(func(ctx context.Context, tx Tx) error {
			did, more = Counts{}, false
			if c.State != Sending {
				return nil
			}
			parts, since, err := s.turn(ctx, tx, &c, now)
			if err != nil {
				return err
			}
			found, err := tx.ClaimRecipients(ctx, c, parts, now, chunk)
			if err != nil {
				return err
			}
			more = len(found) > 0
			for _, r := range found {
				if err := s.serve(ctx, tx, c, r, since, now, &did); err != nil {
					return err
				}
			}
			if more {
				return nil
			}
			left, err := tx.WaitingRecipients(ctx, c.ID)
			if err != nil || left > 0 {
				return err
			}
			c.State, c.FinishedAt = Sent, now
			return tx.SaveCampaign(ctx, c, now)
		}); err != nil {
			return err
		}
		sum.Sent += did.Sent
		sum.Skipped += did.Skipped
		sum.Waiting += did.Waiting
	}
	return nil
}

// draw begins a campaign whose time has come and draws who gets it. One that is
// later than a step of a series may be is missed: what it says was meant for
// another day.
func (s *Service) draw(ctx context.Context, tx Tx, c Campaign, now time.Time) error {
	if c.State == Scheduled {
		switch late := now.Sub(c.SendAt); {
		case late < 0:
			return nil // it was given another time meanwhile
		case late > sequences.Patience:
			c.State, c.MissedAt = Missed, now
			return tx.SaveCampaign(ctx, c, now)
		}
		c.State, c.StartedAt = Sending, now
		if err := tx.SaveCampaign(ctx, c, now); err != nil {
			return err
		}
	}
	if c.State != Sending || c.Drawn {
		return nil
	}
	users, err := tx.UndrawnMembers(ctx, c, 10*chunk)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		c.Drawn = true
		return tx.SaveCampaign(ctx, c, now)
	}
	parts := make(map[core.UserID]Part, len(users))
	for _, u := range users {
		parts[u] = c.PartOf(u)
	}
	return tx.DrawRecipients(ctx, c, parts, now)
}

// turn says whose turn it is, and decides between the subjects when it is time.
func (s *Service) turn(ctx context.Context, tx Tx, c *Campaign, now time.Time) ([]Part, time.Time, error) {
	test := []Part{PartNone, PartA, PartB}
	if c.SubjectB == "" {
		return []Part{PartNone, PartRest}, c.StartedAt, nil
	}
	decided := c.StartedAt.Add(time.Duration(c.TestHours) * time.Hour)
	if c.TestShare == 100 || now.Before(decided) {
		return test, c.StartedAt, nil
	}
	if c.Winner == "" {
		a, b, err := tx.SubjectResults(ctx, c.ID)
		if err != nil {
			return nil, decided, err
		}
		c.Winner, c.WinnerWhy = Winner(c.Goal, a, b)
		if err := tx.SaveCampaign(ctx, *c, now); err != nil {
			return nil, decided, err
		}
	}
	return append(test, PartRest), decided, nil
}

func (s *Service) serve(ctx context.Context, tx Tx, c Campaign, r Recipient, since, now time.Time, did *Counts) error {
	outcome, why := Ready(r, since, now)
	at := now
	switch outcome {
	case "queued":
		variant := string(r.Part)
		if r.Part == PartRest {
			variant = c.Winner
			if variant == "" {
				variant = "a"
			}
		}
		if _, err := s.promise(ctx, tx, c, r.User, r.To, r.Key, variant, why, now); err != nil {
			return err
		}
		did.Sent++
	case "waiting":
		at = now.Add(time.Hour)
		did.Waiting++
	case "skipped":
		did.Skipped++
	}
	return tx.SettleRecipient(ctx, c.ID, r.User, outcome, why, at)
}
