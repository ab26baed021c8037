package accounts

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// Service signs people up, in and out.
type Service struct {
	Store         Updater
	Read          Reader
	Clock         core.Clock // business time: links, stamps
	Wall          core.Clock // wall time: sessions and limits
	IDs           core.IDs
	Tokens        core.Tokens
	Hasher        Hasher
	Fold          core.Fold
	Ledger        credits.Ledger
	Post          mail.Post
	Vault         Vault     // for second factors
	Challenge     Challenge // for those who owe a code
	Brand         string    // how an authenticator app names the account
	SignUpCredits int
	// Home returns where a customer goes after signing in without a wish of
	// her own: the page of her latest purchase, "" for none.
	Home func(ctx context.Context, user core.UserID) string
}

// Client says who asks, for the list of signed-in devices.
type Client struct {
	UserAgent string
	Address   string // truncated
}

// Signed is somebody who has just signed in. Token goes into the cookie and is
// kept nowhere; it is empty where the password is set but a code is owed.
type Signed struct {
	User     User
	Token    string
	Redirect string
	// Challenge comes with core.TOTPRequired: LoginWithCode takes it instead of
	// the password.
	Challenge string
}

// SignUp makes an account with the sign-up credits and signs it in. The address
// is not proven by that; the welcome mail carries the link which does. A taken
// address fails with core.Conflict.
func (s *Service) SignUp(ctx context.Context, email, password, name, next string, c Client) (Signed, error) {
	const op = "accounts.SignUp"
	key, fields := s.Fold(email), map[string]string{}
	if msg := CheckAddress(email); msg != "" {
		fields["email"] = msg
	}
	if msg := CheckPassword(password); msg != "" {
		fields["password"] = msg
	}
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) > 200 {
		fields["name"] = "A name has at most 200 characters."
	}
	if len(fields) > 0 {
		return Signed{}, &core.Error{Code: core.Invalid, Op: op, Message: "Check the marked fields.", Fields: fields}
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return Signed{}, err
	}
	now := s.Clock.Now()
	u := User{
		ID: core.UserID(s.IDs.NewID("usr")), Email: strings.TrimSpace(email), Key: key, Name: name,
		PasswordHash: hash, PasswordSetAt: now, Origin: FromSignUp, CreatedAt: now, LastLoginAt: now,
	}
	sess, token := s.session(u.ID, c)
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := tx.UserByKey(ctx, key); err == nil {
			return taken(op)
		} else if !core.Is(err, core.NotFound) {
			return err
		}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		if s.SignUpCredits > 0 {
			if _, _, err := s.Ledger.Grant(ctx, tx, credits.Line{
				User: u.ID, Amount: s.SignUpCredits, Type: credits.SignUp, Description: "Credits to start with", Key: "sign_up", At: now,
			}); err != nil {
				return err
			}
		}
		if err := tx.InsertSession(ctx, sess); err != nil {
			return err
		}
		if err := tx.RecordEvent(ctx, tracking.Event{Name: tracking.SignUp, User: u.ID, At: now}); err != nil {
			return err
		}
		return s.Post.EnqueueUnproven(ctx, tx, mail.Promise{
			Kind: mail.Welcome, User: u.ID, To: u.Email, Reference: "sign_up", Token: mail.ConfirmToken,
			Props: mail.Props{"name": u.Name, "credits": itoa(s.SignUpCredits)},
		}, now, s.Wall.Now())
	})
	if err != nil {
		return Signed{}, err
	}
	return Signed{User: u, Token: token, Redirect: afterSignUp(next)}, nil
}

func taken(op string) error {
	return &core.Error{
		Code: core.Conflict, Op: op, Message: "There is an account with this address. Log in, or ask for a new password.",
		Fields: map[string]string{"email": "There is an account with this address. Log in, or ask for a new password."},
	}
}

