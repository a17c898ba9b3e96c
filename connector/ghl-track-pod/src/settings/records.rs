//! What is written down of money, and what follows from it.

use serde::Deserialize;

/// Cash that drivers collected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CashSettings {
    /// Whether it is recorded as a payment of GoHighLevel's order.
    pub record: bool,
    /// As what.
    pub mode: CashMode,
}

impl Default for CashSettings {
    fn default() -> Self {
        Self { record: true, mode: CashMode::Cash }
    }
}

/// GoHighLevel's words for how money was handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CashMode {
    /// Notes and coins.
    #[default]
    Cash,
    /// A transfer.
    BankTransfer,
    /// Anything else.
    Other,
}

/// Taking deliveries off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CancelSettings {
    /// Whether an order that is refunded in full before the goods leave is not delivered.
    pub when_refunded: bool,
}

impl Default for CancelSettings {
    fn default() -> Self {
        Self { when_refunded: true }
    }
}

/// Recurring orders.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubscriptionSettings {
    /// Whether a renewal charge makes the next delivery, once per period.
    pub renew: bool,
}
