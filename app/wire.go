package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/clock"
	"sselfie/adapters/locksmith"
	"sselfie/adapters/mailbox"
	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/tracking"
	"sselfie/migrations"
)

// house is the program with all of its rooms, built once and taken down once.
// It answers nobody yet: serve opens the doors.
type house struct {
	config  Config
	base    string // public address
	catalog catalog.Catalog
	log     *slog.Logger
	stats   *metrics.Set

	wall   clock.System
	clock  *clock.Shifted // business time
	ids    locksmith.IDs
	signer locksmith.Signer
	fold   core.Fold

	db        *sqlite.DB
	people    *accounts.Service
	visits    tracking.Service
	money     *money        // nil while payments are disabled
	outbox    *mail.Service // nil while mail is disabled
	mailbox   *mailbox.Box  // nil unless mail is captured
	voice     *voice
	reception *reception
	runner    *jobs.Runner

	alone   bool           // an import: one transaction as long as it takes, and nobody else
	closers []func() error // in the order of building
}

// build makes everything out of the configuration. base is the public address.
// The database is opened for writing, so that one house at a time stands on it.
func build(ctx context.Context, c Config, base string, log *slog.Logger) (_ *house, err error) {
	h := &house{config: c, base: base, catalog: c.Catalog.Catalogue(), log: log, stats: metrics.NewSet(), fold: locksmith.NewFold()}
	defer func() {
		if err != nil {
			_ = h.close() // the first error is the one to tell
		}
	}()
	letters := aside(c.library)
	if err := h.openDatabase(ctx); err != nil {
		return nil, err
	}
	library, err := letters()
	if err != nil {
		return nil, err
	}
	ledger, post := credits.Ledger{IDs: h.ids}, mail.Post{IDs: h.ids, Fold: h.fold}
	h.people = &accounts.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) accounts.Tx { return tx }), Read: h.db,
		Clock: h.clock, Wall: h.wall, IDs: h.ids, Tokens: locksmith.Tokens{}, Hasher: locksmith.NewHasher(), Fold: h.fold,
		Ledger: ledger, Post: post, SignUpCredits: h.catalog.SignUpCredits, Challenge: h.signer, Brand: c.Brand.Name,
	}
	if h.people.Vault, err = openVault(c.DataDir); err != nil {
		return nil, err
	}
	h.visits = tracking.Service{Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) tracking.Recorder { return tx }), Clock: h.clock}
	if h.voice, err = h.openVoice(ctx, library); err != nil {
		return nil, err
	}
	if err := h.openMail(); err != nil {
		return nil, err
	}
	if c.Payments != "disabled" && (c.Demo || c.Stripe.SecretKey != "") {
		if h.money, err = h.openMoney(ledger, post); err != nil {
			return nil, err
		}
		h.people.Home = h.money.home
	}
	h.reception = h.openReception(post)
	return h, h.openJobs(ctx)
}

// lockWait is for how long a start asks for the data folder again: a process that
// was killed a moment ago still holds it.
const lockWait = 750 * time.Millisecond

// aside begins fn at once, beside whatever comes next, and returns a function
// that waits for its result.
func aside[T any](fn func() (T, error)) func() (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := fn()
		done <- result{value, err}
	}()
	return func() (T, error) {
		r := <-done
		return r.value, r.err
	}
}

// openDatabase opens the file and settles what the first start decides: the
// keys, the mode, and when the installation began.
func (h *house) openDatabase(ctx context.Context) (err error) {
	opts := sqlite.Options{
		Path: h.config.databasePath(), Migrations: migrations.Files, Log: h.log, Clock: h.wall, Observer: newWriterFigures(h.stats),
		LockWait: lockWait,
	}
	if h.alone {
		opts.UpdateLimit, opts.WriteCache = 24*time.Hour, 8<<10
	}
	if h.db, err = sqlite.Open(ctx, opts); err != nil {
		return err
	}
	h.closers = append(h.closers, h.db.Close)
	key, mode, err := h.settle(ctx)
	if err != nil {
		return err
	}
	if h.config.decidesMode() && mode != h.config.modeName() {
		return &core.Error{Code: core.Conflict, Op: "app.mode", Message: fmt.Sprintf(
			"The database in %s belongs to a %s installation, but the keys are for %s mode. Use the right keys, or another data_dir.",
			h.config.DataDir, mode, h.config.modeName())}
	}
	if h.signer, err = locksmith.NewSigner(key); err != nil {
		return fmt.Errorf("the setting signing_key: %w", err)
	}
	offset, err := h.storedOffset(ctx)
	h.clock = clock.NewShifted(h.wall, offset)
	return err
}

// settle returns what the first start decided: the signing key, and whether the
// installation is live or test. Later starts only read.
func (h *house) settle(ctx context.Context) (key, mode string, err error) {
	now := h.wall.Now()
	wanted := []struct {
		name, value string
		kept        *string
	}{{"signing_key", locksmith.NewKey(), &key}, {"installed_at", now.Format(time.RFC3339Nano), new(string)}, {"mode", h.config.modeName(), &mode}}
	if !h.config.decidesMode() {
		wanted = wanted[:2]
	}
	whole := true
	for _, w := range wanted {
		value, found, err := h.db.Setting(ctx, w.name)
		if err != nil {
			return "", "", err
		}
		*w.kept = value
		whole = whole && found
	}
	if whole {
		return key, mode, nil
	}
	err = h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		for _, w := range wanted {
			if *w.kept, err = tx.KeepSetting(ctx, w.name, w.value, now); err != nil {
				return err
			}
		}
		return nil
	})
	return key, mode, err
}

// decidesMode reports whether the configuration says live or test at all.
func (c *Config) decidesMode() bool { return c.Demo || mode(c.Stripe.SecretKey) != "" }

func (c *Config) modeName() string {
	if c.Live() {
		return "live"
	}
	return "test"
}

// storedOffset returns how far the business clock is ahead. Outside of demo mode
// it runs with the wall clock, whatever a demo left behind.
func (h *house) storedOffset(ctx context.Context) (time.Duration, error) {
	text, found, err := h.db.Setting(ctx, "clock_offset")
	if err != nil || !found || !h.config.Demo {
		return 0, err
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("the setting clock_offset: %w", err)
	}
	return offset, nil
}

func (h *house) keepOffset(ctx context.Context, offset time.Duration) error {
	return h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveSetting(ctx, "clock_offset", offset.String(), h.wall.Now())
	})
}

// files returns a part of the creator's folder, nil when there is none.
func (c *Config) files(part string) (fs.FS, error) {
	if c.StaticDir == "" {
		return nil, nil
	}
	dir := filepath.Join(c.StaticDir, part)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && part != "":
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("static_dir: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("static_dir: %s is no folder", dir)
	}
	return os.DirFS(dir), nil
}

// close takes the house down, the last room first.
func (h *house) close() error {
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		errs = append(errs, h.closers[i]())
	}
	h.closers = nil
	return errors.Join(errs...)
}

// loopbackServer answers on a port of its own that only this machine reaches.
func loopbackServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
	}
}
