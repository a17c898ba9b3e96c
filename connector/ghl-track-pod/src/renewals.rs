//! Deliveries of a subscription's renewals: their ids.
//!
//! A renewal has no order of its own in GoHighLevel, only a charge that names the order which began the subscription. Its
//! delivery is that order's with the day on which the period starts behind the id: `660ed43bfdf9fc05a0de7a40-20260201`.

/// The order that a delivery is of: the delivery's id, or what stands before the day of a renewal.
pub fn order_of(delivery_id: &str) -> &str {
    match delivery_id.rsplit_once('-') {
        Some((order, day))
            if !order.is_empty() && day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            order
        }
        _ => delivery_id,
    }
}

/// The id of the delivery of the period that starts on `day`, `2026-02-01`.
pub fn delivery_id(order_id: &str, day: &str) -> String {
    format!("{order_id}-{}", day.replace('-', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_names_its_order() {
        assert_eq!(order_of("660ed43bfdf9fc05a0de7a40-20260201"), "660ed43bfdf9fc05a0de7a40");
        for id in ["660ed43bfdf9fc05a0de7a40", "-20260201", "o-1", "o-2026020x", ""] {
            assert_eq!(order_of(id), id);
        }
        assert_eq!(order_of(&delivery_id("o1", "2026-02-01")), "o1");
        assert!(
            delivery_id("660ed43bfdf9fc05a0de7a40", "2026-02-01").len() <= 50,
            "Track-POD takes 50 characters"
        );
    }
}
