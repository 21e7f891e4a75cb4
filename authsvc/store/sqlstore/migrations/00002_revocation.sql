-- Refreshes that carry an idempotency key, attempts to log in, clients, what
-- was revoked, and the audit record.

-- +goose Up

ALTER TABLE session ADD COLUMN keyed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE session ADD COLUMN last_address TEXT NOT NULL DEFAULT '';

CREATE INDEX session_by_client ON session (client_id);
CREATE INDEX session_by_expires ON session (expires);

-- How often something was tried. The key is a hash that names nobody.
CREATE TABLE attempt (
    key TEXT PRIMARY KEY NOT NULL,
    n BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    free_at BIGINT NOT NULL
);

CREATE INDEX attempt_by_last_at ON attempt (last_at);

-- The clients that are not in the configuration. secrets is a JSON array of
-- objects; of a secret only the SHA-256 is in it.
CREATE TABLE client (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    secrets TEXT NOT NULL,
    jwks BYTEA NOT NULL,
    users BOOLEAN NOT NULL,
    service BOOLEAN NOT NULL,
    scopes TEXT NOT NULL,
    all_scopes BOOLEAN NOT NULL,
    audiences TEXT NOT NULL,
    serves TEXT NOT NULL,
    certificate_bound BOOLEAN NOT NULL,
    disabled_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- One counter a client, once it was raised; 1 before.
CREATE TABLE client_counter (
    client_id TEXT PRIMARY KEY NOT NULL,
    counter BIGINT NOT NULL
);

-- One row. Whoever writes an event or an entry locks it last, so that numbers
-- are committed in their order and without gaps.
CREATE TABLE ledger (
    one BIGINT PRIMARY KEY NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL
);

INSERT INTO ledger (one, epoch, seq, counter, audit_seq) VALUES (1, 1, 0, 1, 0);

CREATE TABLE revocation_event (
    seq BIGINT PRIMARY KEY NOT NULL,
    epoch BIGINT NOT NULL,
    tag TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    below BIGINT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE INDEX revocation_event_by_expires ON revocation_event (expires);

-- The access tokens that were revoked by their id, and what was used once.
CREATE TABLE revoked_token (
    id TEXT PRIMARY KEY NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE used_once (
    key TEXT PRIMARY KEY NOT NULL,
    expires BIGINT NOT NULL
);

-- What matters to security. failures is 0 except where failures of an hour
-- are added up.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    session TEXT NOT NULL,
    address TEXT NOT NULL,
    other_address TEXT NOT NULL,
    reason TEXT NOT NULL,
    failures BIGINT NOT NULL
);

CREATE INDEX audit_by_at ON audit (at);

-- +goose Down

DROP TABLE audit;
DROP TABLE used_once;
DROP TABLE revoked_token;
DROP TABLE revocation_event;
DROP TABLE ledger;
DROP TABLE client_counter;
DROP TABLE client;
DROP TABLE attempt;
DROP INDEX session_by_expires;
DROP INDEX session_by_client;
ALTER TABLE session DROP COLUMN last_address;
ALTER TABLE session DROP COLUMN keyed;
