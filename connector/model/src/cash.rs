//! Cash on delivery: how much of what a driver took settles an order.

use crate::{Decimal, Money, MoneyError};

/// What is known of an order's money when a driver has taken cash for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Till {
    /// What the order costs.
    pub total: Money,
    /// What its transactions captured in all, whoever took it. Refunds are not taken off: a driver collects none.
    pub captured: Money,
    /// Of `captured`, what the selling system did not take itself but was told of.
    pub told: Money,
    /// What was told to it from here, for earlier deliveries of the order or earlier in this one.
    pub recorded: Money,
    /// What the driver was asked to collect; none if nothing was said of it.
    pub asked: Option<Money>,
    /// What the driver took beyond what was dealt with before.
    pub collected: Money,
}

/// Where the cash of a [`Till`] goes: `record`, `present` and `over` are together what was collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// What was still to be paid before.
    pub due: Money,
    /// To be recorded now: never more than is due.
    pub record: Money,
    /// What the selling system knows of already: a record whose answer was lost, or one that somebody made by hand.
    pub present: Money,
    /// Beyond what is due; not recorded, a person must look.
    pub over: Money,
    /// What is still to be paid afterwards.
    pub left: Money,
}

impl Till {
    /// Shares out the cash. Fails with [`MoneyError::Mixed`] when two amounts are of different currencies.
    pub fn allocate(&self) -> Result<Allocation, MoneyError> {
        // A record may take a while to show among the transactions; until then it is no longer due all the same.
        let unseen = above_zero(self.recorded.checked_sub(self.told)?);
        let due = above_zero(self.total.checked_sub(self.captured)?.checked_sub(unseen)?);
        let foreign = above_zero(self.told.checked_sub(self.recorded)?);
        // What the driver was asked for was due when the delivery was last brought up to date. What somebody told since is
        // taken for this cash, or a record whose answer was lost would be made again.
        let since_asked = match self.asked {
            Some(asked) => above_zero(asked.checked_sub(due)?),
            None => Money::zero(due.currency),
        };
        let present = least(least(foreign, since_asked), self.collected);
        let rest = self.collected.checked_sub(present)?;
        let record = least(rest, due);
        Ok(Allocation {
            due,
            record,
            present,
            over: rest.checked_sub(record)?,
            left: due.checked_sub(record)?,
        })
    }
}

fn above_zero(money: Money) -> Money {
    Money { amount: money.amount.max(Decimal::ZERO), ..money }
}

fn least(a: Money, b: Money) -> Money {
    Money { amount: a.amount.min(b.amount), ..a }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2).unwrap(), "USD".parse().unwrap())
    }

    fn till(total: i64, captured: i64, asked: i64, collected: i64) -> Till {
        Till {
            total: usd(total),
            captured: usd(captured),
            told: usd(0),
            recorded: usd(0),
            asked: Some(usd(asked)),
            collected: usd(collected),
        }
    }

    fn shares(till: &Till) -> [Money; 3] {
        let shared = till.allocate().unwrap();
        [shared.record, shared.present, shared.over]
    }

    #[test]
    fn what_was_asked_for_and_collected_is_recorded() {
        assert_eq!(shares(&till(15010, 0, 15010, 15010)), [usd(15010), usd(0), usd(0)]);
        let part = till(15010, 5000, 10010, 4000).allocate().unwrap();
        assert_eq!((part.record, part.left), (usd(4000), usd(6010)));
    }

    #[test]
    fn what_was_paid_by_card_in_the_meantime_is_not_recorded_again() {
        assert_eq!(shares(&till(15010, 15010, 15010, 15010)), [usd(0), usd(0), usd(15010)]);
    }

    #[test]
    fn a_record_whose_answer_was_lost_is_not_made_again() {
        let lost = Till { told: usd(15010), ..till(15010, 15010, 15010, 15010) };
        assert_eq!(shares(&lost), [usd(0), usd(15010), usd(0)]);
    }

    #[test]
    fn what_was_told_before_the_driver_was_asked_is_no_cash_of_his() {
        let shop = Till { told: usd(5000), ..till(10000, 5000, 5000, 5000) };
        assert_eq!(shares(&shop), [usd(5000), usd(0), usd(0)]);
    }

    #[test]
    fn a_record_that_does_not_show_yet_is_no_longer_due() {
        let unseen = Till { recorded: usd(6000), ..till(10000, 0, 10000, 4500) };
        let shared = unseen.allocate().unwrap();
        assert_eq!((shared.due, shared.record, shared.over), (usd(4000), usd(4000), usd(500)));
    }

    #[test]
    fn two_currencies_are_not_shared_out() {
        let yen = Money::new(Decimal::from(100), "JPY".parse().unwrap());
        let mixed = Till { collected: yen, ..till(100, 0, 100, 0) };
        assert!(matches!(mixed.allocate(), Err(MoneyError::Mixed { .. })));
    }

    /// Amounts of any currency's places: none, two, three.
    fn amount() -> impl Strategy<Value = i64> {
        0_i64..100_000
    }

    proptest! {
        /// Every unit that a driver took is in exactly one place, and none is recorded that is not due.
        #[test]
        fn no_unit_is_lost_or_made(
            total in amount(), captured in amount(), told_share in 0_i64..=100, recorded in amount(),
            asked in proptest::option::of(amount()), collected in amount(), places in proptest::sample::select(vec![(0_u8, "JPY"), (2, "EUR"), (3, "KWD")]),
        ) {
            let money = |units| Money::new(Decimal::new(units, places.0).unwrap(), places.1.parse().unwrap());
            let till = Till {
                total: money(total), captured: money(captured), told: money(captured * told_share / 100),
                recorded: money(recorded), asked: asked.map(money), collected: money(collected),
            };
            let shared = till.allocate().unwrap();
            let units = |money: Money| money.minor_units().unwrap();
            prop_assert_eq!(units(shared.record) + units(shared.present) + units(shared.over), collected);
            prop_assert_eq!(units(shared.record) + units(shared.left), units(shared.due));
            prop_assert!([shared.record, shared.present, shared.over, shared.left].iter().all(|share| !share.amount.is_negative()));
            prop_assert!(units(shared.due) <= (total - captured).max(0));
        }

        /// A driver brings cash in several lots, some records are lost and made anew, some show late: what is recorded in
        /// all is never more than the order costs less what was paid otherwise, and never more than was collected.
        #[test]
        fn what_is_recorded_in_all_is_within_what_is_due(
            total in amount(), card in amount(), lots in proptest::collection::vec((amount(), any::<bool>()), 1..6),
        ) {
            let card = card.min(total);
            let (mut recorded, mut shown, mut collected) = (0, 0, 0);
            for (lot, shows_at_once) in lots {
                let till = Till { recorded: usd(recorded), told: usd(shown), ..till(total, card + shown, total - card, lot) };
                let record = till.allocate().unwrap().record.minor_units().unwrap();
                recorded += record;
                collected += lot;
                if shows_at_once { shown = recorded; }
                // The same lot, after the answer to its record was lost, finds the record and makes no other.
                let lost = Till { recorded: usd(recorded - record), told: usd(recorded), captured: usd(card + recorded), ..till };
                prop_assert!(lost.allocate().unwrap().record.amount.is_zero() || record == 0);
            }
            prop_assert!(recorded <= total - card);
            prop_assert!(recorded <= collected);
            prop_assert_eq!(recorded, collected.min(total - card));
        }
    }
}
