//! The flows against scripted vendors: which calls they make, in which order, and what they write.

use serde_json::{Value, json};
use transload_sdk::fakes::Fakes;
use transload_sdk::{Connector, Context, Failure, Receipt, Verb};
use transload_wire::{HttpError, Method, Request};

use super::GhlTrackPod;
use crate::orders;
use crate::settings::Connection;

const SETTINGS: &str = r#"{"location_id":"loc1","mode":"all"}"#;
const NOW: u64 = 1_712_250_000_000;

const NO_NOTES: &str = r#"{"notes":[]}"#;
const NOTE: &str = r#"{"note":{"id":"n1","body":"x","contactId":"c1"}}"#;

/// GHL's OrderCreate sample in its amounts: 150.1 = 17 + 121 + 12.1 tax. The fixtures are text, because a JSON value of
/// serde_json's would turn their amounts into floats.
const ORDER: &str = r#"{
    "_id": "o1", "altId": "loc1", "altType": "location", "status": "pending", "fulfillmentStatus": "unfulfilled",
    "contactId": "c1", "currency": "USD", "amount": 150.1, "liveMode": false,
    "createdAt": "2024-04-04T16:24:27.036Z", "updatedAt": "2024-04-04T16:24:31.297Z",
    "contactSnapshot": {"id": "c1", "firstName": "Ada", "lastName": "Fuller", "phone": "+15550100",
        "address1": "1 High Street", "city": "Leeds", "postalCode": "LS1 4AP", "country": "GB"},
    "items": [
        {"name": "Tee", "qty": 1, "product": {"_id": "pr1", "name": "Tee"},
            "price": {"_id": "p1", "name": "XL", "type": "one_time", "currency": "USD", "amount": 17}},
        {"name": "Coat", "qty": 2, "product": {"_id": "pr2", "name": "Coat"},
            "price": {"_id": "p2", "name": "M", "type": "one_time", "currency": "USD", "amount": 60.5}}
    ]
}"#;

/// All of the order is paid.
const PAYMENT: &str = r#"{
    "_id": "t1", "altId": "loc1", "altType": "location", "contactId": "c1", "currency": "USD", "amount": 150.1,
    "status": "succeeded", "liveMode": false, "entityType": "order", "entityId": "o1", "entitySourceType": "funnel",
    "entitySource": {"type": "funnel", "id": "f1"}, "amountRefunded": 0, "createdAt": "2024-04-04T16:25:00.000Z",
    "updatedAt": "2024-04-04T16:25:00.000Z", "fulfilledAt": "2024-04-04T16:25:00.000Z"
}"#;

/// `json` with `from` replaced by `to`.
fn with_changed(json: &str, from: &str, to: &str) -> String {
    assert!(json.contains(from), "{from} is not in {json}");
    json.replacen(from, to, 1)
}

/// The payment with a third of it given back.
fn refunded() -> String {
    with_changed(PAYMENT, r#""amountRefunded": 0"#, r#""amountRefunded": 50.05"#)
}

fn transactions_page(rows: &[&str], total: usize) -> String {
    format!(r#"{{"data": [{}], "totalCount": {total}}}"#, rows.join(","))
}

fn no_transactions() -> String {
    transactions_page(&[], 0)
}

fn delivery(status_id: Option<u8>, quantities: [Option<u8>; 2]) -> String {
    let number = |value: Option<u8>| value.map_or("null".to_owned(), |value| value.to_string());
    let goods = |id: &str, ordered: u8, fact: Option<u8>| {
        let fact = number(fact);
        format!(
            r#"{{"OrderLineId": "{id}", "GoodsId": "{id}", "GoodsName": "{id}", "Quantity": {ordered}, "QuantityFact": {fact}}}"#
        )
    };
    format!(
        r#"{{"Id": "o1", "Number": "o1", "TrackId": "track-1", "TrackLink": "https://web.track-pod.com/track?id=track-1",
            "Type": 0, "StatusId": {}, "RouteNumber": "R1", "SignatureName": "A. Fuller", "COD": 150.1,
            "StatusDate": "2024-04-05T10:00:00", "GoodsList": [{}, {}]}}"#,
        number(status_id),
        goods("p1", 1, quantities[0]),
        goods("p2", 2, quantities[1])
    )
}

fn with<T>(fakes: &Fakes, flow: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
    let cx: Context = fakes.context();
    let settings = cx.settings()?;
    flow(&Connection::new(&cx, &settings))
}

