-- +goose Up
-- The ledger, cheaper to append to. What it refuses stays the same.
--
-- A CHECK with a list of more than two builds a table in memory for every row
-- that is inserted, which took as long as the row; comparisons take nothing.
CREATE TABLE credit_transactions_new (
    seq             INTEGER PRIMARY KEY,  -- the order of the ledger
    id              TEXT NOT NULL UNIQUE,
    user_id         TEXT NOT NULL REFERENCES users (id),
    amount          INTEGER NOT NULL CHECK (amount <> 0),
    type            TEXT NOT NULL CHECK (type = 'spend' OR type = 'purchase' OR type = 'membership' OR type = 'give_back' OR type = 'sign_up'
                        OR type = 'refund' OR type = 'dispute' OR type = 'adjustment' OR type = 'import'),
    description     TEXT NOT NULL,
    balance_after   INTEGER NOT NULL CHECK (balance_after >= 0),
    idempotency_key TEXT NOT NULL,
    reference       TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL
) STRICT;
INSERT INTO credit_transactions_new (seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at)
    SELECT seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at FROM credit_transactions ORDER BY seq;
DROP TABLE credit_transactions;
ALTER TABLE credit_transactions_new RENAME TO credit_transactions;
-- Keys grow with time (a job's id, an invoice's), so with the key first new lines
-- stand beside each other; with the user first each dirtied a page of its own.
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (idempotency_key, user_id);
CREATE INDEX credit_transactions_user ON credit_transactions (user_id, seq);

-- +goose StatementBegin
CREATE TRIGGER credit_transactions_no_update BEFORE UPDATE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_no_delete BEFORE DELETE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd
-- INSERT OR REPLACE removes rows without asking the triggers above.
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_no_replace BEFORE INSERT ON credit_transactions
WHEN EXISTS (SELECT 1 FROM credit_transactions WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM credit_transactions WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM credit_transactions WHERE idempotency_key = NEW.idempotency_key AND user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: this line is there already'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_follows BEFORE INSERT ON credit_transactions
WHEN NEW.balance_after <> NEW.amount + COALESCE((SELECT balance_after FROM credit_transactions WHERE user_id = NEW.user_id ORDER BY seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'balance_after does not follow from the row before'); END;
-- +goose StatementEnd
-- The account follows from the ledger whoever writes a line: one statement
-- instead of two, and no way to forget the second.
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_account AFTER INSERT ON credit_transactions
BEGIN
    INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES (
        NEW.user_id, NEW.balance_after,
        CASE WHEN NEW.type IN ('spend', 'give_back') THEN 0 ELSE max(0, NEW.amount) END,
        CASE WHEN NEW.type IN ('spend', 'give_back') THEN max(0, -NEW.amount) ELSE 0 END, NEW.created_at)
    ON CONFLICT (user_id) DO UPDATE SET balance = NEW.balance_after, updated_at = NEW.created_at,
        total_purchased = CASE WHEN NEW.type IN ('spend', 'give_back') THEN total_purchased ELSE max(0, total_purchased + NEW.amount) END,
        total_used = CASE WHEN NEW.type IN ('spend', 'give_back') THEN max(0, total_used - NEW.amount) ELSE total_used END;
END;
-- +goose StatementEnd

-- +goose Down
-- The rows are as they were; so are the guards, in the words they had.
DROP TRIGGER credit_transactions_account;
DROP TRIGGER credit_transactions_no_replace;
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_no_replace BEFORE INSERT ON credit_transactions
WHEN EXISTS (SELECT 1 FROM credit_transactions WHERE seq = NEW.seq OR id = NEW.id)
    OR EXISTS (SELECT 1 FROM credit_transactions WHERE user_id = NEW.user_id AND idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: this line is there already'); END;
-- +goose StatementEnd
DROP INDEX credit_transactions_key;
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (user_id, idempotency_key);
