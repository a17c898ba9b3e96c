//! What flows are tested with: GoHighLevel's objects as text, because a JSON value of serde_json's would turn their amounts
//! into floats, and short words for what a flow did.

#![expect(clippy::panic, clippy::expect_used, reason = "a test that meets something else is to fail")]

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_sdk::{Context, Failure, Receipt, Verb};
use transload_wire::{Method, Request};

use crate::{Shop, ShopSettings};

/// 2024-04-04T17:00:00Z.
pub const NOW: u64 = 1_712_250_000_000;

/// Settings that take test orders too.
pub const SETTINGS: &str = r#"{"location_id":"loc1","mode":"all"}"#;
/// A contact without notes.
pub const NO_NOTES: &str = r#"{"notes":[]}"#;
/// The note that was written.
pub const NOTE: &str = r#"{"note":{"id":"n1","body":"x","contactId":"c1"}}"#;
/// An order without fulfilments.
pub const NO_FULFILLMENTS: &str = r#"{"status":true,"data":[]}"#;
/// The fulfilment that was posted.
pub const FULFILLED: &str = r#"{"status":true,"data":{"_id":"f1"}}"#;
/// What answers a tag.
pub const TAGGED: &str = r#"{"tags":["order-paid"]}"#;

/// GHL's OrderCreate sample in its amounts: 150.1 = 17 + 121 + 12.1 tax.
pub const ORDER: &str = r#"{
    "_id": "o1", "altId": "loc1", "altType": "location", "status": "pending", "contactId": "c1", "currency": "USD",
    "amount": 150.1, "liveMode": false, "createdAt": "2024-04-04T16:24:27.036Z", "updatedAt": "2024-04-04T16:24:31.297Z",
    "contactSnapshot": {"id": "c1", "firstName": "Ada", "lastName": "Fuller", "phone": "+15550100",
        "address1": "1 High Street", "city": "Leeds", "postalCode": "LS1 4AP", "country": "GB"},
    "items": [
        {"name": "Tee", "qty": 1, "product": {"_id": "pr1", "name": "Tee"},
            "price": {"_id": "p1", "name": "XL", "type": "one_time", "currency": "USD", "amount": 17}},
        {"name": "Coat", "qty": 2, "product": {"_id": "pr2", "name": "Coat"},
            "price": {"_id": "p2", "name": "M", "type": "one_time", "currency": "USD", "amount": 60.5}}
    ]
}"#;

/// All of the order is paid by card.
pub const PAYMENT: &str = r#"{
    "_id": "t1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "succeeded", "liveMode": false,
    "entityType": "order", "entityId": "o1", "amountRefunded": 0, "chargeId": "ch_1",
    "paymentProvider": {"type": "stripe"}, "createdAt": "2024-04-04T16:25:00.000Z", "updatedAt": "2024-04-04T16:25:00.000Z"
}"#;

/// What GoHighLevel makes of recorded cash, as far as anyone knows.
pub const RECORDED: &str = r#"{
    "_id": "t9", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "succeeded", "liveMode": false,
    "entityType": "order", "entityId": "o1", "paymentProvider": {"type": "cash"}, "createdAt": "2024-04-04T16:45:00.000Z"
}"#;

/// `json` with `from` replaced by `to`. Panics if `from` is not in it.
pub fn with_changed(json: &str, from: &str, to: &str) -> String {
    assert!(json.contains(from), "{from} is not in {json}");
    json.replacen(from, to, 1)
}

/// A page of a listing that has these rows alone.
pub fn page(rows: &[&str]) -> String {
    format!(r#"{{"data": [{}], "totalCount": {}}}"#, rows.join(","), rows.len())
}

/// What was done. Panics if the event was skipped.
pub fn done(receipt: Receipt) -> Report {
    match receipt {
        Receipt::Done(report) => report,
        Receipt::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

/// Why the event was skipped. Panics if it was not.
pub fn why_skipped(receipt: Receipt) -> String {
    match receipt {
        Receipt::Skipped(reason) => reason,
        Receipt::Done(report) => panic!("done: {:?}", report.effects),
    }
}

/// The effects: verb, system and kind.
pub fn verbs(report: &Report) -> Vec<(Verb, &str, &str)> {
    let effects = report.effects.iter();
    effects.map(|effect| (effect.verb, effect.system.as_str(), effect.kind.as_str())).collect()
}

/// The kinds of the alerts.
pub fn alerts(report: &Report) -> Vec<&str> {
    report.alerts.iter().map(|alert| alert.kind.as_str()).collect()
}

/// The requests that were no reads.
pub fn writes(fakes: &Fakes) -> Vec<Request> {
    fakes.sent().into_iter().filter(|request| request.method != Method::Get).collect()
}

/// A request's body. Panics if it has none.
pub fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone().expect("a body")).expect("text")
}

/// Runs `flow` on the shop of these ports and settings.
pub fn with_shop<T>(fakes: &Fakes, flow: impl Fn(&Shop) -> Result<T, Failure>) -> Result<T, Failure> {
    let cx: Context = fakes.context();
    let settings: ShopSettings = cx.settings()?;
    flow(&Shop::new(&cx, &settings))
}
