//! Notices on their way to receivers.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::{
    DuePostings, NewNotice, PostingCount, PostingFilter, PostingOutcome, PostingRecord, PostingState,
    Sequence, StorageError,
};
use super::columns::named_column;
use super::jobs::bounded;
use super::open::translated;
use super::{Signal, Written, notices};
use crate::contract::Instant;

/// A posting with its notice; no two columns have the same name.
const SELECT: &str = "SELECT * FROM outbox JOIN notices ON notices.sequence = outbox.notice";

/// Put a notice on its way to each of its receivers.
pub(super) fn post(
    connection: &Connection,
    sequence: Sequence,
    notice: &NewNotice,
    at: Instant,
) -> Result<(), StorageError> {
    for receiver in &notice.receivers {
        let insert = || {
            connection
                .prepare_cached(
                    "INSERT INTO outbox (notice, receiver, lane, state, attempts, not_before)
                     VALUES (?1, ?2, ?3, 'waiting', 0, ?4)",
                )?
                .execute(params![sequence, receiver, lane(notice), at])
        };
        insert().map_err(translated(connection))?;
    }
    Ok(())
}

/// What a receiver gets one after another. Names of connections have no slash.
fn lane(notice: &NewNotice) -> String {
    format!("{}/{}", notice.connection, notice.subject.as_deref().unwrap_or_default())
}

pub(super) fn list(
    connection: &Connection,
    filter: &PostingFilter,
) -> Result<Vec<PostingRecord>, StorageError> {
    let PostingFilter { receiver, state, before, limit } = filter;
    let sql = format!(
        "{SELECT} WHERE (?1 IS NULL OR receiver = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR number < ?3)
         ORDER BY number DESC LIMIT ?4"
    );
    let query = || {
        connection
            .prepare_cached(&sql)?
            .query_map(params![receiver, state.map(PostingState::name), before, bounded(*limit)], read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn counts(connection: &Connection) -> Result<Vec<PostingCount>, StorageError> {
    let query = || {
        connection
            .prepare_cached(
                "SELECT receiver, state, count(*) AS count FROM outbox GROUP BY state, receiver
                 ORDER BY receiver, state",
            )?
            .query_map([], |row| {
                Ok(PostingCount {
                    receiver: row.get("receiver")?,
                    state: named_column(row, "state", PostingState::from_name)?,
                    count: row.get("count")?,
                })
            })?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn due(
    connection: &Connection,
    receiver: &str,
    now: Instant,
    limit: u32,
) -> Result<DuePostings, StorageError> {
    let sql = format!(
        "{SELECT} WHERE receiver = ?1 AND state = 'waiting' AND not_before <= ?2
             AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.receiver = outbox.receiver
                 AND earlier.lane = outbox.lane AND earlier.state = 'waiting' AND earlier.number < outbox.number)
         ORDER BY not_before, number LIMIT ?3"
    );
    let query = || {
        let postings = connection
            .prepare_cached(&sql)?
            .query_map(params![receiver, now, bounded(limit)], read)?
            .collect::<Result<Vec<_>, _>>()?;
        let next = connection
            .prepare_cached(
                "SELECT min(not_before) FROM outbox WHERE receiver = ?1 AND state = 'waiting' AND not_before > ?2",
            )?
            .query_row(params![receiver, now], |row| row.get(0))?;
        Ok(DuePostings { postings, next })
    };
    query().map_err(translated(connection))
}

pub(super) fn settle(connection: &Connection, outcome: &PostingOutcome) -> Result<(), StorageError> {
    let PostingOutcome { number, state, attempts, not_before, status, reason, at } = outcome;
    let ended_at = (*state != PostingState::Waiting).then_some(*at);
    let update = || {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = ?2, attempts = ?3, not_before = ?4, status = ?5, reason = ?6, ended_at = ?7
                 WHERE number = ?1 AND state = 'waiting'",
            )?
            .execute(params![number, state.name(), attempts, not_before, status, reason, ended_at])
    };
    match update().map_err(translated(connection))? {
        0 => Err(StorageError::Ended(name(*number))),
        _ => Ok(()),
    }
}

pub(super) fn abandon(
    connection: &Connection,
    receiver: &str,
    reason: &str,
    at: Instant,
) -> Result<usize, StorageError> {
    let update = || {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'dead', not_before = NULL, reason = ?2, ended_at = ?3
                 WHERE receiver = ?1 AND state = 'waiting'",
            )?
            .execute(params![receiver, reason, at])
    };
    update().map_err(translated(connection))
}

pub(super) fn retry(
    connection: &Connection,
    number: Sequence,
    at: Instant,
) -> Result<Written<PostingRecord>, StorageError> {
    let stood = undelivered(connection, number)?;
    let update = || {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'waiting', attempts = 0, not_before = ?2, ended_at = NULL WHERE number = ?1",
            )?
            .execute(params![number, at])
    };
    update().map_err(translated(connection))?;
    let signal = Signal::Noticed { sequence: stood.notice.sequence, receivers: vec![stood.receiver.clone()] };
    Ok(Written { answer: stood, signals: vec![signal] })
}

pub(super) fn discard(
    connection: &Connection,
    number: Sequence,
    reason: &str,
    at: Instant,
) -> Result<Written<PostingRecord>, StorageError> {
    let stood = undelivered(connection, number)?;
    let update = || {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'discarded', not_before = NULL, reason = ?2, ended_at = ?3
                 WHERE number = ?1",
            )?
            .execute(params![number, reason, at])
    };
    update().map_err(translated(connection))?;
    // The next of its lane may go.
    let signal = Signal::Noticed { sequence: stood.notice.sequence, receivers: vec![stood.receiver.clone()] };
    Ok(Written { answer: stood, signals: vec![signal] })
}

/// A posting that a person may decide about.
fn undelivered(connection: &Connection, number: Sequence) -> Result<PostingRecord, StorageError> {
    let sql = format!("{SELECT} WHERE number = ?1");
    let query = || connection.prepare_cached(&sql)?.query_row([number], read).optional();
    let found = query().map_err(translated(connection))?;
    let found = found.ok_or_else(|| StorageError::NotFound(name(number)))?;
    if found.state.is_undelivered() { Ok(found) } else { Err(StorageError::Ended(name(number))) }
}

/// What errors call a posting.
fn name(number: Sequence) -> String {
    format!("notice {number} of the outbox")
}

fn read(row: &Row<'_>) -> rusqlite::Result<PostingRecord> {
    Ok(PostingRecord {
        number: row.get("number")?,
        receiver: row.get("receiver")?,
        notice: notices::read(row)?,
        state: named_column(row, "state", PostingState::from_name)?,
        attempts: row.get("attempts")?,
        not_before: row.get("not_before")?,
        status: row.get("status")?,
        reason: row.get("reason")?,
        ended_at: row.get("ended_at")?,
    })
}
