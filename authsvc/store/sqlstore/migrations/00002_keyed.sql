-- Refreshes that carry an idempotency key, and attempts to log in.

-- +goose Up

ALTER TABLE session ADD COLUMN keyed BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX session_by_expires ON session (expires);

-- How often something was tried. The key is a hash that names nobody.
CREATE TABLE attempt (
    key TEXT PRIMARY KEY NOT NULL,
    n BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    free_at BIGINT NOT NULL
);

CREATE INDEX attempt_by_last_at ON attempt (last_at);

-- +goose Down

DROP TABLE attempt;
DROP INDEX session_by_expires;
ALTER TABLE session DROP COLUMN keyed;
