-- +goose Up
-- An admin's authenticator app. The secret has to be read again, so it is not
-- hashed but sealed, with a key that lies beside the database and in no backup.
CREATE TABLE second_factors (
    user_id      TEXT PRIMARY KEY REFERENCES users (id),
    sealed       TEXT NOT NULL,
    confirmed_at INTEGER,            -- wall clock; NULL until the app has shown a first code
    last_step    INTEGER NOT NULL DEFAULT 0,  -- the newest code's step of 30 seconds: each is good once
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
    hash    TEXT NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- What the overview and the search of the desk ask must not read every customer
-- and every line. Each index is one that a purchase touches anyway, grows at its
-- end, or holds only what went wrong.
CREATE INDEX users_name ON users (name COLLATE NOCASE) WHERE name <> '';
CREATE INDEX credit_transactions_used ON credit_transactions (created_at, type, amount) WHERE type IN ('spend', 'give_back');
CREATE INDEX email_logs_ended ON email_logs (created_at, state) WHERE state IN ('failed', 'bounced', 'suppressed');
DROP INDEX stripe_payments_paid;
CREATE INDEX stripe_payments_paid ON stripe_payments (paid_at, amount, refunded, dispute);

-- +goose Down
DROP INDEX stripe_payments_paid;
CREATE INDEX stripe_payments_paid ON stripe_payments (paid_at);
DROP INDEX email_logs_ended;
DROP INDEX credit_transactions_used;
DROP INDEX users_name;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
