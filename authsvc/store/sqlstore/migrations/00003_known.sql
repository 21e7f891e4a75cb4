-- What was tried with success of late, as attempt names it.

-- +goose Up

CREATE TABLE known (
    key TEXT PRIMARY KEY NOT NULL,
    expires BIGINT NOT NULL
);

CREATE INDEX known_by_expires ON known (expires);

-- +goose Down

DROP TABLE known;
