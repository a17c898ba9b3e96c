//! What must hold at the end.

use serde::Serialize;
use transload_sandbox::{Outcome, System};

use super::evidence::{Evidence, digits, list, text};
use super::story::MUGS;

/// One thing that must hold.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it does.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// Looks at everything.
pub fn all(evidence: &Evidence) -> Vec<Check> {
    let mut checks = Vec::new();
    // The label says what the value is: `1 1 1` alone means nothing to a reader.
    let mut check = |name, label: &str, seen: String, expected: &str| {
        let ok = seen == expected;
        let found = if ok { seen } else { format!("expected {expected}, found {seen}") };
        let detail = format!("{label}{found}");
        checks.push(Check { name, ok, detail });
    };
    let Evidence { orders, .. } = evidence;

    check(
        "each order became one delivery",
        "deliveries of each order: ",
        each(evidence, |id| evidence.deliveries(id).len().to_string()),
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
        fulfilled(evidence, &orders.whole),
        &both_lines(),
    );
    check(
        "with the delivery's tracking number and link",
        "",
        tracking(evidence),
        &delivery_tracking(evidence),
    );
    check(
        "the partial delivery is fulfilled in part",
        "",
        fulfilled(evidence, &orders.partial),
        &part_of_lines(),
    );
    check(
        "the troubled delivery is one fulfilment too",
        "",
        fulfilled(evidence, &orders.troubled),
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
        notes_with(evidence, &orders.whole, &["[transload payment", "[transload refund"]),
        "1 1",
    );
    check("GoHighLevel's own sums agree", "captured, refunded: ", own_sums(evidence), "150.1 12.1");
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
    check("forged webhooks were refused", "answers: ", refused(evidence), "401 401");
    check("every other webhook was taken", "webhooks not taken: ", not_taken(evidence), "0");
    check("every event came to its end", "unfinished events: ", unfinished(evidence), "0");
    check("a person is told that a driver brought too little, and nothing else", "", alerts(evidence), SHORT);
    checks
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
    let deliveries = evidence.deliveries(&evidence.orders.whole);
    deliveries.first().map(|delivery| text(delivery, member).to_owned()).unwrap_or_default()
}

fn delivery_digits(evidence: &Evidence, id: &str, member: &str) -> String {
    evidence.deliveries(id).first().map(|delivery| digits(delivery, member)).unwrap_or_default()
}

fn goods(evidence: &Evidence) -> String {
    let deliveries = evidence.deliveries(&evidence.orders.whole);
    let goods = deliveries.first().map(|delivery| list(delivery, "GoodsList")).unwrap_or_default();
    goods.iter().map(|row| text(row, "OrderLineId")).collect::<Vec<_>>().join(" ")
}

/// The lines of an order's only fulfilment, by price id; a second fulfilment would show behind a `;`.
fn fulfilled(evidence: &Evidence, id: &str) -> String {
    let Some(state) = evidence.order(id) else { return "no order".to_owned() };
    let fulfilment = |fulfilment| {
        let mut lines: Vec<String> = list(fulfilment, "items")
            .iter()
            .map(|item| {
                let price = item.get("price").map(|price| text(price, "_id")).unwrap_or_default();
                format!("{price} {}", digits(item, "qty"))
            })
            .collect();
        lines.sort();
        lines.join(", ")
    };
    state.fulfillments.iter().map(fulfilment).collect::<Vec<_>>().join("; ")
}

fn tracking(evidence: &Evidence) -> String {
    let fulfilments =
        evidence.order(&evidence.orders.whole).map(|state| state.fulfillments.as_slice()).unwrap_or_default();
    let trackings = fulfilments.first().map(|fulfilment| list(fulfilment, "trackings")).unwrap_or_default();
    trackings
        .iter()
        .map(|row| format!("{} {}", text(row, "trackingNumber"), text(row, "trackingUrl")))
        .collect()
}

fn delivery_tracking(evidence: &Evidence) -> String {
    format!("{} {}", delivery_text(evidence, "TrackId"), delivery_text(evidence, "TrackLink"))
}

fn delivered_notes(evidence: &Evidence, id: &str) -> String {
    let notes = evidence.notes(id);
    notes.iter().filter(|note| note.starts_with("Delivered")).count().to_string()
}

fn notes_with(evidence: &Evidence, id: &str, marks: &[&str]) -> String {
    let notes = evidence.notes(id);
    let count = |mark: &&str| notes.iter().filter(|note| note.contains(*mark)).count().to_string();
    marks.iter().map(count).collect::<Vec<_>>().join(" ")
}

fn revenue(evidence: &Evidence) -> String {
    evidence.revenue(&evidence.orders.whole).map(|effect| effect.summary.clone()).unwrap_or_default()
}

fn own_sums(evidence: &Evidence) -> String {
    let decimal = |number: &transload_sandbox::Number| {
        number.decimal().map(|value| value.normalized().to_string()).unwrap_or_default()
    };
    evidence
        .order(&evidence.orders.whole)
        .map(|state| format!("{} {}", decimal(&state.captured), decimal(&state.refunded)))
        .unwrap_or_default()
}

/// What GoHighLevel says was paid for an order.
fn captured(evidence: &Evidence, id: &str) -> String {
    let captured = evidence.order(id).and_then(|state| state.captured.decimal());
    captured.map(|value| value.normalized().to_string()).unwrap_or_default()
}

/// How often each order was posted to GoHighLevel as a fulfilment.
fn effective_orders(evidence: &Evidence) -> String {
    each(evidence, |id| {
        let path = format!("/payments/orders/{id}/fulfillments");
        evidence.effective_writes(System::Ghl, "POST", &path).to_string()
    })
}

/// The first answers to the webhooks that failed.
fn refused(evidence: &Evidence) -> String {
    let failed = evidence.webhooks.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Failed);
    let status = |delivery: &transload_sandbox::Delivery| {
        delivery
            .attempts
            .first()
            .and_then(|attempt| attempt.status)
            .map(|status| status.to_string())
            .unwrap_or_default()
    };
    failed.map(status).collect::<Vec<_>>().join(" ")
}

fn not_taken(evidence: &Evidence) -> String {
    let waiting = evidence.webhooks.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Waiting);
    waiting.count().to_string()
}

fn unfinished(evidence: &Evidence) -> String {
    use transload::storage::State;
    evidence
        .events
        .iter()
        .filter(|event| !matches!(event.state, State::Done | State::Skipped))
        .count()
        .to_string()
}

/// The kinds of the alerts.
fn alerts(evidence: &Evidence) -> String {
    use transload::contract::Receipt;
    let alerts = evidence.events.iter().flat_map(|event| match &event.receipt {
        Some(Receipt::Done(report)) => report.alerts.as_slice(),
        _ => &[],
    });
    alerts.map(|alert| alert.kind.as_str()).collect::<Vec<_>>().join(" ")
}
