//! Attempts at work.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use sha2::{Digest as _, Sha256};

use super::super::{ATTEMPTS_PER_WORK_MAX, AttemptRecord, StorageError, WorkId};
use super::open::translated;
use super::work::address;

pub(super) fn keep(connection: &Connection, id: WorkId, attempt: &AttemptRecord) -> Result<(), StorageError> {
    let (kind, sequence) = address(id);
    let insert = || {
        let settings = keep_settings(connection, &attempt.settings)?;
        connection
            .prepare_cached(
                "INSERT INTO attempts
                     (kind, sequence, number, module, started_at, ended_at, seed, settings, outcome, trace)
                 VALUES (:kind, :sequence, :number, :module, :started_at, :ended_at, :seed, :settings, :outcome,
                     :trace)",
            )?
            .execute(named_params! {
                ":kind": kind, ":sequence": sequence, ":number": attempt.number, ":module": attempt.module,
                ":started_at": attempt.started_at, ":ended_at": attempt.ended_at,
                ":seed": attempt.seed.cast_signed(), ":settings": settings, ":outcome": attempt.outcome,
                ":trace": attempt.trace,
            })
    };
    insert().map(drop).map_err(translated(connection))
}

/// Keep a text of settings, if it is new, and answer its number.
fn keep_settings(connection: &Connection, text: &str) -> rusqlite::Result<i64> {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let known = connection
        .prepare_cached("SELECT number FROM settings WHERE sha256 = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO settings (sha256, text) VALUES (?1, ?2)")?
        .execute(params![hash, text])?;
    Ok(connection.last_insert_rowid())
}

/// Let go of all but the latest attempts at the work.
pub(super) fn trim(connection: &Connection, id: WorkId) -> Result<(), StorageError> {
    let (kind, sequence) = address(id);
    let delete = || {
        connection
            .prepare_cached(
                "DELETE FROM attempts WHERE position IN
                     (SELECT position FROM attempts WHERE kind = ?1 AND sequence = ?2
                      ORDER BY position DESC LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![kind, sequence, ATTEMPTS_PER_WORK_MAX])
    };
    delete().map(drop).map_err(translated(connection))
}

pub(super) fn list(connection: &Connection, id: WorkId) -> Result<Vec<AttemptRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached(
                "SELECT attempts.*, settings.text FROM attempts
                 JOIN settings ON settings.number = attempts.settings
                 WHERE attempts.kind = ?1 AND attempts.sequence = ?2 ORDER BY attempts.position",
            )?
            .query_map(address(id), read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<AttemptRecord> {
    Ok(AttemptRecord {
        number: row.get("number")?,
        module: row.get("module")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        seed: row.get::<_, i64>("seed")?.cast_unsigned(),
        settings: row.get("text")?,
        outcome: row.get("outcome")?,
        trace: row.get("trace")?,
    })
}
