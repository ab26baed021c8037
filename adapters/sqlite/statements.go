package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// maxStatements bounds each cache: texts are constants, so a program has a few
// hundred; whoever builds texts per call must not grow memory for ever.
const maxStatements = 1024

// preparer is a connection or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
}

// statements keeps prepared statements by their text.
type statements struct {
	on        preparer
	exclusive bool // one connection: a statement that is still being read cannot run again

	mu   sync.Mutex
	kept map[string]*statement
}

type statement struct {
	*sql.Stmt
	busy bool
}

func newStatements(on preparer, exclusive bool) *statements {
	return &statements{on: on, exclusive: exclusive, kept: map[string]*statement{}}
}

// take returns the statement for text and a function that gives it back.
func (s *statements) take(ctx context.Context, text string) (*sql.Stmt, func(), error) {
	s.mu.Lock()
	kept, found := s.kept[text]
	if found && !(s.exclusive && kept.busy) {
		kept.busy = true
		s.mu.Unlock()
		return kept.Stmt, func() { s.give(kept) }, nil
	}
	full := len(s.kept) >= maxStatements
	s.mu.Unlock()

	stmt, err := s.on.PrepareContext(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	once := func() { _ = stmt.Close() }
	if found || full {
		return stmt, once, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, raced := s.kept[text]; raced {
		return stmt, once, nil
	}
	kept = &statement{Stmt: stmt, busy: true}
	s.kept[text] = kept
	return stmt, func() { s.give(kept) }, nil
}

func (s *statements) give(st *statement) {
	if !s.exclusive {
		return
	}
	s.mu.Lock()
	st.busy = false
	s.mu.Unlock()
}

// close forgets all statements.
func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.kept {
		_ = st.Close()
	}
	s.kept = map[string]*statement{}
}