// Limits by account (security.md, T13 and T14): wrong passwords, and mails that
// somebody else could make us send.
const (
	loginWindow   = 15 * time.Minute
	loginAttempts = 10  // from one network, so that a stranger elsewhere locks nobody out
	loginFlood    = 100 // in an hour, from everywhere: a guesser with many networks
	resetPerHour  = 3
	resetPerDay   = 5
)

// Login checks a password, and the code of an account that has a second factor:
// without one it fails with core.TOTPRequired and leaves a Challenge. A wrong
// password and an unknown address look alike and take about the same time.
func (s *Service) Login(ctx context.Context, email, password, code, returnTo string, c Client) (Signed, error) {
	const op = "accounts.Login"
	key := s.Fold(email)
	u, err := s.Read.UserByKey(ctx, key)
	if err != nil && !core.Is(err, core.NotFound) {
		return Signed{}, err
	}
	if err := s.countTry(ctx, op, key, c); err != nil {
		return Signed{}, err
	}
	ok := false
	if u.PasswordHash == "" {
		err = s.Hasher.VerifyDummy(ctx, password)
	} else {
		ok, err = s.Hasher.Verify(ctx, password, u.PasswordHash)
	}
	if err != nil {
		return Signed{}, err
	}
	if !ok {
		return Signed{}, wrongPassword(op)
	}
	if err := s.passCode(ctx, op, u.ID, code); err != nil {
		return Signed{Challenge: s.challenge(u)}, err
	}
	return s.enter(ctx, op, u, returnTo, c)
}

// LoginWithCode goes on where Login asked for a code: the challenge stands for
// the password. A wrong code fails with core.TOTPRequired, and the challenge
// stays good.
func (s *Service) LoginWithCode(ctx context.Context, challenge, code, returnTo string, c Client) (Signed, error) {
	const op = "accounts.LoginWithCode"
	u, err := s.challenged(ctx, op, challenge)
	if err != nil {
		return Signed{}, err
	}
	if err := s.countTry(ctx, op, u.Key, c); err != nil {
		return Signed{}, err
	}
	if err := s.passCode(ctx, op, u.ID, code); err != nil {
		return Signed{Challenge: challenge}, err
	}
	return s.enter(ctx, op, u, returnTo, c)
}

// countTry counts a try before anything is compared, so that many at once don't
// slip past the limit together; a right one clears the count.
func (s *Service) countTry(ctx context.Context, op string, key core.EmailKey, c Client) error {
	wall := s.Wall.Now()
	var tries, flood int
	if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if tries, err = tx.CountHit(ctx, loginLimit(key, c.Address), loginWindow, wall); err != nil || tries > loginAttempts {
			return err // a try that is not compared does not use up the account's
		}
		flood, err = tx.CountHit(ctx, floodLimit(key), time.Hour, wall)
		return err
	}); err != nil {
		return err
	}
	if tries > loginAttempts {
		return tooManyTries(op, "a quarter of an hour", loginWindow)
	}
	if flood > loginFlood {
		return tooManyTries(op, "an hour", time.Hour)
	}
	return nil
}

// enter signs in an account whose password was just compared.
func (s *Service) enter(ctx context.Context, op string, u User, returnTo string, c Client) (Signed, error) {
	sess, token := s.session(u.ID, c)
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// The password was compared outside: it must still be the one.
		fresh, err := tx.UserByID(ctx, u.ID)
		if err != nil && !core.Is(err, core.NotFound) {
			return err
		}
		if err != nil || fresh.PasswordHash != u.PasswordHash || fresh.Key != u.Key {
			return wrongPassword(op)
		}
		fresh.LastLoginAt = s.Clock.Now()
		u = fresh
		if err := tx.SaveUser(ctx, fresh); err != nil {
			return err
		}
		for _, l := range []string{loginLimit(u.Key, c.Address), floodLimit(u.Key)} {
			if err := tx.ClearHits(ctx, l); err != nil {
				return err
			}
		}
		return tx.InsertSession(ctx, sess)
	})
	if err != nil {
		return Signed{}, err
	}
	return Signed{User: u, Token: token, Redirect: SafePath(returnTo)}, nil
}

