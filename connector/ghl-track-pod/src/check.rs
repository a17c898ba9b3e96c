//! Whether the connection works: one harmless read for each permission that has one.

use transload_ghl::{TransactionQuery, endpoints};
use transload_sdk::{Context, Failure, Probe};
use transload_wire::ApiError;

use crate::settings::{Connection, Settings};

/// Tries the reads. Scopes that only write, or read only what belongs to a contact, cannot be tried without one.
pub fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let one = TransactionQuery { limit: 1, ..TransactionQuery::default() };
    Ok(vec![
        probe(
            "ghl",
            endpoints::LIST_ORDERS.scope,
            connection.ghl.orders_total().map(|total| format!("{total} orders")),
        ),
        probe(
            "ghl",
            endpoints::LIST_TRANSACTIONS.scope,
            connection.ghl.transactions(&one).map(|page| format!("{} transactions", page.total)),
        ),
        probe(
            "track-pod",
            transload_track_pod::endpoints::TEST.scope,
            connection.track_pod.test().map(|()| "the key is accepted".to_owned()),
        ),
    ])
}

fn probe(api: &str, scope: &str, outcome: Result<String, ApiError>) -> Probe {
    let (ok, message) = match outcome {
        Ok(seen) => (true, seen),
        Err(error) => (false, advice(&error)),
    };
    Probe { api: api.to_owned(), scope: scope.to_owned(), ok, message }
}

fn advice(error: &ApiError) -> String {
    match error.status() {
        Some(401 | 403) => format!("{error}; check the credential and the permissions it was given"),
        Some(400 | 404 | 422) => format!("{error}; check the setting `location_id`"),
        _ => error.to_string(),
    }
}
