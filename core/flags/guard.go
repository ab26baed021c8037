package flags

import (
	"context"
	"fmt"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Sample is how one side of a roll-out fared: the users who began the flow.
type Sample struct {
	Users     int
	Failed    int // of them, those for whom something of ours failed
	Completed int // of them, those who came to the end
}

// Add counts one user.
func (s *Sample) Add(failed, completed bool) {
	s.Users++
	if failed {
		s.Failed++
	}
	if completed {
		s.Completed++
	}
}

// When a roll-out halts (product.md, Onboarding): below MinSample users on
// either side nothing is judged.
const (
	MinSample = 100
	MaxErrors = 5  // percent of the users inside
	MaxFall   = 20 // percent of the completion outside that may be lost inside, at most just below
)

// Judge says whether a roll-out has to halt, and why, or why not: when more than
// 5% of the users inside met an error, or when their completion is lower by a
// fifth or more than that of the users outside. Whole numbers are compared, so
// that exactly 5% stays and exactly a fifth goes.
func Judge(inside, outside Sample) (halt bool, reason string) {
	switch {
	case inside.Users < MinSample || outside.Users < MinSample:
		return false, fmt.Sprintf("%d users inside and %d outside are too few to judge by: each side needs %d", inside.Users, outside.Users, MinSample)
	case inside.Failed*100 > inside.Users*MaxErrors:
		return true, fmt.Sprintf("%s of the %d users inside met an error; the limit is %d%%", share(inside.Failed, inside.Users), inside.Users, MaxErrors)
	case outside.Completed > 0 && inside.Completed*outside.Users*100 <= outside.Completed*inside.Users*(100-MaxFall):
		return true, fmt.Sprintf("%s of the %d users inside completed the flow, against %s of the %d outside: a fall of %d%% or more",
			share(inside.Completed, inside.Users), inside.Users, share(outside.Completed, outside.Users), outside.Users, MaxFall)
	}
	return false, fmt.Sprintf("inside %s met an error and %s completed the flow, outside %s and %s",
		share(inside.Failed, inside.Users), share(inside.Completed, inside.Users), share(outside.Failed, outside.Users), share(outside.Completed, outside.Users))
}

func share(n, of int) string { return fmt.Sprintf("%.1f%%", float64(n)*100/float64(of)) }

// Outcome is how the flow went for one user.
type Outcome struct {
	User      core.UserID
	Failed    bool
	Completed bool
}

// Outcomes knows how the flow goes.
type Outcomes interface {
	// OnboardingOutcomes hands fn each user who began the flow at since or later,
	// one at a time, and stops at fn's error.
	OnboardingOutcomes(ctx context.Context, since time.Time, fn func(Outcome) error) error
}

// guardian is who halts a roll-out, in the audit log.
const guardian = "guard"

// Guard judges every flag that is open to a share of users by those who began
// since it was put there, and halts those that do harm: the flag goes off with
// the reason, the audit log has it, and the creator gets a mail. It returns what
// was halted.
func (s *Service) Guard(ctx context.Context) (halted []Setting, err error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, set := range all {
		if set.State != Percent || set.Percent == 0 || set.Percent == 100 {
			continue // one side is empty
		}
		var inside, outside Sample
		err := s.Outcomes.OnboardingOutcomes(ctx, set.UpdatedAt, func(o Outcome) error {
			side := &outside
			if on, _ := set.Enabled(o.User); on {
				side = &inside
			}
			side.Add(o.Failed, o.Completed)
			return nil
		})
		if err != nil {
			return halted, err
		}
		halt, why := Judge(inside, outside)
		if !halt {
			continue
		}
		off, done, err := s.halt(ctx, set, why)
		if err != nil {
			return halted, err
		}
		if done {
			halted = append(halted, off)
		}
	}
	return halted, nil
}

// halt puts a flag off, unless somebody has moved it meanwhile.
func (s *Service) halt(ctx context.Context, judged Setting, why string) (off Setting, done bool, err error) {
	now := s.Clock.Now()
	off = Setting{Key: judged.Key, State: Off, Reason: "halted: " + why, UpdatedBy: guardian, UpdatedAt: now, Override: true}
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		have, found, err := tx.FlagOverride(ctx, judged.Key)
		if err != nil || !found || have.State != Percent || have.Percent != judged.Percent || !have.UpdatedAt.Equal(judged.UpdatedAt) {
			return err
		}
		done = true
		if err := s.save(ctx, tx, off, "flag.halted"); err != nil {
			return err
		}
		return s.Post.Enqueue(ctx, tx, mail.Promise{
			Kind: mail.Notice, To: s.Creator, Reference: fmt.Sprintf("flag:%s:%d", judged.Key, judged.UpdatedAt.UnixMilli()),
			Props: mail.Props{
				"subject": "A roll-out was halted",
				"text":    fmt.Sprintf("The flag %s was open to %d%% of the users. It is off now: %s.\n\nNobody loses anything. Look at it, and open it again when you know why.", judged.Key, judged.Percent, why),
				"path":    "/admin/flags",
			},
		}, now)
	})
	return off, done, err
}
