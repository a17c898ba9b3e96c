//! Watches a module that was just activated, and says when to go back to the one before. Pure.

use crate::contract::Instant;

/// Outcomes after which a module has proved itself.
const OUTCOMES_WATCHED: u32 = 100;

/// How long a module is watched, in milliseconds; a quarter of an hour. What goes wrong later has other causes.
const WATCHED_MS: Instant = 15 * 60 * 1_000;

/// Crashes that are too many. One may be an odd event, which no module could handle; events are tried again, so that one
/// alone would reach any number, and therefore each event counts once.
const CRASHES_MAX: usize = 3;

/// Refusals that are too many, if they are also half of all outcomes.
const REFUSALS_MAX: usize = 5;

/// How one event went on the watched module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    /// Handled, or to be tried again for the vendor's sake.
    Well,
    /// Refused for good.
    Refused,
    /// A trap, a limit, a timeout.
    Crashed,
    /// It wants a person to act first, which pauses the connection.
    Blocked,
}

/// What to do with the watched module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Go on watching.
    Watch,
    /// It has proved itself.
    Keep,
    /// Go back, for this reason.
    GoBack(String),
}

/// Watches one module since its activation.
#[derive(Debug)]
pub(super) struct Guard {
    /// Digest of the watched module.
    pub(super) module: String,
    /// When it was activated.
    pub(super) since: Instant,
    outcomes: u32,
    crashed: Vec<u64>,
    refused: Vec<u64>,
}

impl Guard {
    pub(super) fn new(module: &str, since: Instant) -> Guard {
        Guard { module: module.to_owned(), since, outcomes: 0, crashed: Vec::new(), refused: Vec::new() }
    }

    /// Note how the event with this number went, with this reason if it failed.
    pub(super) fn note(&mut self, event: u64, showing: Showing, reason: &str, now: Instant) -> Judgement {
        self.outcomes = self.outcomes.saturating_add(1);
        match showing {
            Showing::Well => {}
            Showing::Crashed => add(&mut self.crashed, event),
            Showing::Refused => add(&mut self.refused, event),
            Showing::Blocked => return Judgement::GoBack(format!("it paused the connection: {reason}")),
        }
        let failed = self.crashed.len() + self.refused.len();
        if self.crashed.len() >= CRASHES_MAX {
            return Judgement::GoBack(format!("it crashed on {CRASHES_MAX} events; the last time: {reason}"));
        }
        if failed >= REFUSALS_MAX && failed.saturating_mul(2) >= self.outcomes as usize {
            let outcomes = self.outcomes;
            return Judgement::GoBack(format!(
                "it failed on {failed} of {outcomes} events; the last time: {reason}"
            ));
        }
        let old = now.saturating_sub(self.since) >= WATCHED_MS;
        if self.outcomes >= OUTCOMES_WATCHED || old { Judgement::Keep } else { Judgement::Watch }
    }
}

fn add(events: &mut Vec<u64>, event: u64) {
    if !events.contains(&event) {
        events.push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new("sha256:new", 1_000)
    }

    #[test]
    fn three_events_that_crash_are_too_many_and_one_that_does_so_thrice_is_not() {
        let mut guard = guard();
        for _ in 0..3 {
            assert_eq!(guard.note(1, Showing::Crashed, "trap", 1_000), Judgement::Watch);
        }
        assert_eq!(guard.note(2, Showing::Crashed, "trap", 1_000), Judgement::Watch);
        let Judgement::GoBack(reason) = guard.note(3, Showing::Crashed, "trap", 1_000) else { panic!() };
        assert!(reason.contains("3 events") && reason.contains("trap"), "{reason}");
    }

    #[test]
    fn refusals_count_when_they_are_half_of_all() {
        let mut mostly_well = guard();
        for event in 0..6 {
            assert_eq!(mostly_well.note(event, Showing::Well, "", 1_000), Judgement::Watch);
        }
        for event in 10..15 {
            assert_eq!(mostly_well.note(event, Showing::Refused, "no", 1_000), Judgement::Watch);
        }
        // 6 of 12.
        assert!(matches!(mostly_well.note(15, Showing::Refused, "no", 1_000), Judgement::GoBack(_)));
    }

    #[test]
    fn one_that_blocks_the_connection_goes_at_once() {
        assert!(matches!(guard().note(1, Showing::Blocked, "scope", 1_000), Judgement::GoBack(_)));
    }

    #[test]
    fn a_module_proves_itself_by_a_hundred_outcomes_or_a_quarter_of_an_hour() {
        let mut busy = guard();
        for event in 0..99 {
            assert_eq!(busy.note(event, Showing::Well, "", 1_000), Judgement::Watch);
        }
        assert_eq!(busy.note(99, Showing::Well, "", 1_000), Judgement::Keep);
        let quarter = 1_000 + 15 * 60 * 1_000;
        assert_eq!(guard().note(1, Showing::Well, "", quarter - 1), Judgement::Watch);
        assert_eq!(guard().note(1, Showing::Well, "", quarter), Judgement::Keep);
    }
}
