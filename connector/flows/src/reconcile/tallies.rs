//! What became of the money: sums by system and currency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::reconcile::{self, Bounds, Key, KeyKind, Outcome, Row, Side};
use transload_model::{Currency, Decimal, DecimalError, Money, Order, Transaction};
use transload_sdk::convert::decimal_out;
use transload_sdk::{Failure, FindingTally, rejected};
use transload_wire::Number;

use crate::events::GHL;

/// The sums, by system and currency: `ghl USD`. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tallies(BTreeMap<String, Sums>);

/// A row that is tied to the order `order_id`.
pub fn tied(side: Side, id: &str, order_id: &str, amount: Money) -> Row {
    let key = Key { kind: KeyKind::Entity, value: order_id.to_owned() };
    Row { side, id: id.to_owned(), keys: vec![key], amount, party: None, date: None }
}

/// The sums of one system in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    rows: u64,
    total: Number,
    matched: Number,
    left_over: Number,
}

impl Sums {
    const NONE: Self = Self {
        rows: 0,
        total: Number(Decimal::ZERO),
        matched: Number(Decimal::ZERO),
        left_over: Number(Decimal::ZERO),
    };

    fn merge(&mut self, other: &Self) -> Result<(), DecimalError> {
        self.rows += other.rows;
        self.total.0 = self.total.0.checked_add(other.total.0)?;
        self.matched.0 = self.matched.0.checked_add(other.matched.0)?;
        self.left_over.0 = self.left_over.0.checked_add(other.left_over.0)?;
        Ok(())
    }
}

impl Tallies {
    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the sums of `other`.
    pub fn merge(&mut self, other: &Self) -> Result<(), Failure> {
        for (name, sums) in &other.0 {
            self.0.entry(name.clone()).or_insert(Sums::NONE).merge(sums)?;
        }
        Ok(())
    }

    /// GoHighLevel's payments of an order: matched as far as the order asks for them.
    pub fn of_payments(order: &Order, transactions: &[Transaction]) -> Result<Self, Failure> {
        let captured = transactions.iter().filter(|transaction| transaction.status.is_captured());
        let payments = captured.map(|payment| tied(Side::Right, &payment.id, &order.id, payment.amount));
        let owed = tied(Side::Left, &order.id, &order.id, order.total);
        let mut sums = Self::default();
        sums.count_tied(GHL, std::iter::once(owed).chain(payments).collect())?;
        Ok(sums)
    }

    /// Adds the right side of `rows`, which are [`tied`], to the sums of `system`: matched as far as the left side goes.
    pub fn count_tied(&mut self, system: &str, rows: Vec<Row>) -> Result<(), Failure> {
        let zero = Decimal::ZERO;
        let bounds = Bounds { below: zero, above: zero, days_before: 0, days_after: 0, group_max: 0 };
        let outcome =
            reconcile::reconcile(&rows, &[], &bounds).map_err(|error| rejected(error.to_string()))?;
        self.count(system, Side::Right, &outcome)
    }

    /// Adds what became of `side` in `outcome` to the sums of `system`. What is only suggested is not matched yet.
    pub fn count(&mut self, system: &str, side: Side, outcome: &Outcome) -> Result<(), Failure> {
        for tally in outcome.tallies.iter().filter(|tally| tally.side == side) {
            let left_over = tally.left_over.checked_add(tally.suggested)?;
            let sums = self.sums(system, tally.currency);
            sums.rows += tally.rows as u64;
            sums.total.0 = sums.total.0.checked_add(tally.total)?;
            sums.matched.0 = sums.matched.0.checked_add(tally.confirmed)?;
            sums.left_over.0 = sums.left_over.0.checked_add(left_over)?;
        }
        Ok(())
    }

    /// Adds one row to the sums of `system`.
    pub fn add(&mut self, system: &str, amount: Money, is_matched: bool) -> Result<(), Failure> {
        let sums = self.sums(system, amount.currency);
        sums.rows += 1;
        sums.total.0 = sums.total.0.checked_add(amount.amount)?;
        let part = if is_matched { &mut sums.matched } else { &mut sums.left_over };
        part.0 = part.0.checked_add(amount.amount)?;
        Ok(())
    }

    /// Moves `amount`, which was counted as left over, to what is matched.
    pub fn match_later(&mut self, system: &str, currency: Currency, amount: Decimal) -> Result<(), Failure> {
        let sums = self.sums(system, currency);
        sums.matched.0 = sums.matched.0.checked_add(amount)?;
        sums.left_over.0 = sums.left_over.0.checked_sub(amount)?;
        Ok(())
    }

    fn sums(&mut self, system: &str, currency: Currency) -> &mut Sums {
        self.0.entry(format!("{system} {currency}")).or_insert(Sums::NONE)
    }

    /// As findings are told with.
    pub fn told(&self) -> Vec<FindingTally> {
        let told = |(name, sums): (&String, &Sums)| {
            let (system, currency) = name.split_once(' ').unwrap_or((name, ""));
            FindingTally {
                system: system.to_owned(),
                currency: currency.to_owned(),
                rows: sums.rows,
                total: decimal_out(sums.total.0),
                matched: decimal_out(sums.matched.0),
                left_over: decimal_out(sums.left_over.0),
            }
        };
        self.0.iter().map(told).collect()
    }
}
