//! Forgetting what is old.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::super::{ACTIVATIONS_WITH_MODULES, Sequence, StorageError};
use super::open::translated;
use crate::contract::Instant;

/// Forget what ended before `before`, at most `limit` rows, and answer how many.
pub(super) fn purge(connection: &Connection, before: Instant, limit: u32) -> Result<usize, StorageError> {
    let purge = Purge { connection, before };
    let run = || {
        let mut left = limit;
        purge.works(&DELIVERIES, &mut left)?;
        purge.works(&EVENTS, &mut left)?;
        purge.jobs(&mut left)?;
        purge.notices(&mut left)?;
        purge.settings(&mut left)?;
        purge.modules(&mut left)?;
        Ok(limit - left)
    };
    run().map(|rows| rows as usize).map_err(translated(connection))
}

/// How one kind of work is forgotten.
struct Kind {
    name: &'static str,
    /// The work that can be forgotten, oldest first; its conditions are those of its index.
    ended: &'static str,
    /// Empties the work's own row.
    empty: &'static str,
}

const DELIVERIES: Kind = Kind {
    name: "delivery",
    ended: "SELECT sequence FROM deliveries
            WHERE ended_at IS NOT NULL AND purged_at IS NULL AND state <> 'dead' AND ended_at < ?1
            ORDER BY ended_at LIMIT ?2",
    empty: "UPDATE deliveries SET headers = '[]', body = x'', purged_at = ?2 WHERE sequence = ?1",
};

const EVENTS: Kind = Kind {
    name: "event",
    ended: "SELECT sequence FROM events
            WHERE ended_at IS NOT NULL AND purged_at IS NULL AND state <> 'dead' AND ended_at < ?1
            ORDER BY ended_at LIMIT ?2",
    empty: "UPDATE events SET raw = NULL, purged_at = ?2 WHERE sequence = ?1",
};

struct Purge<'a> {
    connection: &'a Connection,
    before: Instant,
}

impl Purge<'_> {
    fn works(&self, kind: &Kind, left: &mut u32) -> rusqlite::Result<()> {
        let ended: Vec<Sequence> = self
            .connection
            .prepare_cached(kind.ended)?
            .query_map(params![self.before, *left], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for sequence in ended {
            self.work(kind, sequence, left)?;
        }
        Ok(())
    }

    /// Forget the records of one piece of work, and last its own data, as far as `left` reaches.
    fn work(&self, kind: &Kind, sequence: Sequence, left: &mut u32) -> rusqlite::Result<()> {
        let records = [
            "DELETE FROM attempts WHERE position IN
                 (SELECT position FROM attempts WHERE kind = ?1 AND sequence = ?2 LIMIT ?3)",
            "DELETE FROM writes WHERE number IN
                 (SELECT number FROM writes WHERE kind = ?1 AND sequence = ?2 LIMIT ?3)",
        ];
        for sql in records {
            let gone = self.execute(sql, params![kind.name, sequence, *left])?;
            take(left, gone);
        }
        if *left > 0 {
            self.execute(kind.empty, params![sequence, self.before])?;
            *left -= 1;
        }
        Ok(())
    }

    /// Forget findings that are settled and that nobody decided about, and jobs that ended.
    fn jobs(&self, left: &mut u32) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM findings WHERE number IN
                 (SELECT number FROM findings WHERE state = 'resolved' AND decision IS NULL AND resolved_at < ?1 LIMIT ?2)",
            "DELETE FROM jobs WHERE number IN (SELECT number FROM jobs WHERE ended_at < ?1 LIMIT ?2)",
        ] {
            let gone = self.execute(sql, params![self.before, *left])?;
            take(left, gone);
        }
        Ok(())
    }

    /// Forget notices that nobody waits for any more. One that is dead does no harm by being forgotten: its receiver has
    /// not heard of it for as long as it was kept.
    fn notices(&self, left: &mut u32) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM outbox WHERE number IN
                 (SELECT number FROM outbox WHERE ended_at IS NOT NULL AND ended_at < ?1 LIMIT ?2)",
            "DELETE FROM notices WHERE sequence IN
                 (SELECT sequence FROM notices WHERE at < ?1
                      AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.notice = notices.sequence) LIMIT ?2)",
        ] {
            let gone = self.execute(sql, params![self.before, *left])?;
            take(left, gone);
        }
        Ok(())
    }

    fn settings(&self, left: &mut u32) -> rusqlite::Result<()> {
        let gone = self.execute(
            "DELETE FROM settings WHERE number IN
                 (SELECT number FROM settings
                  WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.settings = settings.number)
                  LIMIT ?1)",
            [*left],
        )?;
        take(left, gone);
        Ok(())
    }

    fn modules(&self, left: &mut u32) -> rusqlite::Result<()> {
        let activated = self.activated()?;
        let kept: Vec<String> = self
            .connection
            .prepare_cached("SELECT digest FROM modules")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for digest in kept {
            if activated.contains(&digest) || self.is_attempted(&digest)? {
                self.execute("DELETE FROM unused_modules WHERE digest = ?1", [&digest])?;
            } else if self.unused_before(&digest)? && *left > 0 {
                self.execute("DELETE FROM unused_modules WHERE digest = ?1", [&digest])?;
                self.execute("DELETE FROM modules WHERE digest = ?1", [&digest])?;
                *left -= 1;
            }
        }
        Ok(())
    }

    /// Whether an earlier purge found the module unused as well; if none did, this one has.
    fn unused_before(&self, digest: &str) -> rusqlite::Result<bool> {
        self.execute(
            "INSERT INTO unused_modules (digest, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![digest, self.before],
        )?;
        self.connection
            .prepare_cached("SELECT 1 FROM unused_modules WHERE digest = ?1 AND since < ?2")?
            .exists(params![digest, self.before])
    }

    /// The modules that a connection may go back to.
    fn activated(&self) -> rusqlite::Result<HashSet<String>> {
        self.connection
            .prepare_cached(
                "SELECT DISTINCT module FROM
                     (SELECT module, row_number() OVER (PARTITION BY connection ORDER BY number DESC) AS age
                      FROM activations)
                 WHERE age <= ?1",
            )?
            .query_map([ACTIVATIONS_WITH_MODULES], |row| row.get(0))?
            .collect()
    }

    /// Whether an attempt names the module. Through the settings, of which there are few, because the index of attempts
    /// begins with them: one index answers for both.
    fn is_attempted(&self, digest: &str) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "SELECT 1 FROM settings WHERE EXISTS
                     (SELECT 1 FROM attempts WHERE attempts.settings = settings.number AND attempts.module = ?1)",
            )?
            .exists([digest])
    }

    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(sql)?.execute(parameters)
    }
}

fn take(left: &mut u32, gone: usize) {
    *left = left.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
}
