//! GoHighLevel's listings as events, against a scripted vendor.

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

fn invoice_row(id: &str, status: &str, paid: &str, created_at: &str) -> String {
    format!(
        r#"{{"_id": "{id}", "status": "{status}", "currency": "USD", "total": 10, "amountPaid": {paid},
            "createdAt": "{created_at}", "updatedAt": "{created_at}"}}"#
    )
}

fn invoices(rows: &[&str], total: usize) -> String {
    format!(r#"{{"invoices": [{}], "total": {total}}}"#, rows.join(","))
}

fn rows(rows: &[&str], total: usize) -> String {
    format!(r#"{{"data": [{}], "totalCount": {total}}}"#, rows.join(","))
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

fn poll(fakes: &Fakes, listing: Listing, cursor: Option<&str>) -> Result<EventPage, Failure> {
    with_shop(fakes, |shop| listing.poll(shop, cursor))
}

fn backfill(
    fakes: &Fakes,
    listing: Listing,
    window: Window,
    cursor: Option<&str>,
) -> Result<EventPage, Failure> {
    with_shop(fakes, |shop| listing.backfill(shop, window, cursor))
}

#[test]
fn a_listing_is_polled_through_all_pages_and_starts_over() {
    for (listing, call, row) in [
        (Listing::Transactions, "GET /payments/transactions?*", payment_row as fn(&str, &str) -> String),
        (Listing::Orders, "GET /payments/orders?*", order_row),
    ] {
        let (recent, old) = (row("x1", "2024-04-04T16:25:00Z"), row("x0", "2024-03-01T00:00:00Z"));
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer(call, 200, &rows(&[&recent, &old], 3))
            .answer(call, 200, &rows(&[&row("x2", "2024-04-04T16:30:00Z")], 3))
            .answer(call, 200, &rows(&[], 0));
        let first = poll(&fakes, listing, None).unwrap();
        assert!(first.more);
        assert_eq!(first.events.len(), 1, "what was made long before the connection is history");
        let second = poll(&fakes, listing, first.cursor.as_deref()).unwrap();
        assert!(!second.more);
        poll(&fakes, listing, second.cursor.as_deref()).unwrap();
        let sent = paths(&fakes);
        assert_eq!([offset(&sent[0]), offset(&sent[1]), offset(&sent[2])], ["0", "2", "0"]);
        assert!(sent[0].contains("startAt=2024-04-02"), "{}", sent[0]);
        assert!(matches!(poll(&fakes, listing, Some("nonsense")), Err(Failure::Rejected(_))));
    }
    assert_eq!(Listing::of("orders"), None);
}

#[test]
fn an_hour_later_all_that_is_watched_is_looked_at() {
    let settings = r#"{"location_id":"loc1","order_days":10}"#;
    let begun = r#"{"since":0,"wide_at":0,"round":null}"#;
    let fakes = Fakes::new(settings, NOW).answer("GET /payments/orders?*", 200, &rows(&[], 0));
    let page = poll(&fakes, Listing::Orders, Some(begun)).unwrap();
    assert!(paths(&fakes)[0].contains("startAt=2024-03-25"), "{:?}", paths(&fakes));
    let next = Fakes::new(settings, NOW + HOUR / 2).answer("GET /payments/orders?*", 200, &rows(&[], 0));
    poll(&next, Listing::Orders, page.cursor.as_deref()).unwrap();
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
    let page = poll(&fakes, Listing::Orders, None).unwrap();
    // 2024-04-04T16:00:00Z and T16:30:00Z by `date -ud … +%s`.
    let (first, second) = ("order o1 pending 1712246400000", "order o1 pending 1712248200000");
    assert_eq!(ids(&page), [first, first, second]);
    assert_eq!(page.events[0].subject, "o1");
}

#[test]
fn an_invoice_has_a_new_event_whenever_its_status_or_what_was_paid_changes() {
    let made_at = "2024-04-04T16:00:00Z";
    let call = "GET /invoices/?altId=loc1&altType=location&*";
    let (sent, part) =
        (invoice_row("i1", "sent", "0", made_at), invoice_row("i1", "partially_paid", "2.50", made_at));
    let more = invoice_row("i1", "partially_paid", "2.51", made_at);
    let old = invoice_row("i0", "paid", "10", "2024-03-01T00:00:00Z");
    let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &invoices(&[&sent, &part], 5)).answer(
        call,
        200,
        &invoices(&[&part, &more, &old], 5),
    );
    let first = poll(&fakes, Listing::Invoices, None).unwrap();
    assert!(first.more);
    // 2024-04-04T16:00:00Z by `date -ud … +%s`.
    let (unpaid, paid) = ("invoice i1 sent 0 1712246400000", "invoice i1 partially paid 2.5 1712246400000");
    assert_eq!(ids(&first), [unpaid, paid]);
    assert_eq!(first.events[0].subject, "i1");
    let second = poll(&fakes, Listing::Invoices, first.cursor.as_deref()).unwrap();
    assert_eq!(ids(&second), [paid, "invoice i1 partially paid 2.51 1712246400000"]);
    assert!(!second.more);
    assert_eq!(paths(&fakes).iter().map(|path| offset(path)).collect::<Vec<_>>(), ["0", "2"]);
    assert_eq!(Listing::of(INVOICES), Some(Listing::Invoices));
}

#[test]
fn an_invoice_s_event_belongs_to_its_order_if_that_is_known() {
    let row = invoice_row("i1", "sent", "0", "2024-04-04T16:00:00Z");
    let call = "GET /invoices/?*";
    let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &invoices(&[&row], 1));
    let page = with_shop(&fakes, |shop| Ok(shop.ghl.invoices(&InvoiceQuery::default())?)).unwrap();
    let mut invoice = page.rows.into_iter().next().unwrap();
    invoice.order_id = Some("o1".to_owned());
    let event = invoice_event(invoice);
    assert_eq!((event.subject.as_str(), event.source), ("o1", "ghl"));
}

#[test]
fn the_history_of_invoices_has_the_ids_of_the_present_and_keeps_to_its_window() {
    let (inside, outside) = (
        invoice_row("i1", "sent", "0", "2024-04-04T16:25:00Z"),
        invoice_row("i0", "sent", "0", "2024-04-02T10:00:00Z"),
    );
    let (call, list) = ("GET /invoices/?*", invoices(&[&inside, &outside], 2));
    let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &list).answer(call, 200, &list);
    let window = Window { start: NOW - HOUR, end: NOW };
    let history = backfill(&fakes, Listing::Invoices, window, None).unwrap();
    let live = poll(&fakes, Listing::Invoices, None).unwrap();
    assert_eq!(ids(&history), [ids(&live)[0]]);
    assert_eq!((history.more, history.cursor), (false, None));
    let sent = &paths(&fakes)[0];
    assert!(sent.contains("startAt=2024-04-03") && sent.contains("endAt=2024-04-05"), "{sent}");
}

