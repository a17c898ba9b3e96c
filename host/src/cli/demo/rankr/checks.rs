//! What must hold at the end.

use std::collections::{BTreeMap, BTreeSet};

use transload::storage::JobRecord;
use transload_model::Decimal;
use transload_sandbox::{Json, System};

use super::orders::held;
use super::{APRON, Evidence, PARCEL, POT};
use crate::cli::demo::check::{Check, Checks};
use crate::cli::demo::evidence::{amount, list, text};

/// What Rankr has of an order's money: its total, what is paid of it, what was given back, and the word for that.
const MONEY: [&str; 4] = ["amount", "amountPaid", "amountRefunded", "paymentStatus"];

/// 150.10 paid less 12.10 given back.
const WHOLE: &str = "150.1 138 12.1 partially_refunded";

/// The charge of today is none of the order's.
const RECURRING: &str = "9.99 9.99 0 paid";

/// 50.00 and 49.90 of the invoice, and twice 9.99: 119.88; 150.10 less 12.10: 138.
const NET: &str = "119.88 EUR, 3000 JPY, 138 USD";

/// The numbers and links of the apron and the pot.
const TRACKING: &str = "HL-1001 https://north.example/HL-1001; RK-2002 https://rank.example/RK-2002";

/// Looks at everything.
pub fn all(evidence: &Evidence) -> Vec<Check> {
    let mut checks = Checks::default();
    orders(evidence, &mut checks);
    money(evidence, &mut checks);
    fulfilments(evidence, &mut checks);
    let (name, found) = ("the connector's own comparison finds no difference", comparison(evidence));
    checks.is(name, "", found, "done: 0 findings");
    let alerts = (
        "a person is told of the refund and of the edit, and of nothing else",
        "payment-refunded edit-overruled",
    );
    checks.of_the_host(evidence, "401 401 401", alerts)
}

fn orders(evidence: &Evidence, checks: &mut Checks) {
    let story = &evidence.orders;
    checks.is(
        "each order of GoHighLevel is one order in Rankr",
        "orders there, in all: ",
        format!(
            "{} {}",
            each(evidence, |id| count(evidence, id).to_string()),
            evidence.snapshot.rankr.orders.len()
        ),
        "1 1 1 3",
    );
    let status = |id: &str| member(evidence, id, "status");
    checks.is("the edit was put back", "status: ", status(&story.whole), "completed");
    checks.is(
        "as the order is in GoHighLevel",
        "status there: ",
        evidence.order(&story.whole).map(|state| text(&state.order, "status").to_owned()).unwrap_or_default(),
        "completed",
    );
    let created = ledger(evidence, "PUT", &format!("/orders/{}", story.troubled), 201);
    checks.is("the order that Rankr failed on was made once", "answers 201: ", created, "1");
}

fn money(evidence: &Evidence, checks: &mut Checks) {
    let story = &evidence.orders;
    let label = "total, paid, refunded: ";
    checks.is("what was paid and refunded is in Rankr's order", label, sums(evidence, &story.whole), WHOLE);
    checks.is(
        "GoHighLevel's own sums agree",
        "captured, refunded: ",
        evidence.own_sums(&story.whole),
        "150.1 12.1",
    );
    let marks = ["[transload payment", "[transload refund"];
    let notes = evidence.notes_with(&story.whole, &marks);
    checks.is("both are noted once", "notes of the payment, of the refund: ", notes, "1 1");
    checks.is("a renewal pays nothing of the order", label, sums(evidence, &story.recurring), RECURRING);
    checks.is("each payment of GoHighLevel is one in Rankr", "", payments(evidence), "6 of 6, and 0 others");
    checks.is("and together they are worth as much", "net: ", net(evidence), NET);
    checks.is("the invoice is paid in Rankr", "total, paid, due: ", invoice(evidence), "99.9 99.9 0 paid");
    let renewal = &story.renewal;
    checks.is(
        "the subscription's last charge is today's",
        "last, next: ",
        subscription(evidence, |held| {
            ["lastTransactionId", "nextChargeAt"].map(|name| text(held, name)).join(" ")
        }),
        &format!("{} {}", renewal.transaction, renewal.next_at),
    );
    let runs = subscription(evidence, |held| members(held, &["status", "amount", "currency", "period"]));
    checks.is("and it runs on", "", runs, "active 9.99 EUR P1M");
}

fn fulfilments(evidence: &Evidence, checks: &mut Checks) {
    let story = &evidence.orders;
    let both = format!("{APRON} 1; {POT} 1");
    checks.is("GoHighLevel has both parcels, once each", "", evidence.fulfilled(&story.whole), &both);
    checks.is("with their tracking numbers and links", "", evidence.tracking(&story.whole), TRACKING);
    checks.is(
        "Rankr has both, each as far as it has come",
        "",
        parcels(evidence, &story.whole),
        &format!("ghl out_for_delivery HL-1001 {APRON} 1; sink delivered RK-2002 {POT} 1"),
    );
    let fulfilled = |id: &str| {
        let ghl = evidence.order(id).map(|state| text(&state.order, "fulfillmentStatus").to_owned());
        format!("{} {}", ghl.unwrap_or_default(), member(evidence, id, "fulfillmentStatus"))
    };
    checks.is("both say that the order is fulfilled", "", fulfilled(&story.whole), "fulfilled fulfilled");
    let path = format!("/payments/orders/{}/fulfillments", story.whole);
    let written = [System::Ghl, System::Rankr].map(|system| evidence.effective_writes(system, "POST", &path));
    checks.is(
        "each was written to the other side once",
        "written to GoHighLevel, to Rankr: ",
        written.map(|count| count.to_string()).join(" "),
        "1 1",
    );
    let mark = format!("[transload fulfillment {PARCEL} delivered]");
    checks.is(
        "that the pot arrived is noted once",
        "notes: ",
        evidence.notes_with(&story.whole, &[&mark]),
        "1",
    );
    checks.is(
        "the fulfilment whose answer was lost is there once",
        "",
        parcels(evidence, &story.troubled),
        "ghl out_for_delivery  price-box 1, price-fan 2",
    );
}

