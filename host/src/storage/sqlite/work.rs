//! Work and its states. Deliveries and events keep them in columns of the same names.

use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use super::super::{Sequence, Setback, State, StorageError, Work, WorkId};
use super::columns::state_column;
use super::open::translated;
use super::{Signal, Written, attempts, notices};
use crate::contract::Instant;

/// The kind of a piece of work, as the tables name it, and its number.
pub(super) fn address(id: WorkId) -> (&'static str, Sequence) {
    match id {
        WorkId::Delivery(sequence) => ("delivery", sequence),
        WorkId::Event(sequence) => ("event", sequence),
    }
}

fn table(id: WorkId) -> &'static str {
    match id {
        WorkId::Delivery(_) => "deliveries",
        WorkId::Event(_) => "events",
    }
}

/// Fail with `Ended` unless the work is open.
pub(super) fn check_open(connection: &Connection, id: WorkId) -> Result<(), StorageError> {
    let sql = match id {
        WorkId::Delivery(_) => "SELECT 1 FROM deliveries WHERE sequence = ?1 AND ended_at IS NULL",
        WorkId::Event(_) => "SELECT 1 FROM events WHERE sequence = ?1 AND ended_at IS NULL",
    };
    let open = connection.prepare_cached(sql).and_then(|mut query| query.exists([address(id).1]));
    match open.map_err(translated(connection))? {
        true => Ok(()),
        false => Err(StorageError::Ended(id.to_string())),
    }
}

pub(super) fn set_back(connection: &Connection, setback: &Setback) -> Result<Written<()>, StorageError> {
    let (_, sequence) = address(setback.id);
    let update = || {
        connection
            .prepare_cached(&format!(
                "UPDATE {} SET state = :state, attempts = :attempts, not_before = :not_before,
                     reason = :reason, module = :module, ended_at = :ended_at
                 WHERE sequence = :sequence AND ended_at IS NULL",
                table(setback.id)
            ))?
            .execute(named_params! {
                ":sequence": sequence, ":state": setback.state.name(), ":attempts": setback.attempts,
                ":not_before": setback.not_before, ":reason": setback.reason, ":module": setback.module,
                ":ended_at": (!setback.state.is_open()).then_some(setback.at),
            })
    };
    if update().map_err(translated(connection))? == 0 {
        return Err(StorageError::Ended(setback.id.to_string()));
    }
    if let Some(attempt) = &setback.attempt {
        attempts::keep(connection, setback.id, attempt)?;
        attempts::trim(connection, setback.id)?;
    }
    notices::notify(connection, &setback.notices, setback.at)
}

/// What a change of state from outside has to know.
struct Standing {
    state: State,
    connection: String,
    subject: Option<String>,
}

/// Where work stands that may be retried or discarded.
fn standing(connection: &Connection, id: WorkId) -> Result<Standing, StorageError> {
    let sql = match id {
        WorkId::Delivery(_) => "SELECT state, connection, NULL FROM deliveries WHERE sequence = ?1",
        WorkId::Event(_) => "SELECT state, connection, subject FROM events WHERE sequence = ?1",
    };
    let query = || {
        connection
            .prepare_cached(sql)?
            .query_row([address(id).1], |row| {
                Ok(Standing { state: state_column(row)?, connection: row.get(1)?, subject: row.get(2)? })
            })
            .optional()
    };
    let standing =
        query().map_err(translated(connection))?.ok_or_else(|| StorageError::NotFound(id.to_string()))?;
    if standing.state.can_retry() { Ok(standing) } else { Err(StorageError::Ended(id.to_string())) }
}

pub(super) fn retry(connection: &Connection, id: WorkId) -> Result<Written<State>, StorageError> {
    let Standing { state, connection: owner, subject } = standing(connection, id)?;
    receive_again(connection, id)?;
    Ok(Written { answer: state, signals: vec![Signal::Ready(again(id, owner, subject))] })
}

/// Have work run again from the first attempt. Its last reason stays, for a person to see.
fn receive_again(connection: &Connection, id: WorkId) -> Result<(), StorageError> {
    let sql = format!(
        "UPDATE {} SET state = 'received', attempts = 0, not_before = NULL, ended_at = NULL WHERE sequence = ?1",
        table(id)
    );
    let update = connection.prepare_cached(&sql).and_then(|mut update| update.execute([address(id).1]));
    update.map(drop).map_err(translated(connection))
}

/// Work that has run before and starts again.
fn again(id: WorkId, connection: String, subject: Option<String>) -> Work {
    Work { id, connection, subject, attempts: 0, not_before: None, resumed: true }
}

pub(super) fn discard(
    connection: &Connection,
    id: WorkId,
    reason: &str,
    at: Instant,
) -> Result<Written<State>, StorageError> {
    let Standing { state, connection: owner, subject } = standing(connection, id)?;
    let sql = format!(
        "UPDATE {} SET state = 'discarded', not_before = NULL, reason = ?2, ended_at = ?3 WHERE sequence = ?1",
        table(id)
    );
    let update = connection
        .prepare_cached(&sql)
        .and_then(|mut update| update.execute(params![address(id).1, reason, at]));
    update.map_err(translated(connection))?;
    let signals =
        if state.is_open() { vec![Signal::Withdrawn { connection: owner, subject, id }] } else { Vec::new() };
    Ok(Written { answer: state, signals })
}

pub(super) fn revive(
    connection: &Connection,
    owner: &str,
    module: &str,
    since: Instant,
) -> Result<Written<usize>, StorageError> {
    let mut signals = Vec::new();
    for work in died_under(connection, owner, module, since)? {
        receive_again(connection, work.id)?;
        signals.push(Signal::Ready(work));
    }
    Ok(Written { answer: signals.len(), signals })
}

/// What is to run again of what died under a module, deliveries first, each in the order of their numbers.
fn died_under(
    connection: &Connection,
    owner: &str,
    module: &str,
    since: Instant,
) -> Result<Vec<Work>, StorageError> {
    let query = || {
        let mut work = Vec::new();
        let condition =
            "state = 'dead' AND connection = ?1 AND module = ?2 AND ended_at >= ?3 ORDER BY sequence";
        let mut deliveries =
            connection.prepare_cached(&format!("SELECT sequence FROM deliveries WHERE {condition}"))?;
        let mut rows = deliveries.query(params![owner, module, since])?;
        while let Some(row) = rows.next()? {
            work.push(again(WorkId::Delivery(row.get(0)?), owner.to_owned(), None));
        }
        let mut events =
            connection.prepare_cached(&format!("SELECT sequence, subject FROM events WHERE {condition}"))?;
        let mut rows = events.query(params![owner, module, since])?;
        while let Some(row) = rows.next()? {
            work.push(again(WorkId::Event(row.get(0)?), owner.to_owned(), row.get(1)?));
        }
        Ok(work)
    };
    query().map_err(translated(connection))
}
