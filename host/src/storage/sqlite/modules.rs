//! Modules and their activations.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::super::{ACTIVATIONS_PER_CONNECTION_MAX, Activation, NewNotice, StorageError};
use super::open::translated;
use super::{Written, notices};

pub(super) fn keep(connection: &Connection, digest: &str, bytes: &[u8]) -> Result<(), StorageError> {
    let insert = || {
        connection.prepare_cached("DELETE FROM unused_modules WHERE digest = ?1")?.execute([digest])?;
        connection
            .prepare_cached("INSERT INTO modules (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![digest, bytes])
    };
    insert().map(drop).map_err(translated(connection))
}

pub(super) fn get(connection: &Connection, digest: &str) -> Result<Option<Vec<u8>>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT bytes FROM modules WHERE digest = ?1")?
            .query_row([digest], |row| row.get(0))
            .optional()
    };
    query().map_err(translated(connection))
}

pub(super) fn activate(
    connection: &Connection,
    activation: &Activation,
    news: &[NewNotice],
) -> Result<Written<()>, StorageError> {
    let insert = || {
        connection
            .prepare_cached(
                "INSERT INTO activations (connection, module, configured, by, reason, at)
                 VALUES (:connection, :module, :configured, :by, :reason, :at)",
            )?
            .execute(named_params! {
                ":connection": activation.connection, ":module": activation.module,
                ":configured": activation.configured, ":by": activation.by, ":reason": activation.reason,
                ":at": activation.at,
            })
    };
    let trim = || {
        connection
            .prepare_cached(
                "DELETE FROM activations WHERE number IN
                     (SELECT number FROM activations WHERE connection = ?1
                      ORDER BY number DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![activation.connection, ACTIVATIONS_PER_CONNECTION_MAX])
    };
    insert().and_then(|_| trim()).map_err(translated(connection))?;
    notices::notify(connection, news, activation.at)
}

pub(super) fn activations(
    connection: &Connection,
    owner: &str,
    limit: u32,
) -> Result<Vec<Activation>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM activations WHERE connection = ?1 ORDER BY number DESC LIMIT ?2")?
            .query_map(params![owner, limit], read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Activation> {
    Ok(Activation {
        connection: row.get("connection")?,
        module: row.get("module")?,
        configured: row.get("configured")?,
        by: row.get("by")?,
        reason: row.get("reason")?,
        at: row.get("at")?,
    })
}
