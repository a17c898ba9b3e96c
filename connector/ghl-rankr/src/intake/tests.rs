//! Webhooks and polls as events, against scripted vendors.

use proptest::prelude::*;
use transload_model::FulfillmentState;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

fn delivery(source: &str, body: &str) -> Delivery {
    Delivery { source: source.to_owned(), headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn hear(fakes: &Fakes, source: &str, body: &str) -> Result<Vec<Event>, Failure> {
    receive(&fakes.context(), &delivery(source, body))
}

fn ask(fakes: &Fakes, trigger: &str, cursor: Option<&str>) -> EventPage {
    poll(&fakes.context(), trigger, cursor).unwrap()
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

fn fakes() -> Fakes {
    Fakes::new(SETTINGS, NOW)
}

/// An order as Rankr answers it, received at this second of 2024-04-04T17:00Z.
fn sink_order(status: &str, second: u8) -> String {
    format!(
        r#"{{"orderId":"o1","version":5,"status":"{status}","amount":"150.10","currency":"USD","live":false,
            "receivedAt":"2024-04-04T17:00:{second:02}.000Z"}}"#
    )
}

fn fulfillment(id: &str, state: &str) -> String {
    format!(
        r#"{{"fulfillmentId":"{id}","orderId":"o1","status":"{state}","updatedAt":"2024-04-04T17:00:05.000Z"}}"#
    )
}

fn hook(kind: &str, data: &str) -> String {
    format!(r#"{{"type":"{kind}","timestamp":"2024-04-04T17:00:09.000Z","data":{data}}}"#)
}

/// Rankr was told of the order in this status.
fn sent(fakes: &Fakes, status: &str) {
    let entry = format!(r#"{{"version":5,"sent":{}}}"#, sink_order(status, 0));
    fakes.context().store.put("sent/order/o1", entry.as_bytes()).unwrap();
}

/// Rankr's fulfilment r1 was handled.
fn handled(fakes: &Fakes) {
    // 2024-04-04T17:00:05Z by `date -ud … +%s`.
    let links = r#"{"r1":{"ghl":"g1","state":"delivered","at":1712250005000}}"#;
    fakes.context().store.put("links/o1", links.as_bytes()).unwrap();
}

#[test]
fn what_rankr_was_told_is_no_news_of_it() {
    let fakes = fakes();
    let body = hook("order.updated", &sink_order("pending", 1));
    // 2024-04-04T17:00:01Z by `date -ud … +%s`.
    let expected = ["rankr order o1 1712250001000"];
    let events = hear(&fakes, "rankr", &body).unwrap();
    assert_eq!(ids(&events), expected);
    assert_eq!((events[0].source, events[0].subject.as_str()), ("rankr", "o1"));
    assert_eq!(events[0].raw.as_deref(), Some(body.as_str()));
    sent(&fakes, "pending");
    assert!(hear(&fakes, "rankr", &body).unwrap().is_empty());
    let edited = hook("order.updated", &sink_order("completed", 1));
    assert_eq!(ids(&hear(&fakes, "rankr", &edited).unwrap()), expected);
}

#[test]
fn a_fulfilment_is_news_until_it_is_handled() {
    let fakes = fakes();
    let body = hook("fulfillment.created", &fulfillment("r1", "delivered"));
    let events = hear(&fakes, "rankr", &body).unwrap();
    assert_eq!(ids(&events), ["rankr fulfillment r1 delivered 1712250005000 "]);
    assert_eq!(events[0].subject, "o1");
    handled(&fakes);
    assert!(hear(&fakes, "rankr", &body).unwrap().is_empty());
    let off = hook("fulfillment.updated", &fulfillment("r1", "cancelled"));
    let events = hear(&fakes, "rankr", &off).unwrap();
    let Change::Fulfillment(fulfillment) = &events[0].change else { panic!("{events:?}") };
    assert_eq!(fulfillment.state, FulfillmentState::Cancelled);
}

#[test]
fn a_webhook_without_its_object_has_it_read() {
    let fakes = fakes()
        .answer("GET /orders/o1", 200, &sink_order("pending", 1))
        .answer(
            "GET /payments/orders/o1/fulfillments",
            200,
            &format!(r#"{{"items":[{}]}}"#, fulfillment("r1", "loaded")),
        )
        .answer("GET /invoices/i1", 404, MISSING);
    let order = hook("order.updated", r#"{"orderId":"o1"}"#);
    assert_eq!(hear(&fakes, "rankr", &order).unwrap().len(), 1);
    let one = hook("fulfillment.created", r#"{"orderId":"o1","fulfillmentId":"r1"}"#);
    assert_eq!(hear(&fakes, "rankr", &one).unwrap().len(), 1);
    let gone = hook("invoice.updated", r#"{"invoiceId":"i1"}"#);
    assert!(hear(&fakes, "rankr", &gone).unwrap().is_empty());
    assert!(hear(&fakes, "rankr", &hook("customer.updated", "{}")).unwrap().is_empty());
}

#[test]
fn what_is_no_webhook_is_refused() {
    for (source, body) in [("rankr", "{}"), ("rankr", "x"), ("ghl", "[]"), ("track-pod", "{}")] {
        assert!(matches!(hear(&fakes(), source, body), Err(Failure::Rejected(_))), "{source} {body}");
    }
}

#[test]
fn an_invoices_webhook_is_a_hint() {
    let invoice = r#"{"_id": "i1", "status": "paid", "liveMode": true, "total": 999, "amountPaid": 999, "currency": "USD",
        "updatedAt": "2024-04-04T16:20:00.000Z"}"#;
    let told = |kind: &str, location: &str| {
        format!(
            r#"{{"type": "{kind}", "locationId": "{location}", "_id": "i1", "status": "sent", "total": 1}}"#
        )
    };
    let fakes = fakes()
        .answer("GET /invoices/i1?*", 200, invoice)
        .fail("GET /invoices/i1?*", HttpError::Denied("not granted".to_owned()));
    let events = hear(&fakes, "ghl", &told("InvoicePaid", "loc1")).unwrap();
    // 2024-04-04T16:20:00Z by `date -ud … +%s`.
    assert_eq!(ids(&events), ["invoice i1 paid 999 1712247600000"]);
    assert!(hear(&fakes, "ghl", &told("InvoicePaid", "loc1")).unwrap().is_empty(), "not granted");
    assert!(hear(&fakes, "ghl", &told("InvoicePaid", "loc2")).unwrap().is_empty());
    assert!(hear(&fakes, "ghl", &told("InvoiceDelete", "loc1")).unwrap().is_empty());
    assert_eq!(fakes.sent().len(), 2);
}

const ORDER_ROW: &str = r#"{"_id": "o1", "status": "pending", "currency": "USD", "amount": 150.1, "liveMode": false,
    "sourceType": "website", "fulfillmentStatus": "fulfilled", "createdAt": "2024-04-04T16:24:27.036Z",
    "updatedAt": "2024-04-04T16:24:31.297Z"}"#;

/// The order was handled as it is in ORDER_ROW.
fn seen(fakes: &Fakes) {
    let state = "order o1 pending 1712247871297 fulfilled";
    fakes.context().store.put("seen/order/o1", state.as_bytes()).unwrap();
}

#[test]
fn an_order_that_was_handled_as_it_is_is_no_news() {
    let fakes = fakes().answer("GET /payments/orders?*", 200, &page(&[ORDER_ROW])).answer(
        "GET /payments/orders?*",
        200,
        &page(&[ORDER_ROW]),
    );
    assert_eq!(ids(&ask(&fakes, ORDERS, None).events), ["order o1 pending 1712247871297"]);
    seen(&fakes);
    assert!(ask(&fakes, ORDERS, None).events.is_empty());
}

#[test]
fn a_fulfilment_in_gohighlevel_is_found_once() {
    let list = r#"{"data": [{"_id": "g1", "items": [], "createdAt": "2024-04-04T16:30:00.000Z"}, {"_id": "g2", "items": []}]}"#;
    let asked = |row: &str, list: &str| {
        Fakes::new(SETTINGS, NOW).answer("GET /payments/orders?*", 200, &page(&[row])).answer(
            "GET /payments/orders/o1/fulfillments?*",
            200,
            list,
        )
    };
    let fakes = asked(ORDER_ROW, list);
    let found = ask(&fakes, FULFILLMENTS, None);
    assert_eq!(ids(&found.events), ["fulfillment g1", "fulfillment g2"]);
    assert_eq!((found.events[0].source, found.events[0].subject.as_str(), found.more), ("ghl", "o1", false));
    let fakes = asked(ORDER_ROW, list);
    handled(&fakes);
    assert_eq!(ids(&ask(&fakes, FULFILLMENTS, None).events), ["fulfillment g2"], "g1 is known");
    for (status, asks) in [("unfulfilled", 1), ("fulfilled", 1), ("partially_fulfilled", 2)] {
        let row = with_changed(ORDER_ROW, r#""fulfilled""#, &format!("\"{status}\""));
        let fakes = asked(&row, list);
        seen(&fakes);
        ask(&fakes, FULFILLMENTS, None);
        assert_eq!(fakes.sent().len(), asks, "{status}");
    }
    let off = r#"{"location_id":"loc1","mode":"all","fulfillments":{"sync":false}}"#;
    assert!(ask(&Fakes::new(off, NOW), FULFILLMENTS, None).events.is_empty());
}

#[test]
fn many_fulfilled_orders_are_asked_for_in_turns() {
    let rows: Vec<String> =
        (0..30).map(|at| with_changed(ORDER_ROW, r#""_id": "o1""#, &format!(r#""_id": "n{at}""#))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut fakes = fakes();
    for turn in [0..25, 25..30] {
        fakes = fakes.answer("GET /payments/orders?*", 200, &page(&rows));
        for at in turn {
            let call = format!("GET /payments/orders/n{at}/fulfillments?*");
            fakes = fakes.answer(&call, 200, r#"{"data": [{"_id": "g", "items": []}]}"#);
        }
    }
    let first = ask(&fakes, FULFILLMENTS, None);
    assert_eq!((first.events.len(), first.more), (25, true));
    let second = ask(&fakes, FULFILLMENTS, first.cursor.as_deref());
    assert_eq!((second.events.len(), second.more), (5, false));
    assert!(fakes.unanswered().is_empty());
}

fn sink_page(items: &[&str], next: Option<&str>) -> String {
    let next = next.map(|next| format!(r#","nextCursor":"{next}""#)).unwrap_or_default();
    format!(r#"{{"items":[{}]{next}}}"#, items.join(","))
}

#[test]
fn what_changed_in_rankr_is_polled_a_quarter_of_an_hour_back() {
    let echo = sink_order("pending", 1);
    let edited = with_changed(&sink_order("completed", 2), r#""orderId":"o1""#, r#""orderId":"o2""#);
    let fakes = fakes()
        .answer(
            "GET /orders?updated_since=2024-04-04T16%3A45%3A00.000Z",
            200,
            &sink_page(&[&echo], Some("c2")),
        )
        .answer(
            "GET /orders?updated_since=2024-04-04T16%3A45%3A00.000Z&cursor=c2",
            200,
            &sink_page(&[&edited], None),
        )
        .answer("GET /orders?updated_since=2024-04-04T16%3A45%3A00.000Z", 200, &sink_page(&[], None));
    sent(&fakes, "pending");
    let first = ask(&fakes, SINK_ORDERS, None);
    assert_eq!((first.events.len(), first.more), (0, true));
    let second = ask(&fakes, SINK_ORDERS, first.cursor.as_deref());
    assert_eq!((ids(&second.events), second.more), (vec!["rankr order o2 1712250002000"], false));
    assert!(ask(&fakes, SINK_ORDERS, second.cursor.as_deref()).events.is_empty());
    assert!(matches!(poll(&fakes.context(), SINK_ORDERS, Some("x")), Err(Failure::Rejected(_))));
}

#[test]
fn a_fulfilment_whose_webhook_was_lost_is_found_by_its_order() {
    let order = |second: u8| {
        let at = format!(r#""live":false,"fulfillmentsAt":"2024-04-04T17:00:{second:02}.000Z""#);
        with_changed(&sink_order("pending", 9), r#""live":false"#, &at)
    };
    let fakes = fakes()
        .answer("GET /orders?*", 200, &sink_page(&[&order(5)], None))
        .answer("GET /orders?*", 200, &sink_page(&[&order(5)], None))
        .answer("GET /orders?*", 200, &sink_page(&[&order(6)], None));
    sent(&fakes, "pending");
    assert_eq!(ask(&fakes, SINK_ORDERS, None).events.len(), 1);
    handled(&fakes);
    assert!(ask(&fakes, SINK_ORDERS, None).events.is_empty());
    assert_eq!(ask(&fakes, SINK_ORDERS, None).events.len(), 1, "another one");
}

#[test]
fn a_look_whose_page_cannot_be_had_begins_anew() {
    let cursor = r#"{"looked_at":1712250000000,"look":{"start":1712250300000,"next":"c2"}}"#;
    let fakes = fakes()
        .answer("GET /orders?*", 422, r#"{"title":"Unprocessable","detail":"cursor is too old"}"#)
        .answer("GET /orders?updated_since=2024-04-04T16%3A45%3A00.000Z", 200, &sink_page(&[], None));
    let page = ask(&fakes, SINK_ORDERS, Some(cursor));
    assert_eq!((page.events.len(), page.more), (0, false));
    ask(&fakes, SINK_ORDERS, page.cursor.as_deref());
    let fails = Fakes::new(SETTINGS, NOW).answer("GET /orders?*", 422, "{}");
    assert!(matches!(poll(&fails.context(), SINK_ORDERS, None), Err(Failure::Retry(_))));
}

#[test]
fn an_invoice_that_was_edited_in_rankr_is_found() {
    let invoice = r#"{"invoiceId":"i1","version":5,"status":"paid","amount":"999","currency":"USD","orderId":"o1",
        "receivedAt":"2024-04-04T17:00:01.000Z"}"#;
    let fakes = fakes().answer("GET /invoices?*", 200, &sink_page(&[invoice], None));
    let page = ask(&fakes, SINK_INVOICES, None);
    assert_eq!(ids(&page.events), ["rankr invoice i1 1712250001000"]);
    assert_eq!(page.events[0].subject, "i1");
}

#[test]
fn a_trigger_that_is_not_there_is_named() {
    for trigger in ["orders", "sink-order-events", ""] {
        let failure = poll(&fakes().context(), trigger, None).unwrap_err();
        assert!(
            matches!(&failure, Failure::Rejected(reason) if reason.contains("\"sink-orders\"")),
            "{failure:?}"
        );
        let window = Window { start: 0, end: 1 };
        assert!(backfill(&fakes().context(), trigger, window, None).is_err());
    }
    assert!(ask(&fakes(), OVERDUE_CHARGES, None).events.is_empty());
}

proptest! {
    /// No webhook of Rankr's makes it panic, and each is an event or refused.
    #[test]
    fn any_body_is_heard_or_refused(body in ".{0,200}") {
        let _ = hear(&fakes(), "rankr", &body);
    }
}
