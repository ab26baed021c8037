package mail_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sselfie/core/mail"
)

// noted is a transaction that knows what was asked of it.
type noted struct {
	mail.Tx
	claims, marks bool
}

func (n *noted) ClaimMails(ctx context.Context, lane mail.Lane, now time.Time, limit int) ([]mail.Outgoing, error) {
	got, err := n.Tx.ClaimMails(ctx, lane, now, limit)
	n.claims = n.claims || len(got) > 0
	return got, err
}

func (n *noted) MarkMails(ctx context.Context, marks []mail.Mark) error {
	n.marks = true
	return n.Tx.MarkMails(ctx, marks)
}

// A mailing is claimed as it is marked: a transaction of its own for either would
// be a second commit for every 32 letters.
func TestClaimsTravelWithMarks(t *testing.T) {
	h := newHouse(t)
	const many = 200
	for i := range many {
		h.promise(fmt.Sprint(i), mail.Purchase)
	}
	var claims, alone int
	h.store.around = func(ctx context.Context, tx mail.Tx, work func(context.Context, mail.Tx) error) error {
		n := &noted{Tx: tx}
		err := work(ctx, n)
		if n.claims {
			claims++
		}
		if n.claims && !n.marks {
			alone++
		}
		return err
	}
	if n, err := h.box.DeliverDue(t.Context()); n != many || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if claims < 3 || alone != 1 {
		t.Errorf("%d transactions claimed, %d of them without marking; only the first has nothing to mark", claims, alone)
	}
	if sent := len(h.sender.letters()); sent != many {
		t.Errorf("%d letters were handed over", sent)
	}
}
