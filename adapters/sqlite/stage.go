package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"sselfie/core/moving"
)

// Stager makes scratch files for imports in a folder, in which no other import
// runs: what a killed one left there is thrown away.
type Stager struct{ Folder string }

const scratch = "import-*"

// stage is a scratch database that nobody else sees. It need not survive
// anything, so it waits for no disk.
type stage struct {
	folder string
	db     *sql.DB
	conn   *sql.Conn
	kept   *statements
}

const stageSchema = `CREATE TABLE people (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE, line INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE rows (seq INTEGER PRIMARY KEY, file TEXT NOT NULL, line INTEGER NOT NULL, owner TEXT, key TEXT, data TEXT NOT NULL);
BEGIN`

// clearScratch removes what an import left that was killed: it holds addresses.
func clearScratch(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, scratch))
	for _, old := range left {
		err = errors.Join(err, os.RemoveAll(old))
	}
	return err
}

// OpenStage implements moving.Stager.
func (s Stager) OpenStage(ctx context.Context) (moving.Stage, error) {
	const op = "sqlite.OpenStage"
	if err := clearScratch(s.Folder); err != nil {
		return nil, problem(op, "The scratch file of an import that was killed cannot be removed.", err)
	}
	folder, err := os.MkdirTemp(s.Folder, scratch) // 0700
	if err != nil {
		return nil, problem(op, "There is no room for the import's scratch file.", err)
	}
	st := &stage{folder: folder}
	if err := st.open(ctx); err != nil {
		return nil, errors.Join(translate(op, err), st.Close())
	}
	return st, nil
}

func (s *stage) open(ctx context.Context) (err error) {
	if s.db, err = sql.Open("sqlite", dsn(filepath.Join(s.folder, "stage.db"), "_journal_mode=OFF&_synchronous=OFF&_dqs=0&_pragma=cache_size(-16384)")); err != nil {
		return err
	}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	s.kept = newStatements(s.conn, true)
	_, err = s.conn.ExecContext(ctx, stageSchema)
	return err
}

// Close removes the scratch file.
func (s *stage) Close() error {
	var errs []error
	if s.kept != nil {
		s.kept.close()
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

func (s *stage) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, release, err := s.kept.take(ctx, text)
	if err != nil {
		return nil, translate("sqlite.stage", named(text, err))
	}
	defer release()
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return nil, translate("sqlite.stage", named(text, err))
	}
	return res, nil
}

// PutPerson implements moving.Stage.
func (s *stage) PutPerson(ctx context.Context, p moving.Person) (int, error) {
	data, err := jsonText(p.Data)
	if err != nil {
		return 0, err
	}
	res, err := s.exec(ctx, `INSERT INTO people (id, account, key, line, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, p.ID, p.Account, p.Key, p.Line, data)
	if err != nil || changed(res) > 0 {
		return 0, err
	}
	var line int
	err = s.conn.QueryRowContext(ctx, `SELECT min(line) FROM people WHERE id = ? OR key = ?`, p.ID, p.Key).Scan(&line)
	return line, err
}

// PutRow implements moving.Stage.
func (s *stage) PutRow(ctx context.Context, r moving.Row) error {
	data, err := jsonText(r.Data)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO rows (file, line, owner, key, data) VALUES (?, ?, ?, ?, ?)`, r.File, r.Line, textOrNull(r.Owner), textOrNull(r.Key), data)
	return err
}

// Strangers implements moving.Stage. It also finds the owners of rows that were
// known by address.
func (s *stage) Strangers(ctx context.Context, fn func(file string, line int) error) (err error) {
	for _, text := range []string{
		`UPDATE rows SET owner = (SELECT id FROM people p WHERE p.key = rows.key) WHERE owner IS NULL`,
		`CREATE INDEX rows_owner ON rows (owner)`,
	} {
		if _, err := s.exec(ctx, text); err != nil {
			return err
		}
	}
	rows, err := s.conn.QueryContext(ctx, `SELECT file, line FROM rows WHERE owner IS NULL OR owner NOT IN (SELECT id FROM people) ORDER BY seq`)
	if err != nil {
		return translate("sqlite.stage", err)
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	for rows.Next() {
		var file string
		var line int
		if err := rows.Scan(&file, &line); err != nil {
			return err
		}
		if err := fn(file, line); err != nil {
			return err
		}
	}
	return nil
}

// Bundles implements moving.Stage.
func (s *stage) Bundles(ctx context.Context, fn func(b moving.Bundle) error) (err error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT p.seq, p.id, p.account, p.key, p.line, p.data, r.file, r.line, r.data
		FROM people p LEFT JOIN rows r ON r.owner = p.id ORDER BY p.account`)
	if err != nil {
		return translate("sqlite.stage", err)
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	var b moving.Bundle
	at := int64(-1)
	for rows.Next() {
		var seq int64
		var p moving.Person
		var own, data string
		var file, more sql.NullString
		var line sql.NullInt64
		if err := rows.Scan(&seq, &p.ID, &p.Account, &p.Key, &p.Line, &own, &file, &line, &more); err != nil {
			return err
		}
		if seq != at {
			if at >= 0 {
				if err := fn(b); err != nil {
					return err
				}
			}
			at, b = seq, moving.Bundle{Person: p}
			if err := json.Unmarshal([]byte(own), &b.Person.Data); err != nil {
				return err
			}
		}
		if data = more.String; file.Valid {
			r := moving.Row{File: file.String, Line: int(line.Int64), Owner: p.ID}
			if err := json.Unmarshal([]byte(data), &r.Data); err != nil {
				return err
			}
			b.Rows = append(b.Rows, r)
		}
	}
	if at >= 0 && rows.Err() == nil {
		return fn(b)
	}
	return nil
}
