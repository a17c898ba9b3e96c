//! What is shown at the end.

use std::time::Duration;

use serde::Serialize;

use super::check::Check;
use crate::cli::style;

/// What a story came to.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Whether all checks hold.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The orders of the story.
    pub orders: serde_json::Value,
    /// The same for people, in a hundred columns.
    #[serde(skip)]
    pub table: comfy_table::Table,
    /// What must hold.
    pub checks: Vec<Check>,
}

/// Whole milliseconds.
pub fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// The tables of a connector.
pub fn print(connector: &str, outcome: &Outcome) {
    let (orders, checks) =
        (format!("Orders of {connector}"), format!("Checks of {connector}, read back over HTTP"));
    say!("\n{}\n{}\n\n{}", style::bold(&orders), outcome.table, style::bold(&checks));
    for check in &outcome.checks {
        let mark = if check.ok { style::good("ok") } else { style::bad("NO") };
        say!("{mark}  {}  {}", check.name, style::dim(&check.detail));
    }
}
