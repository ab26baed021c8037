package accounts

import (
	"context"

	"sselfie/core"
	"sselfie/core/mail"
)

// ChangePassword sets a new password for somebody who knows the old one. The
// session with this token stays, all others and every mailed link end, and the
// change is told by mail.
func (s *Service) ChangePassword(ctx context.Context, user core.UserID, token, old, password string) error {
	const op = "accounts.ChangePassword"
	if why := CheckPassword(password); why != "" {
		return core.FieldError(op, "password", why)
	}
	was, err := s.own(ctx, op, user, old)
	if err != nil {
		return err
	}
	if old == password {
		return core.FieldError(op, "password", "This is the password that you have.")
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// The old one was compared outside: it must still be the one.
		u, err := tx.UserByID(ctx, user)
		if err != nil {
			return err
		}
		if u.PasswordHash != was.PasswordHash || !u.DeletedAt.IsZero() {
			return &core.Error{Code: core.Conflict, Op: op, Message: "The password was changed meanwhile. Log in again."}
		}
		u.PasswordHash, u.PasswordSetAt = hash, now
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := tx.DeleteSessions(ctx, user, s.Tokens.HashToken(token)); err != nil {
			return err
		}
		if err := tx.DeleteTokens(ctx, user); err != nil {
			return err
		}
		return s.Post.Enqueue(ctx, tx, mail.Promise{
			Kind: mail.PasswordChanged, User: user, To: u.Email, Reference: s.IDs.NewID("req"), Props: mail.Props{"name": u.Name},
		}, now)
	})
}
