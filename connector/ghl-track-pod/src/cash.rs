//! Cash that a driver collected becomes a payment of the GoHighLevel order, once.

mod ledger;

use transload_flows::payments;
use transload_flows::progress::Known;
use transload_ghl::{NewPayment, PaymentMode, TransactionDetail, is_recorded};
use transload_model::{Allocation, Decimal, FulfillmentState, Money, Order, Till, Transaction};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_track_pod::Cash;

use crate::fulfillments::Seen;
use crate::messages::is_refusal;
use crate::settings::{CashMode, Connection};
use ledger::{Ledger, Record, sum};

/// The member of a recorded payment's `meta` that says which lot it is.
const MARK: &str = "transload";

/// Deals with what the driver of a delivery that took place collected.
pub fn settle(connection: &Connection, work: Work, known: &mut Known, seen: &Seen) -> Result<Work, Failure> {
    let zero = Money::zero(seen.order.total.currency);
    let collected = match seen.present.cash() {
        Cash::Collected(amount) => Money { amount, ..zero },
        Cash::Untold => zero,
        Cash::Unclear(said) => {
            let text = format!(
                "Track-POD says that {said:?} was collected for delivery {}: that is no amount",
                seen.id
            );
            return Ok(differs(work, known, seen, &text));
        }
    };
    let asked =
        seen.present.cod.map(|cod| Money { amount: cod.0, ..zero }).filter(|cod| !cod.amount.is_zero());
    if collected.amount.is_zero()
        && (asked.is_none() || seen.fulfillment.state != FulfillmentState::Delivered)
    {
        return Ok(work);
    }
    if seen.renewal {
        let text =
            format!("{collected} were collected for delivery {}, which a renewal had paid for", seen.id);
        return Ok(if collected.amount.is_zero() { work } else { differs(work, known, seen, &text) });
    }
    let mut record = Record::load(connection.cx, &seen.order.id)?;
    let before = Money { amount: record.ledger.collected(seen.id), ..zero };
    let new = collected.checked_sub(before)?;
    if new.amount.is_negative() {
        let text = format!("{collected} were collected for delivery {} where it had been {before}", seen.id);
        return Ok(differs(work, known, seen, &text));
    }
    if new.amount.is_zero() && !collected.amount.is_zero() {
        return Ok(work);
    }
    let Some(till) = till(connection, seen.order, &record.ledger, asked, new)? else {
        let text = format!(
            "{collected} were collected for delivery {}, but order {} was paid in another currency: record it by hand",
            seen.id, seen.order.id
        );
        return Ok(differs(work, known, seen, &text));
    };
    let shares = till.allocate()?;
    let work = compare(work, known, seen, &till, &shares, collected);
    if new.amount.is_zero() {
        return Ok(work);
    }
    let name = format!("{}/{}", seen.id, seen.fulfillment.attempt);
    let note = format!("Collected by the driver of Track-POD delivery {}", seen.id);
    let work = Enter { name: &name, collected, note }.book(
        connection,
        work,
        seen.order,
        &mut record.ledger,
        &shares,
    )?;
    record.save(connection.cx)?;
    Ok(work)
}

/// Tells a person when a driver brings another sum than he was asked for, or than is due.
fn compare(
    work: Work,
    known: &mut Known,
    seen: &Seen,
    till: &Till,
    shares: &Allocation,
    collected: Money,
) -> Work {
    let asked = till.asked.unwrap_or(Money::zero(collected.currency));
    let differing = if till.collected.amount.is_zero() {
        // Nothing was brought; that is as it should be if it was paid in the meantime.
        !shares.due.amount.is_zero()
    } else {
        asked != collected || !shares.over.amount.is_zero()
    };
    if !differing {
        return work;
    }
    let text = format!(
        "{collected} were collected for delivery {}; the driver was asked for {asked}, and {} were due",
        seen.id, shares.due
    );
    differs(work, known, seen, &text)
}

fn differs(work: Work, known: &mut Known, seen: &Seen, text: &str) -> Work {
    if !known.tells(&format!("cash {} {text}", seen.fulfillment.attempt)) {
        return work;
    }
    work.alert(Severity::Warning, "cash-differs", &seen.order.id, text)
}

/// What is known of the order's money; none if it was paid in a currency that is not its own.
fn till(
    connection: &Connection,
    order: &Order,
    ledger: &Ledger,
    asked: Option<Money>,
    collected: Money,
) -> Result<Option<Till>, Failure> {
    let currency = order.total.currency;
    let transactions = payments::of_order(connection, order)?;
    let captured: Vec<&Transaction> =
        transactions.iter().filter(|it| it.status.is_captured() && it.live == order.live).collect();
    if captured.iter().any(|transaction| transaction.amount.currency != currency) {
        return Ok(None);
    }
    let told = captured.iter().filter(|transaction| is_recorded(transaction)).map(|it| it.amount.amount);
    Ok(Some(Till {
        total: order.total,
        captured: sum(captured.iter().map(|transaction| transaction.amount.amount), currency)?,
        told: sum(told, currency)?,
        recorded: ledger.told(currency)?,
        asked,
        collected,
    }))
}

/// Cash on its way into the ledger.
struct Enter<'a> {
    name: &'a str,
    collected: Money,
    note: String,
}

