//! Answers and webhooks that are not what they should be: each reader gives a value or an error that says what is wrong.

use proptest::prelude::*;
use transload_wire::ApiError;
use transload_wire::fakes::{Script, damaged};
use transload_wire::junk::any_json;

use crate::record::Record;
use crate::samples::example_text;
use crate::{Client, Query, Shape, SinkFulfillment, SinkInvoice, SinkOrder, webhook};

type Reader = fn(&Client<'_>) -> Result<(), ApiError>;

const READERS: &[Reader] = &[
    |client| client.health(),
    |client| client.order("1").map(drop),
    |client| client.orders(&Query { cursor: Some("x"), ..Query::default() }).map(drop),
    |client| client.fulfillments("1").map(drop),
    |client| client.transaction("1").map(drop),
    |client| client.subscription("1").map(drop),
    |client| client.invoice("1").map(drop),
    |client| client.put_order(&sample::<SinkOrder>("Order")).map(drop),
    |client| client.put_invoice(&sample::<SinkInvoice>("Invoice")).map(drop),
    |client| client.post_fulfillment(&sample::<SinkFulfillment>("Fulfillment")).map(drop),
];

fn sample<T: Record>(schema: &str) -> T {
    T::read(example_text(schema).as_bytes()).unwrap()
}

/// The contract's own shape, and one that moves members of every depth.
fn shapes() -> [Shape; 2] {
    let moved = r#"{"fields": {
        "order": {"note": "/lines2/note", "/lines/sku": "/a/b", "/customer/name": "who", "extra": "more"},
        "fulfillment": {"carrier": "by"}, "page": {"nextCursor": "/meta/next"}, "event": {"timestamp": "at"}},
        "statuses": {"order": {"completed": "done"}, "fulfillment": {"delivered": "done"}}}"#;
    [Shape::default(), serde_json::from_str(moved).unwrap()]
}

fn read(reader: Reader, body: &str, shape: &Shape) {
    for status in [200, 404, 409, 500] {
        let http = Script::default().answer("*", status, body);
        let read = reader(&Client::new(&http, shape));
        let fits = match &read {
            Ok(()) => status != 500,
            Err(ApiError::Unreadable { reason, .. } | ApiError::NotJson { reason, .. }) => {
                status == 200 && !reason.is_empty()
            }
            Err(ApiError::Status { status: told, message, .. }) => *told == status && !message.is_empty(),
            Err(ApiError::Http { .. } | ApiError::Unsendable { .. }) => false,
        };
        assert!(fits, "{status} {body}: {read:?}");
    }
}

fn read_hook(body: &str, shape: &Shape) {
    if let Err(error) = webhook::read(body.as_bytes(), shape) {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn no_answer_that_is_damaged_in_one_place_makes_a_reader_panic() {
    let shapes = shapes();
    for (schema, readers) in [
        ("Order", vec![1]),
        ("OrderPage", vec![2, 3]),
        ("Fulfillment", vec![9]),
        ("Transaction", vec![4]),
        ("Subscription", vec![5]),
        ("Invoice", vec![6]),
        ("Problem", (0..READERS.len()).collect()),
    ] {
        for body in damaged(&example_text(schema)) {
            for shape in &shapes {
                readers.iter().for_each(|&index| read(READERS[index], &body, shape));
            }
        }
    }
}

#[test]
fn no_webhook_that_is_damaged_in_one_place_makes_its_reader_panic() {
    for schema in ["OrderUpdated", "FulfillmentCreated", "InvoiceUpdated"] {
        for body in damaged(&example_text(schema)) {
            shapes().iter().for_each(|shape| read_hook(&body, shape));
        }
    }
}

/// Members' names that are read, and others.
const NAMES: &[&str] = &[
    "orderId",
    "version",
    "status",
    "amount",
    "currency",
    "lines",
    "lineId",
    "quantity",
    "items",
    "nextCursor",
    "type",
    "data",
    "extra",
    "customer",
    "meta",
    "unknown",
];

/// A word that decides what is read.
const TEXTS: &[&str] = &["order.updated"];

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic(body in any_json(NAMES, TEXTS)) {
        for shape in &shapes() {
            READERS.iter().for_each(|reader| read(*reader, &body, shape));
            read_hook(&body, shape);
        }
    }

    #[test]
    fn no_body_makes_the_webhooks_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for shape in &shapes() {
            let _ = webhook::read(&body, shape);
        }
    }
}
