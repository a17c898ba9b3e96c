//! A version of the courier that nobody wants to keep: it traps in every event.

use transload_courier::{Bad, Courier};

/// The component.
pub type This = Courier<Bad>;

transload_sdk::register!(This);
