//! The kinds of difference. Those that any connector with GoHighLevel finds are [`transload_flows`]'s.

pub use transload_flows::reconcile::kinds::*;

use transload_flows::reconcile::Kind;
use transload_sdk::Severity;

pub const ORDER_WITHOUT_DELIVERY: Kind = Kind::new("order-without-delivery", Severity::Critical);
pub const DELIVERY_WITHOUT_ORDER: Kind = Kind::new("delivery-without-order", Severity::Warning);
pub const DUPLICATE_DELIVERY: Kind = Kind::new("duplicate-delivery", Severity::Critical);
pub const QUANTITY_DIFFERS: Kind = Kind::new("quantity-differs", Severity::Warning);
pub const FULFILLMENT_MISSING: Kind = Kind::new("fulfillment-missing", Severity::Warning);
pub const FULFILLMENT_EXCEEDS_DELIVERY: Kind = Kind::new("fulfillment-exceeds-delivery", Severity::Warning);
pub const CASH_DIFFERS: Kind = Kind::new("cash-differs", Severity::Warning).of_money();
pub const CASH_NOT_RECORDED: Kind = Kind::new("cash-not-recorded", Severity::Critical).of_money();
pub const REFUND_BUT_DELIVERED: Kind = Kind::new("refund-but-delivered", Severity::Critical);
pub const REFUNDED_AND_DELIVERY_PLANNED: Kind =
    Kind::new("refunded-and-delivery-planned", Severity::Critical);
pub const STATUS_DRIFT: Kind = Kind::new("status-drift", Severity::Warning);
pub const LATE: Kind = Kind::new("late", Severity::Info);

/// Every kind.
pub const ALL: [Kind; 20] = [
    ORDER_WITHOUT_DELIVERY,
    DELIVERY_WITHOUT_ORDER,
    DUPLICATE_DELIVERY,
    QUANTITY_DIFFERS,
    FULFILLMENT_MISSING,
    FULFILLMENT_EXCEEDS_DELIVERY,
    CASH_DIFFERS,
    CASH_NOT_RECORDED,
    PAYMENT_NOT_CAPTURED,
    PAID_DIFFERS,
    REFUND_BUT_DELIVERED,
    REFUNDED_AND_DELIVERY_PLANNED,
    CURRENCY_DIFFERS,
    STATUS_DRIFT,
    LATE,
    UNMATCHED_PAYMENT,
    DUPLICATE_PAYMENT,
    TEST_LIVE_MIX,
    UNREADABLE,
    TOO_MANY_LEFT_OVER,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
