//! Money in GoHighLevel: what an order costs against what its payments come to.

use transload_model::{Decimal, Money, Order, OrderStatus, Payments, Transaction};
use transload_sdk::Failure;

use super::kinds::{CURRENCY_DIFFERS, DUPLICATE_PAYMENT, PAID_DIFFERS, PAYMENT_NOT_CAPTURED, TEST_LIVE_MIX};
use super::{Difference, Seen};
use crate::cursor::DAY_MS;
use crate::events::GHL;

/// Differences between an order and its `transactions`, which come to `payments`. `elsewhere` is what the other system tells was
/// paid, in the order's currency, that GoHighLevel may not know of yet. Fails when a sum does not fit.
pub fn compare(
    order: &Order,
    transactions: &[Transaction],
    payments: &Payments,
    elsewhere: Decimal,
) -> Result<Vec<Difference>, Failure> {
    let mut found = strangers(order, transactions);
    let has_strangers = !found.is_empty();
    let (doubled, doubled_sum) = doubled(order, transactions, payments)?;
    found.extend(doubled);
    // What is missing because a payment is of another currency or mode is told once.
    let paid = paid(order, payments, doubled_sum, elsewhere)?;
    found.extend(paid.filter(|paid| !has_strangers || paid.kind() != PAYMENT_NOT_CAPTURED));
    Ok(found)
}

fn captured(transactions: &[Transaction]) -> impl Iterator<Item = &Transaction> {
    transactions.iter().filter(|transaction| transaction.status.is_captured())
}

/// Payments in another currency or of another mode than the order's: they pay for nothing of it.
fn strangers(order: &Order, transactions: &[Transaction]) -> Vec<Difference> {
    let mode = |live: bool| if live { "live" } else { "test" };
    let mut found = Vec::new();
    for payment in captured(transactions) {
        let (id, amount) = (&payment.id, payment.amount);
        let left = Seen::new(GHL, Some(&order.id)).amount(order.total);
        let right = Seen::new(GHL, Some(id)).amount(amount);
        if payment.live != order.live {
            let message = format!(
                "order {} is {}, but payment {id} of {amount} is {}",
                order.id,
                mode(order.live),
                mode(payment.live)
            );
            let (left, right) = (left.value(mode(order.live)), right.value(mode(payment.live)));
            found.push(Difference::new(TEST_LIVE_MIX, &order.id, left, right, message));
        } else if amount.currency != order.total.currency {
            let message =
                format!("order {} is for {}, but payment {id} is of {amount}", order.id, order.total);
            found.push(Difference::new(CURRENCY_DIFFERS, &order.id, left, right, message));
        }
    }
    found
}

/// Payments that were made twice, and what the second ones come to: those of one charge, and those that leave the order overpaid
/// by just their amount a day or less after the same amount was paid in the same way.
fn doubled(
    order: &Order,
    transactions: &[Transaction],
    payments: &Payments,
) -> Result<(Vec<Difference>, Money), Failure> {
    let is_ours = |payment: &&Transaction| {
        payment.amount.currency == order.total.currency && payment.live == order.live
    };
    let mut captured: Vec<&Transaction> = captured(transactions).filter(is_ours).collect();
    captured.sort_by_key(|payment| (payment.created_at, &payment.id));
    let overpaid = payments.captured.checked_sub(order.total)?;
    let mut sum = Money::zero(order.total.currency);
    let mut found = Vec::new();
    for (place, payment) in captured.iter().enumerate() {
        let earlier = captured.iter().take(place);
        let same_charge =
            |first: &&&Transaction| payment.charge_id.is_some() && first.charge_id == payment.charge_id;
        let charged_twice = earlier.clone().find(same_charge);
        let alike = |first: &&&Transaction| {
            let days = (first.created_at, payment.created_at);
            first.amount == payment.amount
                && first.method == payment.method
                && matches!(days, (Some(first), Some(second)) if second.0 - first.0 <= DAY_MS)
        };
        let is_too_much = sum.checked_add(payment.amount)?.amount <= overpaid.amount;
        let paid_twice = earlier.clone().find(alike).filter(|_| is_too_much);
        let Some(first) = charged_twice.or(paid_twice) else { continue };
        sum = sum.checked_add(payment.amount)?;
        let message = format!(
            "payments {} and {} of {} for order {} look like one",
            first.id, payment.id, payment.amount, order.id
        );
        let (left, right) = (Seen::new(GHL, Some(&first.id)), Seen::new(GHL, Some(&payment.id)));
        let (left, right) = (left.amount(first.amount), right.amount(payment.amount));
        let difference = Difference::new(DUPLICATE_PAYMENT, &order.id, left, right, message);
        found.push(if charged_twice.is_some() { difference } else { difference.suggested() });
    }
    Ok((found, sum))
}

/// What GoHighLevel calls paid against what was captured. GoHighLevel's order tells no payment status, but a completed one is
/// settled.
fn paid(
    order: &Order,
    payments: &Payments,
    doubled: Money,
    elsewhere: Decimal,
) -> Result<Option<Difference>, Failure> {
    let captured = payments.captured;
    let once = captured.checked_sub(doubled)?;
    let left = Seen::new(GHL, Some(&order.id)).amount(order.total);
    let right = Seen::new(GHL, None).amount(captured);
    if once.amount > order.total.amount {
        let message = format!("order {} is for {}, but {captured} were captured", order.id, order.total);
        return Ok(Some(Difference::new(PAID_DIFFERS, &order.id, left, right, message)));
    }
    let accounted = once.amount.checked_add(elsewhere)?;
    if order.status == OrderStatus::Completed && accounted < order.total.amount {
        let message = format!(
            "order {} of {} is called completed, but {captured} were captured",
            order.id, order.total
        );
        let difference =
            Difference::new(PAYMENT_NOT_CAPTURED, &order.id, left.value("completed"), right, message);
        return Ok(Some(difference));
    }
    Ok(None)
}
