//! Events and cursors.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::{
    EventFilter, EventRecord, Finish, Intake, Origin, Sequence, State, StorageError, Work, WorkId,
};
use super::columns::{json_column, last_sequence, state_column, to_json};
use super::listing::Listing;
use super::open::translated;
use super::{Signal, Written, attempts, deliveries, entries, notices};
use crate::contract::{Event, Instant, Receipt};

pub(super) fn take_in(connection: &Connection, intake: &Intake) -> Result<Written<usize>, StorageError> {
    let origin = match &intake.origin {
        Origin::Delivery(sequence) => {
            let id = WorkId::Delivery(*sequence);
            let module = intake.attempt.as_ref().map(|attempt| attempt.module.as_str());
            deliveries::end(connection, *sequence, module, intake.at)?;
            if let Some(attempt) = &intake.attempt {
                attempts::keep(connection, id, attempt)?;
            }
            id.to_string()
        }
        Origin::Poll { trigger, cursor } => {
            move_cursor(connection, &intake.connection, trigger, cursor.as_deref(), intake.at)?;
            format!("poll {trigger}")
        }
        Origin::Submission => "submission".to_owned(),
    };
    entries::write(connection, &intake.connection, &intake.writes)?;
    let signals = insert_all(connection, &intake.connection, &origin, &intake.events, intake.at)?;
    Ok(Written { answer: signals.len(), signals })
}

pub(super) fn finish(connection: &Connection, finish: &Finish) -> Result<Written<usize>, StorageError> {
    let (state, reason, follow_ups) = match &finish.receipt {
        Receipt::Done(report) => (State::Done, None, report.follow_ups.as_slice()),
        Receipt::Skipped(reason) => (State::Skipped, Some(reason), &[][..]),
    };
    let receipt = to_json("a receipt", &finish.receipt)?;
    let update = || {
        connection
            .prepare_cached(
                "UPDATE events SET state = ?2, reason = ?3, receipt = ?4, module = ?5, ended_at = ?6,
                     not_before = NULL
                 WHERE sequence = ?1 AND ended_at IS NULL",
            )?
            .execute(params![finish.sequence, state.name(), reason, receipt, finish.module, finish.at])
    };
    let id = WorkId::Event(finish.sequence);
    if update().map_err(translated(connection))? == 0 {
        return Err(StorageError::Ended(id.to_string()));
    }
    if let Some(attempt) = &finish.attempt {
        attempts::keep(connection, id, attempt)?;
    }
    entries::write(connection, &finish.connection, &finish.writes)?;
    let mut signals = insert_all(connection, &finish.connection, &id.to_string(), follow_ups, finish.at)?;
    let answer = signals.len();
    signals.extend(notices::keep(connection, &finish.notices, finish.at)?);
    Ok(Written { answer, signals })
}

/// Insert what is new of `events`; a known id is left out.
pub(super) fn insert_all(
    connection: &Connection,
    owner: &str,
    origin: &str,
    events: &[Event],
    at: Instant,
) -> Result<Vec<Signal>, StorageError> {
    let mut signals = Vec::with_capacity(events.len());
    for event in events {
        let change = to_json("an event", &event.change)?;
        let insert = || {
            connection
                .prepare_cached(
                    "INSERT INTO events (connection, id, source, subject, occurred_at, received_at, origin, raw, change,
                         state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'received') ON CONFLICT (connection, id) DO NOTHING",
                )?
                .execute(params![
                    owner, event.id, event.source, event.subject, event.occurred_at, at, origin, event.raw, change
                ])
        };
        if insert().map_err(translated(connection))? > 0 {
            signals.push(Signal::Ready(Work {
                id: WorkId::Event(last_sequence(connection)),
                connection: owner.to_owned(),
                subject: Some(event.subject.clone()),
                attempts: 0,
                not_before: None,
                resumed: false,
            }));
        }
    }
    Ok(signals)
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Work>, StorageError> {
    let query = || {
        connection
            .prepare(
                "SELECT sequence, connection, subject, attempts, not_before FROM events
                 WHERE ended_at IS NULL ORDER BY sequence",
            )?
            .query_map([], |row| {
                Ok(Work {
                    id: WorkId::Event(row.get(0)?),
                    connection: row.get(1)?,
                    subject: Some(row.get(2)?),
                    attempts: row.get(3)?,
                    not_before: row.get(4)?,
                    resumed: true,
                })
            })?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn get(connection: &Connection, sequence: Sequence) -> Result<Option<EventRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM events WHERE sequence = ?1")?
            .query_row([sequence], read)
            .optional()
    };
    query().map_err(translated(connection))
}

pub(super) fn list(connection: &Connection, filter: &EventFilter) -> Result<Vec<EventRecord>, StorageError> {
    Listing::new("SELECT * FROM events", filter.state)
        .equal("connection", ":connection", &filter.connection)
        .equal("id", ":id", &filter.id)
        .equal("subject", ":subject", &filter.subject)
        .equal("module", ":module", &filter.module)
        .rows(connection, filter.before, filter.limit, read)
}

pub(super) fn cursor(
    connection: &Connection,
    owner: &str,
    trigger: &str,
) -> Result<Option<String>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT cursor FROM cursors WHERE connection = ?1 AND trigger = ?2")?
            .query_row([owner, trigger], |row| row.get(0))
            .optional()
    };
    query().map(Option::flatten).map_err(translated(connection))
}

fn move_cursor(
    connection: &Connection,
    owner: &str,
    trigger: &str,
    cursor: Option<&str>,
    at: Instant,
) -> Result<(), StorageError> {
    let upsert = || {
        connection
            .prepare_cached(
                "INSERT INTO cursors (connection, trigger, cursor, moved_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (connection, trigger) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at",
            )?
            .execute(params![owner, trigger, cursor, at])
    };
    upsert().map(drop).map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<EventRecord> {
    let receipt: Option<String> = row.get("receipt")?;
    Ok(EventRecord {
        sequence: row.get("sequence")?,
        connection: row.get("connection")?,
        event: Event {
            id: row.get("id")?,
            source: row.get("source")?,
            subject: row.get("subject")?,
            occurred_at: row.get("occurred_at")?,
            raw: row.get("raw")?,
            change: json_column(row, "change")?,
        },
        received_at: row.get("received_at")?,
        origin: row.get("origin")?,
        state: state_column(row)?,
        attempts: row.get("attempts")?,
        not_before: row.get("not_before")?,
        reason: row.get("reason")?,
        receipt: receipt.map(|_| json_column(row, "receipt")).transpose()?,
        module: row.get("module")?,
        ended_at: row.get("ended_at")?,
    })
}
