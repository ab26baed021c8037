package moving

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sselfie/core"
)

// maxRecord bounds one row. Larger ones are refused without being kept.
const maxRecord = 1 << 20

// table reads a CSV file row by row, in memory that does not grow with the file.
// It knows commas, semicolons and tabs, UTF-8 with or without a mark, and UTF-16
// with one. It never guesses inside quotes: a text that looks like a row is not
// one.
type table struct {
	name    string
	in      *bufio.Reader
	comma   rune
	columns map[string]int
	width   int
	line    int // of the next rune
}

// record is one row, or why it is none.
type record struct {
	line  int
	last  int // the line on which it ends
	table *table
	cells []string
	wrong string
}

// get returns the first of these columns that the file has and the row fills.
func (r record) get(names ...string) string {
	for _, n := range names {
		if i, there := r.table.columns[n]; there && i < len(r.cells) {
			if v := strings.TrimSpace(r.cells[i]); v != "" && !strings.EqualFold(v, "null") && v != `\N` {
				return v
			}
		}
	}
	return ""
}

// pick returns the columns that are filled, for the scratch space.
func (r record) pick(names []string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		if v := r.get(n); v != "" {
			out[n] = v
		}
	}
	return out
}

// openTable reads the header. Each of need is a column, or several names of one
// with | between; a missing one fails with core.Invalid.
func openTable(name string, in io.Reader, need ...string) (*table, error) {
	t := &table{name: name, in: bufio.NewReaderSize(decoded(in), 64<<10), line: 1}
	head, err := t.in.Peek(8 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, t.broken(err)
	}
	t.comma = separator(string(head))
	rec, err := t.read()
	if errors.Is(err, io.EOF) {
		return nil, t.invalid("is empty: it has not even a header.")
	}
	if err != nil {
		return nil, err
	}
	if rec.wrong != "" {
		return nil, t.invalid("has no readable header: " + rec.wrong + ".")
	}
	t.columns, t.width = map[string]int{}, len(rec.cells)
	for i, c := range rec.cells {
		key := strings.ToLower(strings.TrimSpace(c))
		if _, twice := t.columns[key]; twice && key != "" {
			return nil, t.invalid(fmt.Sprintf("has two columns called %q.", key))
		}
		t.columns[key] = i
	}
	for _, n := range need {
		found := false
		for alias := range strings.SplitSeq(n, "|") {
			_, there := t.columns[alias]
			found = found || there
		}
		if !found {
			return nil, t.invalid(`has no column "` + strings.ReplaceAll(n, "|", `" or "`) + `".`)
		}
	}
	return t, nil
}

func (t *table) invalid(what string) error {
	return &core.Error{Code: core.Invalid, Op: "moving.read", Message: "The file " + t.name + " " + what}
}

func (t *table) broken(err error) error {
	return &core.Error{Code: core.Unprocessable, Op: "moving.read", Message: "The file " + t.name + " cannot be read to its end.", Err: err}
}

// next returns the next row that is not blank; io.EOF at the end.
func (t *table) next() (record, error) {
	for {
		rec, err := t.read()
		if err != nil {
			return rec, err
		}
		if rec.wrong == "" && len(rec.cells) == 1 && strings.TrimSpace(rec.cells[0]) == "" {
			continue
		}
		if rec.wrong == "" && len(rec.cells) != t.width {
			rec.wrong = fmt.Sprintf("the row has %d columns, the header %d", len(rec.cells), t.width)
		}
		return rec, nil
	}
}

