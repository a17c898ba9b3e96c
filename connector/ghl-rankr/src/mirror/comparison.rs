//! What Rankr has, held against what it is to hold. Nothing is written.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use transload_model::Fingerprint;
use transload_sdk::{Context, Failure};

use super::decision::{Step, decide, differing, members};
use super::{Mirrored, memory, read, write};

/// Most characters of a member's value that a person is shown; a finding is one line.
const VALUE_MAX: usize = 120;

/// How Rankr's object is unlike the one that it is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// The members that differ, by the contract's names.
    pub members: BTreeSet<String>,
    /// As they are to be: `amount 150.10, status completed`.
    pub wanted: String,
    /// As they are in Rankr.
    pub seen: String,
    /// Whether the flow would bring it up to date: it leaves alone what is newer in Rankr, and what something in Rankr sets
    /// again and again.
    pub is_mended: bool,
}

/// How `seen` is unlike `wanted`; none if it is as it should be.
pub fn compare<T: Mirrored>(cx: &Context, wanted: &T, seen: &T) -> Result<Option<Unlike>, Failure> {
    // The model has members that Rankr has no place for.
    let wanted = read::<T>(&write(wanted)?)?;
    let memory = memory::load::<T>(cx, wanted.id())?;
    let is_mended = match decide(&wanted, Some(seen), memory.as_ref())? {
        Step::Verified { .. } => return Ok(None),
        Step::Replace { .. } | Step::Create => true,
        Step::Newer | Step::LeaveAlone { .. } => false,
    };
    let names = differing(&wanted, seen)?;
    let (wanted, seen) = (members(&wanted)?, members(seen)?);
    Ok(Some(Unlike { wanted: told(&wanted, &names), seen: told(&seen, &names), members: names, is_mended }))
}

fn told(members: &Map<String, Value>, names: &BTreeSet<String>) -> String {
    let one = |name: &String| match members.get(name) {
        None => format!("no {name}"),
        Some(Value::String(text)) => format!("{name} {}", shortened(text)),
        Some(value) => format!("{name} {}", shortened(&value.to_string())),
    };
    names.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A text that is too long is told by its beginning, and from others by its fingerprint: a person's decision hangs on the value.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_MAX) {
        None => text.to_owned(),
        Some((end, _)) => {
            let (beginning, _) = text.split_at(end);
            format!("{beginning}… ({})", Fingerprint::new().and(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_too_long_is_cut_and_still_told_from_others() {
        let long = "é".repeat(VALUE_MAX);
        assert_eq!(shortened(&long), long);
        let (one, other) = (shortened(&format!("{long}1")), shortened(&format!("{long}2")));
        assert!(one.starts_with(&format!("{long}… (")) && one != other, "{one} {other}");
    }
}
