-- +goose Up
CREATE TABLE user_personal_brand (
    user_id              TEXT PRIMARY KEY REFERENCES users (id),
    name                 TEXT NOT NULL DEFAULT '',
    business_type        TEXT NOT NULL DEFAULT '',
    color_theme          TEXT NOT NULL DEFAULT '',
    visual_aesthetic     TEXT NOT NULL DEFAULT '',
    current_situation    TEXT NOT NULL DEFAULT '',
    transformation_story TEXT NOT NULL DEFAULT '',
    future_vision        TEXT NOT NULL DEFAULT '',
    ideal_audience       TEXT NOT NULL DEFAULT '',
    communication_voice  TEXT NOT NULL DEFAULT '',
    photo_goals          TEXT NOT NULL DEFAULT '',
    content_pillars      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(content_pillars)),
    brand_inspiration    TEXT NOT NULL DEFAULT '',
    updated_at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blueprint_subscribers (
    user_id            TEXT PRIMARY KEY REFERENCES users (id),
    form_data          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(form_data)),
    strategy_data      TEXT CHECK (strategy_data IS NULL OR json_valid(strategy_data)),
    strategy_generated INTEGER NOT NULL DEFAULT 0 CHECK (strategy_generated IN (0, 1)),
    grid_generated     INTEGER NOT NULL DEFAULT 0 CHECK (grid_generated IN (0, 1)),
    origin             TEXT NOT NULL CHECK (origin IN ('wizard', 'blueprint', 'import')),  -- a row of the wizard's own is no blueprint state
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE freebie_subscribers (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL DEFAULT '',
    source        TEXT NOT NULL DEFAULT '',
    consent_at    INTEGER NOT NULL,
    consent_text  TEXT NOT NULL,
    confirmed_at  INTEGER,  -- double opt-in: the link in the mail was followed
    user_id       TEXT REFERENCES users (id),
    converted_at  INTEGER,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX freebie_subscribers_user ON freebie_subscribers (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE training_runs (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id),
    training_status TEXT NOT NULL CHECK (training_status IN ('pending', 'training', 'completed', 'failed')),
    progress        INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    created_at      INTEGER NOT NULL,
    completed_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX training_runs_user ON training_runs (user_id, created_at);

CREATE TABLE admin_feature_flags (
    key        TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('on', 'off', 'percent')),
    percent    INTEGER NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    reason     TEXT NOT NULL DEFAULT '',  -- why it stands where it stands: a person, or the guard
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_tags (
    tag_id   TEXT NOT NULL REFERENCES tags (id),
    user_id  TEXT NOT NULL REFERENCES users (id),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tag_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_tags_user ON user_tags (user_id);

-- +goose Down
DROP TABLE user_tags;
DROP TABLE tags;
DROP TABLE admin_feature_flags;
DROP TABLE training_runs;
DROP TABLE freebie_subscribers;
DROP TABLE blueprint_subscribers;
DROP TABLE user_personal_brand;
