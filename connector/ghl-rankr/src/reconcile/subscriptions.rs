//! The phase of subscriptions: those that there were by the end of the time, against Rankr's and against their charges.

use transload_flows::events::GHL;
use transload_flows::granted;
use transload_flows::reconcile::{Difference, Page, Seen};
use transload_ghl::{SubscriptionDetail, SubscriptionQuery};
use transload_model::{Change, Instant, Subscription, SubscriptionStatus};
use transload_sdk::{Failure, Scope};
use transload_wire::time;

use super::kinds::{CHARGE_MISSED, SUBSCRIPTION_DIFFERS, SUBSCRIPTION_MISSING};
use super::listed::{self, Entry, Listed, Row};
use super::unlike::{self, Kinds, readable};
use super::{Cursor, Phase};
use crate::charges::{Charges, expected};
use crate::mirror::Mirrored;
use crate::settings::Connection;
use crate::subscriptions::{charges, held, is_overdue};

const KINDS: Kinds = Kinds { missing: SUBSCRIPTION_MISSING, differs: |_| SUBSCRIPTION_DIFFERS };

/// Subscriptions of a page. Each takes up to three calls if it has changed, or its charge is late: see [`super::invoices`] for the
/// budget.
const PAGE_ROWS: u32 = 50;

/// Compares the next subscriptions of GoHighLevel's listing. One that may not be asked is none.
pub fn page(both: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let query = SubscriptionQuery { limit: PAGE_ROWS, offset: cursor.offset, ..SubscriptionQuery::default() };
    let next = Phase::Unknown(Listed::Orders);
    let mut page = Page::default();
    let Some(listed) = granted(both.ghl.subscriptions(&query))? else {
        cursor.enter(next);
        return Ok(page);
    };
    for row in cursor.pass(listed, |row| &row.id, next) {
        let was_there = row.created_at.is_none_or(|at| at.0 < scope.end);
        if was_there && both.shop.settings.mode.accepts(row.live) {
            compare(both, scope, cursor, &row, &mut page)?;
        }
    }
    Ok(page)
}

fn compare(
    both: &Connection,
    scope: &Scope,
    cursor: &Cursor,
    row: &Subscription,
    page: &mut Page,
) -> Result<(), Failure> {
    page.checked += 1;
    let entry = listed::take(both.cx, &cursor.scope, Listed::Subscriptions, &row.id)?;
    // One that had ended before the time is history.
    let is_new = row.created_at.is_none_or(|at| at.0 >= scope.start);
    if entry.is_none() && !is_new && has_ended(row) {
        return Ok(());
    }
    let (gist, kind) = (listed::subscription(row), Listed::Subscriptions);
    let told = Row { kind, id: &row.id, gist, changed_at: row.updated_at };
    let is_listed = entry.as_ref().map_or(Ok(false), |entry| entry.is_as(both, &told))?;
    if is_listed && !entry.as_ref().is_some_and(|entry| is_late(both, row, entry)) {
        return Ok(());
    }
    let found = readable(page, ("subscription", &row.id), in_full(both, &row.id))?;
    if let (Some(entry), Some([])) = (entry, found.as_deref()) {
        entry.remember_clean(both, &told)?;
    }
    page.found.extend(found.into_iter().flatten());
    Ok(())
}

fn has_ended(subscription: &Subscription) -> bool {
    matches!(subscription.status, SubscriptionStatus::Cancelled | SubscriptionStatus::Expired)
}

/// Whether its charge may be late.
fn is_late(both: &Connection, row: &Subscription, entry: &Entry) -> bool {
    let now = both.cx.clock.now();
    let is_overdue = |due| is_overdue(Instant(due), now, &both.settings.subscriptions);
    row.status == SubscriptionStatus::PastDue || entry.due.is_some_and(is_overdue)
}

fn in_full(both: &Connection, id: &str) -> Result<Vec<Difference>, Failure> {
    let Some(detail) = both.ghl.subscription_detail(id)? else { return Ok(Vec::new()) };
    let charges = charges(both, &detail)?;
    let SubscriptionDetail { subscription, .. } = detail;
    let wanted = held(&subscription, charges.as_ref())?;
    let change = Change::Subscription(subscription.clone());
    let (_, difference) = unlike::compare(both, &KINDS, &wanted, change)?;
    let missed = missed(both, &subscription, charges.as_ref(), wanted.subject());
    Ok(difference.into_iter().chain(missed).collect())
}

/// A charge that is late.
fn missed(
    both: &Connection,
    subscription: &Subscription,
    charges: Option<&Charges>,
    subject: &str,
) -> Option<Difference> {
    let now = both.cx.clock.now();
    let due = expected(subscription, charges)?;
    if !is_overdue(due, now, &both.settings.subscriptions) {
        return None;
    }
    let (id, day) = (&subscription.id, time::format_date(due).unwrap_or_default());
    let message = format!("the charge of subscription {id} was due on {day} and has not come");
    let left = Seen::new(GHL, Some(id)).value(format!("due on {day}"));
    let left = match subscription.amount {
        Some(amount) => left.amount(amount),
        None => left,
    };
    Some(Difference::new(CHARGE_MISSED, subject, left, Seen::new(GHL, None), message))
}
