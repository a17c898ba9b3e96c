//! What is newly fulfilled: the arithmetic between what was ordered, delivered and already written down.

use std::collections::BTreeMap;

use crate::{Decimal, DecimalError};

/// A quantity of one line. Lines that share an id are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineQuantity {
    /// The id of the order's line.
    pub line_id: String,
    /// How much of it.
    pub quantity: Decimal,
}

impl LineQuantity {
    /// `quantity` of the line `line_id`.
    pub fn new(line_id: impl Into<String>, quantity: Decimal) -> Self {
        Self { line_id: line_id.into(), quantity }
    }
}

/// Why quantities could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// A quantity is below zero.
    #[error("line {0} has a quantity below zero")]
    Negative(String),
    /// A sum does not fit.
    #[error("the quantities of line {0} do not add up: {1}")]
    Decimal(String, DecimalError),
}

/// What a delivery adds to what is already written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewlyFulfilled {
    /// To be written down now: above zero, and with what is written down at most what was ordered.
    pub lines: Vec<LineQuantity>,
    /// Delivered beyond what was ordered, or of lines that the order does not have. Not written down; a person must look.
    pub excess: Vec<LineQuantity>,
}

/// Compares what a delivery says with what the order asks for and what is already written down as fulfilled.
///
/// What is written down never falls: a line of which less was delivered than is written down adds nothing.
pub fn newly_fulfilled(
    ordered: &[LineQuantity],
    delivered: &[LineQuantity],
    written: &[LineQuantity],
) -> Result<NewlyFulfilled, QuantityError> {
    let ordered = total_by_line(ordered)?;
    let written = total_by_line(written)?;
    let mut result = NewlyFulfilled::default();
    for (line_id, delivered) in total_by_line(delivered)? {
        let ordered = ordered.get(line_id).copied().unwrap_or(Decimal::ZERO);
        let written = written.get(line_id).copied().unwrap_or(Decimal::ZERO);
        let within = delivered.min(ordered);
        let minus = |a: Decimal, b: Decimal| {
            a.checked_sub(b).map_err(|error| QuantityError::Decimal(line_id.to_owned(), error))
        };
        if within > written {
            result.lines.push(LineQuantity::new(line_id, minus(within, written)?));
        }
        if delivered > ordered {
            result.excess.push(LineQuantity::new(line_id, minus(delivered, ordered)?));
        }
    }
    Ok(result)
}

/// Sums by line, in the order of the ids.
fn total_by_line(quantities: &[LineQuantity]) -> Result<BTreeMap<&str, Decimal>, QuantityError> {
    let mut totals: BTreeMap<&str, Decimal> = BTreeMap::new();
    for LineQuantity { line_id, quantity } in quantities {
        if quantity.is_negative() {
            return Err(QuantityError::Negative(line_id.clone()));
        }
        let total = totals.entry(line_id).or_insert(Decimal::ZERO);
        *total =
            total.checked_add(*quantity).map_err(|error| QuantityError::Decimal(line_id.clone(), error))?;
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantities(list: &[(&str, &str)]) -> Vec<LineQuantity> {
        list.iter().map(|(id, quantity)| LineQuantity::new(*id, quantity.parse().unwrap())).collect()
    }

    #[test]
    fn a_partial_delivery_then_the_rest() {
        let ordered = quantities(&[("a", "2"), ("b", "1")]);
        let first = newly_fulfilled(&ordered, &quantities(&[("a", "1"), ("b", "0")]), &[]).unwrap();
        assert_eq!(first.lines, quantities(&[("a", "1")]));
        let rest = newly_fulfilled(&ordered, &quantities(&[("a", "2"), ("b", "1")]), &first.lines).unwrap();
        assert_eq!(rest.lines, quantities(&[("a", "1"), ("b", "1")]));
        assert!(first.excess.is_empty() && rest.excess.is_empty());
    }

    #[test]
    fn two_lines_of_one_price_are_one() {
        let ordered = quantities(&[("a", "1"), ("a", "2")]);
        let new = newly_fulfilled(&ordered, &quantities(&[("a", "0.5"), ("a", "2.5")]), &[]).unwrap();
        assert_eq!(new.lines, quantities(&[("a", "3.0")]));
    }

    #[test]
    fn more_than_was_ordered_is_left_to_a_person() {
        let new =
            newly_fulfilled(&quantities(&[("a", "1")]), &quantities(&[("a", "3"), ("x", "1")]), &[]).unwrap();
        assert_eq!(new.lines, quantities(&[("a", "1")]));
        assert_eq!(new.excess, quantities(&[("a", "2"), ("x", "1")]));
    }

    #[test]
    fn a_negative_quantity_is_refused() {
        let error = newly_fulfilled(&[], &quantities(&[("a", "-1")]), &[]).unwrap_err();
        assert_eq!(error, QuantityError::Negative("a".to_owned()));
    }

    fn any_quantities() -> impl Strategy<Value = Vec<LineQuantity>> {
        let one = (0_u8..4, 0_i64..50)
            .prop_map(|(line, quantity)| LineQuantity::new(format!("line-{line}"), Decimal::from(quantity)));
        proptest::collection::vec(one, 0..8)
    }

    proptest! {
        /// Reports of one delivery may come in any order and any number of times: what is written down never falls,
        /// never exceeds the order, and ends at the most that was reported.
        #[test]
        fn written_quantities_only_grow(ordered in any_quantities(), reports in proptest::collection::vec(any_quantities(), 1..6)) {
            let mut written: Vec<LineQuantity> = Vec::new();
            for report in reports.iter().chain(&reports) {
                let new = newly_fulfilled(&ordered, report, &written).unwrap();
                prop_assert!(new.lines.iter().all(|line| line.quantity.is_positive()));
                written.extend(new.lines);
            }
            let (ordered, written) = (total_by_line(&ordered).unwrap(), total_by_line(&written).unwrap());
            for (line, limit) in ordered {
                let most = reports.iter().map(|report| total_by_line(report).unwrap().get(line).copied().unwrap_or(Decimal::ZERO)).max();
                prop_assert_eq!(written.get(line).copied().unwrap_or(Decimal::ZERO), most.unwrap().min(limit));
            }
        }
    }
}
