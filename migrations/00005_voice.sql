-- +goose Up
-- A step of a series in the creator's own words; '' in a column keeps what ships.
CREATE TABLE sequence_texts (
    series     TEXT NOT NULL,
    step       TEXT NOT NULL,
    product_id TEXT NOT NULL DEFAULT '',  -- '' for every product
    text       TEXT NOT NULL,             -- a whole step: front matter and letter
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (series, step, product_id)
) STRICT, WITHOUT ROWID;

-- Who walks through which series. The table has the name of the first of them.
CREATE TABLE mini_product_upsell_sequence (
    id         TEXT PRIMARY KEY,
    series     TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id),
    lead_id    TEXT REFERENCES freebie_subscribers (id),
    product_id TEXT NOT NULL DEFAULT '',
    payment_id TEXT REFERENCES stripe_payments (id),
    basis      TEXT NOT NULL CHECK (basis IN ('own_products', 'opt_in', 'double_opt_in')),
    anchor_at  INTEGER NOT NULL,           -- days are counted from here
    bought_at  INTEGER,                    -- of several, the newest purchase goes first
    next_step  TEXT NOT NULL DEFAULT '',
    due_at     INTEGER NOT NULL,           -- when it is looked at next
    ended_at   INTEGER,
    end_reason TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (lead_id IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason = ''))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mini_product_upsell_sequence_live ON mini_product_upsell_sequence (coalesce(user_id, lead_id), series, product_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX mini_product_upsell_sequence_payment ON mini_product_upsell_sequence (payment_id, series) WHERE payment_id IS NOT NULL;
CREATE INDEX mini_product_upsell_sequence_due ON mini_product_upsell_sequence (series, due_at) WHERE ended_at IS NULL;
CREATE INDEX mini_product_upsell_sequence_user ON mini_product_upsell_sequence (user_id, series) WHERE user_id IS NOT NULL;
CREATE INDEX mini_product_upsell_sequence_lead ON mini_product_upsell_sequence (lead_id) WHERE lead_id IS NOT NULL;

-- What became of a step, once and for ever, and why.
CREATE TABLE enrolment_steps (
    enrolment_id TEXT NOT NULL REFERENCES mini_product_upsell_sequence (id),
    step         TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('sent', 'skipped')),
    reason       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (enrolment_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE email_segments (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    built_in     INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)),
    rule         TEXT NOT NULL CHECK (json_valid(rule)),
    members      INTEGER NOT NULL DEFAULT 0,
    joined       INTEGER NOT NULL DEFAULT 0,  -- at the last refresh of all
    gone         INTEGER NOT NULL DEFAULT 0,
    refreshed_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX email_segments_name ON email_segments (name);

CREATE TABLE email_segment_members (
    segment_id TEXT NOT NULL REFERENCES email_segments (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id),
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (segment_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX email_segment_members_user ON email_segment_members (user_id);

CREATE TABLE admin_email_campaigns (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    subject_b   TEXT NOT NULL DEFAULT '',  -- '' for no test
    preheader   TEXT NOT NULL DEFAULT '',
    body        TEXT NOT NULL,             -- Markdown
    action      TEXT NOT NULL,
    path        TEXT NOT NULL,
    topic       TEXT NOT NULL CHECK (topic IN ('offers', 'newsletter')),
    segment_id  TEXT REFERENCES email_segments (id),
    state       TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'sending', 'sent', 'cancelled')),
    send_at     INTEGER,
    zone        TEXT NOT NULL DEFAULT 'UTC',
    hold_out    INTEGER NOT NULL DEFAULT 0 CHECK (hold_out BETWEEN 0 AND 50),
    test_share  INTEGER NOT NULL DEFAULT 0 CHECK (test_share BETWEEN 0 AND 100),
    test_hours  INTEGER NOT NULL DEFAULT 0 CHECK (test_hours BETWEEN 0 AND 72),
    goal        TEXT NOT NULL DEFAULT 'clicks' CHECK (goal IN ('clicks', 'purchases')),
    winner      TEXT NOT NULL DEFAULT '' CHECK (winner IN ('', 'a', 'b')),
    winner_why  TEXT NOT NULL DEFAULT '',
    drawn       INTEGER NOT NULL DEFAULT 0 CHECK (drawn IN (0, 1)),  -- every recipient has a row
    started_at  INTEGER,
    finished_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_email_campaigns_open ON admin_email_campaigns (state, send_at) WHERE state IN ('scheduled', 'sending');

CREATE TABLE campaign_recipients (
    campaign_id TEXT NOT NULL REFERENCES admin_email_campaigns (id),
    user_id     TEXT NOT NULL REFERENCES users (id),
    part        TEXT NOT NULL CHECK (part IN ('a', 'b', 'rest', 'hold_out')),
    outcome     TEXT NOT NULL CHECK (outcome IN ('waiting', 'queued', 'skipped', 'held_out')),
    reason      TEXT NOT NULL DEFAULT '',
    at          INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_recipients_waiting ON campaign_recipients (campaign_id, at, user_id) WHERE outcome = 'waiting';
CREATE INDEX campaign_recipients_user ON campaign_recipients (user_id);

ALTER TABLE email_logs ADD COLUMN sequence TEXT;
ALTER TABLE email_logs ADD COLUMN step TEXT;
ALTER TABLE email_logs ADD COLUMN enrolment_id TEXT;
ALTER TABLE email_logs ADD COLUMN campaign_id TEXT;
ALTER TABLE email_logs ADD COLUMN variant TEXT NOT NULL DEFAULT '';
ALTER TABLE email_logs ADD COLUMN reason TEXT NOT NULL DEFAULT '';       -- why it was promised
ALTER TABLE email_logs ADD COLUMN expires_at INTEGER;                    -- not sent any more after this
ALTER TABLE email_logs ADD COLUMN opened_at INTEGER;                     -- by a person, the first time
ALTER TABLE email_logs ADD COLUMN machine_opened_at INTEGER;
ALTER TABLE email_logs ADD COLUMN clicked_at INTEGER;
ALTER TABLE email_logs ADD COLUMN machine_clicked_at INTEGER;
ALTER TABLE email_logs ADD COLUMN converted INTEGER NOT NULL DEFAULT 0 CHECK (converted IN (0, 1));
ALTER TABLE email_logs ADD COLUMN revenue INTEGER NOT NULL DEFAULT 0;    -- of the purchases it led to, net of refunds
ALTER TABLE email_logs ADD COLUMN unsubscribed_at INTEGER;
CREATE UNIQUE INDEX email_logs_step ON email_logs (enrolment_id, step) WHERE enrolment_id IS NOT NULL;
CREATE UNIQUE INDEX email_logs_campaign ON email_logs (campaign_id, user_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX email_logs_marketing ON email_logs (to_key, created_at) WHERE kind IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_clicked ON email_logs (to_key, clicked_at) WHERE clicked_at IS NOT NULL;
-- Whole segments are read from this index alone: purchases by product, and whether they count.
CREATE INDEX stripe_payments_kept ON stripe_payments (product_id, paid_at, user_id, refunded, amount, dispute);
CREATE INDEX stripe_payments_mail ON stripe_payments (email_log_id) WHERE email_log_id IS NOT NULL;

CREATE TABLE email_links (
    id              TEXT PRIMARY KEY,
    email_log_id    TEXT NOT NULL REFERENCES email_logs (id),
    destination     TEXT NOT NULL,
    clicks          INTEGER NOT NULL DEFAULT 0,  -- by people
    machine_clicks  INTEGER NOT NULL DEFAULT 0,
    first_click_at  INTEGER,
    trapped_at      INTEGER,                     -- something followed the link that nobody sees
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX email_links_mail ON email_links (email_log_id);

-- What a person wants to get. Without a row: everything that they have not refused.
CREATE TABLE mail_preferences (
    address_key TEXT PRIMARY KEY,
    offers      INTEGER NOT NULL CHECK (offers IN (0, 1)),
    newsletter  INTEGER NOT NULL CHECK (newsletter IN (0, 1)),
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Bounces and complaints as they were reported, for the circuit breaker.
CREATE TABLE mail_reports (
    reference    TEXT PRIMARY KEY,  -- the reporter's, so that the second time is boring
    kind         TEXT NOT NULL CHECK (kind IN ('bounce', 'soft_bounce', 'complaint')),
    email_log_id TEXT,
    marketing    INTEGER NOT NULL CHECK (marketing IN (0, 1)),
    detail       TEXT NOT NULL DEFAULT '',
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_reports_at ON mail_reports (at);

CREATE INDEX checkouts_abandoned ON checkouts (expires_at) WHERE state IN ('open', 'expired', 'failed') AND email <> '';
CREATE INDEX users_seen ON users (coalesce(last_seen_at, last_login_at, created_at)) WHERE deleted_at IS NULL;

-- +goose Down
DROP INDEX users_seen;
DROP INDEX checkouts_abandoned;
DROP TABLE mail_reports;
DROP TABLE mail_preferences;
DROP TABLE email_links;
DROP INDEX stripe_payments_mail;
DROP INDEX stripe_payments_kept;
DROP INDEX email_logs_clicked;
DROP INDEX email_logs_marketing;
DROP INDEX email_logs_campaign;
DROP INDEX email_logs_step;
ALTER TABLE email_logs DROP COLUMN unsubscribed_at;
ALTER TABLE email_logs DROP COLUMN revenue;
ALTER TABLE email_logs DROP COLUMN converted;
ALTER TABLE email_logs DROP COLUMN machine_clicked_at;
ALTER TABLE email_logs DROP COLUMN clicked_at;
ALTER TABLE email_logs DROP COLUMN machine_opened_at;
ALTER TABLE email_logs DROP COLUMN opened_at;
ALTER TABLE email_logs DROP COLUMN expires_at;
ALTER TABLE email_logs DROP COLUMN reason;
ALTER TABLE email_logs DROP COLUMN variant;
ALTER TABLE email_logs DROP COLUMN campaign_id;
ALTER TABLE email_logs DROP COLUMN enrolment_id;
ALTER TABLE email_logs DROP COLUMN step;
ALTER TABLE email_logs DROP COLUMN sequence;
DROP TABLE campaign_recipients;
DROP TABLE admin_email_campaigns;
DROP TABLE email_segment_members;
DROP TABLE email_segments;
DROP TABLE enrolment_steps;
DROP TABLE mini_product_upsell_sequence;
DROP TABLE sequence_texts;
