package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sselfie/adapters/locksmith"
)

// vaultFile holds the key that closes the secrets of second factors. It lies
// beside the database and in no backup, so that a copy of the database alone
// opens none of them.
const vaultFile = "second-factor.key"

// openVault reads the key, or makes it at the first start. A folder that was
// restored without it gets a new one: recovery codes still work then.
func openVault(dir string) (locksmith.Vault, error) {
	name := filepath.Join(dir, vaultFile)
	text, err := os.ReadFile(name) // #nosec G304 -- a file of ours in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(locksmith.NewKey() + "\n")
		err = keepKey(name, text)
	}
	if err != nil {
		return locksmith.Vault{}, fmt.Errorf("the key of the second factors: %w", err)
	}
	v, err := locksmith.NewVault(strings.TrimSpace(string(text)))
	if err != nil {
		return v, fmt.Errorf("%s: %w; put the right file back, or move this one away", name, err)
	}
	return v, nil
}

// keepKey writes the key so that it is there whole or not at all.
func keepKey(name string, text []byte) error {
	tmp := name + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- as above
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

type adminForgetCommand struct {
	Email string `arg:"" help:"The admin's address."`
}

// Help implements kong.HelpProvider.
func (adminForgetCommand) Help() string {
	return "For a phone that is lost together with the recovery codes. The admin is told by mail, and the audit log keeps it. Works beside a running site.\n\nExample: sselfie admin forget-second-factor ada@example.com"
}

// Run drops the second factor.
func (a adminForgetCommand) Run(s *shell) error {
	return s.do("admin forget-second-factor", map[string]string{"email": a.Email})
}

func forgetSecondFactor(ctx context.Context, h *house, v map[string]string) ([]string, error) {
	u, err := h.people.Read.UserByKey(ctx, h.fold(v["email"]))
	if err != nil {
		return nil, err
	}
	if err := h.people.RemoveSecondFactor(ctx, u.ID, "command line"); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s logs in with the password alone (%s)", u.Email, u.ID)}, nil
}