#[test]
fn subscriptions_that_may_not_be_asked_for_pause_nothing() {
    let fakes = Fakes::new(SETTINGS, NOW).fail("GET /payments/subscriptions?*", denied());
    let page = poll(&fakes, Listing::Subscriptions, None).unwrap();
    assert!(page.events.is_empty() && !page.more);
    let fakes = Fakes::new(SETTINGS, NOW).fail("GET /invoices/?*", denied());
    assert!(poll(&fakes, Listing::Invoices, None).unwrap().events.is_empty());
    let fakes = Fakes::new(SETTINGS, NOW).fail("GET /payments/orders?*", denied());
    assert!(matches!(poll(&fakes, Listing::Orders, None), Err(Failure::NeedsAttention(_))));
}

fn denied() -> HttpError {
    HttpError::Denied("not granted".to_owned())
}

#[test]
fn history_has_the_ids_of_the_present_and_keeps_to_its_window() {
    let (inside, outside) =
        (payment_row("t1", "2024-04-04T16:25:00Z"), payment_row("t0", "2024-04-02T10:00:00Z"));
    let list = rows(&[&inside, &outside], 2);
    let window = Window { start: NOW - HOUR, end: NOW };
    let call = "GET /payments/transactions?*";
    let fakes = Fakes::new(SETTINGS, NOW).answer(call, 200, &list).answer(call, 200, &list);
    let live = poll(&fakes, Listing::Transactions, None).unwrap();
    let history = backfill(&fakes, Listing::Transactions, window, None).unwrap();
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
    let first = backfill(&fakes, Listing::Orders, window, None).unwrap();
    assert!(first.more);
    let second = backfill(&fakes, Listing::Orders, window, first.cursor.as_deref()).unwrap();
    assert!(!second.more);
    assert_eq!(offset(&paths(&fakes)[1]), "1");
}
