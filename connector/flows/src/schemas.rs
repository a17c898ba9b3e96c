//! Schemas and samples of what every connector with GoHighLevel hears of and answers, for its manifest.

/// An order.
pub const ORDER: &str = include_str!("../manifest/order.schema.json");
/// An order as GoHighLevel has it.
pub const ORDER_SAMPLE: &str = include_str!("../manifest/order.sample.json");
/// A delivery, whoever makes it.
pub const FULFILLMENT: &str = include_str!("../manifest/fulfillment.schema.json");
/// A payment.
pub const TRANSACTION: &str = include_str!("../manifest/transaction.schema.json");
/// A payment as GoHighLevel has it.
pub const TRANSACTION_SAMPLE: &str = include_str!("../manifest/transaction.sample.json");
/// A subscription.
pub const SUBSCRIPTION: &str = include_str!("../manifest/subscription.schema.json");
/// A subscription as GoHighLevel has it.
pub const SUBSCRIPTION_SAMPLE: &str = include_str!("../manifest/subscription.sample.json");
/// The input of an action that is about one order.
pub const ORDER_ID: &str = include_str!("../manifest/order-id.schema.json");
/// What an action did.
pub const RECEIPT: &str = include_str!("../manifest/receipt.schema.json");
/// What a comparison of one order found.
pub const FINDINGS: &str = include_str!("../manifest/findings.schema.json");
