//! The phase of orders: each order of the time against its payments and its counterpart in the other system.
//!
//! An order that stands as it did when nothing was wrong with it is not read in full again.

use transload_ghl::OrderQuery;
use transload_model::{Fingerprint, Instant, Order, Transaction};
use transload_sdk::{Failure, Scope};

use super::kinds::{PAYMENT_NOT_CAPTURED, UNREADABLE};
use super::memory::{self, Kept, Known};
use super::{Cursor, Difference, Page, Seen, Tallies, outside};
use crate::Shop;
use crate::cursor::DAY_MS;
use crate::events::GHL;

/// Orders of a page. Each takes up to four calls, of GoHighLevel's three, if it has changed: of 100 in ten seconds, half of which
/// are for comparisons, that is half a minute for a page, which is done again when a call fails.
const PAGE_ROWS: u32 = 50;

/// What orders are held against: the other system.
pub trait Counterpart {
    /// What that has of one order.
    type Present;
    /// An order as both systems have it at one time.
    type Snapshot;

    /// The system, as findings name it.
    const SYSTEM: &'static str;

    /// Asks what the other system has of the order `order_id`.
    fn look(&self, order_id: &str) -> Result<Self::Present, Failure>;

    /// What that looks like from outside: the same until something changes that could make a difference.
    fn print(&self, present: &Self::Present) -> String;

    /// Adds what the other system knows of the order's money.
    fn count(
        &self,
        sums: &mut Tallies,
        order: &Order,
        transactions: &[Transaction],
        present: &Self::Present,
    ) -> Result<(), Failure>;

    /// What is remembered of it: [`Known::other`] and [`Known::other_failed`].
    fn remembered(&self, present: &Self::Present) -> Known;

    /// The order as it is now, with its `transactions`; none if it is gone. Fails with `rejected` for one that cannot be
    /// compared, which is a finding.
    fn take(
        &self,
        order_id: &str,
        transactions: Vec<Transaction>,
        present: Self::Present,
    ) -> Result<Option<Self::Snapshot>, Failure>;

    /// All that differs, now.
    fn differences(&self, snapshot: &Self::Snapshot, now: Instant) -> Result<Vec<Difference>, Failure>;

    /// The order, if it is to be paid by now and is not, so that a payment which names no order may be its.
    fn unpaid(&self, snapshot: &Self::Snapshot) -> Option<Kept>;

    /// From when on the snapshot is to be looked at again though nothing changed, in milliseconds; none if never.
    fn clean_until(&self, snapshot: &Self::Snapshot) -> Option<u64>;
}

