//! Whether the connection works: one harmless read for each permission that has one, and every rule and template tried.
//!
//! What is wrong with the settings for Rankr's paths, names and words is said when they are read, before anything is tried.

use transload_flows::check::{self, NOBODY, probe};
use transload_rankr::{Query, endpoints as rankr};
use transload_sdk::{Context, Failure, Probe};
use transload_wire::{ApiError, Endpoint};

use crate::mirror::RANKR;
use crate::settings::{Connection, Settings};

/// Tries the reads. Scopes that only write cannot be tried.
pub fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let (orders, newest) = check::orders(&connection);
    let mut probes = vec![orders, check::transactions(&connection)];
    probes.extend(sink(&connection));
    if let Some(contact_id) = newest.as_ref().and_then(|order| order.customer_id()) {
        probes.push(notes(&connection, contact_id));
    }
    // Both may be left out by not granting them.
    probes.push(check::subscriptions(&connection, false));
    probes.push(check::invoices(&connection, false));
    probes.push(check::templates(&connection, newest.as_ref(), |scope| settings.faults(scope))?);
    Ok(probes)
}

/// Rankr's, of what the settings have held there.
fn sink(connection: &Connection) -> Vec<Probe> {
    let (client, own) = (&connection.rankr, &connection.settings.own);
    let one = Query { limit: Some(1), ..Query::default() };
    let seen = |outcome: Result<(), ApiError>, text: &str| outcome.map(|()| text.to_owned());
    let of = |endpoint: &Endpoint, outcome| probe(RANKR, endpoint, outcome);
    let mut probes = vec![
        of(&rankr::HEALTH, seen(client.health(), "the token is accepted")),
        of(&rankr::LIST_ORDERS, seen(client.orders(&one).map(drop), "orders can be read")),
    ];
    if own.fulfillments.sync {
        let read = client.fulfillments(NOBODY).map(drop);
        probes.push(of(&rankr::LIST_FULFILLMENTS, seen(read, "fulfilments can be read")));
    }
    if own.transactions.sync {
        let read = client.transactions(&one).map(drop);
        probes.push(of(&rankr::LIST_TRANSACTIONS, seen(read, "transactions can be read")));
    }
    if own.subscriptions.sync {
        let read = client.subscriptions(&one).map(drop);
        probes.push(of(&rankr::LIST_SUBSCRIPTIONS, seen(read, "subscriptions can be read")));
    }
    if own.invoices.sync {
        let read = client.invoices(&one).map(drop);
        probes.push(of(&rankr::LIST_INVOICES, seen(read, "invoices can be read")));
    }
    probes
}

/// Notes are written only where contacts are granted.
fn notes(connection: &Connection, contact_id: &str) -> Probe {
    let seen = connection.ghl.notes(contact_id).map(|_| "notes can be read".to_owned());
    check::optional(&transload_ghl::endpoints::LIST_NOTES, false, "nothing is noted on contacts", seen)
}

#[cfg(test)]
mod tests;
