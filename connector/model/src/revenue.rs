//! The revenue record of one order: what came in, what went back, what is left.

use std::collections::BTreeMap;

use crate::{Currency, Money, MoneyError, Transaction};

/// What one transaction contributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was captured; zero while the charge has not succeeded.
    pub captured: Money,
    /// What was given back, in all.
    pub refunded: Money,
}

/// Sums of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// What came in.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
    /// `captured` less `refunded`.
    pub net: Money,
}

/// What a report of a transaction changed. Over all reports, in whatever order they come, movements add up to [`Totals`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// What came in.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
}

/// What an order has earned, transaction by transaction.
///
/// Recording a transaction again replaces what it contributed, so any number of reports of it count once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revenue {
    entries: BTreeMap<String, Entry>,
}

impl Revenue {
    /// A record of these entries, by transaction id.
    pub fn from_entries(entries: impl IntoIterator<Item = (String, Entry)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// The entries, in the order of the transactions' ids.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(id, entry)| (id.as_str(), entry))
    }

    /// Writes down what `transaction` contributes, and answers what that changed; none if it is no news. A refund only ever
    /// grows: reports come late and out of order, and money given back does not return to the same charge. Fails with
    /// [`MoneyError::Mixed`] when a refund is in another currency than its charge, or a charge changes its own.
    pub fn record(&mut self, transaction: &Transaction) -> Result<Option<Movement>, MoneyError> {
        let currency = transaction.amount.currency;
        let known = self.entries.get(&transaction.id);
        let captured_before = known.is_some_and(|entry| !entry.captured.amount.is_zero());
        let captured = if transaction.status.is_captured() || captured_before {
            transaction.amount
        } else {
            Money::zero(currency)
        };
        let reported = transaction.refunded.unwrap_or(Money::zero(currency));
        captured.checked_sub(reported)?;
        let refunded = match known {
            Some(entry) if entry.refunded.amount > reported.amount => entry.refunded,
            _ => reported,
        };
        let entry = Entry { captured, refunded };
        if known == Some(&entry) {
            return Ok(None);
        }
        let zero = Money::zero(currency);
        let (captured_then, refunded_then) =
            known.map_or((zero, zero), |known| (known.captured, known.refunded));
        let movement = Movement {
            captured: entry.captured.checked_sub(captured_then)?,
            refunded: entry.refunded.checked_sub(refunded_then)?,
        };
        self.entries.insert(transaction.id.clone(), entry);
        Ok(Some(movement))
    }

    /// Whether money came in and all of it went back. Fails when a sum does not fit.
    pub fn is_given_back(&self) -> Result<bool, MoneyError> {
        let totals = self.totals()?;
        let came = totals.iter().any(|totals| totals.captured.amount.is_positive());
        Ok(came && totals.iter().all(|totals| !totals.net.amount.is_positive()))
    }

