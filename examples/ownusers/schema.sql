-- The users that the application has had all along. AUTOINCREMENT, so that the
-- id of a user who was deleted is never another's.
CREATE TABLE IF NOT EXISTS users (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	email         TEXT NOT NULL UNIQUE, -- in lower case
	password_hash TEXT NOT NULL,        -- bcrypt, of the framework before
	plan          TEXT NOT NULL DEFAULT 'free',
	is_editor     INTEGER NOT NULL DEFAULT 0,
	is_active     INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE IF NOT EXISTS security_events (
	at      TEXT NOT NULL,
	kind    TEXT NOT NULL,
	user_id TEXT NOT NULL,
	client  TEXT NOT NULL,
	address TEXT NOT NULL
);
