-- +goose Up
-- What comes back from mail servers. An address that keeps failing for a while
-- is 'unreachable': it gets no marketing, and what was bought is still tried.
CREATE TABLE email_suppressions_new (
    address_key TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'unsubscribed', 'manual', 'unreachable')),
    detail      TEXT NOT NULL DEFAULT '',
    since       INTEGER NOT NULL,
    PRIMARY KEY (address_key, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO email_suppressions_new SELECT address_key, reason, detail, since FROM email_suppressions;
DROP TABLE email_suppressions;
ALTER TABLE email_suppressions_new RENAME TO email_suppressions;

-- Whose mailbox was full or away, while it still counts; a delivery empties it.
ALTER TABLE mail_reports ADD COLUMN address_key TEXT NOT NULL DEFAULT '';
CREATE INDEX mail_reports_soft ON mail_reports (address_key, at) WHERE address_key <> '';

-- +goose Down
DROP INDEX mail_reports_soft;
ALTER TABLE mail_reports DROP COLUMN address_key;
CREATE TABLE email_suppressions_old (
    address_key TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'unsubscribed', 'manual')),
    detail      TEXT NOT NULL DEFAULT '',
    since       INTEGER NOT NULL,
    PRIMARY KEY (address_key, reason)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO email_suppressions_old SELECT address_key, CASE reason WHEN 'unreachable' THEN 'manual' ELSE reason END, detail, since FROM email_suppressions;
DROP TABLE email_suppressions;
ALTER TABLE email_suppressions_old RENAME TO email_suppressions;
