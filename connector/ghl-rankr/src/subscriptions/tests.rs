//! Subscriptions, their charges and the poll of late ones, against scripted vendors.

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_sdk::{Clock, Context, Event, Verb};
use transload_wire::HttpError;

use super::watch::{OVERDUE_MAX, expect};
use super::*;
use crate::fixtures::*;
use crate::settings::Subscriptions;

/// A monthly subscription that began with the order.
const SUBSCRIPTION: &str = r#"{"_id": "s1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "active",
    "liveMode": false, "entityType": "order", "entityId": "o1", "subscriptionId": "sub_1",
    "createdAt": "2024-04-04T16:24:27.036Z", "updatedAt": "2024-04-04T16:24:27.036Z",
    "schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}}"#;

/// SUBSCRIPTION as it is held with the charge of April. The version is the charge's, 2024-04-04T16:25:00Z by `date -ud … +%s`.
const HELD: &str = r#"{"subscriptionId":"s1","version":1712247900000,"status":"active","orderId":"o1","amount":"150.1","currency":"USD","period":"P1M","customerId":"c1","nextChargeAt":"2024-05-04T16:25:00.000Z","lastChargeAt":"2024-04-04T16:25:00.000Z","lastTransactionId":"t1","live":false,"createdAt":"2024-04-04T16:24:27.036Z","updatedAt":"2024-04-04T16:24:27.036Z"}"#;

// 2024-05-04T16:25:00Z, when the charge of May is due, by `date -ud … +%s`.
const DUE: u64 = 1_714_839_900_000;
const HOUR: u64 = 3_600_000;

fn charge(id: &str, at: &str) -> String {
    let charge =
        with_changed(PAYMENT, r#""_id": "t1""#, &format!(r#""_id": "{id}", "subscriptionId": "sub_1""#));
    charge.replace("2024-04-04T16:25:00.000Z", at)
}

fn april() -> String {
    charge("t1", "2024-04-04T16:25:00.000Z")
}

fn with_status(status: &str) -> String {
    with_changed(SUBSCRIPTION, r#""status": "active""#, &format!(r#""status": "{status}""#))
}

/// GoHighLevel's answers, and Rankr's that it has none.
fn asked(fakes: Fakes, subscription: &str, charges: &[&str]) -> Fakes {
    fakes
        .answer("GET /payments/subscriptions/s1?*", 200, subscription)
        .answer("GET /payments/transactions?*", 200, &page(charges))
        .answer("GET /payments/subscriptions/s1", 404, MISSING)
        .answer("PUT /payments/subscriptions/s1", 201, TAKEN)
}

fn report(cx: &Context) -> Report {
    let settings = cx.settings().unwrap();
    done(sync(&Connection::new(cx, &settings), "s1").unwrap())
}

/// The ports of `fakes` at another time.
struct At<'a>(&'a Fakes, u64);

impl Clock for At<'_> {
    fn now(&self) -> Instant {
        Instant(self.1)
    }
}

impl At<'_> {
    fn report(&self) -> Report {
        report(&Context { clock: self, ..self.0.context() })
    }

    fn poll(&self) -> Vec<Event> {
        let page = overdue(&Context { clock: self, ..self.0.context() }, &Subscriptions::default()).unwrap();
        assert_eq!((page.cursor, page.more), (None, false));
        page.events
    }
}