fn comparison(evidence: &Evidence) -> String {
    let JobRecord { state, counters, .. } = &evidence.orders.comparison;
    match counters.checked {
        0 => "nothing was compared".to_owned(),
        _ => format!("{}: {} findings", state.name(), counters.findings),
    }
}

/// What `see` finds for each order, in the order of the story.
fn each(evidence: &Evidence, see: impl Fn(&str) -> String) -> String {
    let story = &evidence.orders;
    [&story.whole, &story.recurring, &story.troubled].map(|id| see(id)).join(" ")
}

fn count(evidence: &Evidence, id: &str) -> usize {
    evidence.snapshot.rankr.orders.iter().filter(|state| text(&state.order, "orderId") == id).count()
}

fn member(evidence: &Evidence, id: &str, name: &str) -> String {
    held(evidence, id).map(|state| text(&state.order, name).to_owned()).unwrap_or_default()
}

fn sums(evidence: &Evidence, id: &str) -> String {
    held(evidence, id).map(|state| members(&state.order, &MONEY)).unwrap_or_default()
}

/// The members of an object in Rankr, amounts without needless zeros.
fn members(object: &Json, names: &[&str]) -> String {
    let member = |name: &&str| match amount(object, name) {
        Some(amount) => amount.normalized().to_string(),
        None => text(object, name).to_owned(),
    };
    names.iter().map(member).collect::<Vec<_>>().join(" ")
}

/// How often Rankr answered a request with `status`.
fn ledger(evidence: &Evidence, method: &str, path: &str, status: u16) -> String {
    let entries = evidence.ledger.entries.iter().filter(|entry| {
        entry.system == System::Rankr
            && entry.method == method
            && entry.path == path
            && entry.status == Some(status)
    });
    entries.count().to_string()
}

/// How many of GoHighLevel's payments Rankr has, and how many others.
fn payments(evidence: &Evidence) -> String {
    let ids = |rows: &[Json], name| -> BTreeSet<String> {
        rows.iter().map(|row| text(row, name).to_owned()).collect()
    };
    let ghl = ids(&evidence.snapshot.ghl.transactions, "_id");
    let rankr = ids(&evidence.snapshot.rankr.transactions, "transactionId");
    let (same, others) = (ghl.intersection(&rankr).count(), rankr.difference(&ghl).count());
    format!("{same} of {}, and {others} others", ghl.len())
}

/// What came in less what went back, by currency.
fn net(evidence: &Evidence) -> String {
    let mut net: BTreeMap<&str, Option<Decimal>> = BTreeMap::new();
    for row in &evidence.snapshot.rankr.transactions {
        let sum = net.entry(text(row, "currency")).or_insert(Some(Decimal::ZERO));
        let refunded = amount(row, "amountRefunded").unwrap_or(Decimal::ZERO);
        let of_row = amount(row, "amount").and_then(|amount| amount.checked_sub(refunded).ok());
        *sum = sum.zip(of_row).and_then(|(sum, of_row)| sum.checked_add(of_row).ok());
    }
    let shown = |(currency, sum): (&str, Option<Decimal>)| {
        let sum = sum.map(|sum| sum.normalized().to_string());
        format!("{} {currency}", sum.as_deref().unwrap_or("unreadable"))
    };
    net.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn invoice(evidence: &Evidence) -> String {
    let id = &evidence.orders.invoice;
    let held = evidence.snapshot.rankr.invoices.iter().filter(|invoice| text(invoice, "invoiceId") == id);
    let shown = held.map(|invoice| members(invoice, &["amount", "amountPaid", "amountDue", "status"]));
    shown.collect::<Vec<_>>().join("; ")
}

fn subscription(evidence: &Evidence, see: impl Fn(&Json) -> String) -> String {
    let id = &evidence.orders.renewal.subscription;
    let all = evidence.snapshot.rankr.subscriptions.iter();
    let held = all.filter(|subscription| text(subscription, "subscriptionId") == id);
    held.map(see).collect::<Vec<_>>().join("; ")
}

/// Rankr's fulfilments of an order: who made it, how far it has come, its number and its lines.
fn parcels(evidence: &Evidence, id: &str) -> String {
    let parcel = |parcel: &Json| {
        let line = |line: &Json| members(line, &["lineId", "quantity"]);
        let mut lines: Vec<String> = list(parcel, "lines").iter().map(line).collect();
        lines.sort();
        let [origin, status, number] = ["origin", "status", "trackingNumber"].map(|name| text(parcel, name));
        format!("{origin} {status} {number} {}", lines.join(", "))
    };
    let parcels = held(evidence, id).map(|state| state.fulfillments.as_slice()).unwrap_or_default();
    parcels.iter().map(parcel).collect::<Vec<_>>().join("; ")
}
