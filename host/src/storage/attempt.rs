//! What one attempt at a piece of work did, to look at and to replay.

use crate::contract::Instant;

/// Attempts that are kept of one piece of work; older ones go. Work is dead after 20, but parked work is tried
/// whenever its connection is checked, for as long as nobody puts that right.
pub const ATTEMPTS_PER_WORK_MAX: u32 = 50;

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Which attempt at the work it was, from 1. It starts again when a person retries the work.
    pub number: u32,
    /// Digest of the module that ran.
    pub module: String,
    /// When it started.
    pub started_at: Instant,
    /// When it ended.
    pub ended_at: Instant,
    /// What the guest's random numbers came from.
    pub seed: u64,
    /// The connection's settings, as JSON. Kept once for all attempts with the same text.
    pub settings: String,
    /// What came of it, in a word: `done`, `skipped`, `retry`, `rejected`. The trace says why.
    pub outcome: String,
    /// Its calls. Storage does not look inside; whoever makes it bounds its size and leaves secrets out.
    pub trace: Vec<u8>,
}
