//! A look at an order and its delivery.

use serde::Serialize;
use transload_flows::actions::status::OrderStatus;
use transload_sdk::{Failure, rejected};
use transload_track_pod::Lookup;

use crate::payments;
use crate::settings::Connection;

#[derive(Serialize)]
struct Status {
    order: Option<OrderStatus>,
    delivery: Option<DeliveryStatus>,
}

#[derive(Serialize)]
struct DeliveryStatus {
    state: String,
    attempt: u32,
    link: Option<String>,
    reason: Option<String>,
}

/// The order `order_id` and its delivery, by `manifest/status.schema.json`.
pub fn look(connection: &Connection, order_id: &str) -> Result<String, Failure> {
    let status = Status { order: order(connection, order_id)?, delivery: delivery(connection, order_id)? };
    serde_json::to_string(&status).map_err(|error| rejected(error.to_string()))
}

fn order(connection: &Connection, order_id: &str) -> Result<Option<OrderStatus>, Failure> {
    let Some(order) = connection.ghl.order(order_id)? else { return Ok(None) };
    let payments = payments::of(connection, &order)?;
    OrderStatus::new(order, payments).map(Some)
}

fn delivery(connection: &Connection, order_id: &str) -> Result<Option<DeliveryStatus>, Failure> {
    Ok(match connection.track_pod.order(order_id)? {
        Lookup::Missing => None,
        Lookup::Deleted { .. } => {
            Some(DeliveryStatus { state: "deleted".to_owned(), attempt: 1, link: None, reason: None })
        }
        Lookup::Found(found) => {
            let delivery = found.fulfillment(None);
            let state = delivery.state.describe().to_owned();
            Some(DeliveryStatus {
                state,
                attempt: delivery.attempt,
                link: found.track_link,
                reason: delivery.reason,
            })
        }
    })
}
