package accounts

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// SecondFactor is an admin's authenticator app. All of its times are of the
// wall clock, which is the one that phones have.
type SecondFactor struct {
	User        core.UserID
	Sealed      string    // the secret, closed with the installation's key
	ConfirmedAt time.Time // zero: drawn on the page, but no code was shown yet
	LastStep    int64     // of the newest code that was used
	CreatedAt   time.Time
}

// On reports whether signing in asks for a code.
func (f SecondFactor) On() bool { return !f.ConfirmedAt.IsZero() }

// Vault keeps what has to be read again and must not be read by others.
type Vault interface {
	// NewSecret returns 160 random bits in base32, as apps take them.
	NewSecret() string
	// NewRecoveryCode returns at least 80 random bits in small letters and
	// digits that are told apart when written down.
	NewRecoveryCode() string
	// Seal closes a secret so that only Open with the same user reads it.
	Seal(user core.UserID, secret string) (string, error)
	// Open fails with core.Unavailable when the key that closed it is gone.
	Open(user core.UserID, sealed string) (string, error)
}

// Challenge signs who has given the right password and owes a code.
type Challenge interface {
	Sign(purpose, value string) string
	Verify(purpose, value, signature string) bool
}

// SecondFactors is where second factors are kept.
type SecondFactors interface {
	// SecondFactorOf fails with core.NotFound where there is none.
	SecondFactorOf(ctx context.Context, user core.UserID) (SecondFactor, error)
	// RecoveryCodesLeft counts the codes that were not used.
	RecoveryCodesLeft(ctx context.Context, user core.UserID) (int, error)
}

// SecondFactorTx changes them.
type SecondFactorTx interface {
	SecondFactors
	SaveSecondFactor(ctx context.Context, f SecondFactor) error
	// DeleteSecondFactor drops it with its recovery codes. None is fine.
	DeleteSecondFactor(ctx context.Context, user core.UserID) error
	// ReplaceRecoveryCodes keeps these hashes and no others.
	ReplaceRecoveryCodes(ctx context.Context, user core.UserID, hashes []string) error
	// UseRecoveryCode reports whether the code was there and unused.
	UseRecoveryCode(ctx context.Context, user core.UserID, hash string, at time.Time) (bool, error)
	Audit(ctx context.Context, a core.Audit) error
}

const (
	recoveryCodes  = 10
	codesPerHour   = 10               // wrong codes behind a right password, from everywhere
	challengeLasts = 10 * time.Minute // to find the phone
	challengeWord  = "second factor"
)

// Enrolment is a second factor that is being set up: what the app scans, and
// the same to type.
type Enrolment struct {
	Address string // otpauth://
	Secret  string // base32
}

// BeginSecondFactor makes a secret for an admin's app, which counts for nothing
// until ConfirmSecondFactor has seen a code. Asked again, a new one replaces it.
// One that is on already fails with core.Conflict.
func (s *Service) BeginSecondFactor(ctx context.Context, user core.UserID) error {
	const op = "accounts.BeginSecondFactor"
	sealed, err := s.Vault.Seal(user, s.Vault.NewSecret())
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		u, err := tx.UserByID(ctx, user)
		if err != nil {
			return err
		}
		if !u.Admin {
			return &core.Error{Code: core.Forbidden, Op: op, Message: "This is for admins."}
		}
		if old, err := tx.SecondFactorOf(ctx, user); err == nil && old.On() {
			return &core.Error{Code: core.Conflict, Op: op, Message: "A second factor is set up already. Remove it first."}
		} else if err != nil && !core.Is(err, core.NotFound) {
			return err
		}
		return tx.SaveSecondFactor(ctx, SecondFactor{User: user, Sealed: sealed, CreatedAt: s.Wall.Now()})
	})
}

// SecondFactorOf returns the state of an account's second factor, with what to
// scan while it is being set up, and how many recovery codes are left.
func (s *Service) SecondFactorOf(ctx context.Context, user core.UserID) (f SecondFactor, e Enrolment, left int, err error) {
	f, err = s.Read.SecondFactorOf(ctx, user)
	switch {
	case core.Is(err, core.NotFound):
		return f, e, 0, nil
	case err != nil:
		return f, e, 0, err
	case f.On():
		left, err = s.Read.RecoveryCodesLeft(ctx, user)
		return f, e, left, err
	}
	u, err := s.Read.UserByID(ctx, user)
	if err != nil {
		return f, e, 0, err
	}
	if e.Secret, err = s.Vault.Open(user, f.Sealed); core.Is(err, core.Unavailable) {
		return SecondFactor{}, e, 0, nil // begun with a key that is gone: begin again
	}
	e.Address = otpAddress(s.Brand, u.Email, e.Secret)
	return f, e, 0, err
}