// loginLimit counts wrong passwords for an account from one network.
func loginLimit(key core.EmailKey, network string) string {
	return "login:" + string(key) + "@" + network
}

// floodLimit counts them from everywhere.
func floodLimit(key core.EmailKey) string { return "login:h:" + string(key) }

func tooManyTries(op, spoken string, wait time.Duration) error {
	return tooMany(op, "Too many tries with a wrong password. Wait "+spoken+", or set a new password by mail.", wait)
}

func wrongPassword(op string) error {
	return &core.Error{Code: core.InvalidCredentials, Op: op, Message: "Address and password don't fit together. Check both, or set a new password."}
}

// Logout ends one session. An unknown token is fine.
func (s *Service) Logout(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.DeleteSession(ctx, s.Tokens.HashToken(token))
	})
}

// Forgot mails a link that sets a new password, at most 3 an hour and 5 a day
// for one address. It answers the same whether the address is known or not.
func (s *Service) Forgot(ctx context.Context, email string) error {
	key, now, wall := s.Fold(email), s.Clock.Now(), s.Wall.Now()
	if CheckAddress(email) != "" {
		return nil
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		hour, err := tx.CountHit(ctx, "reset:h:"+string(key), time.Hour, wall)
		if err != nil || hour > resetPerHour {
			return err // a request too many does not use up the day's
		}
		day, err := tx.CountHit(ctx, "reset:d:"+string(key), 24*time.Hour, wall)
		if err != nil {
			return err
		}
		u, err := tx.UserByKey(ctx, key)
		unknown := core.Is(err, core.NotFound)
		if day > resetPerDay {
			return nil
		}
		if err != nil && !unknown {
			return err
		}
		if unknown {
			u = User{Email: strings.TrimSpace(email)}
		}
		// For an unknown address the letter is written and taken back, so that
		// the time of the answer does not tell who is known.
		err = tx.Attempt(ctx, func() error {
			if err := s.Post.Enqueue(ctx, tx, mail.Promise{
				Kind: mail.PasswordReset, User: u.ID, To: u.Email, Reference: s.IDs.NewID("req"), Token: mail.ResetToken,
				Props: mail.Props{"name": u.Name},
			}, now); err != nil {
				return err
			}
			if unknown {
				return errTakenBack
			}
			return nil
		})
		if errors.Is(err, errTakenBack) {
			return nil
		}
		return err
	})
}

// errTakenBack undoes the letter to nobody.
var errTakenBack = errors.New("nobody has this address")

// CheckToken reports whether a set-up or reset link still works, for the page
// that it leads to. It fails with core.TokenInvalid.
func (s *Service) CheckToken(ctx context.Context, token string) error {
	t, err := s.Read.TokenByHash(ctx, s.Tokens.HashToken(token))
	if err != nil {
		if core.Is(err, core.NotFound) {
			return invalidToken("accounts.CheckToken")
		}
		return err
	}
	if !s.usable(t, mail.SetupToken, mail.ResetToken) {
		return invalidToken("accounts.CheckToken")
	}
	return nil
}

