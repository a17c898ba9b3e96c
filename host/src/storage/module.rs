//! Which module a connection runs, since when and why.

use serde::{Deserialize, Serialize};

use crate::contract::Instant;

/// Activations that are kept of one connection; older ones go. Enough to see a year of releases, and no more when a
/// watched file changes with every build.
pub const ACTIVATIONS_PER_CONNECTION_MAX: u32 = 100;

/// A connection's latest activations whose modules stay in the storage, so that it can go back to them.
pub const ACTIVATIONS_WITH_MODULES: u32 = 10;

/// A connection took up a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Whose it is.
    pub connection: String,
    /// Digest of the module that runs from then on.
    pub module: String,
    /// Digest of the module that the configuration named then. While it names that one still, a restart goes on with
    /// `module`; when it names another, the configuration has been changed since and wins.
    pub configured: String,
    /// What brought it: `config`, `file`, `command`, `library`, `rollback`.
    pub by: String,
    /// Why, for a person.
    pub reason: String,
    /// When.
    pub at: Instant,
}
