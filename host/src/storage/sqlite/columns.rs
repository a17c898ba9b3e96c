//! How rows are numbered, and columns that are more than SQLite's own types.

use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Sequence, State, StorageError};

/// The number of the row that was just inserted. SQLite counts from 1 up.
pub(super) fn last_sequence(connection: &Connection) -> Sequence {
    connection.last_insert_rowid().unsigned_abs()
}

pub(super) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value)
        .map_err(|error| StorageError::Record { what: what.to_owned(), reason: error.to_string() })
}

pub(super) fn json_column<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// A column that holds the name of one of a few cases.
pub(super) fn named_column<T>(
    row: &Row<'_>,
    column: &str,
    from_name: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    let name = row.get_ref(index)?.as_str()?;
    from_name(name).ok_or_else(|| {
        let unknown = format!("there is no {column} {name:?}");
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, unknown.into())
    })
}

pub(super) fn state_column(row: &Row<'_>) -> rusqlite::Result<State> {
    named_column(row, "state", State::from_name)
}
