-- +goose Up
-- A line of the ledger names the line before it, and an account its newest line,
-- so that a user's lines are found by walking back. The index by user that this
-- replaces had each new line in another page, which cost a third of a spend.
CREATE TABLE credit_transactions_new (
    seq             INTEGER PRIMARY KEY,  -- the order of the ledger
    before_seq      INTEGER CHECK (before_seq < seq),  -- the account's line before; NULL for its first
    id              TEXT NOT NULL UNIQUE,
    user_id         TEXT NOT NULL REFERENCES user_credits (user_id),
    amount          INTEGER NOT NULL CHECK (amount <> 0),
    type            TEXT NOT NULL CHECK (type = 'spend' OR type = 'purchase' OR type = 'membership' OR type = 'give_back' OR type = 'sign_up'
                        OR type = 'refund' OR type = 'dispute' OR type = 'adjustment' OR type = 'import'),
    description     TEXT NOT NULL,
    balance_after   INTEGER NOT NULL CHECK (balance_after >= 0),
    idempotency_key TEXT NOT NULL,
    reference       TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL
) STRICT;
INSERT INTO credit_transactions_new (seq, before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at)
    SELECT t.seq, (SELECT b.seq FROM credit_transactions b INDEXED BY credit_transactions_user WHERE b.user_id = t.user_id AND b.seq < t.seq ORDER BY b.seq DESC LIMIT 1),
        t.id, t.user_id, t.amount, t.type, t.description, t.balance_after, t.idempotency_key, t.reference, t.created_at
    FROM credit_transactions t ORDER BY t.seq;
ALTER TABLE user_credits ADD COLUMN last_seq INTEGER;
UPDATE user_credits SET last_seq = (SELECT max(t.seq) FROM credit_transactions t INDEXED BY credit_transactions_user WHERE t.user_id = user_credits.user_id);
DROP TABLE credit_transactions;
ALTER TABLE credit_transactions_new RENAME TO credit_transactions;
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (idempotency_key, user_id);
CREATE INDEX credit_transactions_used ON credit_transactions (created_at, type, amount) WHERE type IN ('spend', 'give_back');

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
-- The first line opens the account. A later one without an account fails on its
-- reference.
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_first BEFORE INSERT ON credit_transactions
WHEN NEW.before_seq IS NULL AND NOT EXISTS (SELECT 1 FROM user_credits WHERE user_id = NEW.user_id)
BEGIN
    INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES (NEW.user_id, 0, 0, 0, NEW.created_at);
END;
-- +goose StatementEnd
-- The account follows from the ledger whoever writes a line, and the line from
-- the account's last one.
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_account AFTER INSERT ON credit_transactions
BEGIN
    UPDATE user_credits SET updated_at = NEW.created_at, last_seq = NEW.seq,
        balance = CASE WHEN last_seq IS NEW.before_seq AND balance + NEW.amount = NEW.balance_after THEN NEW.balance_after
            ELSE RAISE(ABORT, 'balance_after does not follow from the row before') END,
        total_purchased = CASE WHEN NEW.type = 'spend' OR NEW.type = 'give_back' THEN total_purchased ELSE max(0, total_purchased + NEW.amount) END,
        total_used = CASE WHEN NEW.type = 'spend' OR NEW.type = 'give_back' THEN max(0, total_used - NEW.amount) ELSE total_used END
    WHERE user_id = NEW.user_id;
END;
-- +goose StatementEnd

-- +goose Down
-- The rows are as they were, and so are the guards and the index by user.
CREATE TABLE credit_transactions_old (
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
INSERT INTO credit_transactions_old (seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at)
    SELECT seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at FROM credit_transactions ORDER BY seq;
DROP TABLE credit_transactions;
ALTER TABLE credit_transactions_old RENAME TO credit_transactions;
ALTER TABLE user_credits DROP COLUMN last_seq;
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (idempotency_key, user_id);
CREATE INDEX credit_transactions_user ON credit_transactions (user_id, seq);
CREATE INDEX credit_transactions_used ON credit_transactions (created_at, type, amount) WHERE type IN ('spend', 'give_back');
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
