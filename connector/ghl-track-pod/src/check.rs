//! Whether the connection works: one harmless read for each permission that has one, and every rule and template tried.

use transload_flows::check::{self, NOBODY, probe};
use transload_sdk::{Context, Failure, Probe};
use transload_track_pod::endpoints as track_pod;

use crate::settings::{Connection, Settings};

/// Tries the reads. Scopes that only write cannot be tried.
pub fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let (orders, newest) = check::orders(&connection);
    let mut probes = vec![orders, check::transactions(&connection)];
    probes.extend(deliveries(&connection));
    if let Some(contact_id) = newest.as_ref().and_then(|order| order.customer_id()) {
        probes.push(check::contact(&connection, contact_id));
        probes.extend(check::payment_record(&connection, &settings.payment_record, contact_id));
    }
    probes.push(check::subscriptions(&connection, settings.subscriptions.renew));
    probes.push(check::providers(&connection, settings.provider.is_some()));
    probes.push(check::templates(&connection, newest.as_ref(), |scope| settings.faults(scope))?);
    Ok(probes)
}

fn deliveries(connection: &Connection) -> [Probe; 2] {
    let client = &connection.track_pod;
    let (key, read) = (
        client.test().map(|()| "the key is accepted".to_owned()),
        client.order(NOBODY).map(|_| "orders can be read".to_owned()),
    );
    [probe("track-pod", &track_pod::TEST, key), probe("track-pod", &track_pod::GET_ORDER_BY_ID, read)]
}

#[cfg(test)]
mod tests;
