//! Histories of many orders: the same each time, consistent, and quick to page through.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use transload_model::Decimal;
use transload_sandbox::{
    History, Json, Offline, SEED_CURRENCIES_MAX, SEED_DAYS_MAX, SEED_ORDERS_MAX, Seed, Snapshot,
};

use crate::support::{Fixture, at, unpaced};

fn decimal(json: &Json, path: &str) -> Decimal {
    at(json, path).parse().unwrap_or(Decimal::ZERO)
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}

fn sums<'a>(
    lines: impl Iterator<Item = (&'a Json, &'static str, &'static str)>,
) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for (line, id, quantity) in lines {
        let sum = sums.entry(at(line, id)).or_insert(Decimal::ZERO);
        *sum = sum.checked_add(decimal(line, quantity)).unwrap().normalized();
    }
    sums
}

fn history(seed: Seed) -> (Offline, Snapshot, Vec<(String, History)>) {
    let offline = Offline::new(unpaced());
    let seeded = offline.seed(seed).unwrap();
    let snapshot = offline.snapshot();
    let orders = seeded.orders.into_iter().map(|order| (order.id, order.history)).collect();
    (offline, snapshot, orders)
}

#[test]
fn one_seed_gives_the_same_history() {
    let run = |variety| {
        let seed = Seed { variety, ..Seed::new(40, "2026-01-01") };
        serde_json::to_string(&history(seed).1).unwrap()
    };
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
}

#[test]
fn both_systems_agree_on_every_order() {
    let currencies = ["USD", "JPY", "KWD"].map(str::to_owned).to_vec();
    let (offline, state, histories) = history(Seed { currencies, ..Seed::new(600, "2026-01-01") });
    let deliveries: HashMap<String, &Json> =
        state.track_pod.orders.iter().map(|order| (at(order, "Id"), order)).collect();
    assert_eq!((state.ghl.orders.len(), deliveries.len(), histories.len()), (600, 600, 600));
    for (order, (id, history)) in state.ghl.orders.iter().zip(&histories) {
        assert_eq!(&at(&order.order, "_id"), id);
        let delivery = deliveries[id];
        let amount = decimal(&order.order, "amount");
        let charges: Vec<&Json> =
            state.ghl.transactions.iter().filter(|one| at(one, "entityId") == *id).collect();
        let add = |sum: Decimal, member| {
            charges.iter().fold(sum, |sum, one| sum.checked_add(decimal(one, member)).unwrap())
        };
        let (paid, refunded) = (add(Decimal::ZERO, "amount"), add(Decimal::ZERO, "amountRefunded"));
        let is_open = matches!(history, History::Planned | History::PlannedCash);
        let is_cash = matches!(history, History::Cash | History::PlannedCash);
        assert_eq!(
            paid,
            if *history == History::PlannedCash { Decimal::ZERO } else { amount },
            "{history:?}"
        );
        assert_eq!(refunded.is_positive(), *history == History::RefundedInPart);
        assert_eq!(
            charges.len(),
            match history {
                History::PaidInParts => 2,
                History::PlannedCash => 0,
                _ => 1,
            }
        );
        assert_eq!(decimal(delivery, "COD"), if is_cash { amount } else { Decimal::ZERO }, "{history:?}");
        assert_eq!(
            decimal(delivery, "CODActual"),
            if *history == History::Cash { amount } else { Decimal::ZERO }
        );
        let status = match history {
            _ if is_open => "-",
            History::DeliveredInPart => "4",
            _ => "3",
        };
        assert_eq!(at(delivery, "StatusId"), status, "{history:?}");

        let ordered = sums(list(&order.order, "items").iter().map(|line| (line, "price._id", "qty")));
        let planned = sums(list(delivery, "GoodsList").iter().map(|line| (line, "OrderLineId", "Quantity")));
        assert_eq!(ordered, planned);
        let posted = order.fulfillments.iter().flat_map(|one| list(one, "items"));
        let posted = sums(posted.map(|line| (line, "price._id", "qty")));
        let accepted =
            sums(list(delivery, "GoodsList").iter().map(|line| (line, "OrderLineId", "QuantityFact")));
        assert_eq!(posted, if is_open { BTreeMap::new() } else { accepted }, "{history:?}");
    }
    assert!(
        [History::Planned, History::PlannedCash]
            .iter()
            .all(|open| histories.iter().any(|(_, one)| one == open))
    );
    assert_eq!(offline.ledger(0).entries.len(), 0);
    assert!(offline.take_webhooks().is_empty());
}

#[test]
fn senseless_histories_are_refused() {
    let offline = Offline::new(unpaced());
    let good = || Seed::new(1, "2026-01-01");
    let currencies = vec!["USD".to_owned(); SEED_CURRENCIES_MAX + 1];
    for bad in [
        Seed { orders: 0, ..good() },
        Seed { orders: SEED_ORDERS_MAX + 1, ..good() },
        Seed { days: 0, ..good() },
        Seed { days: SEED_DAYS_MAX + 1, ..good() },
        Seed { from: "yesterday".to_owned(), ..good() },
        Seed { currencies: vec!["dollars".to_owned()], ..good() },
        Seed { currencies, ..good() },
    ] {
        assert_eq!(offline.seed(bad.clone()).unwrap_err().status, 400, "{bad:?}");
    }
    assert_eq!(offline.seed(Seed { days: SEED_DAYS_MAX, ..good() }).unwrap().orders.len(), 1);
}

/// Many times what it takes unoptimised on a busy machine, and far below what pages that sort or copy everything would.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn twenty_thousand_orders_fit_and_are_read_page_by_page() {
    let started = Instant::now();
    let fixture = Fixture::start(unpaced()).await;
    let mut made = Vec::new();
    for from in ["2026-01-01", "2026-06-01"] {
        let seed = Seed { days: 100, ..Seed::new(10_000, from) };
        made.extend(fixture.control.seed(&seed).await.unwrap().orders.into_iter().map(|order| order.id));
    }
    let mut found = Vec::new();
    for page in 0..100 {
        let path =
            format!("/payments/orders?{}&limit=100&offset={}", fixture.location(), 10_000 + page * 100);
        let list = fixture.ghl("GET", &path, "").await.json();
        assert_eq!(at(&list, "totalCount"), "20000");
        found.extend(list.get("data").unwrap().as_array().unwrap().iter().map(|order| at(order, "_id")));
    }
    // The newest come first, so these are those of the first call.
    made.truncate(10_000);
    made.reverse();
    assert_eq!(found, made);
    // 100 orders a day; their routes are of the next day.
    for path in ["/Order/Route/Date/2026-01-11", "/Order/Date/2026-01-10"] {
        let orders = fixture.track_pod("GET", path, "").await.json();
        assert_eq!(orders.as_array().unwrap().len(), 100, "{path}");
    }
    let day = format!("/payments/orders?{}&startAt=2026-01-10&endAt=2026-01-10", fixture.location());
    assert_eq!(at(&fixture.ghl("GET", &day, "").await.json(), "totalCount"), "100");
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}
