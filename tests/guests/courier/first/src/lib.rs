//! The courier as it begins.

use transload_courier::{Courier, First};

/// The component.
pub type This = Courier<First>;

transload_sdk::register!(This);
