//! The kinds of difference. Those that any connector with GoHighLevel finds are [`transload_flows`]'s.

pub use transload_flows::reconcile::kinds::*;

use transload_flows::reconcile::Kind;
use transload_sdk::Severity;

pub const ORDER_MISSING: Kind = Kind::new("order-missing", Severity::Critical);
pub const ORDER_UNKNOWN: Kind = Kind::new("order-unknown", Severity::Warning);
pub const ORDER_DIFFERS: Kind = Kind::new("order-differs", Severity::Warning);
pub const ORDER_CURRENCY_DIFFERS: Kind = Kind::new("order-currency-differs", Severity::Critical);
pub const PAYMENT_MISSING: Kind = Kind::new("payment-missing", Severity::Warning);
pub const PAYMENT_UNKNOWN: Kind = Kind::new("payment-unknown", Severity::Critical);
pub const PAYMENT_DIFFERS: Kind = Kind::new("payment-differs", Severity::Warning);
pub const PAYMENT_CURRENCY_DIFFERS: Kind = Kind::new("payment-currency-differs", Severity::Critical);
pub const FULFILLMENT_MISSING_IN_RANKR: Kind = Kind::new("fulfillment-missing-in-rankr", Severity::Warning);
pub const FULFILLMENT_MISSING_IN_GHL: Kind = Kind::new("fulfillment-missing-in-ghl", Severity::Warning);
pub const FULFILLED_QUANTITY_DIFFERS: Kind = Kind::new("fulfilled-quantity-differs", Severity::Warning);
pub const INVOICE_MISSING: Kind = Kind::new("invoice-missing", Severity::Warning);
pub const INVOICE_UNKNOWN: Kind = Kind::new("invoice-unknown", Severity::Warning);
pub const INVOICE_DIFFERS: Kind = Kind::new("invoice-differs", Severity::Warning);
pub const INVOICE_PAYMENT_DIFFERS: Kind = Kind::new("invoice-payment-differs", Severity::Critical);
pub const SUBSCRIPTION_MISSING: Kind = Kind::new("subscription-missing", Severity::Warning);
pub const SUBSCRIPTION_UNKNOWN: Kind = Kind::new("subscription-unknown", Severity::Warning);
pub const SUBSCRIPTION_DIFFERS: Kind = Kind::new("subscription-differs", Severity::Warning);
pub const CHARGE_MISSED: Kind = Kind::new("charge-missed", Severity::Warning);

/// Every kind.
pub const ALL: [Kind; 27] = [
    ORDER_MISSING,
    ORDER_UNKNOWN,
    ORDER_DIFFERS,
    ORDER_CURRENCY_DIFFERS,
    PAYMENT_MISSING,
    PAYMENT_UNKNOWN,
    PAYMENT_DIFFERS,
    PAYMENT_CURRENCY_DIFFERS,
    FULFILLMENT_MISSING_IN_RANKR,
    FULFILLMENT_MISSING_IN_GHL,
    FULFILLED_QUANTITY_DIFFERS,
    INVOICE_MISSING,
    INVOICE_UNKNOWN,
    INVOICE_DIFFERS,
    INVOICE_PAYMENT_DIFFERS,
    SUBSCRIPTION_MISSING,
    SUBSCRIPTION_UNKNOWN,
    SUBSCRIPTION_DIFFERS,
    CHARGE_MISSED,
    PAYMENT_NOT_CAPTURED,
    PAID_DIFFERS,
    CURRENCY_DIFFERS,
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
