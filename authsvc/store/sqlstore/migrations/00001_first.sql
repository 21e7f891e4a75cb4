-- Everything the AuthService keeps. One text for SQLite and PostgreSQL:
-- SQLite takes BYTEA as a name and stores bytes as they come.
--
-- Times are microseconds since 1970 in UTC; 0 is never. Lists are JSON arrays
-- of strings. What is not set is 0 or empty, never NULL.

-- +goose Up

-- One counter a subject. What ends all of a subject's sessions raises it.
CREATE TABLE subject (
    subject TEXT PRIMARY KEY NOT NULL,
    counter BIGINT NOT NULL
);

-- One row a login. No token is in here: cur_hash and prev_hash are SHA-256,
-- and only the previous refresh token opens sealed_successor.
CREATE TABLE session (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    audiences TEXT NOT NULL,
    cnf TEXT NOT NULL DEFAULT '',
    gen BIGINT NOT NULL,
    cur_hash BYTEA NOT NULL,
    prev_hash BYTEA NOT NULL,
    rotation_key_hash BYTEA NOT NULL DEFAULT '',
    rotated_at BIGINT NOT NULL,
    sealed_successor BYTEA NOT NULL,
    replays BIGINT NOT NULL,
    replayed_gens BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    idle_expires BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL
);

CREATE INDEX session_by_subject ON session (subject);

-- The built-in accounts.
CREATE TABLE users (
    subject TEXT PRIMARY KEY NOT NULL,
    username TEXT UNIQUE NOT NULL,
    password_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    roles TEXT NOT NULL,
    admin BOOLEAN NOT NULL,
    disabled_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The service's own keys, encrypted. The first one takes position 1, which
-- only one of several processes that start at once can.
CREATE TABLE signing_key (
    position BIGINT PRIMARY KEY NOT NULL,
    id TEXT UNIQUE NOT NULL,
    algorithm TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- +goose Down

DROP TABLE signing_key;
DROP TABLE users;
DROP TABLE session;
DROP TABLE subject;
