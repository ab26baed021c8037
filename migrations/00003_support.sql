-- +goose Up
CREATE TABLE support_tickets (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('note', 'withdrawal')),
    state      TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    user_id    TEXT REFERENCES users (id),  -- who was signed in; a visitor has none
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    name       TEXT NOT NULL DEFAULT '',
    product_id TEXT NOT NULL DEFAULT '',    -- as chosen in the form; products come and go
    contract   TEXT NOT NULL DEFAULT '',    -- what a withdrawal names
    message    TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    closed_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX support_tickets_open ON support_tickets (created_at) WHERE state = 'open';
CREATE INDEX support_tickets_user ON support_tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX support_tickets_key ON support_tickets (email_key) WHERE email_key <> '';

-- +goose Down
DROP TABLE support_tickets;
