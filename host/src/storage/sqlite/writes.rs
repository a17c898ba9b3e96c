//! The write record.

use rusqlite::{Connection, Row, named_params, params};

use super::super::{
    StorageError, WRITE_KEY_BYTES_MAX, WRITES_PER_WORK_MAX, WorkId, WriteIntent, WriteOutcome, WriteRecord,
    WriteState,
};
use super::columns::named_column;
use super::open::translated;
use super::work::{address, check_open};
use crate::contract::InDoubt;

pub(super) fn intend(connection: &Connection, intent: &WriteIntent) -> Result<(), StorageError> {
    check_open(connection, intent.id)?;
    check_bounds(connection, intent)?;
    let (kind, sequence) = address(intent.id);
    let upsert = || {
        connection
            .prepare_cached(
                "INSERT INTO writes
                     (kind, sequence, key, attempt, api, method, url, in_doubt, state, intended_at)
                 VALUES (:kind, :sequence, :key, :attempt, :api, :method, :url, :in_doubt, 'intended', :at)
                 ON CONFLICT (kind, sequence, key) DO UPDATE
                 SET attempt = excluded.attempt, api = excluded.api, method = excluded.method,
                     url = excluded.url, in_doubt = excluded.in_doubt, state = 'intended', status = NULL,
                     response = NULL, intended_at = excluded.intended_at, ended_at = NULL",
            )?
            .execute(named_params! {
                ":kind": kind, ":sequence": sequence, ":key": intent.key, ":attempt": intent.attempt,
                ":api": intent.api, ":method": intent.method, ":url": intent.url,
                ":in_doubt": in_doubt_name(intent.in_doubt), ":at": intent.at,
            })
    };
    upsert().map(drop).map_err(translated(connection))
}

fn check_bounds(connection: &Connection, intent: &WriteIntent) -> Result<(), StorageError> {
    let refused = |reason| Err(StorageError::Record { what: format!("a write of {}", intent.id), reason });
    if intent.key.len() > WRITE_KEY_BYTES_MAX {
        return refused(format!("its key has {} bytes, more than {WRITE_KEY_BYTES_MAX}", intent.key.len()));
    }
    let (kind, sequence) = address(intent.id);
    let others = || {
        connection
            .prepare_cached("SELECT count(*) FROM writes WHERE kind = ?1 AND sequence = ?2 AND key <> ?3")?
            .query_row(params![kind, sequence, intent.key], |row| row.get::<_, u32>(0))
    };
    if others().map_err(translated(connection))? >= WRITES_PER_WORK_MAX {
        return refused(format!("it would be the work's write no. {}", WRITES_PER_WORK_MAX + 1));
    }
    Ok(())
}

pub(super) fn settle(connection: &Connection, outcome: &WriteOutcome) -> Result<(), StorageError> {
    let (kind, sequence) = address(outcome.id);
    let update = || {
        connection
            .prepare_cached(
                "UPDATE writes SET state = ?4, status = ?5, response = ?6, ended_at = ?7
                 WHERE kind = ?1 AND sequence = ?2 AND key = ?3",
            )?
            .execute(params![
                kind,
                sequence,
                outcome.key,
                outcome.state.name(),
                outcome.status,
                outcome.response,
                outcome.at
            ])
    };
    match update().map_err(translated(connection))? {
        0 => Err(StorageError::NotFound(format!("write {:?} of {}", outcome.key, outcome.id))),
        _ => Ok(()),
    }
}

pub(super) fn list(connection: &Connection, id: WorkId) -> Result<Vec<WriteRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM writes WHERE kind = ?1 AND sequence = ?2 ORDER BY number")?
            .query_map(address(id), read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<WriteRecord> {
    Ok(WriteRecord {
        key: row.get("key")?,
        attempt: row.get("attempt")?,
        api: row.get("api")?,
        method: row.get("method")?,
        url: row.get("url")?,
        in_doubt: named_column(row, "in_doubt", in_doubt_from_name)?,
        state: named_column(row, "state", WriteState::from_name)?,
        status: row.get("status")?,
        response: row.get("response")?,
        intended_at: row.get("intended_at")?,
        ended_at: row.get("ended_at")?,
    })
}

fn in_doubt_name(in_doubt: InDoubt) -> &'static str {
    match in_doubt {
        InDoubt::Resend => "resend",
        InDoubt::Verify => "verify",
        InDoubt::Never => "never",
    }
}

fn in_doubt_from_name(name: &str) -> Option<InDoubt> {
    [InDoubt::Resend, InDoubt::Verify, InDoubt::Never]
        .into_iter()
        .find(|in_doubt| in_doubt_name(*in_doubt) == name)
}
