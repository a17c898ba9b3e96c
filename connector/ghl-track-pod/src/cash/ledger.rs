//! What is known of the cash for an order, in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Decimal, Money};
use transload_sdk::{Context, Failure, rejected};
use transload_wire::Number;

/// What is known of the cash for one order. Names of members are frozen: they are in operators' databases.
#[derive(Default, Serialize, Deserialize)]
pub struct Ledger {
    /// What all of it is in: the order's currency.
    pub currency: String,
    /// By delivery and attempt, or by what an action calls it.
    pub lots: BTreeMap<String, Lot>,
    /// GoHighLevel's transactions that stand for these lots, with the lots' names.
    pub transactions: BTreeMap<String, String>,
}

/// Cash of one attempt.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Lot {
    /// What the driver had collected for the delivery in all.
    pub collected: Number,
    /// What was recorded of it.
    pub recorded: Number,
    /// What GoHighLevel knew of already.
    pub present: Number,
}

/// A ledger and the version it was read at.
pub struct Record {
    /// The ledger.
    pub ledger: Ledger,
    key: String,
    version: Option<u64>,
}

impl Record {
    /// Reads the ledger of `order_id`; an empty one if there is none.
    pub fn load(cx: &Context, order_id: &str) -> Result<Self, Failure> {
        let key = format!("cash/{order_id}");
        let Some(stored) = cx.store.get(&key)? else {
            return Ok(Self { ledger: Ledger::default(), key, version: None });
        };
        let ledger = serde_json::from_slice(&stored.value)
            .map_err(|error| rejected(format!("the store's entry {key} cannot be read: {error}")))?;
        Ok(Self { ledger, key, version: Some(stored.version) })
    }

    /// Writes the ledger, unless another event did so since it was read.
    pub fn save(self, cx: &Context) -> Result<(), Failure> {
        let value = serde_json::to_vec(&self.ledger).map_err(|error| rejected(error.to_string()))?;
        cx.store.compare_and_swap(&self.key, self.version, &value)?;
        Ok(())
    }
}

impl Default for Lot {
    fn default() -> Self {
        Self {
            collected: Number(Decimal::ZERO),
            recorded: Number(Decimal::ZERO),
            present: Number(Decimal::ZERO),
        }
    }
}

impl Ledger {
    /// What was dealt with for the delivery before. Track-POD has one amount for a delivery, whose member it calls the
    /// "collected paid amount", so that of a later attempt is taken to include those of earlier ones: the other way
    /// round, an amount that stays when the delivery is planned anew would be recorded twice.
    pub fn collected(&self, delivery_id: &str) -> Decimal {
        let of_delivery = self
            .lots
            .iter()
            .filter(|(name, _)| name.rsplit_once('/').is_some_and(|(delivery, _)| delivery == delivery_id));
        of_delivery.map(|(_, lot)| lot.collected.0).max().unwrap_or(Decimal::ZERO)
    }

    /// The lot of `amount` that no transaction stands for yet.
    pub fn unseen(&self, amount: Decimal) -> Option<String> {
        let is_unseen = |name: &String| !self.transactions.values().any(|seen| seen == name);
        let of_amount = |lot: &Lot| lot.recorded.0 == amount || lot.present.0 == amount;
        let found = self.lots.iter().find(|(name, lot)| of_amount(lot) && is_unseen(name));
        found.filter(|_| amount.is_positive()).map(|(name, _)| name.clone())
    }

    /// Adds to the lot `name`, which has grown to `collected` in all. A delivery that was partial may bring more cash under the
    /// same attempt.
    pub fn add(
        &mut self,
        name: &str,
        collected: Money,
        recorded: Money,
        present: Money,
    ) -> Result<(), Failure> {
        self.currency = collected.currency.code().to_owned();
        let before = self.lots.get(name).copied().unwrap_or_default();
        let lot = Lot {
            collected: Number(before.collected.0.max(collected.amount)),
            recorded: Number(before.recorded.0.checked_add(recorded.amount)?),
            present: Number(before.present.0.checked_add(present.amount)?),
        };
        self.lots.insert(name.to_owned(), lot);
        Ok(())
    }

    /// What GoHighLevel knows of it all.
    pub fn told(&self, currency: Currency) -> Result<Money, Failure> {
        let shares = self.lots.values().flat_map(|lot| [lot.recorded.0, lot.present.0]);
        sum(shares, currency)
    }
}

/// The sum of amounts of one currency.
pub fn sum(amounts: impl Iterator<Item = Decimal>, currency: Currency) -> Result<Money, Failure> {
    let mut sum = Money::zero(currency);
    for amount in amounts {
        sum = sum.checked_add(Money::new(amount, currency))?;
    }
    Ok(sum)
}
