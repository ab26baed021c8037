package segments

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Chunk is how many customers one step of a refresh looks at and writes: a
// webhook that arrives meanwhile waits for one step at most, and for no longer
// than another webhook would take.
const Chunk = 250

// Change is one customer who joins or leaves a segment.
type Change struct {
	User core.UserID
	In   bool
}

// Known answers what is known of some customers.
type Known interface {
	// SegmentFacts returns what is known of some customers, as far as it is wanted.
	// One whom nobody knows is left out.
	SegmentFacts(ctx context.Context, users []core.UserID, q Query, w Wants) ([]Facts, error)
}

// FollowTx is what keeping one customer's segments right needs of a transaction.
type FollowTx interface {
	Known
	// ApplyMembers writes changes of one segment and keeps its count right. One
	// that was made before, or whose customer or segment is gone, changes nothing.
	ApplyMembers(ctx context.Context, id ID, changes []Change, at time.Time) (joined, left int, err error)
}

// Tx is what segments need of a transaction.
type Tx interface {
	FollowTx
	// Segments returns all segments as the transaction sees them.
	Segments(ctx context.Context) ([]Segment, error)
	// SaveSegment inserts or replaces a segment's name and rule; core.Conflict
	// when another has the name.
	SaveSegment(ctx context.Context, s Segment, at time.Time) error
	// DeleteSegment removes a segment that is not built in, and its members;
	// core.NotFound, or core.Conflict while a campaign is on its way to it.
	DeleteSegment(ctx context.Context, id ID) error
	// FinishRefresh keeps what a refresh of a whole segment did.
	FinishRefresh(ctx context.Context, id ID, joined, left int, at time.Time) error
}

// Store runs use cases, in the lane that gives way.
type Store interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Query is a moment at which a rule is asked.
type Query struct {
	Now   time.Time
	Grace time.Duration // of a membership that is past due
}

// Reads is what segments look up outside a transaction.
type Reads interface {
	Known
	// SegmentChanges returns who is to join and to leave so that the members are
	// those who fit the rule, seen in one snapshot.
	SegmentChanges(ctx context.Context, id ID, r Rule, q Query) ([]Change, error)
	Segments(ctx context.Context) ([]Segment, error)
	SegmentByID(ctx context.Context, id ID) (Segment, error)
	// CountRule returns how many customers fit a rule.
	CountRule(ctx context.Context, r Rule, q Query) (int, error)
	// Members calls fn for each member until it returns false.
	Members(ctx context.Context, id ID, fn func(Member) bool) error
}

// Member is a line of a segment's export.
type Member struct {
	User     core.UserID
	Email    string
	Name     string
	JoinedAt time.Time
}

// Service keeps the segments.
type Service struct {
	Store   Store
	Read    Reads
	Clock   core.Clock
	IDs     core.IDs
	Catalog catalog.Catalog
	Grace   time.Duration

	known atomic.Pointer[[]Segment]
}

