package accounts

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Change is an address that an account asked to move to.
type Change struct {
	Email string // as typed
	Key   core.EmailKey
	At    time.Time
}

// Limits of one account: passwords tried from inside, and addresses asked for.
const (
	ownWindow   = 15 * time.Minute
	ownAttempts = 10
	movesPerDay = 5
)

// ChangeAddress mails a link to a new address; nothing changes until it is
// followed (Confirm). It needs the password, so that a browser left open is not
// enough. An account that lost its address gives a new one this way. Asking for
// the address that the account has sends its confirmation again. An address
// that somebody else has fails with core.Conflict.
func (s *Service) ChangeAddress(ctx context.Context, user core.UserID, email, password string) error {
	const op = "accounts.ChangeAddress"
	if why := CheckAddress(email); why != "" {
		return core.FieldError(op, "email", why)
	}
	u, err := s.own(ctx, op, user, password)
	if err != nil {
		return err
	}
	key, now, wall := s.Fold(email), s.Clock.Now(), s.Wall.Now()
	if key == u.Key && u.Verified() {
		return core.FieldError(op, "email", "This is your address already.")
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		mine, err := tx.CountHit(ctx, "move:"+string(user), 24*time.Hour, wall)
		if err != nil {
			return err
		}
		if mine > movesPerDay {
			return tooMany(op, "You have asked for many addresses today. Go on tomorrow.", 24*time.Hour)
		}
		// What is mailed to one address is limited whoever asks for it.
		hour, err := tx.CountHit(ctx, "move:h:"+string(key), time.Hour, wall)
		if err != nil {
			return err
		}
		if hour > resetPerHour {
			return tooMany(op, "The link was sent a moment ago. Look into the mailbox, also among the spam.", time.Hour)
		}
		day, err := tx.CountHit(ctx, "move:d:"+string(key), 24*time.Hour, wall)
		if err != nil {
			return err
		}
		if day > resetPerDay {
			return tooMany(op, "The link was sent several times today. Look into the mailbox, also among the spam, or go on tomorrow.", 24*time.Hour)
		}
		p := mail.Promise{
			Kind: mail.ConfirmAddress, User: user, To: strings.TrimSpace(email), Reference: s.IDs.NewID("req"),
			Token: mail.ChangeToken, Props: mail.Props{"name": u.Name},
		}
		if key == u.Key {
			p.Token = mail.ConfirmToken
		} else if _, err := tx.UserByKey(ctx, key); err == nil {
			return taken(op)
		} else if !core.Is(err, core.NotFound) {
			return err
		}
		return s.Post.EnqueueUnproven(ctx, tx, p, now, wall)
	})
}

// applyChange moves an account to the address whose link was followed. Only the
// address that was asked for last counts, and only while the account has the
// password with which it was asked for.
func (s *Service) applyChange(ctx context.Context, tx Tx, t Token, now time.Time) error {
	const op = "accounts.Confirm"
	u, err := tx.UserByID(ctx, t.User)
	if core.Is(err, core.NotFound) || (err == nil && !u.DeletedAt.IsZero()) {
		return invalidToken(op)
	}
	if err != nil {
		return err
	}
	if !t.UsedAt.IsZero() && u.Key == t.Key {
		return nil // the second click
	}
	asked, found, err := tx.PromisedChange(ctx, u.ID)
	if err != nil {
		return err
	}
	if !found || asked.Key != t.Key || !s.usable(t, mail.ChangeToken) || u.PasswordHash == "" || asked.At.Before(u.PasswordSetAt) {
		return invalidToken(op)
	}
	if _, err := tx.UserByKey(ctx, t.Key); err == nil {
		return taken(op)
	} else if !core.Is(err, core.NotFound) {
		return err
	}
	if err := tx.MarkTokenUsed(ctx, t.Hash, now); err != nil {
		return err
	}
	if err := tx.DeleteTokens(ctx, u.ID); err != nil {
		return err
	}
	old := u.Email
	u.Email, u.Key, u.VerifiedAt, u.AddressLostAt = asked.Email, asked.Key, now, time.Time{}
	if err := tx.SaveUser(ctx, u); err != nil {
		return err
	}
	if err := tx.JoinLead(ctx, u.Key, u.ID); err != nil {
		return err
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Notice, User: u.ID, To: old, Reference: "moved:" + t.Hash[:16],
		Props: mail.Props{
			"subject": "Your account has another address now",
			"text": "The account that was at this address moved to another one, as somebody with its password had asked." +
				"\n\nWas it you? Then there is nothing to do. If not, write to us at once.",
			"path": "/contact",
		},
	}, now)
}

// own returns the account when the password is its own. Tries are counted by
// account before the password is compared.
func (s *Service) own(ctx context.Context, op string, user core.UserID, password string) (User, error) {
	u, err := s.Read.UserByID(ctx, user)
	if err != nil {
		return u, err
	}
	if !u.DeletedAt.IsZero() {
		return u, &core.Error{Code: core.NotFound, Op: op, Message: "There is no such account."}
	}
	limit := "own:" + string(user)
	tries := 0
	if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		tries, err = tx.CountHit(ctx, limit, ownWindow, s.Wall.Now())
		return err
	}); err != nil {
		return u, err
	}
	if tries > ownAttempts {
		return u, tooMany(op, "Too many tries with a wrong password. Wait a quarter of an hour.", ownWindow)
	}
	if u.PasswordHash == "" {
		return u, &core.Error{Code: core.Conflict, Op: op, Message: "This account has no password yet. Set one with the link in your mail first."}
	}
	ok, err := s.Hasher.Verify(ctx, password, u.PasswordHash)
	if err != nil {
		return u, err
	}
	if !ok {
		return u, &core.Error{
			Code: core.InvalidCredentials, Op: op, Message: "This is not your password.",
			Fields: map[string]string{"password": "This is not your password."},
		}
	}
	return u, s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.ClearHits(ctx, limit) })
}

func tooMany(op, message string, wait time.Duration) error {
	return &core.Error{Code: core.RateLimited, Op: op, Message: message, Extra: map[string]any{"retryAfter": int(wait.Seconds())}}
}
