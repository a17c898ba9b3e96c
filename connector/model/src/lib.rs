//! The domain: exact money, orders, fulfilments, payments, and the rules they follow.
//!
//! Everything here is pure: no vendor, no JSON, no clock, no I/O. A rule that can live here does, because here it is
//! tested in microseconds and runs unchanged inside a component.

pub mod cash;
pub mod decimal;
pub mod fingerprint;
pub mod fulfillment;
pub mod invoice;
pub mod money;
pub mod notice;
pub mod order;
pub mod party;
pub mod payments;
pub mod progress;
pub mod quantity;
pub mod reconcile;
pub mod revenue;
pub mod subscription;
pub mod transaction;

pub use cash::{Allocation, Till};
pub use decimal::{Decimal, DecimalError};
pub use fingerprint::Fingerprint;
pub use fulfillment::{FulfilledLine, Fulfillment, FulfillmentState, Proof, Tracking};
pub use invoice::{Invoice, InvoiceStatus};
pub use money::{Currency, Money, MoneyError};
pub use notice::Notice;
pub use order::{FulfillmentStatus, Line, Order, OrderStatus, PaymentStatus};
pub use party::{Address, Party};
pub use payments::Payments;
pub use progress::{Move, Progress};
pub use quantity::{LineQuantity, NewlyFulfilled, QuantityError, newly_fulfilled};
pub use revenue::{Movement, Revenue, Totals};
pub use subscription::{Subscription, SubscriptionStatus};
pub use transaction::{Entity, Transaction, TransactionStatus};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

/// What changed: the object as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a change is made once an event and moved, never kept in bulk")]
pub enum Change {
    /// An order was placed or changed.
    Order(Order),
    /// A delivery was planned, moved on, failed or ended.
    Fulfillment(Fulfillment),
    /// Money moved.
    Transaction(Transaction),
    /// A subscription started, renewed, changed or ended.
    Subscription(Subscription),
    /// An invoice was made, sent, paid or voided.
    Invoice(Invoice),
}
