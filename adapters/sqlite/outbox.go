package sqlite

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// EnqueueMail adds a mail to the outbox and wakes it at the commit. It returns
// false when the mail was promised before.
func (tx *Tx) EnqueueMail(ctx context.Context, q mail.Queued) (bool, error) {
	props, err := jsonText(q.Promise.Props)
	if err != nil {
		return false, err
	}
	if q.Promise.Props == nil {
		props = "{}"
	}
	res, err := tx.exec(ctx, `INSERT INTO email_logs
		(id, user_id, to_address, to_key, kind, business_key, props, token, state, next_attempt_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT (business_key) DO NOTHING`,
		q.ID, textOrNull(q.Promise.User), q.Promise.To, q.ToKey, q.Promise.Kind, q.BusinessKey, props, q.Promise.Token, ms(q.At), ms(q.At))
	if err != nil || changed(res) == 0 {
		return false, err
	}
	tx.Wake(mail.Topic)
	return true, tx.recallSuppression(ctx, q.ToKey)
}

// A test holds the marketing kinds against mail.MarketingKinds.
const (
	dueColumns = `SELECT l.id, l.user_id, l.to_address, l.to_key, l.kind, l.props, l.token, l.attempts, l.created_at, l.next_attempt_at,
		(SELECT reason FROM email_suppressions s WHERE s.address_key = l.to_key ORDER BY s.reason <> 'hard_bounce' LIMIT 1)
		FROM email_logs l WHERE l.state = 'queued' AND l.next_attempt_at <= ? `
	dueOrder   = ` ORDER BY l.next_attempt_at LIMIT 0 + ?`
	dueUrgent  = dueColumns + `AND ` + urgentKinds + dueOrder
	nextUrgent = `SELECT next_attempt_at FROM email_logs WHERE state = 'queued' AND ` + urgentKinds + ` ORDER BY next_attempt_at LIMIT 1`
	nextBulk   = `SELECT next_attempt_at FROM email_logs WHERE state = 'queued' AND ` + marketingKinds + ` ORDER BY next_attempt_at LIMIT 1`
	dueBulk    = dueColumns + `AND ` + marketingKinds + dueOrder
)

// ClaimMails moves due mails from queued to sending.
func (tx *Tx) ClaimMails(ctx context.Context, lane mail.Lane, now time.Time, limit int) ([]mail.Outgoing, error) {
	text := dueUrgent
	if lane == mail.Bulk {
		text = dueBulk
	}
	due, err := all(ctx, tx, scanOutgoing, text, ms(now), limit)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	ids := make([]core.MailID, len(due))
	for i, o := range due {
		ids[i] = o.ID
	}
	list, err := jsonText(ids)
	if err != nil {
		return nil, err
	}
	_, err = tx.exec(ctx, `UPDATE email_logs SET state = 'sending' WHERE id IN (SELECT value FROM json_each(?))`, list)
	return due, err
}

func scanOutgoing(s scanner) (o mail.Outgoing, err error) {
	err = s.Scan(&o.ID, textIn(&o.User), &o.To, &o.ToKey, &o.Kind, jsonIn(&o.Props), &o.Purpose, &o.Attempts,
		timeIn(&o.Created), timeIn(&o.Due), textIn(&o.Suppressed))
	return o, err
}

