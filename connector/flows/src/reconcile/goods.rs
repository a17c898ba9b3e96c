//! Goods of an order, summed and told.

use std::collections::BTreeMap;

use transload_model::{Decimal, LineQuantity, Order, QuantityError};

/// Sums by line; lines of nothing are left out. Fails when a sum does not fit.
pub fn totals(quantities: &[LineQuantity]) -> Result<BTreeMap<&str, Decimal>, QuantityError> {
    let mut totals: BTreeMap<&str, Decimal> = BTreeMap::new();
    for LineQuantity { line_id, quantity } in quantities {
        let total = totals.entry(line_id).or_insert(Decimal::ZERO);
        *total =
            total.checked_add(*quantity).map_err(|error| QuantityError::Decimal(line_id.clone(), error))?;
    }
    totals.retain(|_, total| !total.is_zero());
    Ok(totals)
}

/// `2 × Coffee, 1 × Mug` by the names of the order's lines, or `nothing`. Fails when a sum does not fit.
pub fn told(order: &Order, quantities: &[LineQuantity]) -> Result<String, QuantityError> {
    let name = |id: &str| {
        let line = order.lines.iter().find(|line| line.id == id);
        line.map_or_else(|| id.to_owned(), |line| line.name.clone())
    };
    let parts: Vec<String> = totals(quantities)?
        .into_iter()
        .map(|(id, quantity)| format!("{} × {}", quantity.normalized(), name(id)))
        .collect();
    Ok(if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") })
}
