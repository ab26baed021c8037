package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/credits"
)

// Standing answers what most signed-in reads ask, in one question: a session
// with what a page's header shows of its living account, the credits, and the
// subscription rows with what decides a right. core.NotFound for no session.
func (r reads) Standing(ctx context.Context, tokenHash string) (s accounts.Session, u accounts.User, a credits.Account, rows []billing.Row, err error) {
	found := false
	err = each(ctx, r, func(sc scanner) error {
		var row billing.Row
		found = true
		if err := sc.Scan(&s.User, timeIn(&s.LastSeenAt), timeIn(&s.ExpiresAt), &u.Email, &u.Name, boolIn(&u.Admin),
			&a.Balance, &a.TotalPurchased, &a.TotalUsed, textIn(&row.Type), textIn(&row.Status), boolIn(&row.Live), timeIn(&row.PeriodEnd),
			timeIn(&row.CancelAt), boolIn(&row.CancelAtPeriodEnd), timeIn(&row.PastDueSince)); err != nil {
			return err
		}
		if row.Type != "" {
			row.User = s.User
			rows = append(rows, row)
		}
		return nil
	}, `SELECT s.user_id, s.last_seen_at, s.expires_at, u.email, u.name, u.is_admin,
		COALESCE(c.balance, 0), COALESCE(c.total_purchased, 0), COALESCE(c.total_used, 0), b.product_type, b.status, b.live,
		b.current_period_end, b.cancel_at, b.cancel_at_period_end, b.past_due_since
		FROM sessions s JOIN users u ON u.id = s.user_id
		LEFT JOIN user_credits c ON c.user_id = s.user_id
		LEFT JOIN subscriptions b ON b.user_id = s.user_id
		WHERE s.token_hash = ? AND u.deleted_at IS NULL`, tokenHash)
	if err == nil && !found {
		err = &core.Error{Code: core.NotFound, Op: "sqlite.Standing", Message: "There is no such session."}
	}
	s.TokenHash, u.ID = tokenHash, s.User
	return s, u, a, rows, err
}
