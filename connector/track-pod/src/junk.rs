//! Answers and webhooks that are not what they should be: each reader gives a value or an error that says what is wrong.

use proptest::prelude::*;
use transload_model::Instant;
use transload_wire::ApiError;
use transload_wire::fakes::{Script, damaged};
use transload_wire::junk::any_json;

use crate::new_order::tests::new_order;
use crate::{Client, Lookup, Order, Rejection, webhook};

const ORDER: &str = include_str!("fixtures/order.json");
const HOOK: &str = include_str!("fixtures/webhook.json");

type Reader = fn(&Client<'_>) -> Result<Vec<Order>, ApiError>;

const READERS: &[Reader] = &[
    |client| {
        Ok(match client.order("1")? {
            Lookup::Found(order) => vec![*order],
            Lookup::Missing | Lookup::Deleted { .. } => Vec::new(),
        })
    },
    |client| client.changed_since(Instant(0)),
    |client| client.orders_on("2026-02-01"),
    |client| client.orders_numbered("1"),
    |client| client.delete("1").map(|_| Vec::new()),
    |client| client.reject("1", &Rejection::default()).map(|_| Vec::new()),
    |client| client.update(&new_order()).map(|_| Vec::new()),
];

/// What is made of an order that was read must not depend on its being whole.
fn use_order(order: &Order) {
    let delivery = order.fulfillment("USD".parse().ok());
    assert!(delivery.lines.iter().all(|line| line.reason.as_deref() != Some("")));
    order.cash();
    let new = new_order();
    new.differs_from(order);
    new.is_planned_elsewhere(order);
}

fn read(reader: Reader, body: &str) {
    for status in [200, 400, 405, 410, 500] {
        let http = Script::default().answer("*", status, body);
        let read = reader(&Client::new(&http));
        let fits = match &read {
            Ok(orders) => {
                orders.iter().for_each(use_order);
                status != 500
            }
            Err(ApiError::Unreadable { reason, .. } | ApiError::NotJson { reason, .. }) => {
                status == 200 && !reason.is_empty()
            }
            Err(ApiError::Status { status: told, message, .. }) => *told == status && !message.is_empty(),
            Err(ApiError::Http { .. } | ApiError::Unsendable { .. }) => false,
        };
        assert!(fits, "{status} {body}: {read:?}");
    }
}

fn read_hook(body: &str) {
    match webhook::read(body.as_bytes()) {
        Ok(hook) => hook.order.iter().for_each(use_order),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn no_answer_that_is_damaged_in_one_place_makes_a_reader_panic() {
    let removed = r#"{"Order":{"Id":"1","DeletedBy":"x","DeletedDate":"2024-02-01T12:30:41"},"Status":410,"Title":"Gone"}"#;
    let refused =
        r#"{"Status":400,"Title":"Bad Request","Detail":"no","title":"x","errors":{"Client":["required"]}}"#;
    for body in [ORDER, removed, refused, &format!("[{ORDER}]")] {
        for body in damaged(body) {
            READERS.iter().for_each(|reader| read(*reader, &body));
        }
    }
}

#[test]
fn no_webhook_that_is_damaged_in_one_place_makes_its_reader_panic() {
    damaged(HOOK).iter().for_each(|body| read_hook(body));
}

/// Members' names that are read, and others.
const NAMES: &[&str] = &[
    "Id",
    "Order",
    "GoodsList",
    "Quantity",
    "CODActual",
    "StatusId",
    "CustomFields",
    "Value",
    "Data",
    "Metadata",
    "Event",
];

/// A word that decides what is read.
const TEXTS: &[&str] = &["OrderStatusUpdated"];

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic(body in any_json(NAMES, TEXTS)) {
        READERS.iter().for_each(|reader| read(*reader, &body));
        read_hook(&body);
    }
}
