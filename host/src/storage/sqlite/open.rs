//! Opening the file: its lock, its settings, its schema, and what SQLite's errors mean.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::super::StorageError;

/// Marks the file as ours: "TLd1" in ASCII.
const APPLICATION_ID: u32 = 0x544c_6431;

/// The schema's steps. A released one never changes; a new one is added at the end.
const MIGRATIONS: [&str; 4] = [
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
];

/// How long to wait for another program that holds SQLite's own lock, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared; we use about fifty.
const STATEMENTS_CACHED: usize = 64;

/// Memory for pages that the writer keeps, in SQLite's way of counting: KiB when negative. The inner pages of the indexes
/// and the leaves that are written over and over fit. Much more slows commits down, each of which looks through all of it.
/// Readers stay with SQLite's 2 MiB: every commit makes what they keep worthless. Nobody maps the file into memory
/// (`mmap_size`): a failing disk would then kill the process, where a read answers an error.
const WRITER_CACHE: i64 = -8 * 1024;

/// Pages of 4 KiB in the log, 32 MiB, after which it is copied into the file. A page that is written many times is copied
/// once; with SQLite's 1,000, the copies made up a fifth of all that was written. A longer log takes longer to read after
/// a crash (this one a tenth of a second), and makes every read look through more of its index.
const CHECKPOINT_PAGES: i64 = 8_000;

/// The log's bytes that stay allocated when it has been copied. A long read, such as a backup, keeps it from being copied,
/// and it grows; what it took then is given back.
const LOG_BYTES_KEPT: i64 = 64 << 20;

/// Take the database for this process. The lock goes with the process, whatever ends it.
pub(super) fn lock(path: &Path) -> Result<File, StorageError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(|error| cannot_open(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(cannot_open(path, &error)),
    }
}

/// Make the file, if there is none, for its owner alone: people's names, addresses and payments will be in it. SQLite
/// gives the files beside it the same permissions.
fn create(path: &Path) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| cannot_open(path, &error))
}

/// Open for writing, making or upgrading the schema.
pub(super) fn for_writing(path: &Path, sync: bool) -> Result<Connection, StorageError> {
    create(path)?;
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    check_identity(&connection, path)?;
    let failed = |error| translate(path, &error);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // FULL syncs the log at every commit; NORMAL would lose acknowledged deliveries in a power cut.
    let synchronous = if sync { "FULL" } else { "OFF" };
    connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
    for (name, value) in [
        ("cache_size", WRITER_CACHE),
        ("wal_autocheckpoint", CHECKPOINT_PAGES),
        ("journal_size_limit", LOG_BYTES_KEPT),
    ] {
        connection.pragma_update(None, name, value).map_err(failed)?;
    }
    migrate(&mut connection, &MIGRATIONS).map_err(failed)?;
    Ok(connection)
}

/// Open an existing database for reading.
pub(super) fn for_reading(path: &Path) -> Result<Connection, StorageError> {
    // Not SQLITE_OPEN_READ_ONLY: a reader of a write-ahead log has to write its shared memory.
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| translate(path, &error))?;
    Ok(connection)
}

/// Check that the file is a database of ours that we can read.
pub(super) fn check_identity(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let failed = |error| translate(path, &error);
    let application: u32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let version = version(connection).map_err(failed)?;
    let any_table: Option<u32> = connection
        .query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    let ours = application == APPLICATION_ID;
    if !ours && (any_table.is_some() || application != 0) {
        return Err(StorageError::Foreign { path: path.to_owned() });
    }
    let known = latest();
    if version > known {
        return Err(StorageError::Newer { path: path.to_owned(), found: version, known });
    }
    Ok(())
}

/// The number of the latest schema.
pub(super) fn latest() -> u32 {
    MIGRATIONS.len().try_into().unwrap_or(u32::MAX)
}

/// The number of the file's schema; 0 if it has none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Take the steps that the file has not seen, each in a transaction of its own: one that fails leaves the version before
/// it, and the next start goes on from there.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let present = version(connection)?;
    for (version, step) in (1_u32..).zip(steps).filter(|(version, _)| *version > present) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StorageError> {
    let connection = Connection::open_with_flags(path, flags).map_err(|error| translate(path, &error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| translate(path, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // Plans that do not depend on the values: otherwise some statements are compiled anew whenever they are run.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| translate(path, &error))?;
    Ok(connection)
}

fn cannot_open(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Open { path: path.to_owned(), reason: error.to_string() }
}

/// [`translate`] for an open connection.
pub(super) fn translated(connection: &Connection) -> impl Fn(rusqlite::Error) -> StorageError {
    |error| translate(Path::new(connection.path().unwrap_or_default()), &error)
}

/// What SQLite's error means for the operator.
pub(super) fn translate(path: &Path, error: &rusqlite::Error) -> StorageError {
    let (path, reason) = (path.to_owned(), error.to_string());
    if let rusqlite::Error::FromSqlConversionFailure(..)
    | rusqlite::Error::ToSqlConversionFailure(_)
    | rusqlite::Error::IntegralValueOutOfRange(..)
    | rusqlite::Error::InvalidColumnType(..) = error
    {
        return StorageError::Record { what: format!("a record in {}", path.display()), reason };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::TooBig) => {
            StorageError::Record { what: format!("a record in {}", path.display()), reason }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked { path },
        Some(ErrorCode::DatabaseCorrupt) => StorageError::Corrupt { path, reason },
        Some(ErrorCode::NotADatabase) => StorageError::Foreign { path },
        Some(ErrorCode::SystemIoFailure) => StorageError::Disk { path, reason },
        Some(ErrorCode::DiskFull) => StorageError::Full { path },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            StorageError::Open { path, reason }
        }
        _ => StorageError::Failed { path, reason },
    }
}
