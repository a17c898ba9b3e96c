//! How a database is used.

/// How a database is used. The default is what a host needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Run every read and write on the caller's thread, at once and each in a commit of its own, so that the same calls
    /// always do the same things in the same order. For simulations: callers wait for each other's commits.
    pub inline: bool,
    /// Sync every commit to the disk. Without it, what was acknowledged survives the death of the process, but not a
    /// power cut. Only for tests and simulations.
    pub sync: bool,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        SqliteOptions { inline: false, sync: true }
    }
}
