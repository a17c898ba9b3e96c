//! What the vendors' own books come to, added up without the connector.

use std::collections::BTreeMap;

use transload::contract::Tally;
use transload_sandbox::{Json, Offline};

/// The rows and the sum of each system and currency, as `ghl USD: 12 rows, 34.5`.
pub(crate) fn true_of(offline: &Offline) -> Vec<String> {
    let snapshot = offline.snapshot();
    let mut books = Books::default();
    books.add_payments("ghl", &snapshot.ghl.transactions);
    let orders =
        snapshot.ghl.orders.iter().map(|state| (text(&state.order, "_id"), text(&state.order, "currency")));
    let currencies: BTreeMap<String, String> = orders.collect();
    for delivery in &snapshot.track_pod.orders {
        let cash = text(delivery, "CODActual");
        if let Some(currency) = currencies.get(&text(delivery, "Id")).filter(|_| !cash.is_empty()) {
            books.add("track-pod", currency, &cash);
        }
    }
    books.told()
}

/// The same where Rankr is the other system.
pub(crate) fn true_with_rankr(offline: &Offline) -> Vec<String> {
    let snapshot = offline.snapshot();
    let mut books = Books::default();
    books.add_payments("ghl", &snapshot.ghl.transactions);
    books.add_payments("rankr", &snapshot.rankr.transactions);
    books.told()
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// The same of a run's tallies. That each is conserved the host has seen to.
pub(crate) fn told(tallies: &[Tally]) -> Vec<String> {
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
    /// Those that came in, whatever was given back since.
    fn add_payments(&mut self, system: &str, payments: &[Json]) {
        let came_in = ["succeeded", "partially_refunded", "refunded"];
        for payment in payments.iter().filter(|payment| came_in.contains(&text(payment, "status").as_str())) {
            let amount = payment.get("amount").unwrap();
            let amount = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
            self.add(system, &text(payment, "currency"), &amount);
        }
    }

    fn told(self) -> Vec<String> {
        let books = self.0.into_iter();
        books.map(|(name, (rows, sum))| format!("{name}: {rows} rows, {}", plain(sum, PLACES))).collect()
    }

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
pub(crate) fn plain(units: i128, places: u32) -> String {
    let one = 10_i128.pow(places);
    let text = format!("{}.{:0width$}", units / one, units % one, width = places as usize);
    if places == 0 { units.to_string() } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}
