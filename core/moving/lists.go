package moving

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
)

// shop says how another shop writes its customers.
type shop struct {
	kind Kind
	need []string
	read func(rec record) (customer, string)
}

// customer is one row of a list.
type customer struct {
	email, name string
	since       time.Time
	tags        []string
	quiet       bool // wants no mail
}

// gumroad reads Gumroad's export of customers, one row for each sale.
var gumroad = shop{Gumroad, []string{"purchase email|buyer email|email"}, func(rec record) (c customer, why string) {
	c.email, c.name = rec.get("purchase email", "buyer email", "email"), rec.get("buyer name", "full name", "name")
	date := rec.get("purchase date", "date")
	if clock := rec.get("purchase time (utc timezone)"); clock != "" && !strings.ContainsAny(date, ":T") {
		if at, err := when(date + " " + clock); err == nil {
			date = at.Format(time.RFC3339)
		} else if at, err := when(clock); err == nil { // some exports repeat the date in the time
			date = at.Format(time.RFC3339)
		}
	}
	var err error
	if c.since, err = when(date); err != nil {
		return c, "purchase date: " + err.Error()
	}
	if yes(rec.get("fully refunded?", "refunded?")) || yes(rec.get("disputed?")) && !yes(rec.get("dispute won?")) {
		return c, "the purchase was refunded or lost in a dispute"
	}
	if yes(rec.get("pre-order authorization?")) || yes(rec.get("free trial purchase?")) {
		return c, "nothing was paid yet"
	}
	c.quiet = yes(rec.get("do not contact?", "do not contact"))
	if item := rec.get("item name", "product name"); item != "" {
		c.tags = []string{item}
	}
	return c, ""
}}

// ghost reads Ghost's export of members.
var ghost = shop{Ghost, []string{"email"}, func(rec record) (c customer, why string) {
	c.email, c.name = rec.get("email"), rec.get("name")
	var err error
	if c.since, err = when(rec.get("created_at")); err != nil {
		return c, "created_at: " + err.Error()
	}
	if rec.get("deleted_at") != "" {
		return c, "the member was deleted there"
	}
	subscribed := rec.get("subscribed_to_emails", "subscribed")
	c.quiet = subscribed != "" && !yes(subscribed)
	for _, column := range []string{"labels", "tiers", "products"} {
		for label := range strings.SplitSeq(rec.get(column), ",") {
			if label = strings.TrimSpace(label); label != "" {
				c.tags = append(c.tags, label)
			}
		}
	}
	if yes(rec.get("complimentary_plan")) {
		c.tags = append(c.tags, "complimentary")
	}
	return c, ""
}}

// maxTags bounds what one row can make.
const maxTags = 20

// list brings a customer list over: accounts without a password or credits, with
// tags that say where they come from. Who wants no mail gets none.
func (r *run) list(ctx context.Context, files fs.FS, s shop) error {
	names, err := fs.Glob(files, "*.csv")
	if err != nil || len(names) == 0 {
		return &core.Error{Code: core.Invalid, Op: "moving.read", Message: "There is no CSV file.", Err: err}
	}
	slices.Sort(names)
	for _, name := range names { // all headers before the first row
		f, err := files.Open(name)
		if err != nil {
			return &core.Error{Code: core.Unprocessable, Op: "moving.read", Message: "The file " + name + " cannot be opened.", Err: err}
		}
		_, err = openTable(path.Base(name), f, s.need...)
		_ = f.Close() // only read
		if err != nil {
			return err
		}
	}
	return r.keep(ctx, func(inner context.Context, tx Tx) error {
		for _, name := range names {
			if err := r.each(files, name, s.need, func(rec record) error {
				c, why := s.read(rec)
				if why == "" && accounts.CheckAddress(c.email) != "" {
					why = fmt.Sprintf("%q is no e-mail address", clip(c.email, 80))
				}
				if why == "" && len(c.tags) > maxTags {
					why = fmt.Sprintf("it has %d labels; %d are the most", len(c.tags), maxTags)
				}
				if why != "" {
					r.refuse(name, rec.line, why)
					return nil
				}
				return errors.Join(ctx.Err(), r.enlist(inner, tx, s.kind, c, name, rec.line))
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) enlist(ctx context.Context, tx Tx, kind Kind, c customer, file string, line int) error {
	key, now := r.Fold(c.email), r.Clock.Now()
	if c.since.IsZero() || c.since.After(now) {
		c.since = now
	}
	id := idOf(kind, string(key))
	u, err := tx.UserByKey(ctx, key)
	if core.Is(err, core.NotFound) {
		if _, gone := tx.UserByID(ctx, id); gone == nil {
			r.refuse(file, line, "she was imported before, and has left or moved to another address since")
			return nil
		} else if !core.Is(gone, core.NotFound) {
			return gone
		}
		u = accounts.User{ID: id, Email: strings.TrimSpace(c.email), Key: key, Name: clip(c.name, 200), Origin: accounts.FromImport, CreatedAt: c.since}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		if err := tx.OpenCreditAccount(ctx, u.ID, now); err != nil {
			return err
		}
		r.report.Created++
	} else if err != nil {
		return err
	} else if u.ID == id {
		r.report.Same++
	} else {
		r.report.Joined++
	}
	if c.quiet {
		if err := tx.Unsubscribe(ctx, key, "imported from "+string(kind), now); err != nil {
			return err
		}
	}
	for _, tag := range append([]string{string(kind)}, c.tags...) {
		if tag != string(kind) {
			tag = string(kind) + ": " + clip(tag, 80)
		}
		if err := tx.TagUser(ctx, u.ID, tag, r.IDs.NewID("tag"), now); err != nil {
			return err
		}
	}
	r.report.Tagged++
	return nil
}
