//! Comparing what two systems hold, as far as one of them is GoHighLevel.
//!
//! A comparison goes through phases, a page at a time, each page in a fresh instance. Between pages the cursor holds the sums,
//! and the store what is known of each order and which rows are left over. Which phases there are is the connector's; here are
//! those that are the same whatever the other system is: what GoHighLevel's list of payments tells of orders that earlier runs
//! have compared ([`survey`]), each order of the time against its payments and its [`Counterpart`] ([`orders`]), the payments that
//! belong to no order of the time ([`payments`]), and what is left over at last, by amount, customer and date ([`left_over`]).
//!
//! It reads only.

pub mod cursor;
pub mod finding;
pub mod goods;
pub mod kinds;
pub mod left_over;
pub mod memory;
pub mod money;
pub mod orders;
pub mod outside;
pub mod payments;
pub mod survey;
pub mod tallies;

use serde::Serialize;
use transload_model::reconcile::Bounds;
use transload_sdk::{Context, Failure, Finding, FindingPage, Scope};

pub use cursor::Cursor;
pub use finding::{Difference, Kind, Remedy, Seen};
pub use memory::{Kept, Known};
pub use orders::Counterpart;
pub use tallies::Tallies;

/// Most rows of a side that are kept for the last phase: as many as are searched for partners.
const KEPT_MAX: u64 = Bounds::SEARCHED_MAX as u64;

/// What a page came to.
#[derive(Default)]
pub struct Page {
    /// The differences.
    pub found: Vec<Difference>,
    /// How many objects were compared.
    pub checked: u64,
    /// Rows to keep for the last phase.
    pub kept: Vec<Kept>,
    /// Whether the run ends with it.
    pub is_last: bool,
}

/// Begins a run over `scope` with the phase that `first` gives; it hears whether lists are worth reading first, because there
/// was a run before and the time is not long past. Fails as [`Cursor::first`] does.
pub fn begin<P>(
    cx: &Context,
    scope: &Scope,
    kinds: &[Kind],
    first: impl FnOnce(bool) -> P,
) -> Result<Cursor<P>, Failure> {
    let runs = memory::runs(cx)?;
    let is_listed = runs > 0 && survey::is_worth_it(scope, cx.clock.now());
    let cursor = Cursor::first(scope, kinds, runs + 1, first(is_listed))?;
    memory::count_run(cx, cursor.run)?;
    // Of a run that was given up.
    memory::forget_kept(cx, &cursor.scope)?;
    Ok(cursor)
}

/// Keeps what `page` has to keep, and answers it as the host gets it: only the kinds that `scope` asks for.
pub fn told<P: Serialize>(
    cx: &Context,
    scope: &Scope,
    cursor: &mut Cursor<P>,
    page: Page,
) -> Result<FindingPage, Failure> {
    keep(cx, cursor, page.kept)?;
    let wanted = |finding: &Finding| scope.kinds.is_empty() || scope.kinds.contains(&finding.kind);
    Ok(FindingPage {
        findings: page.found.into_iter().map(Difference::finding).filter(wanted).collect(),
        checked: page.checked,
        tallies: cursor.tallies.told(),
        cursor: if page.is_last { None } else { Some(cursor.write()?) },
    })
}

/// Keeps rows for the last phase, as many as it takes of each side. Those beyond are counted.
fn keep<P>(cx: &Context, cursor: &mut Cursor<P>, rows: Vec<Kept>) -> Result<(), Failure> {
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