// SetPassword spends a set-up or reset link: it proves the address, sets the
// password, ends all other sessions and links, and signs in, but for an account
// with a second factor, which a mailbox alone does not open. Only the change of
// an existing password is told by mail.
func (s *Service) SetPassword(ctx context.Context, token, password string, c Client) (Signed, error) {
	const op = "accounts.SetPassword"
	if msg := CheckPassword(password); msg != "" {
		return Signed{}, core.FieldError(op, "password", msg)
	}
	if err := s.CheckToken(ctx, token); err != nil {
		return Signed{}, err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return Signed{}, err
	}
	now := s.Clock.Now()
	var u User
	var plain string
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		t, err := s.spend(ctx, tx, op, token, mail.SetupToken, mail.ResetToken)
		if err != nil {
			return err
		}
		if u, err = holder(ctx, tx, op, t); err != nil {
			return err
		}
		changed := u.PasswordHash != ""
		if u, err = Revoke(ctx, tx, u); err != nil {
			return err
		}
		if u.VerifiedAt.IsZero() {
			u.VerifiedAt = now
		}
		u.PasswordHash, u.PasswordSetAt, u.LastLoginAt = hash, now, now
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := tx.JoinLead(ctx, u.Key, u.ID); err != nil {
			return err
		}
		for _, l := range []string{loginLimit(u.Key, c.Address), floodLimit(u.Key)} {
			if err := tx.ClearHits(ctx, l); err != nil {
				return err
			}
		}
		f, err := tx.SecondFactorOf(ctx, u.ID)
		if err != nil && !core.Is(err, core.NotFound) {
			return err
		}
		if plain = ""; !f.On() {
			var sess Session
			sess, plain = s.session(u.ID, c)
			if err := tx.InsertSession(ctx, sess); err != nil {
				return err
			}
		}
		if !changed {
			return nil
		}
		return s.Post.Enqueue(ctx, tx, mail.Promise{
			Kind: mail.PasswordChanged, User: u.ID, To: u.Email, Reference: t.Hash[:16], Props: mail.Props{"name": u.Name},
		}, now)
	})
	if err != nil {
		return Signed{}, err
	}
	if plain == "" {
		return Signed{User: u, Redirect: "/auth/login"}, nil
	}
	to := ""
	if s.Home != nil {
		to = s.Home(ctx, u.ID)
	}
	return Signed{User: u, Token: plain, Redirect: SafePath(to)}, nil
}

// Confirm spends the link of the welcome mail, or the one that moves an account
// to another address: it proves the address and signs nobody in. A second click is fine as long as the address is proven.
func (s *Service) Confirm(ctx context.Context, token string) error {
	const op = "accounts.Confirm"
	now := s.Clock.Now()
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		t, err := tx.TokenByHash(ctx, s.Tokens.HashToken(token))
		if core.Is(err, core.NotFound) {
			return invalidToken(op)
		}
		if err != nil {
			return err
		}
		if t.Purpose == mail.ChangeToken {
			return s.applyChange(ctx, tx, t, now)
		}
		if t.Purpose != mail.ConfirmToken {
			return invalidToken(op)
		}
		u, err := holder(ctx, tx, op, t)
		if err != nil {
			return err
		}
		if !t.UsedAt.IsZero() && u.Verified() {
			return nil
		}
		if !s.usable(t, mail.ConfirmToken) {
			return invalidToken(op)
		}
		if err := tx.MarkTokenUsed(ctx, t.Hash, now); err != nil {
			return err
		}
		if u.VerifiedAt.IsZero() {
			u.VerifiedAt = now
		}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		return tx.JoinLead(ctx, u.Key, u.ID)
	})
}

// Authenticate returns who a session token belongs to. It fails with
// core.NotAuthenticated when there is no such session, or no longer.
func (s *Service) Authenticate(ctx context.Context, token string) (Session, User, error) {
	const op = "accounts.Authenticate"
	if token == "" {
		return Session{}, User{}, &core.Error{Code: core.NotAuthenticated, Op: op, Message: "Log in to go on."}
	}
	sess, u, err := s.Read.SessionUser(ctx, s.Tokens.HashToken(token))
	now := s.Wall.Now()
	if core.Is(err, core.NotFound) || (err == nil && !sess.Live(now)) {
		return Session{}, User{}, &core.Error{Code: core.NotAuthenticated, Op: op, Message: "Log in to go on."}
	}
	if err != nil {
		return Session{}, User{}, err
	}
	if now.Sub(sess.LastSeenAt) >= sessionTouch {
		// Noting the visit must not fail the page.
		_ = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.TouchSession(ctx, sess.TokenHash, now) })
	}
	return sess, u, nil
}

