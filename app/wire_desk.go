package app

import (
	"context"
	"fmt"
	"strings"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core/mail"
)

// creator is whom notices go to: the admin, else the address that answers
// customers; "" while neither was configured.
func (c *Config) creator() string {
	switch {
	case c.Admin.Email != "":
		return c.Admin.Email
	case c.Demo || c.Brand.Support != Default().Brand.Support:
		return c.Brand.Support
	}
	return ""
}

// desk turns what visitors write into a notice to the creator.
type desk struct{ h *house }

// Write implements web.Desk.
func (d desk) Write(ctx context.Context, n web.Note) (string, error) {
	h := d.h
	ticket := h.ids.NewID("note")
	var text strings.Builder
	fmt.Fprintf(&text, "%s <%s> wrote:\n\n%s\n", n.Name, n.Email, n.Message)
	if n.Product != "" {
		fmt.Fprintf(&text, "\nAbout: %s\n", n.Product)
	}
	if n.User != "" {
		fmt.Fprintf(&text, "\nSigned in as: %s\n", n.User)
	}
	post := mail.Post{IDs: h.ids, Fold: h.fold}
	return ticket, h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return post.Enqueue(ctx, tx, mail.Promise{
			Kind: mail.Notice, To: h.config.creator(), Reference: ticket,
			Props: mail.Props{"subject": "A message from the contact page", "text": text.String(), "link": h.base + "/contact"},
		}, h.clock.Now())
	})
}
