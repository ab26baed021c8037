-- +goose Up
CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id                          TEXT PRIMARY KEY,
    email                       TEXT NOT NULL DEFAULT '',
    email_key                   TEXT,          -- NULL once the address was lost or the account deleted
    email_verified_at           INTEGER,
    address_lost_at             INTEGER,       -- the address went to its proven owner's purchase; shown on the next visit
    name                        TEXT NOT NULL DEFAULT '',
    password_hash               TEXT NOT NULL DEFAULT '',  -- '' until a password is set, and after a revocation
    password_set_at             INTEGER,
    is_admin                    INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
    origin                      TEXT NOT NULL DEFAULT 'sign_up' CHECK (origin IN ('sign_up', 'purchase', 'admin', 'import', 'sample')),
    onboarding_completed        INTEGER NOT NULL DEFAULT 0 CHECK (onboarding_completed IN (0, 1)),
    base_done_at                INTEGER,
    blueprint_extension_done_at INTEGER,
    studio_extension_done_at    INTEGER,
    blueprint_welcome_shown_at  INTEGER,
    paid_welcome_shown_at       INTEGER,
    onboarding_dismissed_at     INTEGER,
    last_login_at               INTEGER,
    last_seen_at                INTEGER,
    unsubscribed_at             INTEGER,
    created_at                  INTEGER NOT NULL,
    deleted_at                  INTEGER,
    CHECK (deleted_at IS NULL OR email_key IS NULL)
) STRICT;
CREATE UNIQUE INDEX users_email_key ON users (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE sessions (
    token_hash       TEXT PRIMARY KEY,
    user_id          TEXT NOT NULL REFERENCES users (id),
    created_at       INTEGER NOT NULL,  -- wall clock, like every time of this table
    last_seen_at     INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    user_agent       TEXT NOT NULL DEFAULT '',
    address          TEXT NOT NULL DEFAULT ''  -- truncated
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE auth_tokens (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    purpose    TEXT NOT NULL CHECK (purpose IN ('setup', 'reset', 'confirm', 'change_email')),
    email_key  TEXT NOT NULL,  -- the address that the link went to: it proves this one and no other
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_tokens_user ON auth_tokens (user_id, purpose);
CREATE INDEX auth_tokens_expiry ON auth_tokens (expires_at);

CREATE TABLE rate_counters (
    key          TEXT NOT NULL,
    window_start INTEGER NOT NULL,  -- wall clock
    count        INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (key, window_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_counters_window ON rate_counters (window_start);

CREATE TABLE stripe_customers (
    customer_id TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX stripe_customers_user ON stripe_customers (user_id);

CREATE TABLE stripe_prices (
    price_id   TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,  -- of the catalogue
    lookup_key TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checkouts (
    id              TEXT PRIMARY KEY,  -- the ref that Stripe gets
    user_id         TEXT REFERENCES users (id),
    signed_in       INTEGER NOT NULL DEFAULT 0 CHECK (signed_in IN (0, 1)),
    product_id      TEXT NOT NULL,
    price           INTEGER NOT NULL CHECK (price >= 0),
    currency        TEXT NOT NULL,
    promotion       TEXT NOT NULL DEFAULT '',
    discount        INTEGER NOT NULL DEFAULT 0 CHECK (discount >= 0),
    source          TEXT NOT NULL DEFAULT '',
    campaign        TEXT NOT NULL DEFAULT '',
    link            TEXT NOT NULL DEFAULT '',
    marketing       TEXT NOT NULL DEFAULT '' CHECK (marketing IN ('', 'yes', 'no')),
    session_id      TEXT,
    client_secret   TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL CHECK (state IN ('new', 'open', 'processing', 'complete', 'failed', 'expired')),
    email           TEXT NOT NULL DEFAULT '',  -- what the visitor left at Stripe
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    completed_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX checkouts_session ON checkouts (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX checkouts_user ON checkouts (user_id) WHERE user_id IS NOT NULL;
-- One open checkout for each customer and code: twenty tabs share one discount.
CREATE UNIQUE INDEX checkouts_promotion ON checkouts (user_id, promotion) WHERE promotion <> '' AND state IN ('new', 'open', 'processing');

CREATE TABLE promotion_uses (
    user_id    TEXT NOT NULL REFERENCES users (id),
    code       TEXT NOT NULL,
    ends_at    INTEGER,           -- until when the offer runs for this customer
    reference  TEXT,              -- the subscription that used it; NULL while it is only offered
    used_at    INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    id         TEXT PRIMARY KEY,
    user_id    TEXT REFERENCES users (id),
    checkout_id TEXT REFERENCES checkouts (id),
    email_key  TEXT,
    purpose    TEXT NOT NULL,
    given      INTEGER NOT NULL CHECK (given IN (0, 1)),
    text_version TEXT NOT NULL,
    source     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_user ON consents (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX consents_checkout ON consents (checkout_id) WHERE checkout_id IS NOT NULL;

CREATE TABLE user_credits (
    user_id         TEXT PRIMARY KEY REFERENCES users (id),
    balance         INTEGER NOT NULL CHECK (balance >= 0),
    total_purchased INTEGER NOT NULL CHECK (total_purchased >= 0),
    total_used      INTEGER NOT NULL CHECK (total_used >= 0),
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credit_transactions (
    seq             INTEGER PRIMARY KEY,  -- the order of the ledger
    id              TEXT NOT NULL UNIQUE,
    user_id         TEXT NOT NULL REFERENCES users (id),
    amount          INTEGER NOT NULL CHECK (amount <> 0),
    type            TEXT NOT NULL CHECK (type IN ('sign_up', 'purchase', 'membership', 'spend', 'give_back', 'refund', 'dispute', 'adjustment', 'import')),
    description     TEXT NOT NULL,
    balance_after   INTEGER NOT NULL CHECK (balance_after >= 0),
    idempotency_key TEXT NOT NULL,
    reference       TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (user_id, idempotency_key);
CREATE INDEX credit_transactions_user ON credit_transactions (user_id, seq);

CREATE TABLE idempotency_answers (
    user_id      TEXT NOT NULL REFERENCES users (id),
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_answers_age ON idempotency_answers (created_at);

CREATE TABLE stripe_payments (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id),
    product_id     TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount >= 0),        -- what was paid, after discount, with tax
    subtotal       INTEGER NOT NULL CHECK (subtotal >= 0),
    discount       INTEGER NOT NULL DEFAULT 0 CHECK (discount >= 0),
    tax            INTEGER NOT NULL DEFAULT 0 CHECK (tax >= 0),
    refunded       INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    dispute        TEXT NOT NULL DEFAULT '' CHECK (dispute IN ('', 'warning', 'open', 'won', 'lost')),
    taken          INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),      -- credits that are taken back or held at the moment
    shortfall      INTEGER NOT NULL DEFAULT 0 CHECK (shortfall >= 0),  -- of the grant, spent before it could be taken back
    takes          INTEGER NOT NULL DEFAULT 0 CHECK (takes >= 0),      -- how often they were taken or given back: part of the ledger's key
    currency       TEXT NOT NULL,
    matched_by     TEXT NOT NULL CHECK (matched_by IN ('checkout', 'metadata', 'customer', 'email', 'new', 'creator', 'import')),
    customer_id    TEXT,
    session_id     TEXT,
    payment_intent TEXT,
    charge_id      TEXT,
    invoice_id     TEXT,
    subscription_id TEXT,            -- Stripe's
    checkout_id    TEXT,
    source         TEXT NOT NULL DEFAULT '',
    campaign       TEXT NOT NULL DEFAULT '',
    link           TEXT NOT NULL DEFAULT '',
    email_log_id   TEXT,
    live           INTEGER NOT NULL CHECK (live IN (0, 1)),
    receipt_url    TEXT NOT NULL DEFAULT '',
    paid_at        INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    CHECK (session_id IS NOT NULL OR invoice_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stripe_payments_session ON stripe_payments (session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_intent ON stripe_payments (payment_intent) WHERE payment_intent IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_charge ON stripe_payments (charge_id) WHERE charge_id IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_invoice ON stripe_payments (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX stripe_payments_user ON stripe_payments (user_id, paid_at);
CREATE INDEX stripe_payments_paid ON stripe_payments (paid_at);

CREATE TABLE refunds (
    refund_id  TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES stripe_payments (id),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL,
    event_at   INTEGER NOT NULL,
    event_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_payment ON refunds (payment_id);

CREATE TABLE disputes (
    dispute_id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES stripe_payments (id),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    closed     INTEGER NOT NULL CHECK (closed IN (0, 1)),
    event_at   INTEGER NOT NULL,
    event_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX disputes_payment ON disputes (payment_id);

CREATE TABLE subscriptions (
    id                     TEXT PRIMARY KEY,
    user_id                TEXT NOT NULL REFERENCES users (id),
    product_type           TEXT NOT NULL CHECK (product_type IN ('sselfie_studio_membership', 'paid_blueprint')),
    status                 TEXT NOT NULL CHECK (status IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'incomplete_expired', 'suspended')),
    live                   INTEGER NOT NULL CHECK (live IN (0, 1)),  -- 1: the row that counts for this user and product type
    current_period_start   INTEGER,
    current_period_end     INTEGER,
    cancel_at              INTEGER,
    cancel_at_period_end   INTEGER NOT NULL DEFAULT 0 CHECK (cancel_at_period_end IN (0, 1)),
    past_due_since         INTEGER,
    ended_at               INTEGER,
    stripe_subscription_id TEXT,
    source_payment_id      TEXT,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX subscriptions_stripe ON subscriptions (stripe_subscription_id) WHERE stripe_subscription_id IS NOT NULL;
CREATE UNIQUE INDEX subscriptions_live ON subscriptions (user_id, product_type) WHERE live = 1;
CREATE INDEX subscriptions_user ON subscriptions (user_id);

CREATE TABLE stripe_objects (
    kind       TEXT NOT NULL CHECK (kind IN ('subscription', 'invoice', 'charge', 'dispute')),
    id         TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id),
    event_id   TEXT NOT NULL,
    event_at   INTEGER NOT NULL,
    snapshot   TEXT NOT NULL CHECK (json_valid(snapshot)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stripe_objects_user ON stripe_objects (user_id, kind) WHERE user_id IS NOT NULL;

CREATE TABLE webhook_events (
    id          TEXT PRIMARY KEY,
    type        TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('applied', 'ignored', 'parked', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',  -- of ignored and parked, in words for the creator
    error       TEXT NOT NULL DEFAULT '',
    attempts    INTEGER NOT NULL DEFAULT 1,
    payload     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,          -- Stripe's
    received_at INTEGER NOT NULL,
    applied_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_events_received ON webhook_events (received_at);
CREATE INDEX webhook_events_open ON webhook_events (outcome, created_at) WHERE outcome IN ('parked', 'failed');

-- What a parked event waits for: any one of its keys wakes it.
CREATE TABLE webhook_waits (
    key      TEXT NOT NULL,  -- 'subscription:sub_..', 'customer:cus_..', 'intent:pi_..'
    event_id TEXT NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    PRIMARY KEY (key, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_waits_event ON webhook_waits (event_id);

CREATE TABLE email_logs (
    id              TEXT PRIMARY KEY,
    user_id         TEXT REFERENCES users (id),
    to_address      TEXT NOT NULL,
    to_key          TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('purchase', 'welcome', 'confirm_address', 'password_reset', 'password_changed', 'studio_welcome', 'renewal', 'payment_failed', 'payment_failed_final', 'cancellation', 'farewell', 'refund', 'abandoned_checkout', 'freebie', 'sequence', 'campaign', 'notice')),
    business_key    TEXT NOT NULL UNIQUE,
    props           TEXT NOT NULL CHECK (json_valid(props)),
    token           TEXT NOT NULL DEFAULT '' CHECK (token IN ('', 'setup', 'reset', 'confirm', 'change_email')),  -- minted when it is sent
    state           TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'bounced', 'suppressed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    subject         TEXT NOT NULL DEFAULT '',
    error           TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX email_logs_urgent ON email_logs (next_attempt_at) WHERE state = 'queued' AND kind NOT IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_bulk ON email_logs (next_attempt_at) WHERE state = 'queued' AND kind IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_sending ON email_logs (id) WHERE state = 'sending';
CREATE INDEX email_logs_user ON email_logs (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX email_logs_created ON email_logs (created_at);

CREATE TABLE email_suppressions (
    address_key TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'unsubscribed', 'manual')),
    detail      TEXT NOT NULL DEFAULT '',
    since       INTEGER NOT NULL,
    PRIMARY KEY (address_key, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE analytics_events (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL CHECK (name IN ('pricing_view', 'cta_click', 'checkout_start', 'purchase', 'sign_up', 'upgrade',
        'onboarding_started', 'onboarding_error', 'onboarding_completed')),
    visitor    TEXT NOT NULL DEFAULT '',
    user_id    TEXT,
    product_id TEXT NOT NULL DEFAULT '',
    source     TEXT NOT NULL DEFAULT '',
    campaign   TEXT NOT NULL DEFAULT '',
    properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX analytics_events_at ON analytics_events (at, name, product_id);
CREATE INDEX analytics_events_user ON analytics_events (user_id, name, at) WHERE user_id IS NOT NULL;

CREATE TABLE job_runs (
    job           TEXT NOT NULL,
    scheduled_for INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    processed     INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    error         TEXT NOT NULL DEFAULT '',
    trigger       TEXT NOT NULL DEFAULT 'schedule' CHECK (trigger IN ('schedule', 'hand')),
    PRIMARY KEY (job, scheduled_for)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin_audit_log (
    id        TEXT PRIMARY KEY,
    actor     TEXT NOT NULL,  -- user id, or 'command line'
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL DEFAULT '',
    detail    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_audit_log_at ON admin_audit_log (at);

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
WHEN EXISTS (SELECT 1 FROM credit_transactions WHERE seq = NEW.seq OR id = NEW.id)
    OR EXISTS (SELECT 1 FROM credit_transactions WHERE user_id = NEW.user_id AND idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: this line is there already'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_transactions_follows BEFORE INSERT ON credit_transactions
WHEN NEW.balance_after <> NEW.amount + COALESCE((SELECT balance_after FROM credit_transactions WHERE user_id = NEW.user_id ORDER BY seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'balance_after does not follow from the row before'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_no_update BEFORE UPDATE ON consents
WHEN NEW.id <> OLD.id OR NEW.purpose <> OLD.purpose OR NEW.given <> OLD.given OR NEW.text_version <> OLD.text_version OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_no_replace BEFORE INSERT ON consents
WHEN EXISTS (SELECT 1 FROM consents WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_no_delete BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER admin_audit_log_no_update BEFORE UPDATE ON admin_audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER admin_audit_log_no_replace BEFORE INSERT ON admin_audit_log
WHEN EXISTS (SELECT 1 FROM admin_audit_log WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER admin_audit_log_no_delete BEFORE DELETE ON admin_audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE admin_audit_log;
DROP TABLE job_runs;
DROP TABLE analytics_events;
DROP TABLE email_suppressions;
DROP TABLE email_logs;
DROP TABLE webhook_waits;
DROP TABLE webhook_events;
DROP TABLE stripe_objects;
DROP TABLE subscriptions;
DROP TABLE disputes;
DROP TABLE refunds;
DROP TABLE stripe_payments;
DROP TABLE idempotency_answers;
DROP TABLE credit_transactions;
DROP TABLE user_credits;
DROP TABLE consents;
DROP TABLE promotion_uses;
DROP TABLE checkouts;
DROP TABLE stripe_prices;
DROP TABLE stripe_customers;
DROP TABLE rate_counters;
DROP TABLE auth_tokens;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE settings;
