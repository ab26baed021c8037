-- +goose Up
-- When the creator marked a note as answered; closed_at says that it is done with.
ALTER TABLE support_tickets ADD COLUMN answered_at INTEGER;
CREATE INDEX support_tickets_at ON support_tickets (created_at, id);

-- +goose Down
DROP INDEX support_tickets_at;
ALTER TABLE support_tickets DROP COLUMN answered_at;
