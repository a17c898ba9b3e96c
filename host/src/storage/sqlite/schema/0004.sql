-- What the host tells the outside, in the order in which it happened.
CREATE TABLE notices (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    topic      TEXT NOT NULL,               -- alert, fulfillment.handled, …
    kind       TEXT,                        -- the alert's or finding's
    severity   TEXT NOT NULL,               -- info, warning, critical
    connection TEXT NOT NULL,
    subject    TEXT,
    data       TEXT NOT NULL,               -- JSON
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX notices_to_purge ON notices (at);

-- Notices on their way to receivers. States: waiting, delivered, dead, discarded. Of each lane, which is one subject of one
-- connection, a receiver gets one after another.
CREATE TABLE outbox (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    notice     INTEGER NOT NULL,            -- notices.sequence
    receiver   TEXT NOT NULL,
    lane       TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL,            -- that failed
    not_before INTEGER,
    status     INTEGER,
    reason     TEXT,
    ended_at   INTEGER
) STRICT;

CREATE INDEX outbox_by_state ON outbox (state, receiver, number);
CREATE INDEX outbox_by_notice ON outbox (notice);
CREATE INDEX outbox_due ON outbox (receiver, not_before) WHERE state = 'waiting';
CREATE INDEX outbox_lanes ON outbox (receiver, lane, number) WHERE state = 'waiting';
CREATE INDEX outbox_to_purge ON outbox (ended_at) WHERE ended_at IS NOT NULL;
