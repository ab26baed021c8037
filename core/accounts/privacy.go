package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"sselfie/core"
)

// Archive takes what is exported: one entry after the other, each written
// before the next is asked for. An adapter makes a ZIP of it.
type Archive interface {
	// Entry begins an entry with a name like payments.json.
	Entry(name string) (io.Writer, error)
}

// Files are the pictures and documents of a customer, outside of the database.
type Files interface {
	// ExportFiles writes every file of the user into the archive.
	ExportFiles(ctx context.Context, user core.UserID, to Archive) error
	// EraseFiles removes them. Nothing to remove is fine.
	EraseFiles(ctx context.Context, user core.UserID) error
}

// Captured is where mail lies that was kept here instead of sent.
type Captured interface {
	// EraseCaptured removes every letter that names an address.
	EraseCaptured(ctx context.Context, key core.EmailKey) error
}

// Trace is a row that names a person somewhere in its text: a webhook's payload,
// a mail about somebody else's business.
type Trace struct {
	Table string
	ID    string
}

// PrivacyReader knows everything that is kept of a user.
type PrivacyReader interface {
	UserReader
	// ExportUser writes one JSON document for each table that knows the user.
	// Secrets are left out: no hash of a password or token.
	ExportUser(ctx context.Context, user core.UserID, to Archive) error
	// EarlierAddresses returns addresses that the user had before, of which no
	// other account has taken possession since.
	EarlierAddresses(ctx context.Context, user core.UserID) ([]core.EmailKey, error)
	// TracesOf finds the rows beside the user's own that name her: by address, id
	// or customer at Stripe.
	TracesOf(ctx context.Context, user core.UserID, key core.EmailKey) ([]Trace, error)
}

// PrivacyTx erases.
type PrivacyTx interface {
	UserReader
	// EraseTraces empties the texts of such rows.
	EraseTraces(ctx context.Context, traces []Trace) error
	// EraseUser erases profile, answers, tracking, sessions, links and what names
	// this address. It is called again for each that she had before.
	// Payments, ledger and subscription rows stay without a name; a suppression
	// of the address stays as hash.
	EraseUser(ctx context.Context, user core.UserID, key core.EmailKey, hash string, at time.Time) error
	Audit(ctx context.Context, a core.Audit) error
}

// PrivacyUpdater runs fn in one transaction.
type PrivacyUpdater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx PrivacyTx) error) error
}

// Privacy gives customers their data, and takes it away.
type Privacy struct {
	People   *Service
	Store    PrivacyUpdater
	Read     PrivacyReader
	Files    Files    // nil while there are none
	Captured Captured // nil where mail is sent
	// MayLeave fails, with words for the customer, while something has to end
	// first: a membership that Stripe would go on charging. nil asks nobody.
	MayLeave func(ctx context.Context, user core.UserID) error
	// Settle takes the last traces off the disk: copies that the database keeps of
	// rows that are gone. When it fails the erasure stands. nil does nothing.
	Settle func(ctx context.Context) error
}

// Export writes everything that the installation knows of a user.
func (p *Privacy) Export(ctx context.Context, user core.UserID, to Archive) error {
	if err := p.Read.ExportUser(ctx, user, to); err != nil {
		return err
	}
	if p.Files == nil {
		return nil
	}
	return p.Files.ExportFiles(ctx, user, to)
}

// Delete erases the account of somebody who gives her password.
func (p *Privacy) Delete(ctx context.Context, user core.UserID, password string) error {
	u, err := p.People.own(ctx, "accounts.Delete", user, password)
	if err != nil {
		return err
	}
	return p.erase(ctx, u, string(user))
}

// DeleteBy erases an account on behalf of its owner. actor is an admin's id, or
// "command line". An account that is gone already is fine.
func (p *Privacy) DeleteBy(ctx context.Context, user core.UserID, actor string) error {
	u, err := p.Read.UserByID(ctx, user)
	if err != nil || !u.DeletedAt.IsZero() {
		return err
	}
	return p.erase(ctx, u, actor)
}

// traceChunk keeps one step of the erasure short.
const traceChunk = 500

func (p *Privacy) erase(ctx context.Context, u User, actor string) error {
	const op = "accounts.Delete"
	if u.Admin {
		return &core.Error{Code: core.Conflict, Op: op, Message: "This account is an admin's. Take that right from it first."}
	}
	if p.MayLeave != nil {
		if err := p.MayLeave(ctx, u.ID); err != nil {
			return err
		}
	}
	keys, err := p.Read.EarlierAddresses(ctx, u.ID)
	if err != nil {
		return err
	}
	keys = append([]core.EmailKey{u.Key}, keys...)
	if err := p.eraseTraces(ctx, u.ID, keys); err != nil {
		return err
	}
	now := p.People.Clock.Now()
	if err := p.Store.Update(ctx, func(ctx context.Context, tx PrivacyTx) error {
		for _, key := range keys {
			if err := tx.EraseUser(ctx, u.ID, key, SuppressionHash(key), now); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, core.Audit{ID: p.People.IDs.NewID("aud"), Actor: actor, Action: "account.deleted", Subject: string(u.ID), At: now})
	}); err != nil {
		return err
	}
	// What arrived between the first look and the end.
	if err := p.eraseTraces(ctx, u.ID, keys); err != nil {
		return err
	}
	if p.Files != nil {
		if err := p.Files.EraseFiles(ctx, u.ID); err != nil {
			return err
		}
	}
	if p.Captured != nil {
		for _, key := range keys {
			if err := p.Captured.EraseCaptured(ctx, key); err != nil {
				return err
			}
		}
	}
	if p.Settle != nil {
		_ = p.Settle(ctx) // see there
	}
	return nil
}

func (p *Privacy) eraseTraces(ctx context.Context, user core.UserID, keys []core.EmailKey) error {
	var traces []Trace
	for _, key := range keys {
		found, err := p.Read.TracesOf(ctx, user, key)
		if err != nil {
			return err
		}
		traces = append(traces, found...)
	}
	for len(traces) > 0 {
		n := min(traceChunk, len(traces))
		if err := p.Store.Update(ctx, func(ctx context.Context, tx PrivacyTx) error { return tx.EraseTraces(ctx, traces[:n]) }); err != nil {
			return err
		}
		traces = traces[n:]
	}
	return nil
}

// SuppressionHash is what stays of a suppressed address after its account was
// deleted: enough to know it again, not to write to it.
func SuppressionHash(key core.EmailKey) string {
	sum := sha256.Sum256([]byte("suppressed|" + string(key)))
	return "sha256:" + hex.EncodeToString(sum[:])
}
