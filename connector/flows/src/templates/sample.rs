//! An order to try rules and templates on before a real one comes.

use transload_ghl::webhook::{Hook, read};
use transload_model::{
    FulfilledLine, Fulfillment, FulfillmentState, Money, Order, Proof, Tracking, Transaction,
    TransactionStatus,
};
use transload_sdk::{Failure, rejected};

use super::Scope;

/// As GoHighLevel sends it when an order is placed.
const ORDER: &str = include_str!("../../manifest/order.vendor.json");

/// A scope in which every member is known that there is.
pub fn scope() -> Result<Scope, Failure> {
    let hook = read(ORDER.as_bytes()).map_err(|error| rejected(error.to_string()))?;
    let Hook::Order { mut order, .. } = hook else { return Err(rejected("the sample is no order")) };
    order.note = Some("Ring twice".to_owned());
    Ok(scope_of(&order, ORDER))
}

/// The order with a delivery and a payment that it might have.
pub fn scope_of(order: &Order, raw: &str) -> Scope {
    let nothing = Money::zero(order.total.currency);
    Scope::of_order(order, Some(raw), nothing, order.total)
        .with_delivery(&fulfillment(order), order)
        .with_payment(&payment(order))
}

fn fulfillment(order: &Order) -> Fulfillment {
    let text = |text: &str| Some(text.to_owned());
    let lines = order.lines.iter().map(|line| FulfilledLine {
        line_id: line.id.clone(),
        ordered: Some(line.quantity),
        fulfilled: line.quantity,
        reason: text("Damaged"),
    });
    Fulfillment {
        id: "9f1c2d34-5e6f-4a70-8b91-a2b3c4d5e6f7".to_owned(),
        order_id: order.id.clone(),
        state: FulfillmentState::PartiallyDelivered,
        attempt: 1,
        lines: lines.collect(),
        tracking: vec![Tracking {
            number: text("9f1c2d34-5e6f-4a70-8b91-a2b3c4d5e6f7"),
            carrier: text("Northern Couriers"),
            url: text("https://couriers.example/track/9f1c2d34"),
        }],
        proof: Some(Proof { signed_by: text("A. Fuller"), note: text("Left with Ada"), ..Proof::default() }),
        cash_collected: Some(order.total),
        reason: text("Damaged"),
        happened_at: order.created_at,
        estimated_at: order.created_at,
    }
}

fn payment(order: &Order) -> Transaction {
    Transaction {
        id: "txn_1".to_owned(),
        amount: order.total,
        refunded: None,
        status: TransactionStatus::Succeeded,
        settles: Vec::new(),
        customer: None,
        method: Some("card".to_owned()),
        charge_id: None,
        live: true,
        created_at: order.created_at,
        updated_at: order.created_at,
    }
}
