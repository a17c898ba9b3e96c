//! Answers and webhooks that are not what they should be: each reader gives a value or an error that says what is wrong.

use proptest::prelude::*;
use transload_wire::ApiError;
use transload_wire::fakes::{Script, damaged};
use transload_wire::junk::any_json;

use crate::{Client, InvoiceQuery, OrderQuery, SubscriptionQuery, TransactionQuery, webhook};

type Reader = fn(&Client<'_>) -> Result<(), ApiError>;

const ORDER: &str = include_str!("fixtures/order.json");
const ORDERS: &str = include_str!("fixtures/orders.json");
const HOOK: &str = include_str!("fixtures/order-create.json");
const TRANSACTION: &str = include_str!("fixtures/transaction.json");
const TRANSACTIONS: &str = include_str!("fixtures/transactions.json");
const SUBSCRIPTION: &str = include_str!("fixtures/subscription.json");
const SUBSCRIPTIONS: &str = include_str!("fixtures/subscriptions.json");
const INVOICE: &str = include_str!("fixtures/invoice.json");
const INVOICES: &str = include_str!("fixtures/invoices.json");
const INVOICE_PAID: &str = include_str!("fixtures/invoice-paid.json");
const CONTACT: &str = include_str!("fixtures/contact.json");
const FULFILLMENTS: &str = include_str!("fixtures/fulfillments.json");
const RECORD: &str = include_str!("fixtures/record.json");
const NOTES: &str = r#"{"notes":[{"id":"n1","body":"x"}]}"#;
const PROVIDERS: &str = r#"{"providers":[{"_id":"p1","title":"Example","route":"epd","provider":"nmi"}]}"#;
const RECORDS: &str =
    r#"{"records":[{"id":"r1","properties":{"a":"b","c":{"currency":"default","value":1}}}],"total":1}"#;
const OPPORTUNITIES: &str =
    r#"{"opportunities":[{"id":"o1","name":"x","status":"open","monetaryValue":1.5}],"meta":{"total":1}}"#;

/// Each reader with a whole answer to it.
const READERS: &[(&str, Reader)] = &[
    (ORDER, |client| client.order_with_raw("1").map(drop)),
    (ORDERS, |client| client.orders(&OrderQuery::default()).map(drop)),
    (ORDERS, |client| client.orders_total().map(drop)),
    (TRANSACTION, |client| client.transaction_detail("1").map(drop)),
    (TRANSACTIONS, |client| client.transactions(&TransactionQuery::default()).map(drop)),
    (SUBSCRIPTION, |client| client.subscription("1").map(drop)),
    (SUBSCRIPTIONS, |client| client.subscriptions(&SubscriptionQuery::default()).map(drop)),
    (INVOICE, |client| client.invoice("1").map(drop)),
    (INVOICES, |client| client.invoices(&InvoiceQuery::default()).map(drop)),
    (ORDERS, |client| client.invoice_order("1").map(drop)),
    (CONTACT, |client| client.contact_detail("1").map(drop)),
    (FULFILLMENTS, |client| client.fulfillments("1").map(drop)),
    (NOTES, |client| client.notes("1").map(drop)),
    (RECORD, |client| client.create_record("x", &Default::default()).map(drop)),
    (RECORDS, |client| client.find_records("x", "a", "b").map(drop)),
    (OPPORTUNITIES, |client| client.find_opportunities("1").map(drop)),
    (PROVIDERS, |client| client.whitelabel_providers().map(drop)),
    (r#"{"success":true}"#, |client| client.record_payment("1", &payment())),
    (r#"{"conversationId":"c","messageId":"m"}"#, |client| client.add_to_workflow("1", "2").map(drop)),
];

fn payment() -> crate::NewPayment {
    let amount = transload_model::Money::new(1.into(), "USD".parse().unwrap());
    let mode = crate::PaymentMode::Cash;
    crate::NewPayment { amount, mode, notes: None, meta: Vec::new(), partial: false }
}

/// Has `reader` read `body` once for each status. What is no answer is an error of the kind that fits.
fn read(reader: Reader, body: &str) {
    for status in [200, 400, 404, 500] {
        let http = Script::default().answer("*", status, body);
        let read = reader(&Client::new(&http, "loc"));
        let fits = match &read {
            Ok(()) => status != 500,
            Err(ApiError::Unreadable { reason, .. } | ApiError::NotJson { reason, .. }) => {
                status == 200 && !reason.is_empty()
            }
            Err(ApiError::Status { status: told, message, .. }) => *told == status && !message.is_empty(),
            // A second page that the script does not have.
            Err(ApiError::Http { .. }) => status == 200,
            Err(ApiError::Unsendable { .. }) => false,
        };
        assert!(fits, "{status} {body}: {read:?}");
    }
}

#[test]
fn every_whole_answer_is_read() {
    for (body, reader) in READERS {
        let http = Script::default().answer("*", 200, body);
        assert_eq!(reader(&Client::new(&http, "loc")), Ok(()), "{body}");
    }
}

#[test]
fn no_answer_that_is_damaged_in_one_place_makes_a_reader_panic() {
    for (body, reader) in READERS {
        damaged(body).iter().for_each(|body| read(*reader, body));
    }
}

#[test]
fn no_webhook_that_is_damaged_in_one_place_makes_its_reader_panic() {
    let workflow = r#"{"order":{"id":"o1"},"payment":{"transaction_id":"t1"},"location":{"id":"l1"},"customData":{"orderId":"o1"}}"#;
    for body in damaged(HOOK).iter().chain(&damaged(INVOICE_PAID)).chain(&damaged(workflow)) {
        if let Err(error) = webhook::read(body.as_bytes()) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// Members' names that are read, and others.
const NAMES: &[&str] = &[
    "_id",
    "id",
    "data",
    "totalCount",
    "invoices",
    "total",
    "status",
    "amount",
    "currency",
    "items",
    "price",
    "qty",
    "contact",
    "meta",
];

/// A word that decides what is read.
const TEXTS: &[&str] = &["succeeded"];

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic(body in any_json(NAMES, TEXTS)) {
        for (_, reader) in READERS {
            read(*reader, &body);
        }
        let _ = webhook::read(body.as_bytes());
    }
}
