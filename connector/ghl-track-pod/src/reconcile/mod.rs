//! Comparing what both systems hold.
//!
//! A comparison goes through phases, a page at a time, each page in a fresh instance: from the second run on, first what both
//! vendors' lists tell, so that an order of which nothing has changed costs no call of its own; then every order of the time against its
//! payments, its delivery and its fulfilments; each day's deliveries against the orders they name; the payments that belong
//! to no order of the time; and last, what is left over on both sides, by amount, customer and date. Between pages the cursor
//! holds the sums, and the store what is known of each order and which rows are left over.
//!
//! It reads only. An order that stands as it did when nothing was wrong with it is not read in full again. What the settings leave
//! out is no difference.

mod cursor;
mod deliveries;
mod finding;
mod goods;
mod left_over;
mod memory;
mod money;
mod orders;
mod outside;
mod payments;
mod snapshot;
mod state;
mod survey;
mod tallies;

use transload_model::reconcile::Bounds;
use transload_sdk::{Context, Failure, Finding, FindingPage, Scope, rejected};

use crate::settings::Connection;
use cursor::{Cursor, Phase};
use finding::Difference;
use memory::Kept;

/// Most rows of a side that are kept for the last phase: as many as are searched for partners.
const KEPT_MAX: u64 = Bounds::SEARCHED_MAX as u64;

/// What a page came to.
#[derive(Default)]
struct Page {
    found: Vec<Difference>,
    checked: u64,
    kept: Vec<Kept>,
    is_last: bool,
}

/// Compares one page of `scope`.
pub fn page(cx: &Context, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
    let mut at = match cursor {
        Some(text) => Cursor::read(scope, text)?,
        None => begin(cx, scope)?,
    };
    let settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let page = match at.phase {
        Phase::ListedDeliveries => survey::deliveries(&connection, scope, &mut at),
        Phase::ListedPayments => survey::payments(&connection, scope, &mut at),
        Phase::Orders => orders::page(&connection, scope, &mut at),
        Phase::Deliveries => deliveries::page(&connection, scope, &mut at),
        Phase::Payments => payments::page(&connection, scope, &mut at),
        Phase::LeftOver => left_over::page(&connection, &mut at),
    }?;
    keep(cx, &mut at, page.kept)?;
    let wanted = |finding: &Finding| scope.kinds.is_empty() || scope.kinds.contains(&finding.kind);
    Ok(FindingPage {
        findings: page.found.into_iter().map(Difference::finding).filter(wanted).collect(),
        checked: page.checked,
        tallies: at.tallies.told(),
        cursor: if page.is_last { None } else { Some(at.write()?) },
    })
}

fn begin(cx: &Context, scope: &Scope) -> Result<Cursor, Failure> {
    let runs = memory::runs(cx)?;
    let is_worth_it = runs > 0 && survey::is_worth_it(scope, cx.clock.now());
    let phase = if is_worth_it { Phase::ListedDeliveries } else { Phase::Orders };
    let cursor = Cursor::first(scope, runs + 1, phase)?;
    memory::count_run(cx, cursor.run)?;
    // Of a run that was given up.
    memory::forget_kept(cx, &cursor.scope)?;
    Ok(cursor)
}

/// Compares the one order `order_id`, now. Fails with `rejected` when GoHighLevel has no such order.
pub fn order(connection: &Connection, order_id: &str) -> Result<Vec<Finding>, Failure> {
    let found = orders::compare_one(connection, order_id)?;
    let found = found.ok_or_else(|| rejected(format!("GoHighLevel has no order {order_id}")))?;
    Ok(found.into_iter().map(Difference::finding).collect())
}

/// Keeps rows for the last phase, as many as it takes of each side. Those beyond are counted.
fn keep(cx: &Context, cursor: &mut Cursor, rows: Vec<Kept>) -> Result<(), Failure> {
    let mut kept = Vec::new();
    for row in rows {
        let count = if row.is_left() { &mut cursor.kept[0] } else { &mut cursor.kept[1] };
        *count += 1;
        if *count <= KEPT_MAX {
            kept.push(row);
        }
    }
    if !kept.is_empty() {
        memory::keep(cx, &cursor.scope, cursor.chunks, &kept)?;
        cursor.chunks += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
