//! What a difference is called, how bad it is, and how it is told.

use transload_model::{Change, Fingerprint, Money};
use transload_sdk::convert::{event_out, money_out};
use transload_sdk::{Certainty, Event, Finding, FindingSide, Repair, Severity};

/// A kind of difference. Names are frozen: people's decisions hang on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The stable name.
    pub name: &'static str,
    /// How bad it is. Critical: money or goods are lost unless somebody acts.
    pub severity: Severity,
    /// Whether it tells that money of an order is missing.
    pub is_of_money: bool,
}

impl Kind {
    /// A kind that tells nothing of missing money.
    pub const fn new(name: &'static str, severity: Severity) -> Self {
        Self { name, severity, is_of_money: false }
    }

    /// One that tells that money of an order is missing.
    pub const fn of_money(self) -> Self {
        Self { is_of_money: true, ..self }
    }
}

/// A difference that was found.
#[derive(Debug, Clone)]
pub struct Difference {
    kind: Kind,
    certainty: Certainty,
    subject: String,
    message: String,
    left: Seen,
    right: Seen,
    repair: Option<Remedy>,
}

/// How a difference is put right: by handling an object again.
#[derive(Debug, Clone)]
pub struct Remedy {
    /// What that does, in a few words for a person.
    pub title: &'static str,
    /// The API that the object is of.
    pub source: &'static str,
    /// The object.
    pub change: Change,
}

/// What one system says.
#[derive(Debug, Clone)]
pub struct Seen {
    system: &'static str,
    id: Option<String>,
    value: Option<String>,
    amount: Option<Money>,
}

impl Seen {
    /// The object `id` of `system`, none if it has no such object.
    pub fn new(system: &'static str, id: Option<&str>) -> Self {
        Self { system, id: id.map(str::to_owned), value: None, amount: None }
    }

    /// The value in question.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// The money in question.
    pub fn amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    fn fingerprint(&self, fingerprint: Fingerprint) -> Fingerprint {
        let money = self.amount.map(|money| Money::new(money.amount.normalized(), money.currency));
        fingerprint
            .and(self.system)
            .and_maybe(self.id.as_deref())
            .and_maybe(self.value.as_deref())
            .and_maybe(money)
    }

    fn side(self) -> FindingSide {
        FindingSide {
            system: self.system.to_owned(),
            id: self.id,
            value: self.value,
            amount: self.amount.map(money_out),
        }
    }
}

impl Difference {
    /// A difference about `subject`, in one line for a person.
    pub fn new(kind: Kind, subject: &str, left: Seen, right: Seen, message: String) -> Self {
        let (subject, certainty) = (subject.to_owned(), Certainty::Confirmed);
        Self { kind, certainty, subject, message, left, right, repair: None }
    }

    /// Nothing but likeness ties the two sides together.
    pub fn suggested(self) -> Self {
        Self { certainty: Certainty::Suggested, ..self }
    }

    /// It is put right by `remedy`.
    pub fn repaired(self, remedy: Remedy) -> Self {
        Self { repair: Some(remedy), ..self }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same whenever the same two values stand against each other, and another once either changes: a decision on 40.00
    /// of 50.00 says nothing about 10.00 of 50.00, and a repair that ran for one may run for the other.
    pub fn id(&self) -> String {
        let values = self.right.fingerprint(self.left.fingerprint(Fingerprint::new()));
        format!("{} {} {values}", self.kind.name, self.subject)
    }

    /// The finding.
    pub fn finding(self) -> Finding {
        let id = self.id();
        let event = |remedy: Remedy| Repair {
            title: remedy.title.to_owned(),
            event: event_out(Event {
                id: format!("repair {id}"),
                source: remedy.source,
                subject: self.subject.clone(),
                occurred_at: None,
                raw: None,
                change: remedy.change,
            }),
        };
        let repair = self.repair.map(event);
        Finding {
            id,
            kind: self.kind.name.to_owned(),
            severity: self.kind.severity,
            certainty: self.certainty,
            subject: self.subject,
            message: self.message,
            left: self.left.side(),
            right: self.right.side(),
            repair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASH_DIFFERS: Kind = Kind::new("cash-differs", Severity::Warning).of_money();

    fn money(units: i64, exponent: u8) -> Money {
        Money::new(transload_model::Decimal::new(units, exponent).unwrap(), "USD".parse().unwrap())
    }

    fn cash(collected: Money) -> Difference {
        let (left, right) =
            (Seen::new("ghl", Some("o1")), Seen::new("track-pod", Some("d1")).amount(collected));
        Difference::new(CASH_DIFFERS, "o1", left, right, "text".to_owned())
    }

    #[test]
    fn an_id_goes_by_the_values_and_not_by_how_they_are_written() {
        assert_eq!(cash(money(405, 1)).id(), cash(money(4050, 2)).id());
        assert_ne!(cash(money(405, 1)).id(), cash(money(406, 1)).id());
        // Frozen: operators' decisions name it.
        assert_eq!(cash(money(405, 1)).id(), "cash-differs o1 55fb0f660ce0d1eb");
    }
}