// ConfirmSecondFactor turns it on when the app shows the right code, ends every
// other session, and returns the recovery codes, which are told this once.
func (s *Service) ConfirmSecondFactor(ctx context.Context, user core.UserID, token, typed string) ([]string, error) {
	const op = "accounts.ConfirmSecondFactor"
	plain, hashes := s.newRecoveryCodes(user)
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.SecondFactorOf(ctx, user)
		if core.Is(err, core.NotFound) || (err == nil && f.On()) {
			return &core.Error{Code: core.Conflict, Op: op, Message: "There is nothing to confirm. Begin again."}
		}
		if err != nil {
			return err
		}
		secret, err := s.Vault.Open(user, f.Sealed)
		if err != nil {
			return err
		}
		now := s.Wall.Now()
		step, ok := matchStep(secret, spaced(typed), now, f.LastStep)
		if !ok {
			return core.FieldError(op, "code", "This is not the code of this minute. Take the newest, and look whether the phone’s clock is right.")
		}
		f.ConfirmedAt, f.LastStep = now, step
		if err := tx.SaveSecondFactor(ctx, f); err != nil {
			return err
		}
		if err := tx.ReplaceRecoveryCodes(ctx, user, hashes); err != nil {
			return err
		}
		if err := tx.DeleteSessions(ctx, user, s.Tokens.HashToken(token)); err != nil {
			return err
		}
		return s.tellSecondFactor(ctx, tx, user, string(user), "set_up", "A second factor was set up",
			"From now on, logging in asks for a code from the authenticator app. Every other device was signed out.")
	})
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// RenewRecoveryCodes replaces all recovery codes and returns the new ones.
func (s *Service) RenewRecoveryCodes(ctx context.Context, user core.UserID) ([]string, error) {
	plain, hashes := s.newRecoveryCodes(user)
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.SecondFactorOf(ctx, user)
		if core.Is(err, core.NotFound) || (err == nil && !f.On()) {
			return &core.Error{Code: core.Conflict, Op: "accounts.RenewRecoveryCodes", Message: "There is no second factor to recover from."}
		}
		if err != nil {
			return err
		}
		if err := tx.ReplaceRecoveryCodes(ctx, user, hashes); err != nil {
			return err
		}
		return s.tellSecondFactor(ctx, tx, user, string(user), "recovery_codes", "New recovery codes were made", "The ones from before no longer work.")
	})
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// RemoveSecondFactor turns it off; logging in needs the password alone. Actor
// is who asked: the admin herself, or the command line after a lost phone.
func (s *Service) RemoveSecondFactor(ctx context.Context, user core.UserID, actor string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.SecondFactorOf(ctx, user)
		if core.Is(err, core.NotFound) {
			return &core.Error{Code: core.NotFound, Op: "accounts.RemoveSecondFactor", Message: "This account has no second factor."}
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteSecondFactor(ctx, user); err != nil || !f.On() {
			return err
		}
		return s.tellSecondFactor(ctx, tx, user, actor, "removed", "The second factor was removed", "Logging in needs the password alone until you set one up again.")
	})
}

// tellSecondFactor keeps a change in the audit log and tells the account's owner.
func (s *Service) tellSecondFactor(ctx context.Context, tx Tx, user core.UserID, actor, action, subject, text string) error {
	now := s.Clock.Now()
	if err := tx.Audit(ctx, core.Audit{ID: s.IDs.NewID("aud"), Actor: actor, Action: "second_factor." + action, Subject: string(user), At: now}); err != nil {
		return err
	}
	u, err := tx.UserByID(ctx, user)
	if err != nil || u.Email == "" {
		return err
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Notice, User: user, To: u.Email, Reference: s.IDs.NewID("req"),
		Props: mail.Props{"subject": subject, "text": text + "\n\nWas it you? Then there is nothing to do. If not, set a new password at once.", "path": "/admin/second-factor"},
	}, now)
}

