package accounts

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
)

// Device is a signed-in browser, as its owner sees it. ID names it without
// letting anybody in.
type Device struct {
	ID         string
	UserAgent  string
	Address    string // truncated
	CreatedAt  time.Time
	LastSeenAt time.Time
	Current    bool // the one that asks
}

const deviceID = 24 // characters of the token's hash that name a device

// Devices returns the browsers that are signed in, the one used last first.
// token is the one that asks.
func (s *Service) Devices(ctx context.Context, user core.UserID, token string) ([]Device, error) {
	all, err := s.Read.SessionsOf(ctx, user)
	if err != nil {
		return nil, err
	}
	mine, now := s.Tokens.HashToken(token), s.Wall.Now()
	out := []Device{}
	for _, ses := range all {
		if ses.Live(now) {
			out = append(out, Device{
				ID: ses.TokenHash[:deviceID], UserAgent: ses.UserAgent, Address: ses.Address,
				CreatedAt: ses.CreatedAt, LastSeenAt: ses.LastSeenAt, Current: ses.TokenHash == mine,
			})
		}
	}
	return out, nil
}

// EndDevice signs one browser out. One that is out already, or not the user's,
// fails with core.NotFound.
func (s *Service) EndDevice(ctx context.Context, user core.UserID, id string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		all, err := tx.SessionsOf(ctx, user)
		if err != nil {
			return err
		}
		for _, ses := range all {
			if len(id) == deviceID && strings.HasPrefix(ses.TokenHash, id) {
				return tx.DeleteSession(ctx, ses.TokenHash)
			}
		}
		return &core.Error{Code: core.NotFound, Op: "accounts.EndDevice", Message: "This device is signed out already."}
	})
}

// EndOthers signs out every browser but the one with this token.
func (s *Service) EndOthers(ctx context.Context, user core.UserID, token string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.DeleteSessions(ctx, user, s.Tokens.HashToken(token))
	})
}
