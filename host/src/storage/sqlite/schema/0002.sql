-- Work that nobody has tried yet is `received`; `waiting` is left for what failed and is tried again. A person may
-- discard work. States: received, waiting, parked, done, skipped, dead, discarded. `ended_at` is null while it is open.
-- New rows name their state; the columns' default is from version 1.

UPDATE deliveries SET state = 'received' WHERE state = 'waiting' AND attempts = 0;
UPDATE events SET state = 'received' WHERE state = 'waiting' AND attempts = 0;

-- When the body, the raw data and the records of the work were forgotten.
ALTER TABLE deliveries ADD COLUMN purged_at INTEGER;
ALTER TABLE events ADD COLUMN purged_at INTEGER;

-- What is handed out when transload starts.
DROP INDEX deliveries_unfinished;
DROP INDEX events_unfinished;
CREATE INDEX deliveries_open ON deliveries (sequence) WHERE ended_at IS NULL;
CREATE INDEX events_open ON events (sequence) WHERE ended_at IS NULL;

-- Listings, newest first. `received` and `done` are left out of the second kind: most events are in one of these and
-- pass through no other, so that a listing finds them at once and a good event never touches the index.
CREATE INDEX deliveries_by_connection ON deliveries (connection, sequence);
CREATE INDEX events_by_connection ON events (connection, sequence);
CREATE INDEX deliveries_by_state ON deliveries (state, sequence)
    WHERE state = 'waiting' OR state = 'parked' OR state = 'skipped' OR state = 'dead' OR state = 'discarded';
CREATE INDEX events_by_state ON events (state, sequence)
    WHERE state = 'waiting' OR state = 'parked' OR state = 'skipped' OR state = 'dead' OR state = 'discarded';

-- What can be forgotten, oldest first. Dead work may be retried, so nothing of it is forgotten.
CREATE INDEX deliveries_to_purge ON deliveries (ended_at)
    WHERE ended_at IS NOT NULL AND purged_at IS NULL AND state <> 'dead';
CREATE INDEX events_to_purge ON events (ended_at)
    WHERE ended_at IS NOT NULL AND purged_at IS NULL AND state <> 'dead';

-- What work set out to change at a vendor. States: intended, done, refused, unsent, in-doubt.
CREATE TABLE writes (
    number      INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,              -- delivery, event
    sequence    INTEGER NOT NULL,           -- of the delivery or event
    key         TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    api         TEXT NOT NULL,
    method      TEXT NOT NULL,
    url         TEXT NOT NULL,
    in_doubt    TEXT NOT NULL,              -- resend, verify, never
    state       TEXT NOT NULL,
    status      INTEGER,
    intended_at INTEGER NOT NULL,
    ended_at    INTEGER,
    response    BLOB,
    UNIQUE (kind, sequence, key)
) STRICT;

-- Settings of connections, each distinct text once.
CREATE TABLE settings (
    number INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    text   TEXT NOT NULL                    -- JSON
) STRICT;

-- Attempts at work, to look at and to replay.
CREATE TABLE attempts (
    position   INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,               -- delivery, event
    sequence   INTEGER NOT NULL,            -- of the delivery or event
    number     INTEGER NOT NULL,
    module     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    seed       INTEGER NOT NULL,            -- its 64 bits, read as a signed number
    settings   INTEGER NOT NULL,            -- settings.number
    outcome    TEXT NOT NULL,
    trace      BLOB NOT NULL
) STRICT;

CREATE INDEX attempts_by_work ON attempts (kind, sequence);
-- Which settings and modules are still named.
CREATE INDEX attempts_by_settings ON attempts (settings, module);

-- Components, by digest.
CREATE TABLE modules (
    digest TEXT NOT NULL UNIQUE,
    bytes  BLOB NOT NULL
) STRICT;

-- Modules that nothing names. In a table of its own, because changing a row of `modules` writes megabytes.
CREATE TABLE unused_modules (
    digest TEXT PRIMARY KEY,
    since  INTEGER NOT NULL                 -- the limit of the purge that found it unused first
) STRICT, WITHOUT ROWID;

-- Which module each connection took up, and why.
CREATE TABLE activations (
    number     INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    module     TEXT NOT NULL,
    configured TEXT NOT NULL,
    by         TEXT NOT NULL,               -- config, file, command, library, rollback
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX activations_by_connection ON activations (connection, number);
