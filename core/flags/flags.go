// Package flags decides who gets a feature: everybody, nobody, or a share of
// users chosen by a stable hash, so that a larger share keeps the smaller one.
package flags

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Key names a flag.
type Key string

// The flags that the product knows.
const (
	BlueprintWelcome       Key = "blueprint_welcome_enabled"
	EntitlementWelcomeFlow Key = "entitlement_welcome_flow_enabled"
)

// State is how far a flag is open.
type State string

// The states.
const (
	On      State = "on"
	Off     State = "off"
	Percent State = "percent"
)

// Setting is where a flag stands, and why.
type Setting struct {
	Key       Key
	State     State
	Percent   int    // 0 to 100, for Percent
	Reason    string // who or what put it there
	UpdatedBy string
	UpdatedAt time.Time
	Override  bool // false: the configuration's default
}

// Enabled reports whether the user gets the feature, and why.
func (s Setting) Enabled(user core.UserID) (bool, string) {
	switch s.State {
	case On:
		return true, string(s.Key) + " is on"
	case Percent:
		b := Bucket(s.Key, user)
		return b < s.Percent, fmt.Sprintf("%s is open to %d%%, this account is in bucket %d", s.Key, s.Percent, b)
	}
	return false, string(s.Key) + " is off"
}

// Bucket returns a number from 0 to 99 that stays with flag and user: the first
// 8 bytes of SHA-256 of "flag|user", modulo 100 (security.md, T34).
func Bucket(k Key, user core.UserID) int {
	sum := sha256.Sum256([]byte(string(k) + "|" + string(user)))
	return int(binary.BigEndian.Uint64(sum[:8]) % 100)
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Tx is what a change of a flag needs.
type Tx interface {
	SaveFlag(ctx context.Context, s Setting) error
	FlagOverride(ctx context.Context, k Key) (Setting, bool, error)
	mail.Enqueuer
	// Audit keeps who did what in the audit log.
	Audit(ctx context.Context, a core.Audit) error
}

// Reader finds overrides.
type Reader interface {
	// FlagOverride returns the stored setting of a flag, and whether there is one.
	FlagOverride(ctx context.Context, k Key) (Setting, bool, error)
}

// Service answers for users and takes the creator's changes.
type Service struct {
	Store    Updater
	Read     Reader
	Clock    core.Clock
	IDs      core.IDs
	Defaults map[Key]bool // of the configuration; a flag without one is not known
	Outcomes Outcomes     // what the guard judges by
	Post     mail.Post
	Creator  string // where the guard's notices go, "" for nowhere
}

// List returns where every flag stands, by name.
func (s *Service) List(ctx context.Context) ([]Setting, error) {
	var out []Setting
	for _, k := range slices.Sorted(maps.Keys(s.Defaults)) {
		set, err := s.Get(ctx, k)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return out, nil
}

// Get returns where a flag stands. An unknown one is core.NotFound.
func (s *Service) Get(ctx context.Context, k Key) (Setting, error) {
	def, known := s.Defaults[k]
	if !known {
		return Setting{}, &core.Error{Code: core.NotFound, Op: "flags.Get", Message: "There is no flag with this name."}
	}
	set, found, err := s.Read.FlagOverride(ctx, k)
	if err != nil {
		return Setting{}, err
	}
	if found {
		set.Override = true
		return set, nil
	}
	set = Setting{Key: k, State: Off, Reason: "the configuration says so"}
	if def {
		set.State = On
	}
	return set, nil
}

// Enabled reports whether the user gets the feature, and why.
func (s *Service) Enabled(ctx context.Context, k Key, user core.UserID) (bool, string, error) {
	set, err := s.Get(ctx, k)
	if err != nil {
		return false, "", err
	}
	on, why := set.Enabled(user)
	return on, why, nil
}

// Set puts a flag somewhere else.
func (s *Service) Set(ctx context.Context, k Key, state State, percent int, by, reason string) (Setting, error) {
	const op = "flags.Set"
	if _, known := s.Defaults[k]; !known {
		return Setting{}, &core.Error{Code: core.NotFound, Op: op, Message: "There is no flag with this name."}
	}
	switch state {
	case On, Off:
		percent = 0
	case Percent:
		if percent < 0 || percent > 100 {
			return Setting{}, core.FieldError(op, "percent", "A share is from 0 to 100.")
		}
	default:
		return Setting{}, core.FieldError(op, "state", "Use on, off or percent.")
	}
	now := s.Clock.Now()
	set := Setting{Key: k, State: state, Percent: percent, Reason: reason, UpdatedBy: by, UpdatedAt: now, Override: true}
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return s.save(ctx, tx, set, "flag.set") })
	return set, err
}

// save keeps a setting together with who put it there.
func (s *Service) save(ctx context.Context, tx Tx, set Setting, action string) error {
	if err := tx.SaveFlag(ctx, set); err != nil {
		return err
	}
	return tx.Audit(ctx, core.Audit{
		ID: s.IDs.NewID("aud"), Actor: set.UpdatedBy, Action: action, Subject: string(set.Key), At: set.UpdatedAt,
		Detail: map[string]string{"state": string(set.State), "percent": strconv.Itoa(set.Percent), "reason": set.Reason},
	})
}