// MarkMails writes how attempts ended, all of them in one statement.
func (tx *Tx) MarkMails(ctx context.Context, marks []mail.Mark) error {
	rows := make([][]any, len(marks))
	for i, m := range marks {
		rows[i] = []any{m.ID, m.State, m.Attempts, ms(m.Next), msOrNull(m.SentAt), m.Error, m.Subject}
	}
	list, err := jsonText(rows)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE email_logs SET state = m.value ->> 1, attempts = m.value ->> 2, next_attempt_at = m.value ->> 3,
		sent_at = m.value ->> 4, error = m.value ->> 5, subject = CASE WHEN m.value ->> 6 = '' THEN subject ELSE m.value ->> 6 END
		FROM json_each(?) m WHERE email_logs.id = m.value ->> 0 AND email_logs.state = 'sending'`, list)
	return err
}

// RequeueMails puts back what is in sending, except the mails named.
func (tx *Tx) RequeueMails(ctx context.Context, except []core.MailID) (int, error) {
	list, err := jsonText(append([]core.MailID{}, except...))
	if err != nil {
		return 0, err
	}
	res, err := tx.exec(ctx, `UPDATE email_logs SET state = 'queued' WHERE state = 'sending' AND id NOT IN (SELECT value FROM json_each(?))`, list)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}

// RetryMail queues a mail that was given up.
func (tx *Tx) RetryMail(ctx context.Context, id core.MailID, now time.Time) (core.EmailKey, error) {
	type row struct {
		key   core.EmailKey
		state mail.State
	}
	found, err := one(ctx, tx, func(s scanner) (r row, err error) {
		err = s.Scan(&r.key, &r.state)
		return r, err
	}, `SELECT to_key, state FROM email_logs WHERE id = ?`, id)
	if err != nil {
		return "", err
	}
	switch found.state {
	case mail.StateFailed, mail.StateBounced, mail.StateSuppressed:
	default:
		return "", &core.Error{
			Code: core.Conflict, Op: "sqlite.RetryMail",
			Message: "This mail is " + string(found.state) + ": only one that was given up can be sent again.",
		}
	}
	_, err = tx.exec(ctx, `UPDATE email_logs SET state = 'queued', attempts = 0, next_attempt_at = ? WHERE id = ?`, ms(now), id)
	if err == nil {
		tx.Wake(mail.Topic)
	}
	return found.key, err
}

// SuppressAddress adds an address to the list; an older entry stays.
func (tx *Tx) SuppressAddress(ctx context.Context, s mail.Suppression) error {
	_, err := tx.exec(ctx, `INSERT INTO email_suppressions (address_key, reason, detail, since) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, s.Key, s.Reason, s.Detail, ms(s.Since))
	return err
}

// LiftSuppression removes an address that is on the list for reason.
func (tx *Tx) LiftSuppression(ctx context.Context, key core.EmailKey, reason mail.Reason) error {
	_, err := tx.exec(ctx, `DELETE FROM email_suppressions WHERE address_key = ? AND reason = ?`, key, reason)
	return err
}

// NextMailDue returns when the next queued mail of a lane is due.
func (r reads) NextMailDue(ctx context.Context, lane mail.Lane) (time.Time, bool, error) {
	text := nextUrgent
	if lane == mail.Bulk {
		text = nextBulk
	}
	return maybe(ctx, r, func(s scanner) (t time.Time, err error) {
		err = s.Scan(timeIn(&t))
		return t, err
	}, text)
}

// mailDue is an answer of NextMailDue, and how many transactions it knows of.
type mailDue struct {
	rounds uint64
	at     time.Time
	ok     bool
}

// NextMailDue returns when the next queued mail of a lane is due. A journey
// through time asks at every moment of a year; as long as nothing was written,
// the answer is the one from before.
func (db *DB) NextMailDue(ctx context.Context, lane mail.Lane) (time.Time, bool, error) {
	if db.writer == nil {
		return db.reads.NextMailDue(ctx, lane)
	}
	rounds := db.writer.rounds.Load() // before the question, so that a later change is never taken for known
	if known := db.mailDue[lane].Load(); known != nil && known.rounds == rounds {
		return known.at, known.ok, nil
	}
	at, ok, err := db.reads.NextMailDue(ctx, lane)
	if err == nil {
		db.mailDue[lane].Store(&mailDue{rounds, at, ok})
	}
	return at, ok, err
}

// SuppressionOf returns why an address is on the suppression list, the gravest
// reason first, and mail.NotSuppressed when it is not.
func (r reads) SuppressionOf(ctx context.Context, key core.EmailKey) (mail.Reason, error) {
	reason, _, err := maybe(ctx, r, scalar[mail.Reason], `SELECT reason FROM email_suppressions WHERE address_key = ?
		ORDER BY reason <> 'hard_bounce' LIMIT 1`, key)
	return reason, err
}

// outboxPage is how many rows of the outbox one page shows.
const outboxPage = 50

// Outbox returns a page of the outbox, newest first, in one state or, with "",
// in any. next is the cursor of the page after it, "" at the end.
func (r reads) Outbox(ctx context.Context, state mail.State, cursor string) (items []mail.Entry, next string, err error) {
	before, id, err := outboxCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	text, known := outboxTexts[state]
	if !known {
		return nil, "", nil
	}
	items, err = all(ctx, r, scanEntry, text, before, before, id, outboxPage+1)
	if err != nil {
		return nil, "", err
	}
	if len(items) > outboxPage {
		items = items[:outboxPage]
		last := items[outboxPage-1]
		next = strconv.FormatInt(ms(last.Created), 10) + "-" + string(last.ID)
	}
	return items, next, nil
}

