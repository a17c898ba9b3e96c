//! Comparisons of two vendors with memory.

mod kinds;
mod run;
mod world;

use transload_sdk::{Certainty, Finding};

use world::{DAY, Of, World};

const SETTINGS: &str = r#"{"location_id":"loc1","mode":"all"}"#;

/// `system currency: rows, total = matched + left over`.
fn sums(page: &super::FindingPage) -> Vec<String> {
    let number = |decimal| transload_sdk::convert::decimal_in(decimal).unwrap().normalized();
    let told = |tally: &transload_sdk::FindingTally| {
        let (total, matched, left) = (number(tally.total), number(tally.matched), number(tally.left_over));
        format!("{} {}: {} rows, {total} = {matched} + {left}", tally.system, tally.currency, tally.rows)
    };
    page.tallies.iter().map(told).collect()
}
