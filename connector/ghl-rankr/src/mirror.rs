//! The one rule by which an object of GoHighLevel's is held in Rankr.
//!
//! GoHighLevel owns it. What Rankr has is brought up to date, unless Rankr has a newer version than the one that was just
//! read. A change that was made in Rankr is put back once and told of; if the same members are changed again while
//! GoHighLevel's object stays as it is, something in Rankr sets them by itself, and they are left alone, because the two
//! would write for ever.

mod comparison;
mod decision;
mod memory;

use std::collections::BTreeSet;

use transload_model::Money;
use transload_rankr::{API, Client, Put, Record};
use transload_sdk::{Failure, Severity, Verb, Work, rejected};
use transload_wire::ApiError;

use crate::settings::Connection;
use decision::{Step, decide, differing};
use memory::Memory;

pub use comparison::compare;

/// Rankr, as manifests, events, effects and findings name it.
pub const RANKR: &str = API.name;

/// A kind of object that is held in Rankr.
pub trait Mirrored: Record + Clone + PartialEq {
    /// What the kind is called, in effects and in the store: `order`.
    const NAME: &'static str;

    /// What it is about: the subject of events and alerts.
    fn subject(&self) -> &str;

    /// GoHighLevel's last change, in milliseconds since 1970.
    fn version(&self) -> u64;

    /// What it is worth.
    fn amount(&self) -> Option<Money>;

    /// Without what does not make it another object: the version, and what Rankr adds.
    fn bare(&self) -> Self;

    /// What Rankr has.
    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError>;

    /// Creates or replaces it in Rankr.
    fn put(&self, client: &Client) -> Result<Put, ApiError>;
}

/// Has Rankr hold `wanted`, by the rule. Adds to `work` what was done and what a person ought to know.
pub fn bring<T: Mirrored>(connection: &Connection, work: Work, wanted: &T) -> Result<Work, Failure> {
    let seen = T::get(&connection.rankr, wanted.id())?;
    bring_seen(connection, work, wanted, seen.as_ref())
}

/// The same beside what was just read from Rankr.
pub fn bring_seen<T: Mirrored>(
    connection: &Connection,
    work: Work,
    wanted: &T,
    seen: Option<&T>,
) -> Result<Work, Failure> {
    let memory = memory::load::<T>(connection.cx, wanted.id())?;
    // The model has members that Rankr has no place for.
    let wanted = read::<T>(&write(wanted)?)?;
    let mirror = Mirror { connection, wanted, seen };
    mirror.run(work, decide(&mirror.wanted, seen, memory.as_ref())?)
}

/// Whether Rankr tells of what was written to it, and of nothing else.
pub fn is_echo<T: Mirrored>(connection: &Connection, seen: &T) -> Result<bool, Failure> {
    let memory = memory::load::<T>(connection.cx, seen.id())?;
    Ok(memory.is_some_and(|memory| memory.sent.bare() == seen.bare()))
}

struct Mirror<'a, T> {
    connection: &'a Connection<'a>,
    wanted: T,
    seen: Option<&'a T>,
}