fn verbs(receipt: &Receipt) -> Vec<(Verb, &str, &str)> {
    match receipt {
        Receipt::Done(report) => report
            .effects
            .iter()
            .map(|effect| (effect.verb, effect.system.as_str(), effect.kind.as_str()))
            .collect(),
        Receipt::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

fn writes(fakes: &Fakes) -> Vec<Request> {
    fakes.sent().into_iter().filter(|request| request.method != Method::Get).collect()
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone().unwrap()).unwrap()
}

#[test]
fn an_unpaid_order_becomes_a_delivery_with_cash_on_delivery() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /Order/Id/o1", 404, "")
        .answer("POST /Order*", 201, r#"{"Status":201,"Title":"Created","Detail":"ok"}"#)
        .answer("GET /Order/Id/o1", 200, &delivery(None, [None, None]))
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let receipt = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap();
    assert_eq!(verbs(&receipt), [(Verb::Created, "track-pod", "order"), (Verb::Noted, "ghl", "note")]);
    assert!(fakes.unanswered().is_empty());
    let writes = writes(&fakes);
    let created = body(&writes[0]);
    assert!(created.contains(r#""COD":150.1"#), "{created}");
    assert!(created.contains(r#""OrderLineId":"p2""#) && created.contains(r#""Id":"o1""#), "{created}");
    let note = body(&writes[1]);
    assert!(note.contains("150.10 USD to be paid on delivery"), "{note}");
    assert!(note.contains("[transload delivery-created o1]"), "{note}");
}

#[test]
fn a_paid_order_asks_for_no_cash() {
    asks_for_no_cash(PAYMENT);
}

#[test]
fn a_refund_is_not_collected_by_the_driver() {
    asks_for_no_cash(&refunded());
}

fn asks_for_no_cash(paid: &str) {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &transactions_page(&[paid], 1))
        .answer("GET /Order/Id/o1", 404, "")
        .answer("POST /Order*", 201, "{}")
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    with(&fakes, |connection| orders::sync(connection, "o1")).unwrap();
    assert!(!body(&writes(&fakes)[0]).contains("COD"));
}

#[test]
fn an_order_that_is_already_delivered_for_is_not_written_again() {
    let mark = r#"{"notes":[{"id":"n1","body":"Delivery planned\n[transload delivery-created o1]"}]}"#;
    let first = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /Order/Id/o1", 404, "")
        .answer("POST /Order*", 201, "{}")
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    with(&first, |connection| orders::sync(connection, "o1")).unwrap();
    // Track-POD shows what was created, as its Order has the members of the request among its own.
    let created = body(&writes(&first)[0]);
    let again = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /Order/Id/o1", 200, &created)
        .answer("GET /contacts/c1/notes", 200, mark);
    let receipt = with(&again, |connection| orders::sync(connection, "o1")).unwrap();
    assert_eq!(verbs(&receipt), [(Verb::Verified, "track-pod", "order"), (Verb::Verified, "ghl", "note")]);
    assert!(writes(&again).is_empty());
}

#[test]
fn a_new_address_for_a_planned_order_is_told_to_a_person() {
    let elsewhere = r#""Address": "9 Old Road, York", "RouteNumber": "R1""#;
    let planned = with_changed(&delivery(None, [None, None]), r#""RouteNumber": "R1""#, elsewhere);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /Order/Id/o1", 200, &planned)
        .answer("PUT /Order*", 202, "{}")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let Receipt::Done(report) = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap() else {
        panic!("something was to be done");
    };
    assert_eq!(report.alerts[0].kind, "address-too-late");
}

#[test]
fn a_change_that_comes_too_late_is_told_to_a_person() {
    let present = with_changed(&delivery(Some(1), [None, None]), r#""COD": 150.1"#, r#""COD": 1"#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /Order/Id/o1", 200, &present)
        .answer("PUT /Order*", 405, r#"{"Status":405,"Title":"Not allowed","Detail":"order has been processed on the mobile application"}"#);
    let Receipt::Done(report) = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap() else {
        panic!("something was to be done");
    };
    assert!(report.effects.is_empty());
    let alert = report.alerts.last().unwrap();
    assert_eq!(alert.kind, "change-too-late");
    assert!(alert.message.contains("processed on the mobile application"), "{}", alert.message);
}

#[test]
fn a_payment_after_the_delivery_alarms_nobody() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &transactions_page(&[PAYMENT], 1))
        .answer("GET /Order/Id/o1", 200, &delivery(Some(3), [None, None]));
    let receipt = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap();
    assert!(matches!(receipt, Receipt::Skipped(reason) if reason.contains("already delivered")));
    assert!(writes(&fakes).is_empty());
}

#[test]
fn an_order_without_any_address_is_refused_by_name() {
    let snapshot = r#""contactSnapshot": {"id": "c1", "firstName": "Ada", "lastName": "Fuller", "phone": "+15550100",
        "address1": "1 High Street", "city": "Leeds", "postalCode": "LS1 4AP", "country": "GB"}"#;
    let bare = with_changed(ORDER, snapshot, r#""contactSnapshot": {"id": "c1", "firstName": "Ada"}"#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, &bare)
        .answer("GET /payments/transactions?*", 200, &no_transactions())
        .answer("GET /contacts/c1", 200, r#"{"contact":{"id":"c1","firstName":"Ada"}}"#)
        .answer("GET /Order/Id/o1", 404, "");
    let failure = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap_err();
    assert!(
        matches!(&failure, Failure::Rejected(reason) if reason.contains("o1") && reason.contains("add the address to contact c1")),
        "{failure:?}"
    );
    assert!(writes(&fakes).is_empty());
}

#[test]
fn an_order_paid_in_another_currency_is_left_to_a_person() {
    let euros = with_changed(PAYMENT, r#""currency": "USD""#, r#""currency": "EUR""#);
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER).answer(
        "GET /payments/transactions?*",
        200,
        &transactions_page(&[euros.as_str()], 1),
    );
    let failure = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap_err();
    assert!(
        matches!(&failure, Failure::Rejected(reason) if reason.contains("another currency")),
        "{failure:?}"
    );
}

#[test]
fn a_total_below_zero_is_refused() {
    let order = with_changed(ORDER, r#""amount": 150.1"#, r#""amount": -5"#);
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, &order);
    let failure = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains("-5.00 USD")), "{failure:?}");
}

#[test]
fn a_busy_vendor_is_tried_again_and_a_refused_credential_is_not() {
    let busy = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1*", 503, "");
    assert!(matches!(with(&busy, |connection| orders::sync(connection, "o1")), Err(Failure::Retry(_))));
    let lost = Fakes::new(SETTINGS, NOW).fail("GET /payments/orders/o1*", HttpError::Timeout);
    assert!(matches!(with(&lost, |connection| orders::sync(connection, "o1")), Err(Failure::Retry(_))));
    let refused = Fakes::new(SETTINGS, NOW).answer(
        "GET /payments/orders/o1*",
        401,
        r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#,
    );
    let failure = with(&refused, |connection| orders::sync(connection, "o1")).unwrap_err();
    assert!(
        matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("not authorized for this scope")),
        "{failure:?}"
    );
}

#[test]
fn settings_that_are_wrong_name_the_fault() {
    let fakes = Fakes::new(r#"{"location_id":"l","mood":"live"}"#, NOW);
    let failure = with(&fakes, |connection| orders::sync(connection, "o1")).unwrap_err();
    assert!(matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("mood")), "{failure:?}");
}

#[test]
fn the_manifest_is_in_order() {
    let description = GhlTrackPod::describe();
    let schema: Value = serde_json::from_str(&description.settings_schema).unwrap();
    assert_eq!(schema["required"], json!(["location_id"]));
    for text in description.triggers.iter().flat_map(|trigger| [&trigger.output_schema, &trigger.sample]) {
        serde_json::from_str::<Value>(text).unwrap();
    }
    for text in description
        .actions
        .iter()
        .flat_map(|action| [&action.input_schema, &action.output_schema, &action.sample])
    {
        serde_json::from_str::<Value>(text).unwrap();
    }
    let scope = transload_flows::templates::Scope::sample().unwrap();
    for template in &description.templates {
        let settings: crate::settings::Settings = serde_json::from_str(&template.settings).unwrap();
        assert_eq!(settings.faults(&scope), [], "{}", template.name);
    }
    let names: Vec<&str> = description.templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names, ["delivery", "delivery-with-cod", "click-and-collect", "read-only-monitor"]);
    for api in &description.apis {
        for (index, endpoint) in api.endpoints.iter().enumerate() {
            let same =
                |other: &&transload_sdk::bindings::exports::transload::connector::manifest::Endpoint| {
                    other.method == endpoint.method && other.path == endpoint.path
                };
            assert_eq!(api.endpoints.iter().filter(same).count(), 1, "{index}: {}", endpoint.path);
        }
    }
}
