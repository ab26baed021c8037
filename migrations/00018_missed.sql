-- +goose Up
-- When a campaign was found more than three days late, and so was not sent. Its
-- state is that of a draft again: a new time is all that it needs.
ALTER TABLE admin_email_campaigns ADD COLUMN missed_at INTEGER CHECK (missed_at IS NULL OR state = 'draft');
CREATE INDEX admin_email_campaigns_missed ON admin_email_campaigns (missed_at) WHERE missed_at IS NOT NULL;

-- +goose Down
DROP INDEX admin_email_campaigns_missed;
ALTER TABLE admin_email_campaigns DROP COLUMN missed_at;
