-- Times are milliseconds since 1970-01-01 UTC. States: waiting, parked, done, skipped, dead.

-- Verified webhooks. They stay after they are read, so that a repeated one is recognised.
CREATE TABLE deliveries (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    connection  TEXT NOT NULL,
    source      TEXT NOT NULL,
    id          TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    headers     TEXT NOT NULL,              -- JSON, without secrets
    body        BLOB NOT NULL,
    state       TEXT NOT NULL DEFAULT 'waiting',
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER,
    reason      TEXT,
    module      TEXT,
    ended_at    INTEGER,
    UNIQUE (connection, source, id)
) STRICT;

CREATE INDEX deliveries_unfinished ON deliveries (sequence) WHERE state IN ('waiting', 'parked');

-- Events. One subject's events of one connection are handled in the order of their sequence.
CREATE TABLE events (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    connection  TEXT NOT NULL,
    id          TEXT NOT NULL,
    source      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    origin      TEXT NOT NULL,
    raw         TEXT,                       -- the vendor's JSON
    change      TEXT NOT NULL,              -- JSON
    state       TEXT NOT NULL DEFAULT 'waiting',
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER,
    reason      TEXT,
    receipt     TEXT,                       -- JSON
    module      TEXT,
    ended_at    INTEGER,
    UNIQUE (connection, id)
) STRICT;

CREATE INDEX events_unfinished ON events (sequence) WHERE state IN ('waiting', 'parked');
CREATE INDEX events_by_subject ON events (connection, subject);

-- What connectors keep. A removed entry leaves its key and version, so that its versions go on counting.
CREATE TABLE entries (
    connection TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      BLOB,
    version    INTEGER NOT NULL,
    PRIMARY KEY (connection, key)
) STRICT, WITHOUT ROWID;

-- Where polls go on from.
CREATE TABLE cursors (
    connection TEXT NOT NULL,
    trigger    TEXT NOT NULL,
    cursor     TEXT,
    moved_at   INTEGER NOT NULL,
    PRIMARY KEY (connection, trigger)
) STRICT, WITHOUT ROWID;

-- What was done, one row each.
CREATE VIEW effects AS
SELECT events.connection, events.sequence AS event, events.subject, events.ended_at AS at,
       effect.value ->> 'verb' AS verb, effect.value ->> 'system' AS system, effect.value ->> 'kind' AS kind,
       effect.value ->> 'id' AS id, effect.value ->> 'summary' AS summary,
       effect.value ->> '$.amount.amount.units' AS amount_units,
       effect.value ->> '$.amount.amount.exponent' AS amount_exponent,
       effect.value ->> '$.amount.currency' AS currency, effect.value ->> 'link' AS link
FROM events, json_each(events.receipt, '$.Done.effects') AS effect;

-- What people ought to know, one row each.
CREATE VIEW alerts AS
SELECT events.connection, events.sequence AS event, events.ended_at AS at,
       alert.value ->> 'severity' AS severity, alert.value ->> 'kind' AS kind,
       alert.value ->> 'subject' AS subject, alert.value ->> 'message' AS message
FROM events, json_each(events.receipt, '$.Done.alerts') AS alert;
