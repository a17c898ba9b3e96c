//! What the vendors' own books come to, added up without the connector.

use std::collections::BTreeMap;

use transload::contract::Tally;
use transload_sandbox::{Json, Offline};

/// The rows and the sum of each system and currency, as `ghl USD: 12 rows, 34.5`.
pub(super) fn true_of(offline: &Offline) -> Vec<String> {
    let snapshot = offline.snapshot();
    let mut books = Books::default();
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    for payment in snapshot.ghl.transactions.iter().filter(|payment| text(payment, "status") == "succeeded") {
        books.add("ghl", &text(payment, "currency"), &payment.get("amount").unwrap().to_string());
    }
    let orders =
        snapshot.ghl.orders.iter().map(|state| (text(&state.order, "_id"), text(&state.order, "currency")));
    let currencies: BTreeMap<String, String> = orders.collect();
    for delivery in &snapshot.track_pod.orders {
        let cash = text(delivery, "CODActual");
        if let Some(currency) = currencies.get(&text(delivery, "Id")).filter(|_| !cash.is_empty()) {
            books.add("track-pod", currency, &cash);
        }
    }
    books
        .0
        .into_iter()
        .map(|(name, (rows, sum))| format!("{name}: {rows} rows, {}", plain(sum, PLACES)))
        .collect()
}

/// The same of a run's tallies. That each is conserved the host has seen to.
pub(super) fn told(tallies: &[Tally]) -> Vec<String> {
    let told = |tally: &Tally| {
        let Tally { system, currency, rows, total, .. } = tally;
        format!("{system} {currency}: {rows} rows, {}", plain(total.units.into(), total.exponent.into()))
    };
    tallies.iter().map(told).collect()
}

/// More decimal places than any of the currencies has.
const PLACES: u32 = 3;

#[derive(Default)]
struct Books(BTreeMap<String, (u64, i128)>);

impl Books {
    fn add(&mut self, system: &str, currency: &str, amount: &str) {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let units: i128 = format!("{whole}{fraction:0<width$}", width = PLACES as usize).parse().unwrap();
        assert!(fraction.len() <= PLACES as usize, "{amount}");
        let (rows, sum) = self.0.entry(format!("{system} {currency}")).or_default();
        *rows += 1;
        *sum += units;
    }
}

/// `units` of 10^-`places` without zeros at the end: 1500 and 3 give 1.5.
pub(super) fn plain(units: i128, places: u32) -> String {
    let one = 10_i128.pow(places);
    let text = format!("{}.{:0width$}", units / one, units % one, width = places as usize);
    if places == 0 { units.to_string() } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}
