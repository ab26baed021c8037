package sqlite

import (
	"fmt"
	"strings"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/segments"
)

// A rule becomes one statement over all customers. Its text depends on the rule's
// shape alone, and every value is a parameter, so that rules of one shape share a
// prepared statement. Each leaf is a list that is made once. About a few customers
// no rule is asked: their facts are read, and matched (segments.Match).

// condition is a question over users u, with its parameters in order.
type condition struct {
	text strings.Builder
	args []any
	q    segments.Query
}

func (c *condition) say(text string, args ...any) {
	c.text.WriteString(text)
	c.args = append(c.args, args...)
}

// A purchase counts until it is refunded whole or lost in a dispute.
const kept = `(p.refunded = 0 OR p.refunded < p.amount) AND p.dispute <> 'lost'`

// seen is when a customer was last here; an account was seen when it was made.
const seen = `coalesce(u.last_seen_at, u.last_login_at, u.created_at)`

func compileRule(r segments.Rule, q segments.Query) (string, []any, error) {
	c := &condition{q: q}
	if err := c.rule(r); err != nil {
		return "", nil, err
	}
	return c.text.String(), c.args, nil
}

func (c *condition) rule(r segments.Rule) error {
	switch {
	case r.All != nil:
		return c.join(r.All, " AND ")
	case r.Any != nil:
		return c.join(r.Any, " OR ")
	case r.Not != nil:
		c.say("NOT ")
		return c.rule(*r.Not)
	case r.Purchased != nil:
		c.payments(r.Purchased.Products, ``, ``)
	case r.TimesPurchased != nil:
		c.payments(r.TimesPurchased.Products, ``, ` GROUP BY p.user_id HAVING count(*) >= ?`, r.TimesPurchased.AtLeast)
	case r.Entitlement != "":
		c.entitlement(r.Entitlement)
	case r.CreditsUsed != nil:
		c.creditsUsed(*r.CreditsUsed)
	case r.BlueprintCompleted != nil:
		if !*r.BlueprintCompleted {
			c.say("NOT ")
		}
		c.leaf(`blueprint_subscribers b`, `b.user_id`, `b.strategy_generated = 1`)
	case r.Opened != nil:
		c.mailed("l.opened_at", r.Opened.Days)
	case r.Clicked != nil:
		c.mailed("coalesce(l.last_click_at, l.clicked_at)", r.Clicked.Days)
	case r.LastPurchase != nil:
		c.lastPurchase(*r.LastPurchase)
	case r.LastSeen != nil:
		if n := r.LastSeen.AtLeast; n != nil {
			c.say(seen+` <= ?`, c.ago(*n))
		} else {
			c.say(seen+` >= ?`, c.ago(*r.LastSeen.AtMost))
		}
	case r.Source != "":
		c.leaf(`stripe_payments p`, `p.user_id`, kept+` AND p.source = ?`, r.Source)
	case r.Tag != "":
		c.leaf(`user_tags t`, `t.user_id`, `t.tag_id = (SELECT id FROM tags WHERE name = ?)`, r.Tag)
	default:
		return fmt.Errorf("a rule that says nothing cannot be asked")
	}
	return nil
}

func (c *condition) ago(days int) int64 { return ms(c.q.Now) - int64(days)*segments.Day.Milliseconds() }

func (c *condition) join(rules []segments.Rule, word string) error {
	c.say("(")
	for i, r := range rules {
		if i > 0 {
			c.say(word)
		}
		if err := c.rule(r); err != nil {
			return err
		}
	}
	c.say(")")
	return nil
}

// leaf asks whether the customer is in a list.
func (c *condition) leaf(from, column, where string, args ...any) {
	c.say(`u.id IN (SELECT `+column+` FROM `+from+` WHERE `+where+`)`, args...)
}

func (c *condition) payments(products []core.ProductID, and, group string, args ...any) {
	in, list := inList(products)
	c.leaf(`stripe_payments p`, `p.user_id`, `p.product_id`+in+` AND `+kept+and+group, append(list, args...)...)
}

// inList compares with each of a few values. The values stand one by one, not in
// a JSON list, because the planner weighs an index by how many there are.
func inList(products []core.ProductID) (text string, args []any) {
	for _, p := range products {
		args = append(args, p)
	}
	return ` IN (?` + strings.Repeat(`, ?`, max(len(products)-1, 0)) + `)`, args
}

// lastPurchase: the newest is old when there is one and none after the limit.
func (c *condition) lastPurchase(a segments.Ago) {
	at := func(op string, days int) {
		if len(a.Products) == 0 {
			c.leaf(`stripe_payments p`, `p.user_id`, kept+` AND p.paid_at `+op+` ?`, c.ago(days))
			return
		}
		c.payments(a.Products, ` AND p.paid_at `+op+` ?`, ``, c.ago(days))
	}
	if a.AtMost != nil {
		at(">=", *a.AtMost)
		return
	}
	c.say("(")
	at("<=", *a.AtLeast)
	c.say(" AND NOT ")
	at(">", *a.AtLeast)
	c.say(")")
}

// The kinds of rights, as their rows name them.
const studioMembership, paidBlueprint = catalog.EntitlementStudio, catalog.EntitlementBlueprint

// holds says in SQL what entitlements.Rights says in Go; a test holds them
// against each other.
const holds = `s.live = 1 AND s.product_type = ? AND (
	(s.status IN ('active', 'trialing') AND (s.cancel_at IS NULL AND (s.cancel_at_period_end = 0 OR s.current_period_end IS NULL) OR coalesce(s.cancel_at, s.current_period_end) > ?))
	OR (s.status = 'past_due' AND s.past_due_since > ?))`

func (c *condition) entitlement(tier string) {
	has := func(product string) {
		c.leaf(`subscriptions s`, `s.user_id`, holds, product, ms(c.q.Now), ms(c.q.Now.Add(-c.q.Grace)))
	}
	switch tier {
	case "studio":
		has(studioMembership)
	case "paid":
		c.say("(")
		has(paidBlueprint)
		c.say(" AND NOT ")
		has(studioMembership)
		c.say(")")
	default:
		c.say("(NOT ")
		has(paidBlueprint)
		c.say(" AND NOT ")
		has(studioMembership)
		c.say(")")
	}
}

// creditsUsed: who has no account at the till has used none.
func (c *condition) creditsUsed(a segments.Amount) {
	low, high := int64(0), int64(1<<62)
	if a.AtLeast != nil {
		low = int64(*a.AtLeast)
	}
	if a.AtMost != nil {
		high = int64(*a.AtMost)
	}
	if low > 0 {
		c.leaf(`user_credits k`, `k.user_id`, `k.total_used BETWEEN ? AND ?`, low, high)
		return
	}
	c.say("NOT ")
	c.leaf(`user_credits k`, `k.user_id`, `k.total_used > ?`, high)
}

func (c *condition) mailed(when string, days int) {
	from := int64(0)
	if days > 0 {
		from = c.ago(days)
	}
	c.leaf(`email_logs l`, `l.user_id`, `l.user_id IS NOT NULL AND `+when+` >= ?`, from) // a NULL in a list would make NOT unknown
}
