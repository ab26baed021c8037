package mail

import (
	"context"
	"time"
)

// unprovenPerHour is how many letters to addresses that nobody has proven leave
// within an hour. Limits by address and by network stop one mischief-maker; this
// stops many, before the relay does. A good day of a shop stays below it.
const unprovenPerHour = 2000

// Counter is how requests are counted in a transaction.
type Counter interface {
	// CountHit adds one to the counter of key in the window that holds at, and
	// returns the count.
	CountHit(ctx context.Context, key string, window time.Duration, at time.Time) (int, error)
}

// UnprovenTx is what EnqueueUnproven needs of a transaction.
type UnprovenTx interface {
	Enqueuer
	Counter
}

// EnqueueUnproven is Enqueue for an address that somebody typed and nobody has
// proven. Whoever asks is never refused: beyond the limit of an hour the letter
// leaves in a later one.
func (p Post) EnqueueUnproven(ctx context.Context, tx UnprovenTx, pr Promise, now, wall time.Time) error {
	n, err := tx.CountHit(ctx, "mail:unproven", time.Hour, wall)
	if err != nil {
		return err
	}
	return p.Enqueue(ctx, tx, pr, now.Add(time.Duration((n-1)/unprovenPerHour)*time.Hour))
}
