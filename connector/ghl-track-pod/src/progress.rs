//! How far each delivery had come when it was last handled, in the store.

use serde::{Deserialize, Serialize};
use transload_model::{FulfillmentState, Instant, Progress};
use transload_sdk::{Context, Failure, rejected};

/// What was known, and the version it was read at.
pub struct Known {
    /// How far it had come.
    pub progress: Progress,
    version: u64,
}

/// The stored form. Names of states are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Entry {
    state: String,
    attempt: u32,
    happened_at: Option<u64>,
}

fn key(order_id: &str) -> String {
    format!("progress/{order_id}")
}

/// How far the delivery of `order_id` had come; none if it was never handled.
pub fn load(cx: &Context, order_id: &str) -> Result<Option<Known>, Failure> {
    let Some(stored) = cx.store.get(&key(order_id))? else {
        return Ok(None);
    };
    let entry: Entry = serde_json::from_slice(&stored.value)
        .map_err(|error| rejected(format!("the store's entry {} cannot be read: {error}", key(order_id))))?;
    let progress = Progress {
        state: FulfillmentState::described(&entry.state),
        attempt: entry.attempt,
        happened_at: entry.happened_at.map(Instant),
    };
    Ok(Some(Known { progress, version: stored.version }))
}

/// Writes down how far it has come, unless another event did so since `known` was read.
pub fn save(cx: &Context, order_id: &str, reached: &Progress, known: Option<Known>) -> Result<(), Failure> {
    if known.as_ref().is_some_and(|known| known.progress == *reached) {
        return Ok(());
    }
    let entry = Entry {
        state: reached.state.describe().to_owned(),
        attempt: reached.attempt,
        happened_at: reached.happened_at.map(|instant| instant.0),
    };
    let value = serde_json::to_vec(&entry).map_err(|error| rejected(error.to_string()))?;
    cx.store.compare_and_swap(&key(order_id), known.map(|known| known.version), &value)?;
    Ok(())
}
