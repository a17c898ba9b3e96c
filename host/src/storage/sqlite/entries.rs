//! What connectors keep.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::{EntryWrite, StorageError, StoredEntry};
use super::open::translated;

/// Write entries, each only if it still has the version that it was compared with.
pub(super) fn write(connection: &Connection, owner: &str, writes: &[EntryWrite]) -> Result<(), StorageError> {
    for write in writes {
        if let Some(expected) = write.expected
            && get(connection, owner, &write.key)?.version != expected
        {
            return Err(StorageError::Conflict { key: write.key.clone() });
        }
        let upsert = || {
            connection
                .prepare_cached(
                    "INSERT INTO entries (connection, key, value, version) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (connection, key) DO UPDATE
                     SET value = excluded.value, version = max(entries.version + 1, excluded.version)",
                )?
                .execute(params![owner, write.key, write.value, write.version])
        };
        upsert().map_err(translated(connection))?;
    }
    Ok(())
}

pub(super) fn get(connection: &Connection, owner: &str, key: &str) -> Result<StoredEntry, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT value, version FROM entries WHERE connection = ?1 AND key = ?2")?
            .query_row([owner, key], |row| Ok(StoredEntry { value: row.get(0)?, version: row.get(1)? }))
            .optional()
    };
    query().map(Option::unwrap_or_default).map_err(translated(connection))
}

/// SQLite compares text as bytes, so keys come in byte order and those of a prefix lie together.
pub(super) fn keys(
    connection: &Connection,
    owner: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, StorageError> {
    let query = || {
        connection
            .prepare_cached(
                "SELECT key FROM entries
                 WHERE connection = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3) AND (?4 IS NULL OR key > ?4)
                   AND value IS NOT NULL
                 ORDER BY key LIMIT ?5",
            )?
            .query_map(params![owner, prefix, successor(prefix), after, limit], |row| row.get(0))?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

/// The first text after all that start with `prefix`; none if there is no such text.
fn successor(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}
