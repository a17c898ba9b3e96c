//! What the flows are tested with, beside GoHighLevel's objects: Rankr's answers.

use transload_sdk::fakes::Fakes;
use transload_sdk::{Context, Failure};

pub use transload_flows::fixtures::*;

use crate::settings::Connection;

/// Rankr's answer that it has no such object.
pub const MISSING: &str = r#"{"type": "about:blank", "title": "Not Found", "status": 404}"#;

/// Rankr's answer to what it took.
pub const TAKEN: &str = "{}";

/// Runs `flow` on the connection of these ports and settings.
pub fn with<T>(fakes: &Fakes, flow: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
    let cx: Context = fakes.context();
    let settings = cx.settings()?;
    flow(&Connection::new(&cx, &settings))
}
