-- +goose Up
-- An admin's authenticator app. The secret has to be read again, so it is not
-- hashed but sealed, with a key that lies beside the database and in no backup.
CREATE TABLE second_factors (
    user_id      TEXT PRIMARY KEY REFERENCES users (id),
    sealed       TEXT NOT NULL,
    confirmed_at INTEGER,            -- wall clock; NULL until the app has shown a first code
    last_step    INTEGER NOT NULL DEFAULT 0,  -- the newest code's step of 30 seconds: each is good once
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
    hash    TEXT NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE recovery_codes;
DROP TABLE second_factors;
