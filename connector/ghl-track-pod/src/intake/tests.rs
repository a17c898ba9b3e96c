//! Webhooks, polls and histories as events, against scripted vendors.

use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

// Now is 2024-04-04T17:00:00Z.
const HOUR: u64 = HOUR_MS;

fn order_row(id: &str, created_at: &str) -> String {
    format!(
        r#"{{"_id": "{id}", "status": "pending", "currency": "USD", "amount": 1, "sourceType": "website",
            "createdAt": "{created_at}", "updatedAt": "{created_at}"}}"#
    )
}

fn payment_row(id: &str, created_at: &str) -> String {
    let row = with_changed(PAYMENT, r#""_id": "t1""#, &format!(r#""_id": "{id}""#));
    with_changed(
        &row,
        r#""createdAt": "2024-04-04T16:25:00.000Z""#,
        &format!(r#""createdAt": "{created_at}""#),
    )
}

fn rows(rows: &[&str], total: usize) -> String {
    format!(r#"{{"data": [{}], "totalCount": {total}}}"#, rows.join(","))
}

fn changed(id: &str, status_id: u8, at: &str) -> String {
    format!(r#"{{"Id": "{id}", "RouteNumber": "R1", "StatusId": {status_id}, "StatusDate": "{at}"}}"#)
}

fn ids(page: &EventPage) -> Vec<&str> {
    page.events.iter().map(|event| event.id.as_str()).collect()
}

fn paths(fakes: &Fakes) -> Vec<String> {
    let path = |url: String| url.split_once(".com").map(|(_, path)| path.to_owned()).unwrap_or_default();
    fakes.sent().into_iter().map(|request| path(request.url)).collect()
}

fn offset(path: &str) -> &str {
    path.split("offset=").nth(1).unwrap().split('&').next().unwrap()
}

#[test]
fn a_listing_is_polled_through_all_pages_and_starts_over() {
    for (trigger, call, row) in [
        (TRANSACTIONS, "GET /payments/transactions?*", payment_row as fn(&str, &str) -> String),
        (ORDERS, "GET /payments/orders?*", order_row),
    ] {
        let (recent, old) = (row("x1", "2024-04-04T16:25:00Z"), row("x0", "2024-03-01T00:00:00Z"));
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer(call, 200, &rows(&[&recent, &old], 3))
            .answer(call, 200, &rows(&[&row("x2", "2024-04-04T16:30:00Z")], 3))
            .answer(call, 200, &rows(&[], 0));
        let cx = fakes.context();
        let first = poll(&cx, trigger, None).unwrap();
        assert!(first.more);
        assert_eq!(first.events.len(), 1, "what was made long before the connection is history");
        let second = poll(&cx, trigger, first.cursor.as_deref()).unwrap();
        assert!(!second.more);
        poll(&cx, trigger, second.cursor.as_deref()).unwrap();
        let sent = paths(&fakes);
        assert_eq!([offset(&sent[0]), offset(&sent[1]), offset(&sent[2])], ["0", "2", "0"]);
        assert!(sent[0].contains("startAt=2024-04-02"), "{}", sent[0]);
        assert!(matches!(poll(&cx, trigger, Some("nonsense")), Err(Failure::Rejected(_))));
    }
    assert!(matches!(poll(&Fakes::new(SETTINGS, NOW).context(), "orders", None), Err(Failure::Rejected(_))));
}

#[test]
fn an_hour_later_all_that_is_watched_is_looked_at() {
    let settings = r#"{"location_id":"loc1","order_days":10}"#;
    let begun = r#"{"since":0,"wide_at":0,"round":null}"#;
    let fakes = Fakes::new(settings, NOW).answer("GET /payments/orders?*", 200, &rows(&[], 0));
    let page = poll(&fakes.context(), ORDERS, Some(begun)).unwrap();
    assert!(paths(&fakes)[0].contains("startAt=2024-03-25"), "{:?}", paths(&fakes));
    let next = Fakes::new(settings, NOW + HOUR / 2).answer("GET /payments/orders?*", 200, &rows(&[], 0));
    poll(&next.context(), ORDERS, page.cursor.as_deref()).unwrap();
    assert!(paths(&next)[0].contains("startAt=2024-04-02"), "{:?}", paths(&next));
}

#[test]
fn an_order_has_a_new_event_whenever_it_changes() {
    let one = order_row("o1", "2024-04-04T16:00:00Z");
    let other = with_changed(
        &one,
        r#""updatedAt": "2024-04-04T16:00:00Z""#,
        r#""updatedAt": "2024-04-04T16:30:00Z""#,
    );
    let fakes =
        Fakes::new(SETTINGS, NOW).answer("GET /payments/orders?*", 200, &rows(&[&one, &one, &other], 3));
    let page = poll(&fakes.context(), ORDERS, None).unwrap();
    // 2024-04-04T16:00:00Z and T16:30:00Z by `date -ud … +%s`.
    let (first, second) = ("order o1 pending 1712246400000", "order o1 pending 1712248200000");
    assert_eq!(ids(&page), [first, first, second]);
    assert_eq!(page.events[0].subject, "o1");
}

#[test]
fn subscriptions_that_may_not_be_asked_for_pause_nothing() {
    let fakes = Fakes::new(SETTINGS, NOW).fail("GET /payments/subscriptions?*", denied());
    let page = poll(&fakes.context(), SUBSCRIPTIONS, None).unwrap();
    assert!(page.events.is_empty() && !page.more);
    let fakes = Fakes::new(SETTINGS, NOW).fail("GET /payments/orders?*", denied());
    assert!(matches!(poll(&fakes.context(), ORDERS, None), Err(Failure::NeedsAttention(_))));
}

fn denied() -> HttpError {
    HttpError::Denied("not granted".to_owned())
}

#[test]
fn changed_deliveries_are_asked_for_from_the_last_look_on() {
    let (one, two) =
        (changed("o1", 3, "2024-04-04T16:50:00"), changed("o2-20240404", 2, "2024-04-04T16:51:00"));
    let planned = r#"{"Id": "o3", "RouteNumber": "R1"}"#;
    let foreign = r#"{"Number": "7", "StatusId": 3}"#;
    let list = format!("[{one},{two},{planned},{foreign},{one}]");
    let looked_at = NOW - 10 * 60 * 1000;
    let cursor = format!(r#"{{"looked_at":{looked_at},"day":null,"look":null,"offset":0}}"#);
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /Order/Status/Date/*", 200, &list);
    let page = poll(&fakes.context(), DELIVERIES, Some(&cursor)).unwrap();
    // A quarter of an hour before 16:50.
    assert!(paths(&fakes)[0].contains("2024-04-04T16%3A35%3A00"), "{:?}", paths(&fakes));
    assert_eq!(
        ids(&page),
        [
            "delivery o1 delivered 1 2024-04-04T16:50:00",
            "delivery o2-20240404 attempt failed 1 2024-04-04T16:51:00"
        ]
    );
    assert_eq!(page.events[1].subject, "o2", "a renewal is handled in turn with its order");
    assert!(!page.more);
    assert!(page.cursor.unwrap().contains(&format!(r#""looked_at":{NOW}"#)));
}

#[test]
fn days_are_gone_through_after_a_long_gap() {
    let looked_at = NOW - 30 * HOUR;
    let cursor = format!(r#"{{"looked_at":{looked_at},"day":null,"look":null,"offset":0}}"#);
    let one = changed("o1", 3, "2024-04-03T16:50:00");
    let mut fakes = Fakes::new(SETTINGS, NOW);
    // From the day before the gap to tomorrow: accounts may be ahead of UTC and behind it.
    for day in ["2024-04-02", "2024-04-03", "2024-04-04", "2024-04-05"] {
        fakes = fakes.answer(&format!("GET /Order/Route/Date/{day}"), 200, &format!("[{one}]")).answer(
            &format!("GET /Order/Date/{day}"),
            200,
            &format!("[{one}]"),
        );
    }
    let fakes = fakes.answer("GET /Order/Status/Date/*", 200, "[]");
    let cx = fakes.context();
    let mut page = poll(&cx, DELIVERIES, Some(&cursor)).unwrap();
    let mut rounds = 1;
    while page.more {
        assert_eq!(page.events.len(), 1, "once, though two listings have it");
        page = poll(&cx, DELIVERIES, page.cursor.as_deref()).unwrap();
        rounds += 1;
    }
    assert_eq!(rounds, 5);
    // Not before a day ago, which Track-POD refuses.
    assert!(paths(&fakes)[8].contains("2024-04-03T18%3A00%3A00"), "{:?}", paths(&fakes));
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_gap_beyond_measure_is_caught_up_with_in_part_and_said() {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /Order/Route/Date/2024-02-04", 200, "[]").answer(
        "GET /Order/Date/2024-02-04",
        200,
        "[]",
    );
    let cursor = r#"{"looked_at":0,"day":null,"look":null,"offset":0}"#;
    assert!(poll(&fakes.context(), DELIVERIES, Some(cursor)).unwrap().more);
    assert!(fakes.lines()[0].contains("backfill"), "{:?}", fakes.lines());
}

#[test]
fn a_crowded_day_comes_in_pages() {
    let many: Vec<String> =
        (0..501).map(|index| changed(&format!("o{index:03}"), 3, "2024-04-04T10:00:00")).collect();
    let list = format!("[{}]", many.join(","));
    let window = Window { start: NOW - HOUR, end: NOW };
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Route/Date/2024-04-04", 200, &list)
        .answer("GET /Order/Date/2024-04-04", 200, "[]")
        .answer("GET /Order/Route/Date/2024-04-04", 200, &list)
        .answer("GET /Order/Date/2024-04-04", 200, "[]");
    let cx = fakes.context();
    let first = backfill(&cx, DELIVERIES, window, None).unwrap();
    assert_eq!((first.events.len(), first.more), (500, true));
    let second = backfill(&cx, DELIVERIES, window, first.cursor.as_deref()).unwrap();
    assert_eq!((second.events.len(), second.more), (1, false));
    assert_eq!(second.events[0].subject, "o500");
}

#[test]
fn history_has_the_ids_of_the_present_and_keeps_to_its_window() {
    let (inside, outside) =
        (payment_row("t1", "2024-04-04T16:25:00Z"), payment_row("t0", "2024-04-02T10:00:00Z"));
    let list = rows(&[&inside, &outside], 2);
    let window = Window { start: NOW - HOUR, end: NOW };
    let call = "GET /payments/transactions?*";
    let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &list).answer(call, 200, &list);
    let live = poll(&fakes.context(), TRANSACTIONS, None).unwrap();
    let history = backfill(&fakes.context(), TRANSACTIONS, window, None).unwrap();
    assert_eq!(ids(&history), ids(&live));
    assert_eq!(ids(&history), ["transaction t1 succeeded 0"]);
    assert_eq!((history.more, history.cursor), (false, None));
    let sent = &paths(&fakes)[1];
    assert!(sent.contains("startAt=2024-04-03") && sent.contains("endAt=2024-04-05"), "{sent}");
}

#[test]
fn a_history_of_many_rows_comes_in_pages() {
    let call = "GET /payments/orders?*";
    let row = order_row("o1", "2024-04-04T16:25:00Z");
    let fakes =
        Fakes::new(SETTINGS, NOW).answer(call, 200, &rows(&[&row], 2)).answer(call, 200, &rows(&[&row], 2));
    let window = Window { start: NOW - HOUR, end: NOW };
    let first = backfill(&fakes.context(), ORDERS, window, None).unwrap();
    assert!(first.more);
    let second = backfill(&fakes.context(), ORDERS, window, first.cursor.as_deref()).unwrap();
    assert!(!second.more);
    assert_eq!(offset(&paths(&fakes)[1]), "1");
}

fn deliver(fakes: &Fakes, source: &str, body: &str) -> Result<Vec<Event>, Failure> {
    let delivery =
        Delivery { source: source.to_owned(), headers: Vec::new(), body: body.as_bytes().to_vec() };
    receive(&fakes.context(), &delivery)
}

#[test]
fn webhooks_become_events_of_the_same_subject() {
    let none = || Fakes::new(SETTINGS, NOW);
    let hook =
        with_changed(ORDER, "{", r#"{"type": "OrderCreate", "webhookId": "w1", "locationId": "loc1","#);
    let events = deliver(&none(), "ghl", &hook).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("order o1 w1", "o1"));
    assert!(events[0].raw.as_ref().unwrap().contains("webhookId"));
    let elsewhere = with_changed(&hook, r#""locationId": "loc1""#, r#""locationId": "another""#);
    assert!(deliver(&none(), "ghl", &elsewhere).unwrap().is_empty(), "another location's order is not ours");
    let status = |data: &str| {
        format!(
            r#"{{"Metadata":{{"Event":"OrderStatusUpdated","Date":"2024-04-05T10:00:00Z"}},"Data":{data}}}"#
        )
    };
    assert_eq!(deliver(&none(), "track-pod", &status(&delivered(""))).unwrap()[0].subject, "o1");
    let renewal = status(r#"{"Id":"o1-20240504","StatusId":3}"#);
    assert_eq!(deliver(&none(), "track-pod", &renewal).unwrap()[0].subject, "o1");
    let foreign = status(r#"{"Number":"7"}"#);
    assert!(
        deliver(&none(), "track-pod", &foreign).unwrap().is_empty(),
        "an order without our id is not ours"
    );
    assert!(deliver(&none(), "ghl", r#"{"type":"ContactCreate","id":"c1"}"#).unwrap().is_empty());
    assert!(matches!(deliver(&none(), "ghl", "not json"), Err(Failure::Rejected(_))));
    assert!(matches!(deliver(&none(), "elsewhere", "{}"), Err(Failure::Rejected(_))));
}

#[test]
fn what_a_workflow_sends_is_read_from_the_api() {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    let events = deliver(&fakes, "ghl", r#"{"order":{"id":"o1"}}"#).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("order o1 pending 1712247871297", "o1"));
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t1?*", 200, PAYMENT);
    let events = deliver(&fakes, "ghl", r#"{"payment":{"transaction_id":"t1"}}"#).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("transaction t1 succeeded 0", "o1"));
    let elsewhere = Fakes::new(SETTINGS, NOW);
    assert!(
        deliver(&elsewhere, "ghl", r#"{"order_id":"o1","location":{"id":"another"}}"#).unwrap().is_empty()
    );
    let gone = Fakes::new(SETTINGS, NOW).answer(
        "GET /payments/orders/o1?*",
        400,
        r#"{"message":"Order not found"}"#,
    );
    assert!(deliver(&gone, "ghl", r#"{"order_id":"o1"}"#).unwrap().is_empty());
}
