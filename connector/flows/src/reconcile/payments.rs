//! The phase of payments: those of the time that belong to no order of it.

use transload_ghl::TransactionQuery;
use transload_model::reconcile::Side;
use transload_model::{Entity, Instant, Money, Transaction};
use transload_sdk::{Failure, Scope};

use super::kinds::UNMATCHED_PAYMENT;
use super::memory::{self, Kept, Known};
use super::{Cursor, Difference, KEPT_MAX, Page, Seen};
use crate::Shop;
use crate::cursor::DAY_MS;
use crate::events::GHL;

/// Payments of a page: each that names an order of another time takes a call. See [`super::orders`] for the budget.
const PAGE_ROWS: u32 = 50;

/// What a connector holds each payment against besides.
pub type Against<'a, P> = &'a dyn Fn(&mut Cursor<P>, &Transaction, &mut Page) -> Result<(), Failure>;

/// Looks at the next payments of the listing, each of them `against` what the connector knows of it, and goes on to `next` after
/// the last.
pub fn page<P>(
    shop: &Shop,
    scope: &Scope,
    cursor: &mut Cursor<P>,
    next: P,
    against: Against<P>,
) -> Result<Page, Failure> {
    let query = TransactionQuery {
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        end_at: Some(Instant(scope.end.saturating_add(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
        ..TransactionQuery::default()
    };
    let listed = shop.ghl.transactions(&query)?;
    let mut page = Page::default();
    for payment in cursor.pass(listed, |payment| &payment.id, next) {
        let is_within = payment.created_at.is_none_or(|at| at.0 >= scope.start && at.0 < scope.end);
        if !is_within || !shop.settings.mode.accepts(payment.live) {
            continue;
        }
        if payment.status.is_captured() {
            look(shop, cursor, &payment, &mut page)?;
        }
        against(cursor, &payment, &mut page)?;
    }
    Ok(page)
}

fn look<P>(
    shop: &Shop,
    cursor: &mut Cursor<P>,
    payment: &Transaction,
    page: &mut Page,
) -> Result<(), Failure> {
    let settled = match payment.order_id() {
        Some(order_id) => {
            let known = memory::known(shop.cx, order_id)?.unwrap_or_default();
            if known.run == cursor.run {
                // It was counted with its order.
                return Ok(());
            }
            exists(shop, order_id, known)?
        }
        // What pays for an invoice or renews a subscription is settled there.
        None => payment
            .settles
            .iter()
            .any(|entity| matches!(entity, Entity::Invoice(_) | Entity::Subscription(_))),
    };
    page.checked += 1;
    cursor.tallies.add(GHL, payment.amount, settled)?;
    if settled {
        return Ok(());
    }
    if cursor.kept[1] + page.kept.len() as u64 >= KEPT_MAX {
        cursor.kept[1] += 1;
        page.found.push(unmatched(&payment.id, payment.amount, None));
        return Ok(());
    }
    let party = payment.customer_id();
    let kept = Kept::new(Side::Right, &payment.id, payment.amount, party, payment.created_at);
    page.kept.push(kept.charged(payment.charge_id.as_deref()));
    Ok(())
}

/// Whether GoHighLevel has an order of another time. It is asked once.
fn exists(shop: &Shop, order_id: &str, known: Known) -> Result<bool, Failure> {
    if known.exists {
        return Ok(true);
    }
    let exists = shop.ghl.order(order_id)?.is_some();
    if exists {
        memory::remember(shop.cx, order_id, &Known { exists, ..known })?;
    }
    Ok(exists)
}

/// A payment that no order accounts for.
pub fn unmatched(id: &str, amount: Money, candidates: Option<String>) -> Difference {
    let which = candidates.as_ref().map(|orders| format!("; it may be for {orders}")).unwrap_or_default();
    let message = format!("payment {id} of {amount} names no order that GoHighLevel has{which}");
    let left = Seen::new(GHL, None);
    let left = match candidates {
        Some(orders) => left.value(orders),
        None => left,
    };
    Difference::new(UNMATCHED_PAYMENT, id, left, Seen::new(GHL, Some(id)).amount(amount), message)
}
