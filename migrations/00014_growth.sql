-- +goose Up
-- What the desk lists of the webhooks that were not applied comes out of this
-- index in the order in which it is shown.
DROP INDEX webhook_events_open;
CREATE INDEX webhook_events_open ON webhook_events (outcome, received_at) WHERE outcome IN ('ignored', 'parked', 'failed');
-- What may be emptied one day, so that looking for it does not read what was
-- emptied before, every night, inside a write.
CREATE INDEX webhook_events_payload ON webhook_events (received_at) WHERE payload <> '' AND outcome IN ('applied', 'ignored');

-- What letters that sell came to: most mails are none.
CREATE INDEX email_logs_marketing_at ON email_logs (created_at) WHERE kind IN ('abandoned_checkout', 'sequence', 'campaign');

-- What the payments of a day add up to; days are those of UTC, counted from 1970.
-- A job keeps the days that are over. A row goes as soon as a payment of its day
-- comes or changes, and until the job has been there again that day is added up
-- from its payments.
CREATE TABLE payments_by_day (
    day      INTEGER PRIMARY KEY,
    revenue  INTEGER NOT NULL,
    payments INTEGER NOT NULL,
    refunded INTEGER NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER stripe_payments_day_new AFTER INSERT ON stripe_payments BEGIN
    DELETE FROM payments_by_day WHERE day = NEW.paid_at / 86400000;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stripe_payments_day_changed AFTER UPDATE OF paid_at, amount, refunded, dispute ON stripe_payments
WHEN OLD.paid_at <> NEW.paid_at OR OLD.amount <> NEW.amount OR OLD.refunded <> NEW.refunded OR OLD.dispute <> NEW.dispute BEGIN
    DELETE FROM payments_by_day WHERE day = OLD.paid_at / 86400000;
    DELETE FROM payments_by_day WHERE day = NEW.paid_at / 86400000;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stripe_payments_day_gone AFTER DELETE ON stripe_payments BEGIN
    DELETE FROM payments_by_day WHERE day = OLD.paid_at / 86400000;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER stripe_payments_day_gone;
DROP TRIGGER stripe_payments_day_changed;
DROP TRIGGER stripe_payments_day_new;
DROP TABLE payments_by_day;
DROP INDEX email_logs_marketing_at;
DROP INDEX webhook_events_payload;
DROP INDEX webhook_events_open;
CREATE INDEX webhook_events_open ON webhook_events (outcome, created_at) WHERE outcome IN ('parked', 'failed');
