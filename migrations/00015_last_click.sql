-- +goose Up
-- When a person clicked in a letter again: a sale is credited to the last click,
-- and clicked_at keeps the first.
ALTER TABLE email_logs ADD COLUMN last_click_at INTEGER;
CREATE INDEX email_logs_clicked_again ON email_logs (to_key, last_click_at) WHERE last_click_at IS NOT NULL;

-- +goose Down
DROP INDEX email_logs_clicked_again;
ALTER TABLE email_logs DROP COLUMN last_click_at;
