package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeFolder creates the data folder for its owner alone. A folder that is
// there already keeps its mode: it may be a mount or serve other things, and
// every file in it is closed to others anyway.
func makeFolder(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return problem("sqlite.Open", fmt.Sprintf("The data folder %s cannot be made.", folder), err)
	}
	return syncFolder(filepath.Dir(folder))
}

// makeFile creates an empty database file that nobody else can read, whatever
// the umask, and closes an existing one and its companions to others. SQLite
// gives new companions the mode of the database.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Close(), syncFolder(filepath.Dir(path)))
	} else if errors.Is(err, fs.ErrExist) {
		err = narrow(path)
	}
	if err != nil {
		return problem("sqlite.Open", fmt.Sprintf("The database %s cannot be made or opened.", path), err)
	}
	for _, companion := range []string{path + "-wal", path + "-shm"} {
		if err := narrow(companion); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return problem("sqlite.Open", fmt.Sprintf("The file %s cannot be closed to others.", companion), err)
		}
	}
	return nil
}

// narrow takes a file's mode back to its owner. It never opens the file: closing
// it would drop SQLite's locks of this process.
func narrow(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o600)
}

// syncFolder makes names in a folder durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncFile makes a file durable that no connection of this process has open.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
