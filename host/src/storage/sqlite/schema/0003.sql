-- Jobs: long work that a person starts and that goes on page by page. Kinds: reconcile, backfill. States: running, done,
-- failed, cancelled. One that stands as running when no transload runs goes on when it is started again.
CREATE TABLE jobs (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    connection   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    scope_from   INTEGER NOT NULL,
    scope_to     INTEGER NOT NULL,          -- the first instant after the scope
    names        TEXT NOT NULL,             -- JSON: kinds of finding, empty for all; or triggers
    state        TEXT NOT NULL,
    step         INTEGER NOT NULL,          -- position of the trigger
    cursor       TEXT,
    pages        INTEGER NOT NULL,
    checked      INTEGER NOT NULL,
    events       INTEGER NOT NULL,
    new_events   INTEGER NOT NULL,
    findings     INTEGER NOT NULL,
    new_findings INTEGER NOT NULL,
    resolved     INTEGER NOT NULL,
    tallies      TEXT NOT NULL,             -- JSON
    reason       TEXT,
    started_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;

CREATE INDEX jobs_by_scope ON jobs (connection, kind, scope_from, scope_to, names, number);

-- Differences that reconciliations found, each once. States: open, repairing, resolved, ignored. What a person decided
-- (accept, split, ignore) stays whatever later runs find.
CREATE TABLE findings (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    connection    TEXT NOT NULL,
    id            TEXT NOT NULL,
    kind          TEXT NOT NULL,
    severity      TEXT NOT NULL,            -- info, warning, critical
    certainty     TEXT NOT NULL,            -- confirmed, suggested
    subject       TEXT NOT NULL,
    message       TEXT NOT NULL,
    left_side     TEXT NOT NULL,            -- JSON
    right_side    TEXT NOT NULL,            -- JSON
    repair        TEXT,                     -- JSON
    first_job     INTEGER NOT NULL,         -- jobs.number
    first_seen_at INTEGER NOT NULL,
    last_job      INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    scope_from    INTEGER NOT NULL,         -- what the scopes of the runs that found it have in common
    scope_to      INTEGER NOT NULL,
    state         TEXT NOT NULL,
    decision      TEXT,
    reason        TEXT,
    decided_at    INTEGER,
    repair_event  TEXT,                     -- events.id
    repaired_at   INTEGER,
    resolved_at   INTEGER,
    UNIQUE (connection, id)
) STRICT;

CREATE INDEX findings_by_state ON findings (connection, state, number);
CREATE INDEX findings_by_job ON findings (last_job);
CREATE INDEX findings_to_purge ON findings (resolved_at) WHERE state = 'resolved' AND decision IS NULL;
