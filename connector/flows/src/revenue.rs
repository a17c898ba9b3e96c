//! The revenue record of each order, or of what else is paid for, in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::revenue::Entry;
use transload_model::{Entity, Money, Revenue};
use transload_sdk::{Context, Failure, rejected};
use transload_wire::Number;

/// The stored form of what one transaction contributes. Field names are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Row {
    captured: Number,
    refunded: Number,
    currency: String,
}

/// A revenue record and the version it was read at; none if it is new.
pub struct Record {
    /// The record.
    pub revenue: Revenue,
    version: Option<u64>,
}

/// The store's key of an order's revenue record.
pub fn key(order_id: &str) -> String {
    format!("revenue/{order_id}")
}

/// The store's key of the revenue record of whatever `entity` is.
pub fn key_of(entity: &Entity) -> String {
    match entity {
        Entity::Order(id) => key(id),
        Entity::Invoice(id) => format!("revenue/invoice/{id}"),
        Entity::Subscription(id) => format!("revenue/subscription/{id}"),
        Entity::Other(id) => format!("revenue/other/{id}"),
    }
}

/// Reads the revenue record under `key`; an empty one if there is none.
pub fn load(cx: &Context, key: &str) -> Result<Record, Failure> {
    let Some(stored) = cx.store.get(key)? else {
        return Ok(Record { revenue: Revenue::default(), version: None });
    };
    let rows: BTreeMap<String, Row> = serde_json::from_slice(&stored.value)
        .map_err(|error| rejected(format!("the store's entry {key} cannot be read: {error}")))?;
    let mut entries = Vec::with_capacity(rows.len());
    for (id, row) in rows {
        let currency = row.currency.parse()?;
        let entry = Entry {
            captured: Money::new(row.captured.0, currency),
            refunded: Money::new(row.refunded.0, currency),
        };
        entries.push((id, entry));
    }
    Ok(Record { revenue: Revenue::from_entries(entries), version: Some(stored.version) })
}

/// Writes the record under `key`, unless another event did so since it was read.
pub fn save(cx: &Context, key: &str, record: &Record) -> Result<(), Failure> {
    let row = |entry: &Entry| Row {
        captured: Number(entry.captured.amount),
        refunded: Number(entry.refunded.amount),
        currency: entry.captured.currency.code().to_owned(),
    };
    let rows: BTreeMap<&str, Row> = record.revenue.entries().map(|(id, entry)| (id, row(entry))).collect();
    let value = serde_json::to_vec(&rows).map_err(|error| rejected(error.to_string()))?;
    cx.store.compare_and_swap(key, record.version, &value)?;
    Ok(())
}