// Open writes the built-in segments and learns the others. It is called once at
// the start, and before anything else.
func (s *Service) Open(ctx context.Context) error {
	now := s.Clock.Now()
	return s.change(ctx, func(ctx context.Context, tx Tx) error {
		for _, seg := range BuiltIn(s.Catalog) {
			if err := tx.SaveSegment(ctx, seg, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// change edits segments, and learns them inside the transaction: whoever follows
// a customer in a later one goes by the new rules, though nobody has told her yet
// that they are kept.
func (s *Service) change(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		list, err := tx.Segments(ctx)
		if err == nil {
			s.known.Store(&list)
		}
		return err
	})
	if err == nil {
		return nil
	}
	if unlearned := s.learn(ctx); unlearned != nil { // what was learned may have been taken back
		return errors.Join(err, unlearned)
	}
	return err
}

// learn reads the segments. Where they were changed while it read, what the change
// learned stays: it is newer.
func (s *Service) learn(ctx context.Context) error {
	before := s.known.Load()
	list, err := s.Read.Segments(ctx)
	if err == nil {
		s.known.CompareAndSwap(before, &list)
	}
	return err
}

func (s *Service) all() []Segment {
	if list := s.known.Load(); list != nil {
		return *list
	}
	return nil
}

// only returns one of the segments, and none where it is gone.
func (s *Service) only(id ID) []Segment {
	for _, seg := range s.all() {
		if seg.ID == id {
			return []Segment{seg}
		}
	}
	return nil
}

func (s *Service) query(now time.Time) Query { return Query{Now: now, Grace: s.Grace} }

// Follow puts one customer into the segments that she fits now, and out of the
// others, inside the transaction of whatever changed her: a purchase and the
// segments that follow from it are one. One read, and one write for each segment
// that she joins or leaves.
func (s *Service) Follow(ctx context.Context, tx FollowTx, user core.UserID) error {
	_, err := s.follow(ctx, tx, []core.UserID{user}, s.all(), s.Clock.Now())
	return err
}

// follow puts some customers into those of the segments that they fit at now,
// and out of the others.
func (s *Service) follow(ctx context.Context, tx FollowTx, users []core.UserID, segs []Segment, now time.Time) (c Count, err error) {
	changes, err := s.compare(ctx, tx, users, segs, now)
	if err != nil {
		return c, err
	}
	for i, seg := range segs {
		if len(changes[i]) == 0 {
			continue
		}
		joined, left, err := tx.ApplyMembers(ctx, seg.ID, changes[i], now)
		if err != nil {
			return c, err
		}
		c.Joined += joined
		c.Left += left
	}
	return c, nil
}

// compare returns for each of the segments who of some customers is to join and
// to leave.
func (s *Service) compare(ctx context.Context, known Known, users []core.UserID, segs []Segment, now time.Time) ([][]Change, error) {
	var wants Wants
	for _, seg := range segs {
		wants = wants.and(seg.Rule.Wants())
	}
	people, err := known.SegmentFacts(ctx, users, s.query(now), wants)
	if err != nil {
		return nil, err
	}
	out := make([][]Change, len(segs))
	for _, f := range people {
		for i, seg := range segs {
			if fits := !f.Gone && Fits(seg.Rule, f, now); fits != slices.Contains(f.In, seg.ID) {
				out[i] = append(out[i], Change{User: f.User, In: fits})
			}
		}
	}
	return out, nil
}

// Count is what a refresh did.
type Count struct{ Joined, Left int }

// Refresh makes every segment's members those who fit its rule at now. It may be
// cut off anywhere and begun again. What it found is written down together at the
// end: on most nights nobody moves, and that is one commit instead of one for
// each segment.
func (s *Service) Refresh(ctx context.Context, now time.Time) (Count, error) {
	if err := s.learn(ctx); err != nil {
		return Count{}, err
	}
	segs := s.all()
	done := make([]Count, 0, len(segs))
	var sum Count
	var failed error
	for _, seg := range segs {
		c, err := s.refresh(ctx, seg, now)
		sum.Joined += c.Joined
		sum.Left += c.Left
		if err != nil {
			failed = err
			break
		}
		done = append(done, c)
	}
	return sum, errors.Join(failed, s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for i, c := range done {
			if err := tx.FinishRefresh(ctx, segs[i].ID, c.Joined, c.Left, now); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Touch refreshes the segments of some customers, for changes that don't happen
// in a transaction that could Follow them: clicks, imports, tags by the hundred.
// What is known of each is read once, and a transaction is asked for only where
// somebody moves.
func (s *Service) Touch(ctx context.Context, users []core.UserID) (Count, error) {
	var sum Count
	for part := range slices.Chunk(users, Chunk) {
		now := s.Clock.Now()
		changes, err := s.compare(ctx, s.Read, part, s.all(), now)
		if err != nil {
			return sum, err
		}
		who := map[core.UserID]bool{}
		for _, list := range changes {
			for _, ch := range list {
				who[ch.User] = true
			}
		}
		if len(who) == 0 {
			continue
		}
		var c Count
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			c, err = s.follow(ctx, tx, slices.Sorted(maps.Keys(who)), s.all(), now)
			return err
		}); err != nil {
			return sum, err
		}
		sum.Joined += c.Joined
		sum.Left += c.Left
	}
	return sum, nil
}

// refresh computes the difference in a read transaction and writes it in chunks.
// Each chunk looks at its customers again before it writes, by the rule of that
// moment: one of them may have bought something meanwhile, and the creator may have
// changed the rule.
func (s *Service) refresh(ctx context.Context, seg Segment, now time.Time) (Count, error) {
	changes, err := s.Read.SegmentChanges(ctx, seg.ID, seg.Rule, s.query(now))
	if err != nil {
		return Count{}, err
	}
	var sum Count
	for part := range slices.Chunk(changes, Chunk) {
		who := make([]core.UserID, len(part))
		for i, ch := range part {
			who[i] = ch.User
		}
		var c Count
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			c, err = s.follow(ctx, tx, who, s.only(seg.ID), now)
			return err
		}); err != nil {
			return sum, err
		}
		sum.Joined += c.Joined
		sum.Left += c.Left
	}
	return sum, nil
}

// Preview returns how many customers a rule fits now, before it is saved.
func (s *Service) Preview(ctx context.Context, r Rule) (int, error) {
	if bad := r.validate(s.sold); len(bad) > 0 {
		return 0, core.FieldError("segments.Preview", "rule", strings.Join(bad, " "))
	}
	return s.Read.CountRule(ctx, r, s.query(s.Clock.Now()))
}

// sold reports whether a product is, or was, in the catalogue. A misspelled one
// that nobody may have bought would mean everybody.
func (s *Service) sold(id core.ProductID) bool {
	_, ok := s.Catalog.Product(id)
	return ok
}

// Save keeps a segment of the creator's and fills it. Without an id it is new.
func (s *Service) Save(ctx context.Context, seg Segment) (Segment, error) {
	const op = "segments.Save"
	fields := map[string]string{}
	seg.Name = strings.Join(strings.Fields(seg.Name), " ")
	if seg.Name == "" || len([]rune(seg.Name)) > 100 {
		fields["name"] = "Give a name of 1 to 100 characters."
	}
	if bad := seg.Rule.validate(s.sold); len(bad) > 0 {
		fields["rule"] = strings.Join(bad, " ")
	}
	if len(fields) > 0 {
		return Segment{}, &core.Error{Code: core.Invalid, Op: op, Message: "This segment cannot be saved as it is.", Fields: fields}
	}
	seg.BuiltIn = false
	if seg.ID == "" {
		seg.ID = ID(s.IDs.NewID("seg"))
	} else if old, err := s.Read.SegmentByID(ctx, seg.ID); err != nil {
		return Segment{}, err
	} else if old.BuiltIn {
		return Segment{}, &core.Error{Code: core.Conflict, Op: op, Message: "A built-in segment keeps its rule. Make one of your own."}
	}
	now := s.Clock.Now()
	if err := s.change(ctx, func(ctx context.Context, tx Tx) error { return tx.SaveSegment(ctx, seg, now) }); err != nil {
		if core.Is(err, core.Conflict) {
			return Segment{}, core.FieldError(op, "name", "There is a segment of this name already.")
		}
		return Segment{}, err
	}
	c, err := s.refresh(ctx, seg, now)
	if err != nil {
		return Segment{}, err
	}
	if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.FinishRefresh(ctx, seg.ID, c.Joined, c.Left, now)
	}); err != nil {
		return Segment{}, err
	}
	return s.Read.SegmentByID(ctx, seg.ID)
}