func (s *Service) newRecoveryCodes(user core.UserID) (plain, hashes []string) {
	for range recoveryCodes {
		code := s.Vault.NewRecoveryCode()
		plain, hashes = append(plain, code), append(hashes, s.recoveryHash(user, code))
	}
	return plain, hashes
}

// recoveryHash is what is kept of a recovery code. It holds too many random bits
// to be tried out, so that a plain hash suffices.
func (s *Service) recoveryHash(user core.UserID, code string) string {
	return s.Tokens.HashToken("recovery:" + string(user) + ":" + strings.ToLower(spaced(code)))
}

// passCode checks the code of somebody whose password was right, and spends it.
// An account without a second factor passes. It runs in a transaction of its
// own: a wrong code has to stay counted.
func (s *Service) passCode(ctx context.Context, op string, user core.UserID, typed string) error {
	if f, err := s.Read.SecondFactorOf(ctx, user); core.Is(err, core.NotFound) || (err == nil && !f.On()) {
		return nil
	} else if err != nil {
		return err
	}
	if typed = spaced(typed); typed == "" {
		return &core.Error{Code: core.TOTPRequired, Op: op, Message: "Give the code that your authenticator app shows, or a recovery code."}
	}
	var refused error
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		refused = nil
		f, err := tx.SecondFactorOf(ctx, user)
		if core.Is(err, core.NotFound) || (err == nil && !f.On()) {
			return nil
		}
		if err != nil {
			return err
		}
		wall, limit := s.Wall.Now(), "totp:"+string(user)
		if len(typed) != codeDigits { // too long to be guessed: no limit keeps the owner out
			used, err := tx.UseRecoveryCode(ctx, user, s.recoveryHash(user, typed), wall)
			if err != nil {
				return err
			}
			if used {
				return s.tellSecondFactor(ctx, tx, user, string(user), "recovery_code_used", "A recovery code was used", "Somebody logged in with one of your recovery codes instead of the app.")
			}
			refused = wrongCode(op)
			return nil
		}
		tries, err := tx.CountHit(ctx, limit, time.Hour, wall)
		if err != nil {
			return err
		}
		if tries > codesPerHour {
			refused = tooMany(op, "Too many wrong codes. Wait an hour, or use a recovery code.", time.Hour)
			return nil
		}
		secret, err := s.Vault.Open(user, f.Sealed)
		if err != nil {
			return err
		}
		step, ok := matchStep(secret, typed, wall, f.LastStep)
		if !ok {
			refused = wrongCode(op)
			return nil
		}
		f.LastStep = step
		if err := tx.SaveSecondFactor(ctx, f); err != nil {
			return err
		}
		return tx.ClearHits(ctx, limit)
	})
	if err != nil {
		return err
	}
	return refused
}

// wrongCode keeps the code of a missing one: a client that asks for a code goes
// on asking.
func wrongCode(op string) error {
	return &core.Error{
		Code: core.TOTPRequired, Op: op, Message: "This code is wrong, or was used already. Take the newest.",
		Fields: map[string]string{"code": "This code is wrong, or was used already. Take the newest."},
	}
}

// challenge is a short proof that this browser gave the right password, so that
// a page without scripts can ask for the code alone. It ends with the password.
func (s *Service) challenge(u User) string {
	value := string(u.ID) + "." + strconv.FormatInt(s.Wall.Now().Add(challengeLasts).Unix(), 10)
	return value + "." + s.Challenge.Sign(challengeWord, value+"."+u.PasswordHash)
}

// challenged returns whom a challenge is for.
func (s *Service) challenged(ctx context.Context, op, challenge string) (User, error) {
	gone := &core.Error{Code: core.InvalidCredentials, Op: op, Message: "That took too long. Give your password again."}
	parts := strings.Split(challenge, ".")
	if len(parts) != 3 || len(challenge) > 300 {
		return User{}, gone
	}
	u, err := s.Read.UserByID(ctx, core.UserID(parts[0]))
	if core.Is(err, core.NotFound) || (err == nil && (!u.DeletedAt.IsZero() || u.PasswordHash == "")) {
		return User{}, gone
	}
	if err != nil {
		return User{}, err
	}
	value := parts[0] + "." + parts[1]
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !s.Challenge.Verify(challengeWord, value+"."+u.PasswordHash, parts[2]) || s.Wall.Now().Unix() > until {
		return User{}, gone
	}
	return u, nil
}
