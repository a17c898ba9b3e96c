//! The phases of what Rankr has and no list of GoHighLevel's had: GoHighLevel is asked for each, once.

use transload_flows::events::GHL;
use transload_flows::granted;
use transload_flows::reconcile::{Difference, Kind, Page, Seen, memory};
use transload_sdk::Failure;

use super::kinds::{INVOICE_UNKNOWN, ORDER_UNKNOWN, PAYMENT_UNKNOWN, SUBSCRIPTION_UNKNOWN};
use super::listed::{self, Entry, Listed};
use super::{Cursor, Phase};
use crate::mirror::RANKR;
use crate::settings::Connection;

/// Objects of a page. Each takes one call.
const PAGE_ROWS: u32 = 50;

/// Asks for the next, and goes on to the next kind after the last.
pub fn page(both: &Connection, cursor: &mut Cursor, kind: Listed) -> Result<Page, Failure> {
    let place = listed::place(&cursor.scope, kind);
    let (keys, more) = both.cx.store.list_keys(&place, None, PAGE_ROWS)?;
    let mut page = Page::default();
    for id in keys.iter().filter_map(|key| key.strip_prefix(&place)) {
        let entry = listed::take(both.cx, &cursor.scope, kind, id)?;
        if let Some(entry) = entry.filter(|entry| entry.within) {
            ask(both, cursor, kind, (id, &entry), &mut page)?;
        }
    }
    if more.is_none() {
        cursor.enter(kind.next(both).map_or(Phase::LeftOver, Phase::Unknown));
    }
    Ok(page)
}

fn ask(
    both: &Connection,
    cursor: &mut Cursor,
    kind: Listed,
    (id, entry): (&str, &Entry),
    page: &mut Page,
) -> Result<(), Failure> {
    let (unknown, name) = called(kind);
    if kind == Listed::Orders && memory::known(both.cx, id)?.is_some_and(|known| known.run == cursor.run) {
        return Ok(());
    }
    // One of a kind that may not be asked for is nobody's business.
    let Some(is_known) = is_known(both, kind, id)? else { return Ok(()) };
    page.checked += 1;
    let amount = entry.amount()?;
    if let Some(amount) = amount {
        cursor.tallies.add(RANKR, amount, is_known)?;
    }
    if !is_known {
        let of = amount.map(|amount| format!(" of {amount}")).unwrap_or_default();
        let message = format!("Rankr has {name} {id}{of}, and GoHighLevel has not");
        let right = Seen::new(RANKR, Some(id));
        let right = match amount {
            Some(amount) => right.amount(amount),
            None => right,
        };
        page.found.push(Difference::new(unknown, id, Seen::new(GHL, None), right, message));
    }
    Ok(())
}

fn called(kind: Listed) -> (Kind, &'static str) {
    match kind {
        Listed::Orders => (ORDER_UNKNOWN, "order"),
        Listed::Payments => (PAYMENT_UNKNOWN, "payment"),
        Listed::Invoices => (INVOICE_UNKNOWN, "invoice"),
        Listed::Subscriptions => (SUBSCRIPTION_UNKNOWN, "subscription"),
    }
}

fn is_known(both: &Connection, kind: Listed, id: &str) -> Result<Option<bool>, Failure> {
    let ghl = &both.ghl;
    Ok(match kind {
        Listed::Orders => Some(ghl.order(id)?.is_some()),
        Listed::Payments => Some(ghl.transaction(id)?.is_some()),
        Listed::Invoices => granted(ghl.invoice(id))?.map(|found| found.is_some()),
        Listed::Subscriptions => granted(ghl.subscription(id))?.map(|found| found.is_some()),
    })
}