// read splits one record. Where it is malformed it goes on to its end, so that
// the next one begins where a row really begins.
func (t *table) read() (record, error) {
	rec := record{line: t.line, table: t}
	var cell strings.Builder
	size, any, quoted, closed, latin := 0, false, false, false, false
	say := func(why string) {
		if rec.wrong == "" {
			rec.wrong = why
		}
	}
	end := func() {
		if size <= maxRecord {
			rec.cells = append(rec.cells, cell.String())
		}
		cell.Reset()
		closed = false
	}
	for {
		r, n, err := t.in.ReadRune()
		if errors.Is(err, io.EOF) {
			if !any {
				return rec, io.EOF
			}
			if quoted {
				say("the file ends in the middle of this row")
			}
			end()
			break
		}
		if err != nil {
			return rec, t.broken(err)
		}
		any = true
		if r == '\r' && !quoted {
			if b, err := t.in.Peek(1); err != nil || b[0] == '\n' {
				continue
			}
			r = '\n' // alone it ends a row, as on old Macs
		}
		if r == '\n' {
			t.line++
		}
		if r == 0 || r == utf8.RuneError && n == 1 {
			latin = true
		}
		if size += n; size > maxRecord {
			cell.Reset()
			rec.cells = nil
			say(fmt.Sprintf("the row is larger than %d KB", maxRecord>>10))
		}
		switch {
		case quoted && r == '"':
			if b, err := t.in.Peek(1); err == nil && b[0] == '"' {
				_, _ = t.in.ReadByte() // peeked
				cell.WriteByte('"')
				continue
			}
			quoted, closed = false, true
			continue
		case quoted:
		case r == '"' && cell.Len() == 0 && !closed:
			quoted = true
			continue
		case r == t.comma:
			end()
			continue
		case r == '\n':
			end()
			rec.last = t.line - 1
			return t.finish(rec, latin), nil
		case closed:
			say("there is text behind a closing quote")
		}
		if size <= maxRecord {
			cell.WriteRune(r)
		}
	}
	rec.last = t.line
	return t.finish(rec, latin), nil
}

func (t *table) finish(rec record, latin bool) record {
	if latin && rec.wrong == "" {
		rec.wrong = "the row is not UTF-8: save the file as UTF-8 and try again"
	}
	if rec.wrong != "" && rec.last > rec.line {
		rec.wrong += fmt.Sprintf(" (it reaches to line %d)", rec.last)
	}
	return rec
}

// separator returns what the header's columns are divided by.
func separator(head string) rune {
	if i := strings.IndexAny(head, "\r\n"); i >= 0 {
		head = head[:i]
	}
	best, most := ',', strings.Count(head, ",")
	for _, c := range []rune{';', '\t'} {
		if n := strings.Count(head, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// decoded drops the mark of UTF-8 and turns UTF-16 into it.
func decoded(in io.Reader) io.Reader {
	b := bufio.NewReaderSize(in, 64<<10)
	head, _ := b.Peek(4)
	switch {
	case len(head) >= 3 && string(head[:3]) == "\xef\xbb\xbf":
		_, _ = b.Discard(3)
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe"):
		_, _ = b.Discard(2)
		return &wide{in: b, order: binary.LittleEndian, ahead: -1}
	case len(head) >= 2 && (string(head[:2]) == "\xfe\xff"):
		_, _ = b.Discard(2)
		return &wide{in: b, order: binary.BigEndian, ahead: -1}
	case len(head) == 4 && head[1] == 0 && head[3] == 0:
		return &wide{in: b, order: binary.LittleEndian, ahead: -1}
	case len(head) == 4 && head[0] == 0 && head[2] == 0:
		return &wide{in: b, order: binary.BigEndian, ahead: -1}
	}
	return b
}

// wide reads UTF-16 as UTF-8. Half a character becomes a byte that is none.
type wide struct {
	in    *bufio.Reader
	order binary.ByteOrder
	left  []byte
	ahead rune // read already; -1 for nothing
}

func (w *wide) unit() (rune, error) {
	if r := w.ahead; r >= 0 {
		w.ahead = -1
		return r, nil
	}
	var b [2]byte
	if _, err := io.ReadFull(w.in, b[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF // half a character at the end
		}
		return 0, err
	}
	return rune(w.order.Uint16(b[:])), nil
}

// Read implements io.Reader.
func (w *wide) Read(p []byte) (int, error) {
	for len(w.left) < len(p) {
		r, err := w.unit()
		if err != nil {
			if len(w.left) > 0 {
				break
			}
			return 0, err
		}
		if utf16.IsSurrogate(r) {
			low, err := w.unit()
			if err != nil {
				low = -1
			}
			whole := utf16.DecodeRune(r, low)
			if whole == utf8.RuneError {
				w.ahead, w.left = low, append(w.left, 0xff)
				continue
			}
			r = whole
		}
		w.left = utf8.AppendRune(w.left, r)
	}
	n := copy(p, w.left)
	w.left = w.left[:copy(w.left, w.left[n:])]
	return n, nil
}
