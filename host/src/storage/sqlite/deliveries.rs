//! Deliveries.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::{
    Acceptance, DeliveryFilter, DeliveryRecord, NewDelivery, Sequence, StorageError, StoredDelivery, Work,
    WorkId,
};
use super::listing::Listing;
use super::open::translated;
use super::{Signal, Written, columns};
use crate::contract::{Delivery, Instant};

pub(super) fn accept(
    connection: &Connection,
    new: &NewDelivery,
) -> Result<Written<Acceptance>, StorageError> {
    let headers = columns::to_json("a delivery's headers", &new.headers)?;
    let insert = || {
        connection
            .prepare_cached(
                "INSERT INTO deliveries (connection, source, id, received_at, headers, body, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'received') ON CONFLICT (connection, source, id) DO NOTHING",
            )?
            .execute(params![new.connection, new.source, new.id, new.received_at, headers, new.body])
    };
    if insert().map_err(translated(connection))? == 0 {
        return Ok(Written::quietly(Acceptance::Duplicate));
    }
    let sequence = columns::last_sequence(connection);
    let work = Work {
        id: WorkId::Delivery(sequence),
        connection: new.connection.clone(),
        subject: None,
        attempts: 0,
        not_before: None,
        resumed: false,
    };
    Ok(Written { answer: Acceptance::New(sequence), signals: vec![Signal::Ready(work)] })
}

/// End a delivery: its events are taken in.
pub(super) fn end(
    connection: &Connection,
    sequence: Sequence,
    module: Option<&str>,
    at: Instant,
) -> Result<(), StorageError> {
    let update = || {
        connection
            .prepare_cached(
                "UPDATE deliveries
                 SET state = 'done', not_before = NULL, reason = NULL, module = coalesce(?2, module), ended_at = ?3
                 WHERE sequence = ?1 AND ended_at IS NULL",
            )?
            .execute(params![sequence, module, at])
    };
    match update().map_err(translated(connection))? {
        0 => Err(StorageError::Ended(WorkId::Delivery(sequence).to_string())),
        _ => Ok(()),
    }
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Work>, StorageError> {
    let query = || {
        connection
            .prepare(
                "SELECT sequence, connection, attempts, not_before FROM deliveries
                 WHERE ended_at IS NULL ORDER BY sequence",
            )?
            .query_map([], |row| {
                Ok(Work {
                    id: WorkId::Delivery(row.get(0)?),
                    connection: row.get(1)?,
                    subject: None,
                    attempts: row.get(2)?,
                    not_before: row.get(3)?,
                    resumed: true,
                })
            })?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn get(
    connection: &Connection,
    sequence: Sequence,
) -> Result<Option<StoredDelivery>, StorageError> {
    let query = || {
        connection
            .prepare_cached(
                "SELECT connection, source, id, received_at, headers, body, state, attempts, reason
                 FROM deliveries WHERE sequence = ?1",
            )?
            .query_row([sequence], |row| read(row, sequence))
            .optional()
    };
    query().map_err(translated(connection))
}

fn read(row: &Row<'_>, sequence: Sequence) -> rusqlite::Result<StoredDelivery> {
    Ok(StoredDelivery {
        sequence,
        connection: row.get("connection")?,
        id: row.get("id")?,
        received_at: row.get("received_at")?,
        delivery: Delivery {
            source: row.get("source")?,
            headers: columns::json_column(row, "headers")?,
            body: row.get("body")?,
        },
        state: columns::state_column(row)?,
        attempts: row.get("attempts")?,
        reason: row.get("reason")?,
    })
}

pub(super) fn list(
    connection: &Connection,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRecord>, StorageError> {
    let select =
        "SELECT sequence, connection, source, id, received_at, state, attempts, not_before, reason, module,
                      ended_at FROM deliveries";
    Listing::new(select, filter.state).equal("connection", ":connection", &filter.connection).rows(
        connection,
        filter.before,
        filter.limit,
        read_record,
    )
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<DeliveryRecord> {
    Ok(DeliveryRecord {
        sequence: row.get("sequence")?,
        connection: row.get("connection")?,
        source: row.get("source")?,
        id: row.get("id")?,
        received_at: row.get("received_at")?,
        state: columns::state_column(row)?,
        attempts: row.get("attempts")?,
        not_before: row.get("not_before")?,
        reason: row.get("reason")?,
        module: row.get("module")?,
        ended_at: row.get("ended_at")?,
    })
}
