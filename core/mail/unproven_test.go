package mail_test

import (
	"context"
	"testing"
	"time"

	"sselfie/core/coretest"
	"sselfie/core/mail"
)

// crowd is a transaction in which many letters were promised this hour.
type crowd struct {
	before int
	at     []time.Time
}

func (c *crowd) CountHit(context.Context, string, time.Duration, time.Time) (int, error) {
	c.before++
	return c.before, nil
}

func (c *crowd) EnqueueMail(_ context.Context, q mail.Queued) (bool, error) {
	c.at = append(c.at, q.At)
	return true, nil
}

func TestLettersToStrangersAreSpreadOverHours(t *testing.T) {
	post := mail.Post{IDs: &coretest.IDs{}, Fold: coretest.Fold}
	for name, c := range map[string]struct {
		before int
		later  time.Duration
	}{
		"the first":                  {0, 0},
		"the last of an hour":        {1999, 0},
		"one too many":               {2000, time.Hour},
		"a flood from all the world": {90_000, 45 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			tx := &crowd{before: c.before}
			err := post.EnqueueUnproven(context.Background(), tx, mail.Promise{Kind: mail.Freebie, To: "a@example.com"}, coretest.Start, coretest.Start)
			if err != nil || len(tx.at) != 1 || !tx.at[0].Equal(coretest.Start.Add(c.later)) {
				t.Errorf("%v %v, want %v later", tx.at, err, c.later)
			}
		})
	}
}
