package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sselfie/core"
)

// Kinds of moments, in the order in which those of one instant are told: what
// was reported comes before what it led to.
const (
	KindAccount    = "account"
	KindJob        = "job"
	KindEvent      = "event"
	KindPayment    = "payment"
	KindMembership = "membership"
	KindCredits    = "credits"
	KindSegment    = "segment"
	KindSequence   = "sequence"
	KindMail       = "mail"
)

// Moment is one thing that happened to a customer.
type Moment struct {
	At      time.Time
	Kind    string
	Title   string         // what happened
	Detail  string         // with which figures
	Why     string         // what it follows from
	Ref     string         // id of what it is about
	Product core.ProductID // that it is about, "" for none; the time line says its name
}

// Timeline is what happened to a customer, in order.
func (s *Service) Timeline(ctx context.Context, user core.UserID) ([]Moment, error) {
	all, err := s.Read.Moments(ctx, user)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].named(s.Called(all[i].Product))
	}
	order := []string{KindAccount, KindJob, KindEvent, KindPayment, KindMembership, KindCredits, KindSegment, KindSequence, KindMail}
	slices.SortStableFunc(all, func(a, b Moment) int {
		// Stripe tells time in seconds; within one, the kinds decide.
		return cmp.Or(a.At.Truncate(time.Second).Compare(b.At.Truncate(time.Second)),
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), a.At.Compare(b.At))
	})
	return all, nil
}

// Called is what people know a product by. One that is sold no longer, and that
// the catalogue has forgotten, keeps its id.
func (s *Service) Called(id core.ProductID) string {
	if p, ok := s.Catalog.Product(id); ok {
		return p.Name
	}
	return string(id)
}

// named puts the product's name where the moment speaks of it.
func (m *Moment) named(product string) {
	switch {
	case product == "":
	case m.Kind == KindPayment:
		m.Title += " " + product
	default:
		m.Detail = product
	}
}

// Lines prints a time line for a terminal.
func Lines(all []Moment) []string {
	out := make([]string, 0, len(all))
	for _, m := range all {
		line := fmt.Sprintf("%s  %-10s  %s", m.At.UTC().Format("2006-01-02 15:04"), m.Kind, m.Title)
		if m.Detail != "" {
			line += ": " + m.Detail
		}
		if m.Why != "" {
			line += "  (" + m.Why + ")"
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}
