//! The phase of payments: those of the time against Rankr's, and against the orders that they name.

use std::collections::{BTreeMap, BTreeSet};

use transload_flows::reconcile::tallies::tied;
use transload_flows::reconcile::{Kind, Page, memory, payments};
use transload_model::reconcile::Side;
use transload_model::{Change, Decimal, Money, Transaction};
use transload_sdk::{Failure, Scope};
use transload_wire::Number;

use super::kinds::{PAYMENT_CURRENCY_DIFFERS, PAYMENT_DIFFERS, PAYMENT_MISSING};
use super::listed::{self, Entry, Listed, Row};
use super::unlike::{self, Kinds, readable};
use super::{Cursor, after_payments};
use crate::mirror::RANKR;
use crate::settings::Connection;
use crate::transactions::held;

const KINDS: Kinds = Kinds { missing: PAYMENT_MISSING, differs: kind };

fn kind(members: &BTreeSet<String>) -> Kind {
    if members.contains("currency") { PAYMENT_CURRENCY_DIFFERS } else { PAYMENT_DIFFERS }
}

/// Looks at the next payments of GoHighLevel's listing.
pub fn page(both: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let against = |cursor: &mut Cursor, payment: &Transaction, page: &mut Page| {
        count_invoice(both, cursor, payment)?;
        match both.settings.own.transactions.sync {
            true => compare(both, cursor, payment, page),
            false => Ok(()),
        }
    };
    payments::page(both, scope, cursor, after_payments(both), &against)
}

fn compare(
    both: &Connection,
    cursor: &mut Cursor,
    row: &Transaction,
    page: &mut Page,
) -> Result<(), Failure> {
    let told =
        Row { kind: Listed::Payments, id: &row.id, gist: listed::payment(row), changed_at: row.updated_at };
    let entry = listed::get(both.cx, &cursor.scope, Listed::Payments, &row.id)?;
    let amount = entry.as_ref().map(Entry::amount).transpose()?.flatten();
    if entry.as_ref().map_or(Ok(false), |entry| entry.is_as(both, &told))? {
        listed::strike(both.cx, &cursor.scope, Listed::Payments, &row.id)?;
        return count(cursor, row, amount);
    }
    let look = || {
        let Some(payment) = both.ghl.transaction(&row.id)? else { return Ok(None) };
        let change = Change::Transaction(payment.clone());
        unlike::compare(both, &KINDS, &held(payment)?, change).map(Some)
    };
    let amount = match readable(page, ("payment", &row.id), look())? {
        // GoHighLevel has it no more: what Rankr has of it is unknown by now.
        Some(None) => return Ok(()),
        Some(Some((seen, difference))) => {
            if let Some(entry) = entry.filter(|_| difference.is_none()) {
                entry.remember_clean(both, &told)?;
            }
            page.found.extend(difference);
            let seen = seen.map(|seen| seen.transaction).filter(|seen| seen.status.is_captured());
            seen.map(|seen| seen.amount)
        }
        None => amount,
    };
    listed::strike(both.cx, &cursor.scope, Listed::Payments, &row.id)?;
    count(cursor, row, amount)
}

/// Adds Rankr's `amount` to the sums: matched as far as GoHighLevel's payment goes.
fn count(cursor: &mut Cursor, row: &Transaction, amount: Option<Money>) -> Result<(), Failure> {
    let Some(amount) = amount else { return Ok(()) };
    let ours = row.status.is_captured().then(|| tied(Side::Left, &row.id, &row.id, row.amount));
    let theirs = tied(Side::Right, &row.id, &row.id, amount);
    cursor.tallies.count_tied(RANKR, ours.into_iter().chain([theirs]).collect())
}

/// What GoHighLevel's listed payments come to for an invoice, by currency, refunds taken off. Names are frozen.
type Sums = BTreeMap<String, Number>;

fn count_invoice(both: &Connection, cursor: &Cursor, payment: &Transaction) -> Result<(), Failure> {
    let Some(invoice_id) = payment.invoice_id().filter(|_| payment.status.is_captured()) else {
        return Ok(());
    };
    let key = listed::paid(&cursor.scope, invoice_id);
    let mut sums: Sums = memory::read(both.cx, &key)?.unwrap_or_default();
    let refunded = payment.refunded.map_or(Decimal::ZERO, |refunded| refunded.amount);
    let sum = sums.entry(payment.amount.currency.code().to_owned()).or_insert(Number(Decimal::ZERO));
    sum.0 = sum.0.checked_add(payment.amount.amount.checked_sub(refunded)?)?;
    memory::write(both.cx, &key, &sums)
}

/// Whether the listed payments of the invoice come to `paid`.
pub fn come_to(both: &Connection, cursor: &Cursor, invoice_id: &str, paid: Money) -> Result<bool, Failure> {
    let key = listed::paid(&cursor.scope, invoice_id);
    let mut sums: Sums = memory::read(both.cx, &key)?.unwrap_or_default();
    sums.retain(|_, sum| !sum.0.is_zero());
    let own = sums.remove(paid.currency.code()).map_or(Decimal::ZERO, |sum| sum.0);
    Ok(own == paid.amount && sums.is_empty())
}
