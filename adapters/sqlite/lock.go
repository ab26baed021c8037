package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"sselfie/core"
)

// lockName is the file whose lock says that a program works in the data folder.
const lockName = "sselfie.lock"

// Lock is the right to write in a data folder. The operating system holds it,
// so it ends with the process however that ends; the file itself stays.
type Lock struct {
	file *os.File
	once sync.Once
}

// TakeLock takes the lock of folder. When another process has it, the error
// names that process; nobody waits.
func TakeLock(folder string) (*Lock, error) {
	name := filepath.Join(folder, lockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, problem(opLock, fmt.Sprintf("The lock file %s cannot be opened.", name), err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &core.Error{Code: core.Conflict, Op: opLock, Message: fmt.Sprintf("Another sselfie%s works in %s. Stop it first, or give this one a data folder of its own.", owner(f), folder)}
		}
		return nil, problem(opLock, fmt.Sprintf("The data folder %s cannot be locked; it must be on a local disk.", folder), err)
	}
	if err := errors.Join(f.Truncate(0), writeAtStart(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		_ = f.Close()
		return nil, problem(opLock, fmt.Sprintf("The lock file %s cannot be written.", name), err)
	}
	return &Lock{file: f}, nil
}

// takeLock is TakeLock with patience: a process that was killed a moment ago
// still has its lock while the system takes it apart.
func takeLock(ctx context.Context, folder string, patience time.Duration) (*Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		lock, err := TakeLock(folder)
		if !Locked(err) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

const opLock = "sqlite.TakeLock"

// Locked reports whether err says that another process works in the folder.
func Locked(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && e.Op == opLock && e.Code == core.Conflict
}

// Release gives the lock back.
func (l *Lock) Release() (err error) {
	l.once.Do(func() { err = l.file.Close() })
	return err
}

// owner says whose lock it is, as far as the file tells.
func owner(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(b))
	if _, bad := strconv.Atoi(pid); err != nil || bad != nil {
		return ""
	}
	return " (process " + pid + ")"
}

func writeAtStart(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}
