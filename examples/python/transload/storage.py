"""What a connection keeps: the connector's entries, events on their way, and which writes to vendors have been made."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .failures import Retry
from .values import Record, dumps, loads

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB, version INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL, subject TEXT NOT NULL, event TEXT NOT NULL,
    received_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')), outcome TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON events (subject, number) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS follow_ups ON events (root) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS writes (
    event TEXT NOT NULL, write TEXT NOT NULL, state TEXT NOT NULL, answer TEXT, PRIMARY KEY (event, write)
) STRICT;
"""

KEYS_MAX = 1_000
"""The most keys of one page, as the contract says."""


@dataclass
class Change:
    """What a call makes of one entry."""

    value: bytes | None
    writes: int
    """How often the call wrote it; the version grows by as many."""
    seen: int | None
    """The version that a compare-and-swap relied on."""


@dataclass
class Accepted:
    """An event that is on record."""

    event: Record
    received_at: int
    attempt: int


@dataclass
class Settled:
    """What ends an event, kept in one transaction."""

    event_id: str
    outcome: str
    follow_ups: list[Record] = field(default_factory=list)


class Storage:
    """One connection's storage: an SQLite file, or memory where no path is given. Threads may share it."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def entry(self, key: str) -> tuple[bytes | None, int]:
        """An entry's value, none if there is none, and its version, 0 if there never was one."""
        return self._one("SELECT value, version FROM entries WHERE key = ?", key) or (None, 0)

    def keys(self, prefix: str, after: str, limit: int) -> list[str]:
        """Keys that start with `prefix` and follow `after`, in byte order."""
        # No key has a control character or a code point above U+10FFFF in it, so this is past all that start so.
        end = prefix + "\U0010ffff"
        sql = "SELECT key FROM entries WHERE value IS NOT NULL AND key >= ? AND key > ? AND key <= ? ORDER BY key LIMIT ?"
        return [key for (key,) in self._all(sql, prefix, after, end, limit)]

    def commit(self, changes: dict[str, Change], settled: Settled | None = None) -> None:
        """Make a call's changes lasting, and end the event that they belong to. Raises `Retry` if a compare-and-swap of the
        call relied on an entry that another call has written meanwhile; nothing is kept then."""
        with self._lock, self._transaction():
            for key, change in changes.items():
                version = self.entry(key)[1]
                if change.seen not in (None, version):
                    raise Retry(f"another event wrote the entry {key} at the same time")
                # A deleted entry stays as a row without a value, since its version must go on growing.
                self._db.execute(
                    "INSERT OR REPLACE INTO entries (key, value, version) VALUES (?, ?, ?)",
                    (key, change.value, version + change.writes),
                )
            if settled is not None:
                root = self._one("SELECT root FROM events WHERE id = ?", settled.event_id)
                self._accept(settled.follow_ups, root[0] if root else settled.event_id)
                self._end(settled.event_id, "done", settled.outcome)

    def accept(self, events: Iterable[Record]) -> None:
        """Keep events. One whose id was ever accepted is dropped."""
        with self._lock, self._transaction():
            self._accept(events)

    def waiting(self, subject: str) -> Accepted | None:
        """The next event of a subject, and count an attempt at it."""
        with self._lock:
            sql = "SELECT number, event, received_at, attempts FROM events WHERE state = 'waiting' AND subject = ?"
            row = self._one(sql + " ORDER BY number LIMIT 1", subject)
            if row is None:
                return None
            self._db.execute("UPDATE events SET attempts = attempts + 1 WHERE number = ?", (row[0],))
            return Accepted(event=loads(row[1]), received_at=row[2], attempt=row[3] + 1)

    def subjects(self, root: str | None = None) -> set[str]:
        """The subjects that have waiting events: any, or the event `root` and what followed from it."""
        sql = "SELECT DISTINCT subject FROM events WHERE state = 'waiting'"
        rows = self._all(sql) if root is None else self._all(sql + " AND root = ?", root)
        return {subject for (subject,) in rows}

    def failed(self, event_id: str) -> int:
        """Count a failed attempt at an event, and answer how many there were."""
        with self._lock:
            sql = "UPDATE events SET failures = failures + 1 WHERE id = ? RETURNING failures"
            return self._one(sql, event_id)[0]

    def dead(self, event_id: str, reason: str) -> None:
        """Give an event up; it stays on record with the reason."""
        with self._lock, self._transaction():
            self._end(event_id, "dead", reason)

    def write(self, event_id: str, write: str) -> tuple[str, Any] | None:
        """What is known of a write that an event made: its state and the answer."""
        row = self._one("SELECT state, answer FROM writes WHERE event = ? AND write = ?", event_id, write)
        return None if row is None else (row[0], row[1] and loads(row[1]))

    def note_write(self, event_id: str, write: str, state: str, answer: Any = None) -> None:
        """Put down what is known of a write."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO writes (event, write, state, answer) VALUES (?, ?, ?, ?)",
                (event_id, write, state, None if answer is None else dumps(answer)),
            )

    def _accept(self, events: Iterable[Record], root: str | None = None) -> None:
        now = time.time_ns() // 1_000_000
        for event in events:
            self._db.execute(
                "INSERT OR IGNORE INTO events (id, root, subject, event, received_at) VALUES (?, ?, ?, ?, ?)",
                (event["id"], root or event["id"], event["subject"], dumps(event), now),
            )

    def _end(self, event_id: str, state: str, outcome: str) -> None:
        self._db.execute("UPDATE events SET state = ?, outcome = ? WHERE id = ?", (state, outcome, event_id))
        if state == "done":
            self._db.execute("DELETE FROM writes WHERE event = ?", (event_id,))

    def _transaction(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        # The connection's own context manager commits, or rolls back on an exception.
        return self._db

    def _one(self, sql: str, *values: Any) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchone()

    def _all(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()