// outboxTexts ask for a page of a state, or with "" of any. Sent are nearly all
// mails; the others are found in indexes of their own, whose condition has to
// stand in the text.
var outboxTexts = map[mail.State]string{
	"":             outboxRows + `email_logs INDEXED BY email_logs_created WHERE ` + outboxBefore,
	mail.StateSent: outboxRows + `email_logs INDEXED BY email_logs_created WHERE state = 'sent' AND ` + outboxBefore,
	mail.StateQueued: outboxRows + `email_logs WHERE state = 'queued' AND id IN (
		SELECT id FROM email_logs INDEXED BY email_logs_urgent WHERE state = 'queued' AND ` + urgentKinds + `
		UNION ALL SELECT id FROM email_logs INDEXED BY email_logs_bulk WHERE state = 'queued' AND ` + marketingKinds + `) AND +` + outboxBefore,
	mail.StateSending:    outboxRows + `email_logs INDEXED BY email_logs_sending WHERE state = 'sending' AND ` + outboxBefore,
	mail.StateFailed:     outboxEnded + `'failed' AND ` + outboxBefore,
	mail.StateBounced:    outboxEnded + `'bounced' AND ` + outboxBefore,
	mail.StateSuppressed: outboxEnded + `'suppressed' AND ` + outboxBefore,
}

const (
	outboxRows   = `SELECT id, user_id, to_address, kind, state, subject, attempts, next_attempt_at, created_at, sent_at, error FROM `
	outboxEnded  = outboxRows + `email_logs INDEXED BY email_logs_ended WHERE ` + givenUp + ` AND state = `
	outboxBefore = `created_at <= ? AND (created_at < ? OR id < ?) ORDER BY created_at DESC, id DESC LIMIT 0 + ?`
)

// outboxCursor reads where a page begins; without a cursor that is the end of
// time.
func outboxCursor(cursor string) (int64, string, error) {
	if cursor == "" {
		return 1<<63 - 1, "", nil
	}
	at, id, ok := strings.Cut(cursor, "-")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return 0, "", core.FieldError("sqlite.Outbox", "cursor", "This is not a cursor that we gave out.")
	}
	return n, id, nil
}

func scanEntry(s scanner) (e mail.Entry, err error) {
	err = s.Scan(&e.ID, textIn(&e.User), &e.To, &e.Kind, &e.State, &e.Subject, &e.Attempts, timeIn(&e.Next), timeIn(&e.Created),
		timeIn(&e.SentAt), &e.Error)
	return e, err
}

// OutboxBacklog returns how far the outbox is behind at now.
func (r reads) OutboxBacklog(ctx context.Context, now time.Time) (mail.Backlog, error) {
	return one(ctx, r, func(s scanner) (b mail.Backlog, err error) {
		err = s.Scan(&b.Due, timeIn(&b.Oldest), &b.Failed)
		return b, err
	}, backlog, ms(now), ms(now.AddDate(0, 0, -30)))
}

const backlog = `SELECT
		(SELECT count(*) FROM email_logs INDEXED BY email_logs_urgent WHERE state = 'queued' AND ` + urgentKinds + ` AND next_attempt_at <= ?1)
		+ (SELECT count(*) FROM email_logs INDEXED BY email_logs_bulk WHERE state = 'queued' AND ` + marketingKinds + ` AND next_attempt_at <= ?1),
		(SELECT min(at) FROM (
			SELECT min(next_attempt_at) AS at FROM email_logs INDEXED BY email_logs_urgent WHERE state = 'queued' AND ` + urgentKinds + ` AND next_attempt_at <= ?1
			UNION ALL SELECT min(next_attempt_at) FROM email_logs INDEXED BY email_logs_bulk WHERE state = 'queued' AND ` + marketingKinds + ` AND next_attempt_at <= ?1)),
		(SELECT count(*) FROM email_logs INDEXED BY email_logs_ended WHERE ` + givenUp + ` AND state = 'failed' AND created_at >= ?2)`
