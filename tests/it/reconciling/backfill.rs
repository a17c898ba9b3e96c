//! A backfill of a month by the bundled connector.

use transload::egress::Portion;
use transload::runtime::Host;
use transload::storage::{JobKind, State};
use transload_sandbox::{Json, Offline, Pay, PlaceOrder};

use super::audit::{Audit, DAY_MS, DAYS, FIRST_DAY, at_rest, deliver, job};
use crate::stage::order;

const ORDERS: u64 = 1_000;

/// GoHighLevel's rate, of which a backfill has a quarter.
const RATE: usize = 100;

/// Orders all over January, each by a customer of its own, half of them paid. Their webhooks wait.
fn place(offline: &Offline) {
    for number in 0..ORDERS {
        let at = FIRST_DAY + number * (DAYS * DAY_MS / ORDERS);
        let document = order(&format!("customer-{number}"), "USD", "12.5", &[("price", "2", "6.25")]);
        let placed = PlaceOrder { order: Some(Json::parse(&document).unwrap()), webhook: true };
        let id = offline.place_order(placed, at).unwrap().id;
        if number % 2 == 0 {
            offline.pay(&id, Pay::default(), at + 60_000).unwrap();
        }
    }
}

#[test]
fn a_month_is_taken_in_once_though_the_host_is_killed_and_asked_again_and_the_webhooks_come_late() {
    let mut audit = Audit::empty();
    let line = audit.line();
    place(&line.offline);
    let webhooks = line.offline.take_webhooks();
    assert!(webhooks.len() as u64 >= ORDERS);
    audit.die_after(3_000, async |host| {
        job(host, JobKind::Backfill, Portion::QUARTER).await;
        std::future::pending::<()>().await;
    });
    audit.live(async |host| {
        let (run, resumed) = job(host, JobKind::Backfill, Portion::QUARTER).await;
        assert!(resumed, "it goes on where it was killed");
        // The orders, half of which have a payment. Nothing was on its way yet when the days were gone through.
        assert_eq!(
            (run.counters.events, run.counters.new_events),
            (ORDERS + ORDERS / 2, ORDERS + ORDERS / 2)
        );
        done(host).await;
        each_once(&line.offline);
        let writes = line.offline.write_counts();
        line.calls();
        let (again, resumed) = job(host, JobKind::Backfill, Portion::QUARTER).await;
        assert!(!resumed);
        assert_eq!((again.counters.events, again.counters.new_events), (ORDERS + ORDERS / 2, 0));
        let calls = line.calls();
        assert_eq!(calls.of("GET /ghl/payments/orders") as u64, ORDERS / 100, "pages of a hundred");
        assert!(calls.busiest("/ghl/", 10_000) <= RATE / 4, "{calls:?}");
        for webhook in webhooks.into_iter().step_by(5) {
            deliver(host, webhook).await;
        }
        done(host).await;
        assert_eq!(line.offline.write_counts(), writes, "what is known is not written again");
    });
}

async fn done(host: &Host) {
    let events = at_rest(host).await;
    let open: Vec<_> =
        events.iter().filter(|event| !matches!(event.state, State::Done | State::Skipped)).take(3).collect();
    assert!(open.is_empty(), "{open:#?}");
}

/// Every order has one delivery, of which its customer's notes tell once.
fn each_once(offline: &Offline) {
    let effects = offline.effects();
    assert_eq!(effects.delivery_orders.len() as u64, ORDERS);
    let doubled = effects.delivery_orders.iter().find(|(_, deliveries)| deliveries.len() != 1);
    assert_eq!(doubled, None);
    for number in 0..ORDERS {
        let notes = &effects.notes[&format!("customer-{number}")];
        let told = notes.iter().filter(|note| note.contains("Delivery planned")).count();
        assert_eq!(told, 1, "{notes:#?}");
        // A payment has a note of its own.
        assert_eq!(notes.len() as u64, 2 - number % 2, "{notes:#?}");
    }
}
