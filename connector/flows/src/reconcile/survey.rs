//! The phase of listed payments: what GoHighLevel's list of them tells of the orders that earlier runs have compared. Of a list
//! of a hundred, each row costs a hundredth of a call.

use transload_ghl::TransactionQuery;
use transload_model::Instant;
use transload_sdk::{Failure, Scope};

use super::{Cursor, Page, memory, outside};
use crate::Shop;
use crate::cursor::DAY_MS;

/// How long ago the time may have ended, in days: its orders may have been paid ever since, and all payments since are listed. A
/// quarter of a year of them is a few calls for each day that is compared; beyond, the orders are looked at one by one.
const SINCE_DAYS_MAX: u64 = 92;

/// Payments of a page: as many as GoHighLevel's own clients ask for.
const PAGE_ROWS: u32 = 100;

/// Whether lists tell more cheaply what has changed than each order by itself.
pub fn is_worth_it(scope: &Scope, now: Instant) -> bool {
    now.0 <= scope.end.saturating_add(SINCE_DAYS_MAX * DAY_MS)
}

/// Takes down what the next payments look like, and goes on to `next` after the last.
pub fn payments<P>(shop: &Shop, scope: &Scope, cursor: &mut Cursor<P>, next: P) -> Result<Page, Failure> {
    let query = TransactionQuery {
        // An order is paid when it is placed or later; the day more is for the zone of the days, which is not documented.
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
        ..TransactionQuery::default()
    };
    let listed = shop.ghl.transactions(&query)?;
    let seen = cursor.offset + listed.rows.len() as u64;
    for payment in &listed.rows {
        let Some(order_id) = payment.order_id() else { continue };
        let print = outside::payment(payment).to_string();
        memory::see(shop.cx, order_id, cursor.run, |seen| {
            seen.payments.insert(payment.id.clone(), print);
        })?;
    }
    cursor.offset = seen;
    if listed.rows.is_empty() || seen >= listed.total {
        cursor.enter(next);
    }
    Ok(Page::default())
}
