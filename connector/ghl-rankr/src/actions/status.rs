//! A look at an order in both systems.

use serde::Serialize;
use transload_flows::actions::status::{Amount, OrderStatus};
use transload_flows::payments;
use transload_model::Payments;
use transload_sdk::{Failure, rejected};

use crate::settings::Connection;

#[derive(Serialize)]
struct Status {
    order: Option<OrderStatus>,
    rankr: Option<SinkStatus>,
}

#[derive(Serialize)]
struct SinkStatus {
    status: String,
    total: Amount,
    paid: Option<Amount>,
    fulfillments: Vec<FulfillmentStatus>,
}

#[derive(Serialize)]
struct FulfillmentStatus {
    id: String,
    state: String,
    tracking_number: Option<String>,
    link: Option<String>,
}

/// The order `order_id` and Rankr's, by `manifest/status.schema.json`. What was paid in another currency is left out.
pub fn look(connection: &Connection, order_id: &str) -> Result<String, Failure> {
    let status = Status { order: order(connection, order_id)?, rankr: sink(connection, order_id)? };
    serde_json::to_string(&status).map_err(|error| rejected(error.to_string()))
}

fn order(connection: &Connection, order_id: &str) -> Result<Option<OrderStatus>, Failure> {
    let Some(order) = connection.ghl.order(order_id)? else { return Ok(None) };
    let transactions = payments::of_order(connection, &order)?;
    let payments = Payments::in_currency_of(&order, &transactions)?;
    OrderStatus::new(order, payments).map(Some)
}

fn sink(connection: &Connection, order_id: &str) -> Result<Option<SinkStatus>, Failure> {
    let Some(held) = connection.rankr.order(order_id)? else { return Ok(None) };
    let fulfillments =
        connection.rankr.fulfillments(order_id)?.unwrap_or_default().into_iter().map(|found| {
            let fulfillment = found.fulfillment;
            let tracking = fulfillment.tracking.into_iter().next().unwrap_or_default();
            FulfillmentStatus {
                state: fulfillment.state.describe().to_owned(),
                id: fulfillment.id,
                tracking_number: tracking.number,
                link: tracking.url,
            }
        });
    Ok(Some(SinkStatus {
        status: held.order.status.describe().to_owned(),
        total: held.order.total.into(),
        paid: held.order.paid.map(Amount::from),
        fulfillments: fulfillments.collect(),
    }))
}
