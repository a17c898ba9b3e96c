//! What must hold at the end.

use transload_sandbox::{Json, System};

use super::{Evidence, MUGS};
use crate::cli::demo::check::{Check, Checks};
use crate::cli::demo::evidence::{digits, list, plain, text};

/// Looks at everything.
pub fn all(evidence: &Evidence) -> Vec<Check> {
    let mut checks = Checks::default();
    let mut check = |name, label: &str, seen, expected: &str| checks.is(name, label, seen, expected);
    let Evidence { orders, .. } = evidence;

    check(
        "each order became one delivery",
        "deliveries of each order: ",
        each(evidence, |id| deliveries(evidence, id).len().to_string()),
        "1 1 1",
    );
    check("the sample order is delivered to its address", "", delivery_text(evidence, "Address"), ADDRESS);
    check("its goods are named by GoHighLevel's price ids", "", goods(evidence), SAMPLE_PRICES);
    check(
        "paid before dispatch, it asked for no cash",
        "COD ",
        delivery_digits(evidence, &orders.whole, "COD"),
        "0",
    );
    check(
        "unpaid, the second asked for all of it",
        "COD ",
        delivery_digits(evidence, &orders.partial, "COD"),
        "45.75",
    );
    check(
        "the whole delivery is one fulfilment of both lines",
        "",
        evidence.fulfilled(&orders.whole),
        &both_lines(),
    );
    check(
        "with the delivery's tracking number and link",
        "",
        evidence.tracking(&orders.whole),
        &delivery_tracking(evidence),
    );
    check(
        "the partial delivery is fulfilled in part",
        "",
        evidence.fulfilled(&orders.partial),
        &part_of_lines(),
    );
    check(
        "the troubled delivery is one fulfilment too",
        "",
        evidence.fulfilled(&orders.troubled),
        "price-box 1, price-fan 2",
    );
    check(
        "each delivery has its note on the timeline, once",
        "notes of each delivery: ",
        each(evidence, |id| delivered_notes(evidence, id)),
        "1 1 1",
    );
    check("its payment and refund are in the revenue record", "", revenue(evidence), REVENUE);
    check(
        "and noted once each",
        "notes of the payment, of the refund: ",
        evidence.notes_with(&orders.whole, &["[transload payment", "[transload refund"]),
        "1 1",
    );
    check(
        "GoHighLevel's own sums agree",
        "captured, refunded: ",
        evidence.own_sums(&orders.whole),
        "150.1 12.1",
    );
    check(
        "the cash that drivers brought is paid in GoHighLevel, once",
        "paid of each order: ",
        each(evidence, |id| captured(evidence, id)),
        "150.1 33.25 3000",
    );
    check(
        "webhooks that came again changed nothing",
        "fulfilments posted for each order: ",
        effective_orders(evidence),
        "1 1 1",
    );
    let alerts = ("a person is told that a driver brought too little, and nothing else", SHORT);
    checks.of_the_host(evidence, "401 401", alerts)
}

/// Track-POD's orders for an order; more than one would be a doubled delivery.
pub fn deliveries<'a>(evidence: &'a Evidence, id: &str) -> Vec<&'a Json> {
    evidence.snapshot.track_pod.orders.iter().filter(|order| text(order, "Id") == id).collect()
}

const ADDRESS: &str = "48 Quayside Lane, Portland, ME 04101, US";
const SAMPLE_PRICES: &str = "7a10000000000000000000a1 7a10000000000000000000a2";
/// 150.10 paid less 12.10 given back.
const REVENUE: &str = "captured 150.10 USD, refunded 12.10 USD, net 138.00 USD";

/// Of 45.75 that were due, the third mug's 12.50 were not paid.
const SHORT: &str = "cash-differs";

fn both_lines() -> String {
    SAMPLE_PRICES.split(' ').map(|id| format!("{id} 1")).collect::<Vec<_>>().join(", ")
}

fn part_of_lines() -> String {
    format!("price-cup 1, {MUGS} 2")
}

/// What `see` finds for each order, in the order of the story.
fn each(evidence: &Evidence, see: impl Fn(&str) -> String) -> String {
    let orders = &evidence.orders;
    [&orders.whole, &orders.partial, &orders.troubled].map(|id| see(id)).join(" ")
}

fn delivery_text(evidence: &Evidence, member: &str) -> String {
    let deliveries = deliveries(evidence, &evidence.orders.whole);
    deliveries.first().map(|delivery| text(delivery, member).to_owned()).unwrap_or_default()
}

fn delivery_digits(evidence: &Evidence, id: &str, member: &str) -> String {
    deliveries(evidence, id).first().map(|delivery| digits(delivery, member)).unwrap_or_default()
}

fn goods(evidence: &Evidence) -> String {
    let deliveries = deliveries(evidence, &evidence.orders.whole);
    let goods = deliveries.first().map(|delivery| list(delivery, "GoodsList")).unwrap_or_default();
    goods.iter().map(|row| text(row, "OrderLineId")).collect::<Vec<_>>().join(" ")
}

fn delivery_tracking(evidence: &Evidence) -> String {
    format!("{} {}", delivery_text(evidence, "TrackId"), delivery_text(evidence, "TrackLink"))
}

fn delivered_notes(evidence: &Evidence, id: &str) -> String {
    let notes = evidence.notes(id);
    notes.iter().filter(|note| note.starts_with("Delivered")).count().to_string()
}

fn revenue(evidence: &Evidence) -> String {
    evidence.revenue(&evidence.orders.whole).map(|effect| effect.summary.clone()).unwrap_or_default()
}

/// What GoHighLevel says was paid for an order.
fn captured(evidence: &Evidence, id: &str) -> String {
    evidence.order(id).map(|state| plain(&state.captured)).unwrap_or_default()
}

/// How often each order was posted to GoHighLevel as a fulfilment.
fn effective_orders(evidence: &Evidence) -> String {
    each(evidence, |id| {
        let path = format!("/payments/orders/{id}/fulfillments");
        evidence.effective_writes(System::Ghl, "POST", &path).to_string()
    })
}
