//! The courier's next version: it makes the same calls, and says of each effect that it was it.

use transload_courier::{Courier, Next};

/// The component.
pub type This = Courier<Next>;

transload_sdk::register!(This);
