//! Cash that a driver collected becomes a payment of the GoHighLevel order, once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_ghl::{NewPayment, PaymentMode, TransactionDetail, is_recorded};
use transload_model::{Allocation, Currency, Decimal, FulfillmentState, Money, Order, Till, Transaction};
use transload_sdk::{Context, Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_wire::Number;

use crate::fulfillments::Seen;
use crate::messages::is_refusal;
use crate::progress::Known;
use crate::settings::{CashMode, Connection};

/// What is known of the cash for one order. Names of members are frozen: they are in operators' databases.
#[derive(Default, Serialize, Deserialize)]
struct Ledger {
    /// What all of it is in: the order's currency.
    currency: String,
    /// By delivery and attempt, or by what an action calls it.
    lots: BTreeMap<String, Lot>,
    /// GoHighLevel's transactions that stand for these lots, with the lots' names.
    transactions: BTreeMap<String, String>,
}

/// Cash of one attempt.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Lot {
    /// What the driver had collected for the delivery in all.
    collected: Number,
    /// What was recorded of it.
    recorded: Number,
    /// What GoHighLevel knew of already.
    present: Number,
}

/// A ledger and the version it was read at.
struct Record {
    ledger: Ledger,
    key: String,
    version: Option<u64>,
}

/// The member of a recorded payment's `meta` that says which lot it is.
const MARK: &str = "transload";

impl Record {
    fn load(cx: &Context, order_id: &str) -> Result<Self, Failure> {
        let key = format!("cash/{order_id}");
        let Some(stored) = cx.store.get(&key)? else {
            return Ok(Self { ledger: Ledger::default(), key, version: None });
        };
        let ledger = serde_json::from_slice(&stored.value)
            .map_err(|error| rejected(format!("the store's entry {key} cannot be read: {error}")))?;
        Ok(Self { ledger, key, version: Some(stored.version) })
    }

    fn save(self, cx: &Context) -> Result<(), Failure> {
        let value = serde_json::to_vec(&self.ledger).map_err(|error| rejected(error.to_string()))?;
        cx.store.compare_and_swap(&self.key, self.version, &value)?;
        Ok(())
    }
}

impl Ledger {
    /// What was dealt with for the delivery before. Track-POD has one amount for a delivery, whose member it calls the
    /// "collected paid amount", so that of a later attempt is taken to include those of earlier ones: the other way
    /// round, an amount that stays when the delivery is planned anew would be recorded twice.
    fn collected(&self, delivery_id: &str) -> Decimal {
        let of_delivery = self
            .lots
            .iter()
            .filter(|(name, _)| name.rsplit_once('/').is_some_and(|(delivery, _)| delivery == delivery_id));
        of_delivery.map(|(_, lot)| lot.collected.0).max().unwrap_or(Decimal::ZERO)
    }

    /// The lot of `amount` that no transaction stands for yet.
    fn unseen(&self, amount: Decimal) -> Option<String> {
        let is_unseen = |name: &String| !self.transactions.values().any(|seen| seen == name);
        let of_amount = |lot: &Lot| lot.recorded.0 == amount || lot.present.0 == amount;
        let found = self.lots.iter().find(|(name, lot)| of_amount(lot) && is_unseen(name));
        found.filter(|_| amount.is_positive()).map(|(name, _)| name.clone())
    }

    /// What GoHighLevel knows of it all.
    fn told(&self, currency: Currency) -> Result<Money, Failure> {
        let shares = self.lots.values().flat_map(|lot| [lot.recorded.0, lot.present.0]);
        sum(shares, currency)
    }
}

fn sum(amounts: impl Iterator<Item = Decimal>, currency: Currency) -> Result<Money, Failure> {
    let mut sum = Money::zero(currency);
    for amount in amounts {
        sum = sum.checked_add(Money::new(amount, currency))?;
    }
    Ok(sum)
}

/// Deals with what the driver of a delivery that took place collected.
pub fn settle(connection: &Connection, work: Work, known: &mut Known, seen: &Seen) -> Result<Work, Failure> {
    let currency = seen.order.total.currency;
    let zero = Money::zero(currency);
    let asked = seen.present.cod.map(|cod| Money::new(cod.0, currency)).filter(|cod| !cod.amount.is_zero());
    let said = seen.present.cod_actual.as_deref();
    let collected = match (seen.fulfillment.cash_collected, said) {
        (Some(collected), _) if !collected.amount.is_negative() => collected,
        (None, None) => zero,
        (_, said) => {
            let said = said.unwrap_or_default();
            let text = format!(
                "Track-POD says that {said:?} was collected for delivery {}: that is no amount",
                seen.id
            );
            return Ok(differs(work, known, seen, &text));
        }
    };
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
    let before = Money::new(record.ledger.collected(seen.id), currency);
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
    let allocation = till.allocate()?;
    let mut work = work;
    let asked = asked.unwrap_or(zero);
    let differing = if new.amount.is_zero() { !allocation.due.amount.is_zero() } else { asked != collected };
    if differing || !allocation.over.amount.is_zero() {
        let text = format!(
            "{collected} were collected for delivery {}; the driver was asked for {asked}, and {} were due",
            seen.id, allocation.due
        );
        work = differs(work, known, seen, &text);
    }
    if new.amount.is_zero() {
        return Ok(work);
    }
    let name = format!("{}/{}", seen.id, seen.fulfillment.attempt);
    let enter = Enter {
        name: &name,
        collected,
        note: format!("Collected by the driver of Track-POD delivery {}", seen.id),
    };
    let work = enter.into(connection, work, seen.order, &mut record.ledger, &allocation)?;
    record.save(connection.cx)?;
    Ok(work)
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
    let transactions = connection.ghl.order_transactions(&order.id)?;
    let captured: Vec<&Transaction> = transactions.iter().filter(|it| it.status.is_captured()).collect();
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
    fn into(
        self,
        connection: &Connection,
        work: Work,
        order: &Order,
        ledger: &mut Ledger,
        shares: &Allocation,
    ) -> Result<Work, Failure> {
        let mut lot = Lot {
            collected: Number(self.collected.amount),
            recorded: Number(Decimal::ZERO),
            present: Number(shares.present.amount),
        };
        let mut work = work;
        if shares.present.amount.is_positive() {
            let summary = format!("{} were recorded already since the driver was asked", shares.present);
            work = work.effect(Verb::Verified, "ghl", "payment", &order.id, summary);
        }
        let wanted = connection.settings.writes && connection.settings.cash.record;
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
                    lot.recorded = Number(shares.record.amount);
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
        ledger.currency = order.total.currency.code().to_owned();
        ledger.lots.insert(self.name.to_owned(), lot);
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
    if !connection.settings.writes {
        return Ok(skipped("the setting `writes` forbids it"));
    }
    if !amount.is_positive() {
        return Err(rejected(format!("an amount above zero is needed, and {amount} is none")));
    }
    let currency = order.total.currency;
    let mut record = Record::load(connection.cx, order_id)?;
    let before = record.ledger.lots.get(reference).copied();
    let dealt = before.iter().flat_map(|lot| [lot.recorded.0, lot.present.0]);
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
    let mut work = enter.into(connection, Work::default(), &order, &mut record.ledger, &allocation)?;
    if let (Some(before), Some(lot)) = (before, record.ledger.lots.get_mut(reference)) {
        lot.collected = Number(lot.collected.0.max(before.collected.0));
        lot.recorded = Number(lot.recorded.0.checked_add(before.recorded.0)?);
        lot.present = Number(lot.present.0.checked_add(before.present.0)?);
    }
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
