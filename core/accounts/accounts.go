// Package accounts holds users, their sessions and the single-use links that
// prove an address or set a password.
//
// Signing up proves no address. An address is proven only by a link that was
// mailed to it: confirm, set-up or reset (product.md, Purchase).
package accounts

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// Origin says how an account came to be.
type Origin string

// The origins of an account.
const (
	FromSignUp   Origin = "sign_up"
	FromPurchase Origin = "purchase"
	FromAdmin    Origin = "admin"
	FromImport   Origin = "import"
	FromSample   Origin = "sample"
)

// User is an account.
type User struct {
	ID            core.UserID
	Email         string        // as typed; "" once it was lost or deleted
	Key           core.EmailKey // folded; "" once it was lost or deleted
	Name          string
	VerifiedAt    time.Time // zero: the address is not proven
	AddressLostAt time.Time // set when the address went to the purchase of its owner
	PasswordHash  string    // "" until one is set, and after a revocation
	PasswordSetAt time.Time
	Admin         bool
	Origin        Origin
	LastLoginAt   time.Time
	CreatedAt     time.Time
	DeletedAt     time.Time
}

// Verified reports whether the address is proven.
func (u User) Verified() bool { return !u.VerifiedAt.IsZero() }

// Session is a signed-in browser. All of its times are of the wall clock, so
// that moving the business clock signs nobody out.
type Session struct {
	TokenHash       string
	User            core.UserID
	CreatedAt       time.Time
	LastSeenAt      time.Time
	AuthenticatedAt time.Time // the last time a password was given
	ExpiresAt       time.Time
	UserAgent       string
	Address         string // truncated
}

// How long a session lasts (security.md, T23), and how often its use is noted.
const (
	SessionLifetime = 30 * 24 * time.Hour
	SessionIdle     = 7 * 24 * time.Hour
	sessionTouch    = time.Hour
)

// ReauthWindow is how long a sign-in counts as fresh for calls that move money
// or data.
const ReauthWindow = 15 * time.Minute

// Live reports whether the session still counts at the wall time now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Sub(s.LastSeenAt) < SessionIdle
}

// Fresh reports whether the password was given lately.
func (s Session) Fresh(now time.Time) bool { return now.Sub(s.AuthenticatedAt) < ReauthWindow }

// Token is a mailed single-use link, without the secret itself.
type Token struct {
	Hash      string
	User      core.UserID
	Purpose   mail.TokenPurpose
	Key       core.EmailKey // the address that it went to
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
}

// Lifetime returns how long a link of this purpose works.
func Lifetime(p mail.TokenPurpose) time.Duration {
	switch p {
	case mail.SetupToken, mail.ConfirmToken:
		return 7 * 24 * time.Hour
	case mail.ChangeToken:
		return 24 * time.Hour
	}
	return time.Hour
}

// UserReader finds accounts. Every method fails with core.NotFound where there
// is none.
type UserReader interface {
	UserByID(ctx context.Context, id core.UserID) (User, error)
	UserByKey(ctx context.Context, key core.EmailKey) (User, error)
}

// Credentials is what Revoke needs of a transaction.
type Credentials interface {
	SaveUser(ctx context.Context, u User) error
	// DeleteSessions ends the user's sessions but the one with the hash except.
	DeleteSessions(ctx context.Context, user core.UserID, except string) error
	// DeleteTokens drops every unused link of the user.
	DeleteTokens(ctx context.Context, user core.UserID) error
}

// Tx is what accounts need of a transaction.
type Tx interface {
	UserReader
	Credentials
	mail.Enqueuer
	credits.Tx
	tracking.Recorder
	SecondFactorTx
	// InsertUser fails with core.Conflict when the folded address is taken.
	InsertUser(ctx context.Context, u User) error
	InsertSession(ctx context.Context, s Session) error
	TouchSession(ctx context.Context, tokenHash string, at time.Time) error
	DeleteSession(ctx context.Context, tokenHash string) error
	InsertToken(ctx context.Context, t Token) error
	// TokenByHash fails with core.NotFound for an unknown token.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	MarkTokenUsed(ctx context.Context, hash string, at time.Time) error
	// CountHit adds one to the counter of key in the window that holds at, and
	// returns the new count.
	CountHit(ctx context.Context, key string, window time.Duration, at time.Time) (int, error)
	// ClearHits forgets every window of key.
	ClearHits(ctx context.Context, key string) error
	// PromisedChange returns the newest address that the user asked to move to,
	// and whether she ever did.
	PromisedChange(ctx context.Context, user core.UserID) (Change, bool, error)
	// Attempt runs fn so that its failure undoes what it wrote, and nothing else.
	Attempt(ctx context.Context, fn func() error) error
	// JoinLead gives the captured address to the account that has proven it. No
	// such address is fine.
	JoinLead(ctx context.Context, key core.EmailKey, user core.UserID) error
	SessionsOf(ctx context.Context, user core.UserID) ([]Session, error)
}

// Reader answers outside a transaction.
type Reader interface {
	UserReader
	SecondFactors
	// SessionUser returns a session with its living user, or core.NotFound.
	SessionUser(ctx context.Context, tokenHash string) (Session, User, error)
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// SessionsOf returns the user's sessions, the one used last first.
	SessionsOf(ctx context.Context, user core.UserID) ([]Session, error)
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Hasher turns passwords into hashes, slowly and a few at a time. A full queue
// fails with core.RateLimited.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
	// VerifyDummy takes as long as Verify, for an address that nobody has.
	VerifyDummy(ctx context.Context, password string) error
}

// Revoke takes every way in from an account: password, sessions and links. The
// account keeps its id, credits and answers (security.md, T1).
func Revoke(ctx context.Context, tx Credentials, u User) (User, error) {
	u.PasswordHash, u.PasswordSetAt = "", time.Time{}
	if err := tx.SaveUser(ctx, u); err != nil {
		return u, err
	}
	if err := tx.DeleteSessions(ctx, u.ID, ""); err != nil {
		return u, err
	}
	return u, tx.DeleteTokens(ctx, u.ID)
}
