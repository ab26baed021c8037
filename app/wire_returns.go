package app

import (
	"context"
	"sync"
	"time"

	"sselfie/adapters/returns"
	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/jobs"
)

const jobReturns jobs.Name = "mail-returns"

// returnsEvery is how often the mailbox of bounces is looked at, by the wall
// clock: what is in there does not travel in time.
const returnsEvery = 5 * time.Minute

// returned is a place in which mail servers leave what they could not deliver.
type returned struct {
	name string // of the setting that keeps how far it was read
	read func(ctx context.Context, mark string, take returns.Take) (string, error)
}

// returnBoxes are the places that are configured.
func (h *house) returnBoxes() []returned {
	c := h.config.Returns
	var out []returned
	if c.Path != "" {
		out = append(out, returned{"returns_mark:path:" + c.Path, returns.Folder{Path: c.Path}.Read})
	}
	if b := c.IMAP; b.Host != "" {
		box := returns.IMAP{Host: b.Host, Port: b.Port, Username: b.Username, Password: b.Password, TLS: b.TLS, Mailbox: b.Mailbox}
		out = append(out, returned{"returns_mark:imap:" + b.Username + "@" + b.Host + "/" + b.Mailbox, box.Read})
	}
	return out
}

// readReturns takes what came back since the last time.
func (h *house) readReturns(ctx context.Context, _ time.Time) (c jobs.Counts, err error) {
	for _, box := range h.returnBoxes() {
		mark, _, err := h.db.Setting(ctx, box.name)
		if err != nil {
			return c, err
		}
		next, failed := box.read(ctx, mark, func(ctx context.Context, raw []byte) error {
			reports := returns.Parse(raw)
			if len(reports) == 0 {
				c.Skipped++
			}
			for _, r := range reports {
				switch err := h.voice.desk.Take(ctx, r); {
				case core.Is(err, core.NotFound): // of a letter that was forgotten
					c.Skipped++
				case err != nil:
					return err
				default:
					c.Processed++
				}
			}
			return nil
		})
		if next != mark {
			if err := h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.SaveSetting(ctx, box.name, next, h.wall.Now())
			}); err != nil {
				return c, err
			}
		}
		if failed != nil {
			c.Failed++
			return c, failed
		}
	}
	return c, nil
}

// followReturns reads them every few minutes until ctx ends.
func (h *house) followReturns(ctx context.Context, workers *sync.WaitGroup) {
	if len(h.returnBoxes()) == 0 {
		return
	}
	workers.Go(func() {
		tick := time.NewTicker(returnsEvery)
		defer tick.Stop()
		for {
			if _, err := h.runner.RunByHand(ctx, jobReturns); err != nil && ctx.Err() == nil {
				h.log.Warn("what mail servers sent back could not be read; it is tried again in a few minutes", "op", "app.readReturns", "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}