impl Enter<'_> {
    fn book(
        self,
        connection: &Connection,
        work: Work,
        order: &Order,
        ledger: &mut Ledger,
        shares: &Allocation,
    ) -> Result<Work, Failure> {
        let mut recorded = Money::zero(shares.record.currency);
        let mut work = work;
        if shares.present.amount.is_positive() {
            let summary = format!("{} were recorded already since the driver was asked", shares.present);
            work = work.effect(Verb::Verified, "ghl", "payment", &order.id, summary);
        }
        let wanted = connection.settings.shop.writes && connection.settings.cash.record;
        if wanted && shares.record.amount.is_positive() {
            let payment = NewPayment {
                amount: shares.record,
                mode: mode(connection.settings.cash.mode),
                notes: Some(self.note),
                meta: vec![(MARK.to_owned(), self.name.to_owned())],
                partial: shares.left.amount.is_positive(),
            };
            match connection.ghl.record_payment(&order.id, &payment) {
                Ok(()) => {
                    recorded = shares.record;
                    let summary = format!("{} that the driver collected recorded", shares.record);
                    work = work
                        .effect(Verb::Recorded, "ghl", "payment", &order.id, summary)
                        .amount(shares.record);
                }
                // GoHighLevel is known to answer "Order not found" for orders that it has.
                Err(error) if is_refusal(&error) => {
                    let text = format!(
                        "{} were collected for order {}, and GoHighLevel does not record them: {error}; record them by hand",
                        shares.record, order.id
                    );
                    work = work.alert(Severity::Critical, "payment-not-recorded", &order.id, text);
                }
                Err(error) => return Err(error.into()),
            }
        }
        ledger.add(self.name, self.collected, recorded, shares.present)?;
        Ok(work)
    }
}

fn mode(mode: CashMode) -> PaymentMode {
    match mode {
        CashMode::Cash => PaymentMode::Cash,
        CashMode::BankTransfer => PaymentMode::BankTransfer,
        CashMode::Other => PaymentMode::Other,
    }
}

/// Records `amount` as paid for the order `order_id`, as far as it is due. `reference` tells this payment from others: what
/// was recorded under it before is not recorded again.
pub fn record(
    connection: &Connection,
    order_id: &str,
    amount: Decimal,
    reference: &str,
) -> Result<Receipt, Failure> {
    let Some(order) = connection.ghl.order(order_id)? else {
        return Ok(skipped(format!("GoHighLevel has no order {order_id}")));
    };
    if !connection.settings.shop.writes {
        return Ok(skipped("the setting `writes` forbids it"));
    }
    if !amount.is_positive() {
        return Err(rejected(format!("an amount above zero is needed, and {amount} is none")));
    }
    let currency = order.total.currency;
    let mut record = Record::load(connection.cx, order_id)?;
    let dealt = record.ledger.lots.get(reference).into_iter().flat_map(|lot| [lot.recorded.0, lot.present.0]);
    let new = Money::new(amount, currency).checked_sub(sum(dealt, currency)?)?;
    if !new.amount.is_positive() {
        return Ok(skipped(format!("{reference} of order {order_id} is recorded already")));
    }
    let Some(till) = till(connection, &order, &record.ledger, None, new)? else {
        return Err(rejected(format!(
            "order {order_id} was paid in another currency than its own, {currency}"
        )));
    };
    let allocation = till.allocate()?;
    if !allocation.record.amount.is_positive() {
        return Ok(skipped(format!("order {order_id} is paid: nothing of {new} is due")));
    }
    let enter = Enter {
        name: reference,
        collected: Money::new(amount, currency),
        note: format!("Recorded under the reference {reference}"),
    };
    let mut work = enter.book(connection, Work::default(), &order, &mut record.ledger, &allocation)?;
    if allocation.over.amount.is_positive() {
        let text = format!(
            "{} of {new} are more than order {order_id} owes, and were not recorded",
            allocation.over
        );
        work = work.alert(Severity::Warning, "cash-differs", order_id, text);
    }
    record.save(connection.cx)?;
    Ok(work.into())
}

/// Whether the transaction is what GoHighLevel made of cash that is in the ledger. It says nothing that was not said when
/// the cash was collected. That a payment's `meta` comes back with its transaction is not documented; where it does not,
/// a recorded payment of the same amount stands for the cash, once.
pub fn is_known(
    connection: &Connection,
    order_id: &str,
    detail: &TransactionDetail,
) -> Result<bool, Failure> {
    let transaction = &detail.transaction;
    if !transaction.status.is_captured() || !is_recorded(transaction) {
        return Ok(false);
    }
    let mut record = Record::load(connection.cx, order_id)?;
    let ledger = &mut record.ledger;
    if ledger.transactions.contains_key(&transaction.id) {
        return Ok(true);
    }
    let (amount, currency) = (transaction.amount.amount, transaction.amount.currency);
    let lot = match detail.meta.get(MARK) {
        Some(name) => ledger.lots.contains_key(name).then(|| name.clone()),
        None if ledger.currency == currency.code() => ledger.unseen(amount),
        None => None,
    };
    let Some(lot) = lot else { return Ok(false) };
    ledger.transactions.insert(transaction.id.clone(), lot);
    record.save(connection.cx)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