/// Compares the next orders of the listing, and goes on to `next` after the last.
pub fn page<P>(
    shop: &Shop,
    other: &impl Counterpart,
    scope: &Scope,
    cursor: &mut Cursor<P>,
    next: P,
) -> Result<Page, Failure> {
    let query = OrderQuery {
        // Days, of which neither the field nor the zone is documented: a day more on either side, and then the exact time.
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        end_at: Some(Instant(scope.end.saturating_add(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
    };
    let listed = shop.ghl.orders(&query)?;
    let seen = cursor.offset + listed.rows.len() as u64;
    let more = !listed.rows.is_empty() && seen < listed.total;
    let mut page = Page::default();
    for row in &listed.rows {
        let is_within = row.created_at.is_none_or(|at| at.0 >= scope.start && at.0 < scope.end);
        let known = memory::known(shop.cx, &row.id)?;
        // Rows move on from page to page while the listing is read.
        let is_done = known.as_ref().is_some_and(|known| known.run == cursor.run);
        if is_within && !is_done && shop.settings.mode.accepts(row.live) {
            compare(shop, other, cursor, row, known.unwrap_or_default(), &mut page)?;
        }
    }
    cursor.offset = seen;
    if !more {
        cursor.enter(next);
    }
    Ok(page)
}

/// Compares one order and remembers what came of it.
fn compare<P>(
    shop: &Shop,
    other: &impl Counterpart,
    cursor: &mut Cursor<P>,
    row: &Order,
    known: Known,
    page: &mut Page,
) -> Result<(), Failure> {
    page.checked += 1;
    let (now, row_print) = (shop.cx.clock.now(), outside::row(shop, row));
    if is_listed_as_before(&known, cursor.run, row_print, now) {
        cursor.tallies.merge(&known.sums)?;
        return memory::remember(shop.cx, &row.id, &Known { run: cursor.run, seen: None, ..known });
    }
    let transactions = shop.ghl.order_transactions(&row.id)?;
    let present = other.look(&row.id)?;
    let payments =
        transactions.iter().map(|payment| (payment.id.clone(), outside::payment(payment).to_string()));
    let print = outside::whole(row_print, &payments.collect(), &other.print(&present));
    let mut sums = Tallies::of_payments(row, &transactions)?;
    other.count(&mut sums, row, &transactions, &present)?;
    cursor.tallies.merge(&sums)?;
    let mut next = Known {
        run: cursor.run,
        created: row.created_at.map(|at| at.0),
        exists: true,
        sums,
        ..other.remembered(&present)
    };
    if was_clean(&known, print, now) {
        next = Known { clean: known.clean, clean_until: known.clean_until, ..next };
    } else {
        in_full(other, row, (transactions, present), (print, now), &mut next, page)?;
    }
    memory::remember(shop.cx, &row.id, &next)
}

/// Whether the lists tell of the order and all that belongs to it what was found to be in order.
fn is_listed_as_before(known: &Known, run: u64, row: Fingerprint, now: Instant) -> bool {
    let Some(seen) = known.seen.as_ref().filter(|seen| seen.run == run) else { return false };
    let Some(other) = &seen.other else { return false };
    was_clean(known, outside::whole(row, &seen.payments, other), now)
}

fn was_clean(known: &Known, print: Fingerprint, now: Instant) -> bool {
    known.clean == Some(print.to_string()) && known.clean_until.is_none_or(|until| now.0 < until)
}

fn in_full<C: Counterpart>(
    other: &C,
    row: &Order,
    (transactions, present): (Vec<Transaction>, C::Present),
    (print, now): (Fingerprint, Instant),
    next: &mut Known,
    page: &mut Page,
) -> Result<(), Failure> {
    let snapshot = match other.take(&row.id, transactions, present) {
        // One order that nobody can read must not keep all others from being compared.
        Err(Failure::Rejected(reason)) => {
            page.found.push(unreadable(row, C::SYSTEM, reason));
            return Ok(());
        }
        taken => taken?,
    };
    let Some(snapshot) = snapshot else { return Ok(()) };
    let mut found = other.differences(&snapshot, now)?;
    let unpaid = other.unpaid(&snapshot);
    if unpaid.is_some() {
        // A payment that names no order may turn up; what stays unpaid is told at the end.
        found.retain(|difference| difference.kind() != PAYMENT_NOT_CAPTURED);
    }
    // Its money has to be looked for in every run; of what an invoice was paid, the lists of the order say nothing.
    if found.is_empty() && unpaid.is_none() && row.billed_by.is_none() {
        next.clean = Some(print.to_string());
        next.clean_until = other.clean_until(&snapshot);
    }
    let is_told = found.iter().any(|difference| difference.kind().is_of_money);
    page.kept.extend(unpaid.map(|kept| kept.told(is_told)));
    page.found.extend(found);
    Ok(())
}

fn unreadable(row: &Order, system: &'static str, reason: String) -> Difference {
    let left = Seen::new(GHL, Some(&row.id)).amount(row.total);
    let message = format!("order {} cannot be compared: {reason}", row.id);
    Difference::new(UNREADABLE, &row.id, left, Seen::new(system, None), message)
}

/// All that is found of one order, now; none if GoHighLevel has no such order.
pub fn compare_one(
    shop: &Shop,
    other: &impl Counterpart,
    order_id: &str,
) -> Result<Option<Vec<Difference>>, Failure> {
    let transactions = shop.ghl.order_transactions(order_id)?;
    let present = other.look(order_id)?;
    let Some(snapshot) = other.take(order_id, transactions, present)? else { return Ok(None) };
    other.differences(&snapshot, shop.cx.clock.now()).map(Some)
}
