//! Webhooks, polls and histories as events, against scripted vendors.

use transload_flows::cursor::HOUR_MS;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

// Now is 2024-04-04T17:00:00Z.
const HOUR: u64 = HOUR_MS;

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
    let deleted = r#"{"Metadata":{"Event":"OrderDeleted","Date":"2024-04-05T10:00:00Z"},"Data":{"Number":"o1","DeletedBy":"ann"}}"#;
    assert_eq!(deliver(&none(), "track-pod", deleted).unwrap()[0].subject, "o1", "no id is told of it");
    assert!(matches!(deliver(&none(), "ghl", "not json"), Err(Failure::Rejected(_))));
    assert!(matches!(deliver(&none(), "elsewhere", "{}"), Err(Failure::Rejected(_))));
}

#[test]
fn a_trigger_is_polled_by_its_name() {
    for (trigger, call) in [
        (ORDERS, "GET /payments/orders?*"),
        (TRANSACTIONS, "GET /payments/transactions?*"),
        (SUBSCRIPTIONS, "GET /payments/subscriptions?*"),
    ] {
        let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &page(&[])).answer(call, 200, &page(&[]));
        assert!(!poll(&fakes.context(), trigger, None).unwrap().more);
        let window = Window { start: NOW - HOUR, end: NOW };
        assert!(!backfill(&fakes.context(), trigger, window, None).unwrap().more);
        assert!(fakes.unanswered().is_empty());
    }
    let nothing = Fakes::new(SETTINGS, NOW);
    assert!(matches!(poll(&nothing.context(), "orders", None), Err(Failure::Rejected(_))));
}
