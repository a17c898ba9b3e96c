//! Showing what would have come out otherwise.

use serde::Serialize;
use transload::runtime::{Preview, Replay};

use super::style;

/// A digest as a person tells it from another: its first twelve digits.
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// A preview and its sums, for `--json`.
#[derive(Serialize)]
pub struct Summed<'a> {
    events: usize,
    different: usize,
    broken: usize,
    #[serde(flatten)]
    preview: &'a Preview,
}

impl<'a> From<&'a Preview> for Summed<'a> {
    fn from(preview: &'a Preview) -> Summed<'a> {
        let (events, different, broken) = (preview.events(), preview.different(), preview.broken());
        Summed { events, different, broken, preview }
    }
}

/// Prints each event that comes out otherwise, and the sums.
pub fn print_preview(preview: &Preview) {
    for replay in preview.replays.iter().filter(|replay| !replay.identical) {
        print_difference(replay);
    }
    let (events, different, broken) = (preview.events(), preview.different(), preview.broken());
    let sums =
        format!("{events} events: {} the same, {different} different, {broken} broken", events - different);
    let sums = match (broken, different) {
        (0, 0) => style::good(&sums),
        (0, _) => style::warn(&sums),
        _ => style::bad(&sums),
    };
    say!("{sums}");
    if preview.skipped > 0 {
        say!("{}", style::dim(&format!("{} more have no record", preview.skipped)));
    }
}

/// Prints how one event comes out otherwise.
pub fn print_difference(replay: &Replay) {
    let verdict = if replay.broke { style::bad("fails now") } else { style::warn("comes out otherwise") };
    say!("{} {verdict}", style::bold(&format!("{}:", replay.work)));
    for line in &replay.diff {
        match line.chars().next() {
            Some('-') => say!("  {}", style::bad(line)),
            Some('+') => say!("  {}", style::good(line)),
            _ => say!("  {}", style::dim(line)),
        }
    }
    for unknown in &replay.unknown {
        say!("  {}", style::dim(&format!("not on record: {unknown}")));
    }
}