    /// The sums, a currency each. Fails only when a sum does not fit in a [`crate::Decimal`].
    pub fn totals(&self) -> Result<Vec<Totals>, MoneyError> {
        let mut totals: BTreeMap<Currency, Totals> = BTreeMap::new();
        for entry in self.entries.values() {
            let zero = Money::zero(entry.captured.currency);
            let sums =
                totals.entry(zero.currency).or_insert(Totals { captured: zero, refunded: zero, net: zero });
            sums.captured = sums.captured.checked_add(entry.captured)?;
            sums.refunded = sums.refunded.checked_add(entry.refunded)?;
            sums.net = sums.captured.checked_sub(sums.refunded)?;
        }
        Ok(totals.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Decimal, TransactionStatus};

    fn money(amount: &str, currency: &str) -> Money {
        Money::new(amount.parse().unwrap(), currency.parse().unwrap())
    }

    fn transaction(
        id: &str,
        amount: Money,
        refunded: Option<Money>,
        status: TransactionStatus,
    ) -> Transaction {
        Transaction {
            id: id.to_owned(),
            amount,
            refunded,
            status,
            settles: Vec::new(),
            customer: None,
            method: None,
            charge_id: None,
            live: true,
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn a_payment_and_a_partial_refund() {
        let mut revenue = Revenue::default();
        let paid = transaction("t1", money("150.1", "USD"), None, TransactionStatus::Succeeded);
        let moved = |captured, refunded| {
            Some(Movement { captured: money(captured, "USD"), refunded: money(refunded, "USD") })
        };
        assert_eq!(revenue.record(&paid).unwrap(), moved("150.1", "0"));
        assert_eq!(revenue.record(&paid).unwrap(), None, "the same report again is no news");
        let refunded = Transaction { refunded: Some(money("50.05", "USD")), ..paid.clone() };
        assert_eq!(revenue.record(&refunded).unwrap(), moved("0.0", "50.05"));
        let more = Transaction { refunded: Some(money("80", "USD")), ..paid.clone() };
        assert_eq!(revenue.clone().record(&more).unwrap(), moved("0.0", "29.95"), "only what is new");
        assert_eq!(revenue.record(&paid).unwrap(), None, "an older report does not undo a refund");
        let totals = revenue.totals().unwrap();
        assert_eq!(
            totals,
            [Totals {
                captured: money("150.10", "USD"),
                refunded: money("50.05", "USD"),
                net: money("100.05", "USD"),
            }]
        );
    }

    #[test]
    fn all_is_given_back_when_each_currency_is() {
        let mut revenue = Revenue::default();
        assert!(!revenue.is_given_back().unwrap());
        let mut record = |id: &str, amount, refunded| {
            let refund = Some(refunded);
            revenue.record(&transaction(id, amount, refund, TransactionStatus::Succeeded)).unwrap();
            revenue.is_given_back().unwrap()
        };
        assert!(!record("t1", money("10", "USD"), money("9.99", "USD")));
        assert!(record("t1", money("10", "USD"), money("10", "USD")));
        assert!(!record("t2", money("1", "EUR"), money("0", "EUR")));
    }

    #[test]
    fn a_charge_that_failed_earns_nothing() {
        let mut revenue = Revenue::default();
        revenue.record(&transaction("t1", money("10", "USD"), None, TransactionStatus::Failed)).unwrap();
        assert!(revenue.totals().unwrap()[0].net.amount.is_zero());
        assert!(!revenue.is_given_back().unwrap(), "nothing ever came");
        revenue.record(&transaction("t1", money("10", "USD"), None, TransactionStatus::Succeeded)).unwrap();
        assert_eq!(revenue.totals().unwrap()[0].net, money("10", "USD"));
    }

    #[test]
    fn currencies_are_kept_apart() {
        let mut revenue = Revenue::default();
        for (id, amount) in
            [("t1", money("10", "USD")), ("t2", money("3000", "JPY")), ("t3", money("1.125", "KWD"))]
        {
            revenue.record(&transaction(id, amount, None, TransactionStatus::Succeeded)).unwrap();
        }
        let nets: Vec<String> =
            revenue.totals().unwrap().iter().map(|totals| totals.net.to_string()).collect();
        assert_eq!(nets, ["3000 JPY", "1.125 KWD", "10.00 USD"]);
        let mixed =
            transaction("t4", money("1", "USD"), Some(money("1", "EUR")), TransactionStatus::Succeeded);
        assert!(matches!(revenue.record(&mixed), Err(MoneyError::Mixed { .. })));
        let other = transaction("t1", money("10", "EUR"), None, TransactionStatus::Succeeded);
        assert!(matches!(revenue.record(&other), Err(MoneyError::Mixed { .. })));
    }

    proptest! {
        /// Reports of a transaction only ever raise what was refunded, so the order they arrive in cannot matter.
        #[test]
        fn any_order_of_reports_gives_the_same_sums(
            reports in proptest::collection::vec((0_u8..3, 0_i64..=1000), 1..12).prop_shuffle(),
        ) {
            let report = |&(id, refunded): &(u8, i64)| {
                let cents = |units| Money::new(Decimal::new(units, 2).unwrap(), "USD".parse().unwrap());
                transaction(&format!("t{id}"), cents(1000), Some(cents(refunded)), TransactionStatus::Succeeded)
            };
            let record = |reports: &mut dyn Iterator<Item = &(u8, i64)>| {
                let mut revenue = Revenue::default();
                let mut moved = 0;
                for item in reports {
                    if let Some(movement) = revenue.record(&report(item)).unwrap() {
                        moved += movement.captured.minor_units().unwrap() - movement.refunded.minor_units().unwrap();
                    }
                }
                assert_eq!(revenue.totals().unwrap()[0].net.minor_units().unwrap(), moved, "no cent without a movement");
                revenue
            };
            let forwards = record(&mut reports.iter());
            prop_assert_eq!(&forwards, &record(&mut reports.iter().rev()));
            let expected: i64 = (0..3).map(|id| reports.iter().filter(|item| item.0 == id).map(|item| item.1).max().unwrap_or(0)).sum();
            prop_assert_eq!(forwards.totals().unwrap()[0].refunded.minor_units().unwrap(), expected);
        }
    }
}
