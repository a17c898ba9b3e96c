//! The kinds of difference that there are whatever the other system is.

use transload_sdk::Severity;

use super::Kind;

/// A completed order whose money did not come in.
pub const PAYMENT_NOT_CAPTURED: Kind = Kind::new("payment-not-captured", Severity::Warning).of_money();
/// More came in than the order costs.
pub const PAID_DIFFERS: Kind = Kind::new("paid-differs", Severity::Warning);
/// A payment in another currency than its order's.
pub const CURRENCY_DIFFERS: Kind = Kind::new("currency-differs", Severity::Critical).of_money();
/// A payment that no order accounts for.
pub const UNMATCHED_PAYMENT: Kind = Kind::new("unmatched-payment", Severity::Warning);
/// A payment that was made twice.
pub const DUPLICATE_PAYMENT: Kind = Kind::new("duplicate-payment", Severity::Critical);
/// A test payment of a live order, or the other way round.
pub const TEST_LIVE_MIX: Kind = Kind::new("test-live-mix", Severity::Warning).of_money();
/// An order that cannot be compared.
pub const UNREADABLE: Kind = Kind::new("unreadable", Severity::Warning);
/// More rows were without a partner than are searched.
pub const TOO_MANY_LEFT_OVER: Kind = Kind::new("too-many-left-over", Severity::Info);
