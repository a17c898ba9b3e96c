//! The phase of orders: each order of the time against its payments, its delivery and its fulfilments.

use transload_flows::subscriptions;
use transload_ghl::OrderQuery;
use transload_model::reconcile::{self, Bounds, Key, KeyKind, Outcome, Row, Side};
use transload_model::{Decimal, FulfillmentState, Instant, Money, Order, Transaction};
use transload_sdk::{Failure, Scope, rejected};
use transload_track_pod::Lookup;

use super::cursor::{Cursor, DAY_MS, Phase};
use super::finding::{Difference, GHL, Kind, Seen, TRACK_POD};
use super::memory::{self, Kept, Known};
use super::snapshot::{self, Snapshot};
use super::tallies::Tallies;
use super::{Page, goods, money, outside, state};
use crate::orders::expected;
use crate::settings::Connection;
use transload_model::Fingerprint;

/// Orders of a page. Each takes up to four calls, of GoHighLevel's three, if it has changed: of 100 in ten seconds, half of which
/// are for comparisons, that is half a minute for a page, which is done again when a call fails.
const PAGE_ROWS: u32 = 50;

/// Compares the next orders of the listing.
pub fn page(connection: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let query = OrderQuery {
        // Days, of which neither the field nor the zone is documented: a day more on either side, and then the exact time.
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        end_at: Some(Instant(scope.end.saturating_add(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
    };
    let listed = connection.ghl.orders(&query)?;
    let seen = cursor.offset + listed.rows.len() as u64;
    let more = !listed.rows.is_empty() && seen < listed.total;
    let mut page = Page::default();
    for row in &listed.rows {
        let is_within = row.created_at.is_none_or(|at| at.0 >= scope.start && at.0 < scope.end);
        let known = memory::known(connection.cx, &row.id)?;
        // Rows move on from page to page while the listing is read.
        let is_done = known.as_ref().is_some_and(|known| known.run == cursor.run);
        if is_within && !is_done && connection.settings.shop.mode.accepts(row.live) {
            compare(connection, cursor, row, known, &mut page)?;
        }
    }
    cursor.offset = seen;
    if !more {
        cursor.enter(Phase::Deliveries);
    }
    Ok(page)
}

/// Compares one order and remembers what came of it.
fn compare(
    connection: &Connection,
    cursor: &mut Cursor,
    row: &Order,
    known: Option<Known>,
    page: &mut Page,
) -> Result<(), Failure> {
    page.checked += 1;
    let (now, row_print) = (connection.cx.clock.now().0, outside::row(connection, row));
    let known = known.unwrap_or_default();
    if is_listed_as_before(&known, cursor.run, row_print, now) {
        cursor.tallies.merge(&known.sums)?;
        return memory::remember(connection.cx, &row.id, &Known { run: cursor.run, seen: None, ..known });
    }
    let transactions = connection.ghl.order_transactions(&row.id)?;
    let lookup = connection.track_pod.order(&row.id)?;
    let payments =
        transactions.iter().map(|payment| (payment.id.clone(), outside::payment(payment).to_string()));
    let print = outside::whole(row_print, &payments.collect(), &outside::lookup(&lookup));
    let sums = sums(row, &transactions, &lookup)?;
    cursor.tallies.merge(&sums)?;
    let mut next = Known {
        run: cursor.run,
        created: row.created_at.map(|at| at.0),
        exists: true,
        sums,
        ..of_delivery(&lookup)
    };
    if was_clean(&known, print, now) {
        next = Known { clean: known.clean, clean_until: known.clean_until, ..next };
    } else {
        in_full(connection, row, transactions, lookup, (print, now), &mut next, page)?;
    }
    memory::remember(connection.cx, &row.id, &next)
}

/// Whether the lists tell of the order and all that belongs to it what was found to be in order.
fn is_listed_as_before(known: &Known, run: u64, row: Fingerprint, now: u64) -> bool {
    let Some(seen) = known.seen.as_ref().filter(|seen| seen.run == run) else { return false };
    let Some(delivery) = &seen.delivery else { return false };
    was_clean(known, outside::whole(row, &seen.payments, delivery), now)
}

fn was_clean(known: &Known, print: Fingerprint, now: u64) -> bool {
    known.clean == Some(print.to_string()) && known.clean_until.is_none_or(|until| now < until)
}

fn in_full(
    connection: &Connection,
    row: &Order,
    transactions: Vec<Transaction>,
    lookup: Lookup,
    (print, now): (Fingerprint, u64),
    next: &mut Known,
    page: &mut Page,
) -> Result<(), Failure> {
    let snapshot = match take(connection, &row.id, transactions, lookup) {
        // One order that nobody can read must not keep all others from being compared.
        Err(Failure::Rejected(reason)) => {
            page.found.push(unreadable(row, reason));
            return Ok(());
        }
        other => other?,
    };
    let Some(snapshot) = snapshot else { return Ok(()) };
    let mut found = differences(connection, &snapshot, now)?;
    if may_be_matched(&snapshot) {
        // A payment that names no order may turn up; what stays unpaid is told at the end.
        found.retain(|difference| difference.kind() != Kind::PaymentNotCaptured);
    }
    let unpaid = unpaid(&snapshot, &found);
    // Its money has to be looked for in every run.
    if found.is_empty() && unpaid.is_none() {
        next.clean = Some(print.to_string());
        next.clean_until = state::clean_until(&snapshot);
    }
    page.found.extend(found);
    page.kept.extend(unpaid);
    Ok(())
}

/// All that is found of one order, now.
pub fn compare_one(connection: &Connection, order_id: &str) -> Result<Option<Vec<Difference>>, Failure> {
    let transactions = connection.ghl.order_transactions(order_id)?;
    let lookup = connection.track_pod.order(order_id)?;
    let Some(snapshot) = take(connection, order_id, transactions, lookup)? else { return Ok(None) };
    differences(connection, &snapshot, connection.cx.clock.now().0).map(Some)
}

fn differences(connection: &Connection, snapshot: &Snapshot, now: u64) -> Result<Vec<Difference>, Failure> {
    let mut found = state::compare(connection, snapshot, now)?;
    found.extend(goods::compare(snapshot)?);
    found.extend(money::compare(connection, snapshot)?);
    let exceeds = |difference: &Difference| difference.kind() == Kind::FulfillmentExceedsDelivery;
    if found.iter().any(exceeds) && has_delivered_twin(connection, snapshot)? {
        found.retain(|difference| !exceeds(difference));
    }
    Ok(found)
}

/// Whether Track-POD has another delivery of the order that did deliver. It answers one of those that share an id, and that
/// there are two is a finding of its own.
fn has_delivered_twin(connection: &Connection, snapshot: &Snapshot) -> Result<bool, Failure> {
    let Some((delivery, _)) = snapshot.delivery() else { return Ok(false) };
    let number = delivery.number.as_ref().unwrap_or(&snapshot.order.id);
    let twins = connection.track_pod.orders_numbered(number)?;
    let is_twin = |twin: &transload_track_pod::Order| {
        twin.track_id != delivery.track_id && twin.fulfillment(None).state.has_delivered()
    };
    Ok(twins.iter().any(is_twin))
}

/// The order as it is now; none if it is gone.
fn take(
    connection: &Connection,
    order_id: &str,
    transactions: Vec<Transaction>,
    lookup: Lookup,
) -> Result<Option<Snapshot>, Failure> {
    let Some((order, raw)) = connection.ghl.order_with_raw(order_id)? else { return Ok(None) };
    let transactions = subscriptions::without_renewals(connection, &order, transactions)?;
    let payments = snapshot::payments(&order, &transactions)?;
    let due = payments.due(&order)?;
    let expected = expected(connection, order.clone(), &raw, payments, &lookup)?;
    let posted = match lookup {
        Lookup::Found(_) => connection.ghl.fulfillments(order_id)?,
        Lookup::Missing | Lookup::Deleted { .. } => Vec::new(),
    };
    Ok(Some(Snapshot { order, transactions, lookup, posted, expected, payments, due }))
}

fn unreadable(row: &Order, reason: String) -> Difference {
    let left = Seen::new(GHL, Some(&row.id)).amount(row.total);
    let message = format!("order {} cannot be compared: {reason}", row.id);
    Difference::new(Kind::Unreadable, &row.id, left, Seen::new(TRACK_POD, None), message)
}

/// What is remembered of the delivery.
fn of_delivery(lookup: &Lookup) -> Known {
    let Lookup::Found(delivery) = lookup else { return Known::default() };
    Known {
        delivery: delivery.track_id.clone(),
        delivery_failed: snapshot::has_failed(&delivery.fulfillment(None).state),
        ..Known::default()
    }
}

fn may_be_matched(snapshot: &Snapshot) -> bool {
    let state = snapshot.delivery().map(|(_, fulfillment)| fulfillment.state);
    state == Some(FulfillmentState::Delivered) && snapshot.due.amount.is_positive()
}

/// Goods that are delivered and not paid for: a payment that names no order may be theirs. What the part that a customer
/// took of an order costs, nobody says.
fn unpaid(snapshot: &Snapshot, found: &[Difference]) -> Option<Kept> {
    let order = may_be_matched(snapshot).then_some(&snapshot.order)?;
    let kept = Kept::new(Side::Left, &order.id, snapshot.due, order.customer_id(), order.created_at);
    Some(kept.told(found.iter().any(|difference| difference.kind().is_of_money())))
}

/// The order's money: GoHighLevel's payments are matched as far as the order asks for them, Track-POD's cash as far as it is
/// recorded.
fn sums(row: &Order, transactions: &[Transaction], lookup: &Lookup) -> Result<Tallies, Failure> {
    let mut sums = Tallies::default();
    let captured = transactions.iter().filter(|transaction| transaction.status.is_captured());
    let payments = captured.clone().map(|payment| entry(Side::Right, &payment.id, &row.id, payment.amount));
    let owed = entry(Side::Left, &row.id, &row.id, row.total);
    sums.count(GHL, Side::Right, &matched(std::iter::once(owed).chain(payments).collect())?)?;
    let Lookup::Found(delivery) = lookup else { return Ok(sums) };
    let Some(cash) = delivery.fulfillment(Some(row.total.currency)).cash_collected else { return Ok(sums) };
    let recorded = captured.filter(|payment| transload_ghl::is_recorded(payment));
    let recorded = recorded.map(|payment| entry(Side::Left, &payment.id, &row.id, payment.amount));
    let collected = entry(Side::Right, &row.id, &row.id, cash);
    sums.count(TRACK_POD, Side::Right, &matched(recorded.chain([collected]).collect())?)?;
    Ok(sums)
}

/// A row that is tied to the order `order_id`.
fn entry(side: Side, id: &str, order_id: &str, amount: Money) -> Row {
    let key = Key { kind: KeyKind::Entity, value: order_id.to_owned() };
    Row { side, id: id.to_owned(), keys: vec![key], amount, party: None, date: None }
}

fn matched(rows: Vec<Row>) -> Result<Outcome, Failure> {
    let zero = Decimal::ZERO;
    let bounds = Bounds { below: zero, above: zero, days_before: 0, days_after: 0, group_max: 0 };
    reconcile::reconcile(&rows, &[], &bounds).map_err(|error| rejected(error.to_string()))
}
