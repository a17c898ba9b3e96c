//! What is to be done about an object that Rankr holds, or does not. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use transload_model::Decimal;
use transload_sdk::{Failure, rejected};

use super::memory::Memory;
use super::{Mirrored, write};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Rankr has none.
    Create,
    /// Rankr has it as it should be.
    Verified {
        /// Whether that is news to the memory.
        new: bool,
    },
    /// Rankr has a newer version.
    Newer,
    /// It is to be as it should be.
    Replace {
        /// What was changed in Rankr and goes back.
        edited: BTreeSet<String>,
        /// What was put back for this state of GoHighLevel's, with this time.
        overruled: BTreeSet<String>,
        /// Whether a person knows that the systems disagree on it.
        told: bool,
    },
    /// What was put back before was changed again.
    LeaveAlone {
        /// What was put back for this state of GoHighLevel's.
        overruled: BTreeSet<String>,
        /// Whether a person knows.
        told: bool,
    },
}

/// What is to be done so that Rankr, which has `seen`, holds `wanted`. For one state of GoHighLevel's object no member is put
/// back twice, so that there is an end of it.
pub fn decide<T: Mirrored>(
    wanted: &T,
    seen: Option<&T>,
    memory: Option<&Memory<T>>,
) -> Result<Step, Failure> {
    let Some(seen) = seen else { return Ok(Step::Create) };
    let is_known = memory.is_some_and(|memory| memory.sent.bare() == wanted.bare());
    if seen.bare() == wanted.bare() {
        return Ok(Step::Verified { new: !is_known });
    }
    if seen.version() > wanted.version() {
        return Ok(Step::Newer);
    }
    // What was there before anything was sent is nobody's edit.
    let Some(memory) = memory else {
        return Ok(Step::Replace { edited: BTreeSet::new(), overruled: BTreeSet::new(), told: false });
    };
    let edited = differing(&memory.sent, seen)?;
    let again = edited.is_subset(&memory.overruled);
    Ok(match is_known {
        true if again => Step::LeaveAlone { overruled: memory.overruled.clone(), told: memory.told },
        true => {
            let overruled = memory.overruled.union(&edited).cloned().collect();
            Step::Replace { edited, overruled, told: false }
        }
        // A write of ours whose answer was lost is not in the memory, and nobody's edit. It left its own version there; who edits
        // leaves the one that was.
        false if seen.version() != memory.sent.version() => {
            Step::Replace { edited: BTreeSet::new(), overruled: BTreeSet::new(), told: false }
        }
        // GoHighLevel's object changed. What something in Rankr keeps setting by itself is no news.
        false => {
            let told = memory.told && again && !edited.is_empty();
            Step::Replace { overruled: edited.clone(), edited, told }
        }
    })
}

/// The members in which two objects differ, by the contract's names.
pub fn differing<T: Mirrored>(one: &T, other: &T) -> Result<BTreeSet<String>, Failure> {
    let (one, other) = (one.bare(), other.bare());
    if one == other {
        return Ok(BTreeSet::new());
    }
    let (one, other) = (members(&one)?, members(&other)?);
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let by = |same: fn(&Value, &Value) -> bool| {
        let differs = |name: &&&String| match (one.get(**name), other.get(**name)) {
            (Some(one), Some(other)) => !same(one, other),
            _ => true,
        };
        names.iter().filter(differs).map(|&name| name.clone()).collect::<BTreeSet<String>>()
    };
    let by_value = by(same);
    // A telephone number with and without its plus is the same number and another text.
    Ok(if by_value.is_empty() { by(|one, other| one == other) } else { by_value })
}

/// Whether two values say the same: 150.1 is 150.10.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one == other
                || matches!((one.parse::<Decimal>(), other.parse::<Decimal>()), (Ok(a), Ok(b)) if a == b)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// An object's members, by the contract's names.
pub fn members<T: Mirrored>(object: &T) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(&write(object)?).map_err(|error| rejected(error.to_string()))
}
