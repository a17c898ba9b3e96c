//! The phases of the survey: what both vendors' lists tell of the orders that earlier runs have compared. Of a list of a
//! hundred, each row costs a hundredth of a call.

use transload_ghl::TransactionQuery;
use transload_model::Instant;
use transload_sdk::{Failure, Scope};

use super::Page;
use super::cursor::{Cursor, DAY_MS, Phase};
use super::deliveries::{date_of, is_ours, of_day};
use super::{memory, outside};
use crate::settings::Connection;

/// How long ago the time may have ended, in days: its orders may have been paid ever since, and all payments since are listed. A
/// quarter of a year of them is a few calls for each day that is compared; beyond, the orders are looked at one by one.
const SINCE_DAYS_MAX: u64 = 92;

/// Payments of a page: as many as GoHighLevel's own clients ask for.
const PAGE_ROWS: u32 = 100;

/// Whether lists tell more cheaply what has changed than each order by itself.
pub fn is_worth_it(scope: &Scope, now: Instant) -> bool {
    now.0 <= scope.end.saturating_add(SINCE_DAYS_MAX * DAY_MS)
}

/// Takes down what the next day's deliveries look like.
pub fn deliveries(connection: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let Some((_, date)) = date_of(scope, cursor.day) else {
        cursor.enter(Phase::ListedPayments);
        return Ok(Page::default());
    };
    for delivery in of_day(connection, &date, scope)? {
        let Some(id) = delivery.id.as_deref().filter(|id| is_ours(id)) else { continue };
        let print = outside::delivery(&delivery).to_string();
        memory::see(connection.cx, id, cursor.run, |seen| match &seen.delivery {
            None => seen.delivery = Some(print),
            // Which one of two is the order's is for a look at the order itself.
            Some(_) => seen.delivery = Some("several".to_owned()),
        })?;
    }
    cursor.day += 1;
    Ok(Page::default())
}

/// Takes down what the next payments look like.
pub fn payments(connection: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let query = TransactionQuery {
        // An order is paid when it is placed or later; the day more is for the zone of the days, which is not documented.
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
        ..TransactionQuery::default()
    };
    let listed = connection.ghl.transactions(&query)?;
    let seen = cursor.offset + listed.rows.len() as u64;
    for payment in &listed.rows {
        let Some(order_id) = payment.order_id() else { continue };
        let print = outside::payment(payment).to_string();
        memory::see(connection.cx, order_id, cursor.run, |seen| {
            seen.payments.insert(payment.id.clone(), print);
        })?;
    }
    cursor.offset = seen;
    if listed.rows.is_empty() || seen >= listed.total {
        cursor.enter(Phase::Orders);
    }
    Ok(Page::default())
}
