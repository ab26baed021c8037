-- +goose Up
-- Which link of a letter it is: 0 the button, then those of the text in order.
ALTER TABLE email_links ADD COLUMN place INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE email_links DROP COLUMN place;
