//! The manifest: what this connector is, needs and offers.

use transload_ghl::endpoints as ghl;
use transload_sdk::Description;
use transload_sdk::manifest::{self, Action, ActionAccess, Kind, Origin, Template};
use transload_track_pod::endpoints as track_pod;

use crate::actions::{PUSH_FULFILLMENT, SYNC_ORDER};
use crate::intake::TRANSACTIONS;

/// How often transactions are asked for: a payment shows up within five minutes, and a round of one page uses 288 of the
/// 200,000 calls that GoHighLevel allows a day.
const POLL_MS: u64 = 5 * 60 * 1000;

const SETTINGS_SCHEMA: &str = include_str!("../manifest/settings.schema.json");
const ORDER_SCHEMA: &str = include_str!("../manifest/order.schema.json");
const FULFILLMENT_SCHEMA: &str = include_str!("../manifest/fulfillment.schema.json");
const TRANSACTION_SCHEMA: &str = include_str!("../manifest/transaction.schema.json");
const RECEIPT_SCHEMA: &str = include_str!("../manifest/receipt.schema.json");

const ORDER_SAMPLE: &str = include_str!("../manifest/order.sample.json");
const FULFILLMENT_SAMPLE: &str = include_str!("../manifest/fulfillment.sample.json");
const TRANSACTION_SAMPLE: &str = include_str!("../manifest/transaction.sample.json");

const ORDER_ID_SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["order_id"],"properties":{"order_id":{"type":"string","minLength":1,"maxLength":50,"title":"Order","description":"GoHighLevel's id of the order"}}}"#;
const ORDER_ID_SAMPLE: &str = r#"{"order_id":"660ed43bfdf9fc05a0de7a40"}"#;

/// The manifest.
pub fn describe() -> Description {
    let summary = "Turns GoHighLevel orders into Track-POD deliveries, writes deliveries back as fulfilments and notes, \
                   and keeps a revenue record of each order's payments and refunds.";
    let mut description =
        manifest::description("ghl-track-pod", env!("CARGO_PKG_VERSION"), "GoHighLevel ↔ Track-POD", summary);
    description.apis = vec![
        manifest::api(
            &transload_ghl::API,
            &[
                ghl::GET_ORDER,
                ghl::LIST_ORDERS,
                ghl::LIST_FULFILLMENTS,
                ghl::CREATE_FULFILLMENT,
                ghl::LIST_TRANSACTIONS,
                ghl::GET_TRANSACTION,
                ghl::GET_CONTACT,
                ghl::LIST_NOTES,
                ghl::CREATE_NOTE,
            ],
        ),
        manifest::api(
            &transload_track_pod::API,
            &[track_pod::TEST, track_pod::GET_ORDER_BY_ID, track_pod::CREATE_ORDER, track_pod::UPDATE_ORDER],
        ),
    ];
    description.triggers = vec![
        manifest::trigger(
            "orders",
            "An order was placed, or its status changed",
            Origin::Webhook("ghl".to_owned()),
            Kind::Order,
            ORDER_SCHEMA,
            ORDER_SAMPLE,
        ),
        manifest::trigger(
            "deliveries",
            "A delivery moved on",
            Origin::Webhook("track-pod".to_owned()),
            Kind::Fulfillment,
            FULFILLMENT_SCHEMA,
            FULFILLMENT_SAMPLE,
        ),
        manifest::trigger(
            TRANSACTIONS,
            "A payment or a refund was made",
            Origin::Poll(POLL_MS),
            Kind::Transaction,
            TRANSACTION_SCHEMA,
            TRANSACTION_SAMPLE,
        ),
    ];
    description.actions = vec![
        action(SYNC_ORDER, "Create or update the delivery of an order"),
        action(PUSH_FULFILLMENT, "Write what was delivered of an order back to GoHighLevel"),
    ];
    description.settings_schema = SETTINGS_SCHEMA.to_owned();
    description.templates = vec![Template {
        name: "delivery".to_owned(),
        title: "Deliver every live order".to_owned(),
        settings: r#"{"location_id":"your-location-id","mode":"live","notify_customer":true}"#.to_owned(),
    }];
    description
}

fn action(name: &str, title: &str) -> Action {
    Action {
        name: name.to_owned(),
        title: title.to_owned(),
        access: ActionAccess::Write,
        subject: Some("/order_id".to_owned()),
        input_schema: ORDER_ID_SCHEMA.to_owned(),
        output_schema: RECEIPT_SCHEMA.to_owned(),
        sample: ORDER_ID_SAMPLE.to_owned(),
    }
}