impl<T: Mirrored> Mirror<'_, T> {
    fn run(&self, work: Work, step: Step) -> Result<Work, Failure> {
        match step {
            Step::Verified { new } => {
                if new {
                    self.remember(BTreeSet::new(), false)?;
                }
                Ok(self.effect(work, Verb::Verified, "already as it should be".to_owned()))
            }
            Step::Newer => Ok(self.newer(work)),
            Step::LeaveAlone { overruled, told } => self.leave_alone(work, overruled, told),
            Step::Create | Step::Replace { .. } if !self.connection.shop.settings.writes => self.tell(work),
            Step::Create => self.put(work, BTreeSet::new(), false),
            Step::Replace { edited, overruled, told } => {
                let work = self.put(work, overruled, told)?;
                Ok(if edited.is_empty() || told { work } else { self.overruled(work, &edited) })
            }
        }
    }

    fn put(&self, work: Work, overruled: BTreeSet<String>, told: bool) -> Result<Work, Failure> {
        let (verb, summary) = match self.wanted.put(&self.connection.rankr)? {
            Put::Created => (Verb::Created, format!("{} created", self.worth())),
            Put::Updated => (Verb::Updated, format!("brought up to date{}", self.difference()?)),
            Put::Stale { .. } => return Ok(self.newer(work)),
        };
        self.remember(overruled, told)?;
        let work = self.effect(work, verb, summary);
        Ok(match self.wanted.amount() {
            Some(amount) => work.amount(amount),
            None => work,
        })
    }

    fn newer(&self, work: Work) -> Work {
        self.effect(work, Verb::Verified, "left as it is: Rankr has a newer version".to_owned())
    }

    fn leave_alone(&self, work: Work, overruled: BTreeSet<String>, told: bool) -> Result<Work, Failure> {
        let summary = format!("left as Rankr has set it again{}", self.difference()?);
        let work = self.effect(work, Verb::Verified, summary);
        if told {
            return Ok(work);
        }
        let text = format!(
            "something in Rankr sets {} of {} again after it was put back. It is left alone, or the two would write for \
             ever: end that in Rankr, or make the change in GoHighLevel, which owns the {}",
            listed(&overruled),
            self.name(),
            T::NAME
        );
        self.remember(overruled, true)?;
        Ok(work.alert(Severity::Warning, "systems-disagree", self.wanted.subject(), text))
    }

    fn overruled(&self, work: Work, edited: &BTreeSet<String>) -> Work {
        let text = format!(
            "{} of {} was changed in Rankr and is put back as GoHighLevel has it: make such changes in GoHighLevel, which \
             owns the {}",
            listed(edited),
            self.name(),
            T::NAME
        );
        work.alert(Severity::Warning, "edit-overruled", self.wanted.subject(), text)
    }

    /// What would have been written, where nothing may be.
    fn tell(&self, work: Work) -> Result<Work, Failure> {
        let what = match self.seen {
            None => format!("Rankr has no {}", self.name()),
            Some(_) => format!("Rankr's {} is not as GoHighLevel's{}", self.name(), self.difference()?),
        };
        let text = format!("{what}; the setting `writes` is off, so it stays so");
        Ok(work.alert(Severity::Warning, &format!("{}-differs", T::NAME), self.wanted.subject(), text))
    }

    fn difference(&self) -> Result<String, Failure> {
        let Some(seen) = self.seen else { return Ok(String::new()) };
        let members = differing(seen, &self.wanted)?;
        Ok(if members.is_empty() { String::new() } else { format!(": {}", listed(&members)) })
    }

    fn effect(&self, work: Work, verb: Verb, summary: String) -> Work {
        work.effect(verb, RANKR, T::NAME, self.wanted.id(), summary)
    }

    fn remember(&self, overruled: BTreeSet<String>, told: bool) -> Result<(), Failure> {
        memory::save(self.connection.cx, &Memory { sent: self.wanted.clone(), overruled, told })
    }

    fn name(&self) -> String {
        format!("{} {}", T::NAME, self.wanted.id())
    }

    fn worth(&self) -> String {
        match self.wanted.amount() {
            Some(amount) => format!("{} of {amount}", T::NAME),
            None => T::NAME.to_owned(),
        }
    }
}

/// An object as text, by the contract's names.
fn write<T: Mirrored>(object: &T) -> Result<Vec<u8>, Failure> {
    object.write().map_err(|problem| rejected(format!("it cannot be held in Rankr: {problem}")))
}

/// An object from such a text.
fn read<T: Mirrored>(text: &[u8]) -> Result<T, Failure> {
    T::read(text)
        .map_err(|problem| rejected(format!("what was written to Rankr cannot be read again: {problem}")))
}

fn listed(members: &BTreeSet<String>) -> String {
    members.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