#[test]
fn a_subscription_is_held_with_its_last_and_its_next_charge() {
    let fakes = asked(Fakes::new(SETTINGS, NOW), SUBSCRIPTION, &[&april()]);
    let report = report(&fakes.context());
    assert_eq!(verbs(&report), [(Verb::Created, "rankr", "subscription")]);
    assert!(report.alerts.is_empty());
    assert_eq!(body(&writes(&fakes)[0]), HELD);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn an_end_is_told_once_and_only_of_one_that_was_seen_running() {
    let ended = with_changed(
        &with_status("canceled"),
        r#""schedule""#,
        r#""canceledAt": "2024-04-20T00:00:00Z", "schedule""#,
    );
    let fakes = asked(Fakes::new(SETTINGS, NOW), SUBSCRIPTION, &[&april()]);
    let fakes = asked(fakes, &ended, &[&april()]).answer("GET /contacts/c1/notes", 200, NO_NOTES).answer(
        "POST /contacts/c1/notes",
        201,
        NOTE,
    );
    let fakes = asked(fakes, &ended, &[&april()]);
    report(&fakes.context());
    let end = report(&fakes.context());
    assert_eq!(alerts(&end), ["subscription-ended"]);
    assert_eq!(end.alerts[0].severity, Severity::Info);
    assert!(report(&fakes.context()).alerts.is_empty());
    let held = body(&writes(&fakes)[1]);
    assert!(
        held.contains(r#""status":"cancelled""#) && held.contains(r#""endedAt":"2024-04-20T00:00:00.000Z""#),
        "{held}"
    );
    assert!(!held.contains("nextChargeAt"), "{held}");
    assert!(At(&fakes, DUE + 1000 * HOUR).poll().is_empty(), "no charge is expected any more");

    let history = asked(Fakes::new(SETTINGS, NOW), &ended, &[&april()])
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    assert!(report(&history.context()).alerts.is_empty());
}

#[test]
fn a_charge_that_does_not_come_is_found_without_asking_and_told_once() {
    let fakes = asked(Fakes::new(SETTINGS, NOW), SUBSCRIPTION, &[&april()]);
    report(&fakes.context());
    let fakes = (0..2).fold(fakes, |fakes, _| asked(fakes, SUBSCRIPTION, &[&april()]));
    let asked_for = fakes.sent().len();
    assert!(At(&fakes, DUE + 24 * HOUR - 1).poll().is_empty(), "within the time of grace");
    let late = At(&fakes, DUE + 24 * HOUR);
    let events = late.poll();
    assert_eq!(events[0].id, "subscription s1 due 2024-05-04T16:25:00.000Z");
    assert_eq!((events.len(), events[0].subject.as_str()), (1, "o1"));
    assert!(late.poll().is_empty(), "found once");
    assert_eq!(fakes.sent().len(), asked_for, "nobody was asked");
    let missed = late.report();
    assert_eq!(alerts(&missed), ["charge-missed"]);
    assert!(missed.alerts[0].message.contains("150.10 USD"), "{:?}", missed.alerts);
    assert!(missed.alerts[0].message.contains("due on 2024-05-04"), "{:?}", missed.alerts);
    assert!(late.report().alerts.is_empty(), "told once");
    assert!(late.poll().is_empty());
}

#[test]
fn a_charge_that_came_late_is_expected_again_a_period_later() {
    let fakes = asked(Fakes::new(SETTINGS, NOW), SUBSCRIPTION, &[&april()]);
    let may = charge("t2", "2024-05-06T09:00:00.000Z");
    let fakes = asked(fakes, SUBSCRIPTION, &[&april(), &may]);
    report(&fakes.context());
    let late = At(&fakes, DUE + 48 * HOUR);
    assert!(late.report().alerts.is_empty());
    assert!(late.poll().is_empty(), "what is expected now is the charge of June");
    let held = body(&writes(&fakes)[1]);
    assert!(held.contains(r#""nextChargeAt":"2024-06-04T16:25:00.000Z""#), "{held}");
    assert!(held.contains(r#""lastTransactionId":"t2""#), "{held}");
    // 2024-06-04T16:25:00Z by `date -ud … +%s`.
    assert_eq!(At(&fakes, 1_717_518_300_000 + 24 * HOUR).poll().len(), 1);
}

#[test]
fn tries_that_are_planned_do_not_put_a_late_charge_off() {
    let trying = with_changed(
        &with_status("past_due"),
        r#""schedule": {"#,
        r#""schedule": {"executeAt": "2024-05-09T16:25:00.000Z", "#,
    );
    let fakes = asked(Fakes::new(SETTINGS, NOW), &trying, &[&april()])
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    assert_eq!(alerts(&At(&fakes, DUE + 24 * HOUR).report()), ["charge-missed"]);
    assert!(body(&writes(&fakes)[0]).contains(r#""nextChargeAt":"2024-05-09T16:25:00.000Z""#));
    // While it was active, the same charge was planned for the 5th: one period is told of once.
    let planned = with_changed(
        SUBSCRIPTION,
        r#""schedule": {"#,
        r#""schedule": {"executeAt": "2024-05-05T00:00:00.000Z", "#,
    );
    let fakes = asked(Fakes::new(SETTINGS, NOW), &planned, &[&april()]);
    let fakes = asked(fakes, &trying, &[&april()]).answer("GET /contacts/c1/notes", 200, NO_NOTES).answer(
        "POST /contacts/c1/notes",
        201,
        NOTE,
    );
    let later = At(&fakes, DUE + 48 * HOUR);
    assert_eq!((alerts(&later.report()), alerts(&later.report())), (vec!["charge-missed"], vec![]));
}

#[test]
fn a_page_of_late_charges_ends_at_its_limit_and_the_next_goes_on() {
    let fakes = Fakes::new(SETTINGS, NOW);
    let cx = fakes.context();
    for index in 0..=OVERDUE_MAX {
        let subscription = Subscription {
            id: format!("s{index}"),
            status: SubscriptionStatus::Active,
            order_id: None,
            amount: None,
            period: None,
            customer: None,
            next_charge_at: None,
            ended_at: None,
            live: true,
            created_at: None,
            updated_at: None,
        };
        expect(&cx, &subscription, Some(Instant(u64::from(index)))).unwrap();
    }
    let first = overdue(&cx, &Subscriptions::default()).unwrap();
    assert_eq!((first.events.len(), first.more), (OVERDUE_MAX as usize, true));
    assert_eq!(first.events[99].subject, "s99", "the oldest first");
    let second = overdue(&cx, &Subscriptions::default()).unwrap();
    assert_eq!((second.events.len(), second.more), (1, false));
}

#[test]
fn what_is_not_there_not_granted_or_not_wanted_is_left_out() {
    let skip = |fakes: &Fakes| why_skipped(with(fakes, |connection| sync(connection, "s1")).unwrap());
    let gone = r#"{"statusCode":400,"message":"Subscription not found"}"#;
    let asked = |settings: &str| Fakes::new(settings, NOW);
    let missing = asked(SETTINGS).answer("GET /payments/subscriptions/s1?*", 400, gone);
    assert!(skip(&missing).contains("no subscription s1"));
    let denied = HttpError::Denied("not granted".to_owned());
    assert!(skip(&asked(SETTINGS).fail("GET /payments/subscriptions/s1?*", denied)).contains("not granted"));
    let off = asked(r#"{"location_id":"loc1","subscriptions":{"sync":false}}"#);
    assert!(skip(&off).contains("`subscriptions.sync`") && off.sent().is_empty());
    let live =
        asked(r#"{"location_id":"loc1"}"#).answer("GET /payments/subscriptions/s1?*", 200, SUBSCRIPTION);
    assert!(skip(&live).contains("`mode`"));
}
