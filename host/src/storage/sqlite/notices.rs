//! The journal of notices.

use rusqlite::{Connection, Row, params};

use super::super::notice::{severity_from_name, severity_name};
use super::super::{NewNotice, NoticeFilter, NoticeRecord, Sequence, StorageError};
use super::columns::{last_sequence, named_column, to_json};
use super::jobs::bounded;
use super::open::translated;
use super::{Signal, Written, outbox};
use crate::contract::{Instant, Severity};

pub(super) fn notify(
    connection: &Connection,
    notices: &[NewNotice],
    at: Instant,
) -> Result<Written<()>, StorageError> {
    Ok(Written { answer: (), signals: keep(connection, notices, at)? })
}

/// Keep notices, each with its way to its receivers.
pub(super) fn keep(
    connection: &Connection,
    notices: &[NewNotice],
    at: Instant,
) -> Result<Vec<Signal>, StorageError> {
    notices.iter().map(|notice| keep_one(connection, notice, at)).collect()
}

fn keep_one(connection: &Connection, notice: &NewNotice, at: Instant) -> Result<Signal, StorageError> {
    let NewNotice { topic, kind, severity, connection: owner, subject, data, receivers } = notice;
    let insert = || {
        connection
            .prepare_cached(
                "INSERT INTO notices (topic, kind, severity, connection, subject, data, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![topic, kind, severity_name(*severity), owner, subject, data, at])
    };
    insert().map_err(translated(connection))?;
    let sequence = last_sequence(connection);
    outbox::post(connection, sequence, notice, at)?;
    Ok(Signal::Noticed { sequence, receivers: receivers.clone() })
}

pub(super) fn list(
    connection: &Connection,
    filter: &NoticeFilter,
) -> Result<Vec<NoticeRecord>, StorageError> {
    let NoticeFilter { connection: owner, topic, severity, before, limit } = filter;
    let severities = severity.map(|least| to_json("severities", &at_least(least))).transpose()?;
    let query = || {
        connection
            .prepare_cached(
                "SELECT * FROM notices
                 WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR topic GLOB ?2)
                   AND (?3 IS NULL OR severity IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR sequence < ?4)
                 ORDER BY sequence DESC LIMIT ?5",
            )?
            .query_map(params![owner, topic, severities, before, bounded(*limit)], read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn after(
    connection: &Connection,
    after: Sequence,
    limit: u32,
) -> Result<Vec<NoticeRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM notices WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")?
            .query_map(params![after, bounded(limit)], read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

fn at_least(least: Severity) -> &'static [&'static str] {
    match least {
        Severity::Info => &["info", "warning", "critical"],
        Severity::Warning => &["warning", "critical"],
        Severity::Critical => &["critical"],
    }
}

/// A row of `notices`, alone or joined to others.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<NoticeRecord> {
    Ok(NoticeRecord {
        sequence: row.get("sequence")?,
        topic: row.get("topic")?,
        kind: row.get("kind")?,
        severity: named_column(row, "severity", severity_from_name)?,
        connection: row.get("connection")?,
        subject: row.get("subject")?,
        data: row.get("data")?,
        at: row.get("at")?,
    })
}
