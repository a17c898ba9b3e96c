//! Work that did not succeed. Deliveries and events note it in columns of the same names.

use rusqlite::{Connection, named_params};

use super::super::{Setback, State, StorageError, WorkId};
use super::Written;
use super::open::translated;

pub(super) fn write(connection: &Connection, setback: &Setback) -> Result<Written<()>, StorageError> {
    let (table, sequence) = match setback.id {
        WorkId::Delivery(sequence) => ("deliveries", sequence),
        WorkId::Event(sequence) => ("events", sequence),
    };
    let update = || {
        connection
            .prepare_cached(&format!(
                "UPDATE {table} SET state = :state, attempts = :attempts, not_before = :not_before,
                     reason = :reason, module = :module, ended_at = :ended_at
                 WHERE sequence = :sequence AND state IN ('waiting', 'parked')"
            ))?
            .execute(named_params! {
                ":sequence": sequence, ":state": setback.state.name(), ":attempts": setback.attempts,
                ":not_before": setback.not_before, ":reason": setback.reason, ":module": setback.module,
                ":ended_at": (setback.state == State::Dead).then_some(setback.at),
            })
    };
    match update().map_err(translated(connection))? {
        0 => Err(StorageError::Ended(setback.id.to_string())),
        _ => Ok(Written::quietly(())),
    }
}
