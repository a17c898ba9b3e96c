//! An object of GoHighLevel's, held against Rankr's.

use std::collections::BTreeSet;

use transload_flows::events::GHL;
use transload_flows::reconcile::{Difference, Kind, Page, Remedy, Seen};
use transload_model::Change;
use transload_sdk::Failure;

use super::kinds::UNREADABLE;
use crate::mirror::{self, Mirrored, RANKR};
use crate::settings::Connection;

/// What differences of a kind of object are called.
pub struct Kinds {
    /// Rankr has none.
    pub missing: Kind,
    /// Rankr's is not as it should be, in these members.
    pub differs: fn(&BTreeSet<String>) -> Kind,
}

/// Handling an object of GoHighLevel's again.
pub fn again(change: Change) -> Remedy {
    Remedy { title: "bring Rankr up to date with GoHighLevel", source: GHL, change }
}

/// Reads what Rankr has of `wanted`, and tells how it differs. `change` is GoHighLevel's object.
pub fn compare<T: Mirrored>(
    both: &Connection,
    kinds: &Kinds,
    wanted: &T,
    change: Change,
) -> Result<(Option<T>, Option<Difference>), Failure> {
    let seen = T::get(&both.rankr, wanted.id())?;
    let difference = match &seen {
        None => Some(missing(kinds.missing, wanted).repaired(again(change))),
        Some(seen) => differs(both, kinds, wanted, seen, change)?,
    };
    Ok((seen, difference))
}

/// Rankr has no `wanted`.
pub fn missing<T: Mirrored>(kind: Kind, wanted: &T) -> Difference {
    let worth = wanted.amount().map(|amount| format!(" of {amount}")).unwrap_or_default();
    let message = format!("Rankr has no {} {}{worth}", T::NAME, wanted.id());
    Difference::new(kind, wanted.subject(), side(GHL, wanted), Seen::new(RANKR, None), message)
}

/// How `seen`, which Rankr has, differs from `wanted`.
pub fn differs<T: Mirrored>(
    both: &Connection,
    kinds: &Kinds,
    wanted: &T,
    seen: &T,
    change: Change,
) -> Result<Option<Difference>, Failure> {
    let Some(unlike) = mirror::compare(both.cx, wanted, seen)? else { return Ok(None) };
    let kind = (kinds.differs)(&unlike.members);
    let message = format!(
        "{} {} is not in Rankr as in GoHighLevel: {} there, {} here",
        T::NAME,
        wanted.id(),
        unlike.seen,
        unlike.wanted
    );
    let (left, right) = (side(GHL, wanted).value(unlike.wanted), side(RANKR, seen).value(unlike.seen));
    let difference = Difference::new(kind, wanted.subject(), left, right, message);
    Ok(Some(if unlike.is_mended { difference.repaired(again(change)) } else { difference }))
}

/// One system's object and what it is worth.
pub fn side<T: Mirrored>(system: &'static str, object: &T) -> Seen {
    let seen = Seen::new(system, Some(object.id()));
    match object.amount() {
        Some(amount) => seen.amount(amount),
        None => seen,
    }
}

/// What `look` gives; none, and a finding, for an object that cannot be read. One must not keep all others from being compared.
pub fn readable<R>(
    page: &mut Page,
    (name, id): (&str, &str),
    look: Result<R, Failure>,
) -> Result<Option<R>, Failure> {
    match look {
        Err(Failure::Rejected(reason)) => {
            let message = format!("{name} {id} cannot be compared: {reason}");
            let (left, right) = (Seen::new(GHL, Some(id)), Seen::new(RANKR, None));
            page.found.push(Difference::new(UNREADABLE, id, left, right, message));
            Ok(None)
        }
        looked => looked.map(Some),
    }
}