// MintToken makes a link for a mail that is about to be sent and keeps its hash.
// It is the mail package's Minter.
func (s *Service) MintToken(ctx context.Context, user core.UserID, purpose mail.TokenPurpose, key core.EmailKey) (string, error) {
	plain, now := s.Tokens.NewToken(), s.Clock.Now()
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		u, err := tx.UserByID(ctx, user)
		if err != nil {
			return err
		}
		if u.Key != key && purpose != mail.ChangeToken {
			return &core.Error{Code: core.Conflict, Op: "accounts.MintToken", Message: "The address no longer belongs to this account."}
		}
		return tx.InsertToken(ctx, Token{
			Hash: s.Tokens.HashToken(plain), User: user, Purpose: purpose, Key: key, CreatedAt: now, ExpiresAt: now.Add(Lifetime(purpose)),
		})
	})
	return plain, err
}

// CreateAdmin makes the account an admin, with this password and a proven
// address; an existing account is updated.
func (s *Service) CreateAdmin(ctx context.Context, email, password string) (User, error) {
	const op = "accounts.CreateAdmin"
	if msg := CheckAddress(email); msg != "" {
		return User{}, core.FieldError(op, "email", msg)
	}
	if msg := CheckPassword(password); msg != "" {
		return User{}, core.FieldError(op, "password", msg)
	}
	key, now := s.Fold(email), s.Clock.Now()
	if old, err := s.Read.UserByKey(ctx, key); err == nil && old.Admin && old.PasswordHash != "" {
		if same, err := s.Hasher.Verify(ctx, password, old.PasswordHash); err == nil && same {
			return old, nil
		}
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	var u User
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		u, err = tx.UserByKey(ctx, key)
		fresh := core.Is(err, core.NotFound)
		if err != nil && !fresh {
			return err
		}
		if fresh {
			u = User{ID: core.UserID(s.IDs.NewID("usr")), Email: strings.TrimSpace(email), Key: key, Origin: FromAdmin, CreatedAt: now}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		} else if u, err = Revoke(ctx, tx, u); err != nil {
			return err
		}
		u.Admin, u.PasswordHash, u.PasswordSetAt = true, hash, now
		if u.VerifiedAt.IsZero() {
			u.VerifiedAt = now
		}
		return tx.SaveUser(ctx, u)
	})
	return u, err
}

func (s *Service) session(user core.UserID, c Client) (Session, string) {
	token, now := s.Tokens.NewToken(), s.Wall.Now()
	return Session{
		TokenHash: s.Tokens.HashToken(token), User: user, CreatedAt: now, LastSeenAt: now, AuthenticatedAt: now,
		ExpiresAt: now.Add(SessionLifetime), UserAgent: tracking.Clip(c.UserAgent), Address: c.Address,
	}, token
}

func (s *Service) usable(t Token, purposes ...mail.TokenPurpose) bool {
	for _, p := range purposes {
		if t.Purpose == p {
			return t.UsedAt.IsZero() && s.Clock.Now().Before(t.ExpiresAt)
		}
	}
	return false
}

func (s *Service) spend(ctx context.Context, tx Tx, op, token string, purposes ...mail.TokenPurpose) (Token, error) {
	t, err := tx.TokenByHash(ctx, s.Tokens.HashToken(token))
	if core.Is(err, core.NotFound) || (err == nil && !s.usable(t, purposes...)) {
		return t, invalidToken(op)
	}
	if err != nil {
		return t, err
	}
	return t, tx.MarkTokenUsed(ctx, t.Hash, s.Clock.Now())
}

// holder returns the account of a link, as long as it still has the address that
// the link was mailed to.
func holder(ctx context.Context, tx Tx, op string, t Token) (User, error) {
	u, err := tx.UserByID(ctx, t.User)
	if core.Is(err, core.NotFound) || (err == nil && (u.Key == "" || u.Key != t.Key)) {
		return u, invalidToken(op)
	}
	return u, err
}

func invalidToken(op string) error {
	return &core.Error{Code: core.TokenInvalid, Op: op, Message: "This link was used before or has run out. Ask for a new one."}
}
