//! What can go wrong with storage.

use std::path::PathBuf;

/// Why storage did not do what it was asked. Nothing was written, unless the message says that this is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Another process has it.
    #[error("{path} is in use by another transload: stop that one, or give this one a database of its own")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The file cannot be opened or made.
    #[error("cannot open {path}: {reason}; check that its directory exists and can be written")]
    Open {
        /// The database.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is something else.
    #[error("{path} is not a transload database: name another file in [host] database")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote the file.
    #[error(
        "{path} has schema {found}, this transload knows up to {known}: run the version that wrote it, or a later one"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The file's version.
        found: u32,
        /// The latest that we know.
        known: u32,
    },
    /// An earlier version wrote the file, and it was opened for reading, which upgrades nothing.
    #[error(
        "{path} was written by an earlier transload: start this one with `transload run`, which upgrades the file"
    )]
    Older {
        /// The database.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "{path} is damaged ({reason}): stop transload and restore a copy, or salvage it with `sqlite3 FILE .recover`"
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// No room.
    #[error("no room left for {path}: free some disk space")]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The disk does not do what it is asked.
    #[error(
        "the disk under {path} failed ({reason}): check it and the system's log; transload goes on when it works again"
    )]
    Disk {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// Someone else holds SQLite's own lock for too long.
    #[error("{path} is locked by another program: close what has it open for writing")]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// It was opened for reading.
    #[error("{path} was opened for reading only")]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// An entry has changed since it was compared.
    #[error("the entry {key:?} was changed meanwhile by another event: run this one again")]
    Conflict {
        /// The entry's key.
        key: String,
    },
    /// The delivery or event has ended before, or never existed, so that it cannot be handled.
    #[error("{0} is not waiting to be handled: it has ended already, or never existed")]
    Ended(String),
    /// There is no such thing, or it has been forgotten since.
    #[error("there is no {0}; it never existed, or was old and has been forgotten")]
    NotFound(String),
    /// A stored record does not read back, or one does not fit.
    #[error("cannot read or write {what}: {reason}")]
    Record {
        /// Which record.
        what: String,
        /// Why.
        reason: String,
    },
    /// The storage has been shut down. Whether the write happened is unknown.
    #[error("the storage has stopped; start transload again")]
    Stopped,
    /// Anything else.
    #[error("{path}: {reason}")]
    Failed {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
}
