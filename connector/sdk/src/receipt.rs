//! Receipts under construction.

use transload_model::Money;

use crate::bindings::transload::connector::types::{Alert, Effect, Report, Severity, Verb};
use crate::{Event, Receipt, convert};

/// What handling an event has done so far; becomes the [`Receipt`].
#[derive(Debug, Clone, Default)]
pub struct Work {
    effects: Vec<Effect>,
    follow_ups: Vec<Event>,
    alerts: Vec<Alert>,
}

/// Nothing was to be done, and why.
pub fn skipped(reason: impl Into<String>) -> Receipt {
    Receipt::Skipped(reason.into())
}

impl Work {
    /// Adds an effect: what was done to the object `id` of that kind in `system`, in one line for a person.
    pub fn effect(
        mut self,
        verb: Verb,
        system: &str,
        kind: &str,
        id: &str,
        summary: impl Into<String>,
    ) -> Self {
        self.effects.push(Effect {
            verb,
            system: system.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            summary: summary.into(),
            amount: None,
            link: None,
        });
        self
    }

    /// Gives the last effect the money that it moved or wrote down.
    pub fn amount(mut self, amount: Money) -> Self {
        if let Some(effect) = self.effects.last_mut() {
            effect.amount = Some(convert::money_out(amount));
        }
        self
    }

    /// Gives the last effect a link for a person.
    pub fn link(mut self, link: Option<String>) -> Self {
        if let Some(effect) = self.effects.last_mut() {
            effect.link = link;
        }
        self
    }

    /// Adds an event to handle next.
    pub fn follow_up(mut self, event: Event) -> Self {
        self.follow_ups.push(event);
        self
    }

    /// Adds something that a person ought to know.
    pub fn alert(
        mut self,
        severity: Severity,
        kind: &str,
        subject: &str,
        message: impl Into<String>,
    ) -> Self {
        self.alerts.push(Alert {
            severity,
            kind: kind.to_owned(),
            message: message.into(),
            subject: subject.to_owned(),
        });
        self
    }

    /// Adds all that `other` did.
    pub fn and(mut self, other: Self) -> Self {
        self.effects.extend(other.effects);
        self.follow_ups.extend(other.follow_ups);
        self.alerts.extend(other.alerts);
        self
    }

    /// Whether nothing was done and nobody is to be told.
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.follow_ups.is_empty() && self.alerts.is_empty()
    }
}

impl From<Work> for Receipt {
    fn from(work: Work) -> Self {
        Self::Done(Report {
            effects: work.effects,
            follow_ups: work.follow_ups.into_iter().map(convert::event_out).collect(),
            alerts: work.alerts,
        })
    }
}
