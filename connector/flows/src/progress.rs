//! How far each delivery had come when it was last handled, and what a person was told of it, in the store.

use serde::{Deserialize, Serialize};
use transload_model::{FulfillmentState, Instant, Move, Progress};
use transload_sdk::{Context, Failure, rejected};

/// Most marks that are kept of one delivery: an attempt leaves four at most, and a delivery that is tried more than a dozen
/// times tells its oldest news again.
const TOLD_MAX: usize = 64;

/// What was known, and the version it was read at.
#[derive(Debug)]
pub struct Known {
    /// How far it had come; none if it was never handled.
    pub progress: Option<Progress>,
    told: Vec<String>,
    version: Option<u64>,
    changed: bool,
}

/// The stored form. Names of members and states are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Entry {
    state: String,
    attempt: u32,
    happened_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<String>,
}

impl Known {
    /// What a report of `reached` means.
    pub fn moved_by(&self, reached: &Progress) -> Move {
        self.progress.as_ref().map_or(Move::Forward, |progress| progress.moved_by(reached))
    }

    /// It has come as far as `reached`.
    pub fn reaches(&mut self, reached: Progress) {
        if self.progress.as_ref() != Some(&reached) {
            self.progress = Some(reached);
            self.changed = true;
        }
    }

    /// Whether a person is still to be told what `mark` stands for; from now on it counts as told. It is kept in the
    /// transaction that keeps the alert, so neither is there without the other.
    pub fn tells(&mut self, mark: &str) -> bool {
        if self.told.iter().any(|told| told == mark) {
            return false;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.remove(0);
        }
        self.told.push(mark.to_owned());
        self.changed = true;
        true
    }
}

fn key(delivery_id: &str) -> String {
    format!("progress/{delivery_id}")
}

/// How far the delivery with our id `delivery_id` had come.
pub fn load(cx: &Context, delivery_id: &str) -> Result<Known, Failure> {
    let Some(stored) = cx.store.get(&key(delivery_id))? else {
        return Ok(Known { progress: None, told: Vec::new(), version: None, changed: false });
    };
    let entry: Entry = serde_json::from_slice(&stored.value).map_err(|error| {
        rejected(format!("the store's entry {} cannot be read: {error}", key(delivery_id)))
    })?;
    let progress = Progress {
        state: FulfillmentState::described(&entry.state),
        attempt: entry.attempt,
        happened_at: entry.happened_at.map(Instant),
    };
    Ok(Known { progress: Some(progress), told: entry.told, version: Some(stored.version), changed: false })
}

/// Writes down what is known, unless another event did so since it was read.
pub fn save(cx: &Context, delivery_id: &str, known: Known) -> Result<(), Failure> {
    let (true, Some(progress)) = (known.changed, known.progress) else { return Ok(()) };
    let entry = Entry {
        state: progress.state.describe().to_owned(),
        attempt: progress.attempt,
        happened_at: progress.happened_at.map(|instant| instant.0),
        told: known.told,
    };
    let value = serde_json::to_vec(&entry).map_err(|error| rejected(error.to_string()))?;
    cx.store.compare_and_swap(&key(delivery_id), known.version, &value)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use transload_sdk::fakes::Fakes;

    use super::*;

    fn at(state: FulfillmentState) -> Progress {
        Progress { state, attempt: 1, happened_at: None }
    }

    #[test]
    fn a_person_is_told_once_across_events() {
        let fakes = Fakes::new("{}", 0);
        let cx = fakes.context();
        for first in [true, false] {
            let mut known = load(&cx, "o1").unwrap();
            known.reaches(at(FulfillmentState::Rejected));
            assert_eq!(known.tells("rejected 1"), first);
            save(&cx, "o1", known).unwrap();
        }
        assert_eq!(load(&cx, "o1").unwrap().moved_by(&at(FulfillmentState::Rejected)), Move::Same);
    }

    #[test]
    fn the_oldest_news_make_room() {
        let mut known = load(&Fakes::new("{}", 0).context(), "o1").unwrap();
        for mark in 0..=TOLD_MAX {
            assert!(known.tells(&mark.to_string()));
        }
        assert_eq!(known.told.len(), TOLD_MAX);
        assert!(!known.tells("1") && known.tells("0"));
    }

    #[test]
    fn what_an_earlier_version_kept_is_read() {
        let fakes = Fakes::new("{}", 0);
        let cx = fakes.context();
        cx.store
            .put("progress/o1", br#"{"state":"out for delivery","attempt":2,"happened_at":null}"#)
            .unwrap();
        let known = load(&cx, "o1").unwrap();
        let reached = Progress { attempt: 2, ..at(FulfillmentState::OutForDelivery) };
        assert_eq!(known.progress, Some(reached));
    }
}