// Delete removes a segment of the creator's.
func (s *Service) Delete(ctx context.Context, id ID) error {
	return s.change(ctx, func(ctx context.Context, tx Tx) error { return tx.DeleteSegment(ctx, id) })
}

// Why says whether a customer fits a segment now, and the reasons.
func (s *Service) Why(ctx context.Context, user core.UserID, id ID) (Why, error) {
	seg, err := s.Read.SegmentByID(ctx, id)
	if err != nil {
		return Why{}, err
	}
	now := s.Clock.Now()
	known, err := s.Read.SegmentFacts(ctx, []core.UserID{user}, s.query(now), Everything())
	if err != nil {
		return Why{}, err
	}
	if len(known) == 0 || known[0].Gone {
		return Why{}, &core.Error{Code: core.NotFound, Op: "segments.Why", Message: "There is no such customer."}
	}
	_, why := Match(seg.Rule, known[0], now)
	return why, nil
}

// List returns all segments, the built-in ones first.
func (s *Service) List(ctx context.Context) ([]Segment, error) { return s.Read.Segments(ctx) }

// Export returns the members of a segment one after another. Whatever stops it
// is told by err after the last.
func (s *Service) Export(ctx context.Context, id ID) (members iter.Seq[Member], err func() error) {
	var failed error
	return func(yield func(Member) bool) { failed = s.Read.Members(ctx, id, yield) }, func() error { return failed }
}

// MarshalRule returns a rule as it is stored.
func MarshalRule(r Rule) (string, error) {
	b, err := json.Marshal(r)
	return string(b), err
}
