//! What the sink's objects have in common: an id, a version, and a body.

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Money};
use transload_wire::{Number, http};

use crate::error::{MISSING, MIXED, MapError, NEGATIVE, VERSION};
use crate::shape::Kind;

/// The largest version: the largest whole number up to which every JSON reader tells neighbours apart, 2^53 - 1. As
/// milliseconds since 1970 it is in the year 287396.
pub const VERSION_MAX: u64 = 9_007_199_254_740_991;

/// An object of the sink.
pub trait Record: Sized {
    /// Which members it has.
    const KIND: Kind;

    /// Its id.
    fn id(&self) -> &str;

    /// It as a body, by the contract's names; or why it cannot be written.
    fn write(&self) -> Result<Vec<u8>, String>;

    /// Reads a body with the contract's names; or why it cannot be read.
    fn read(body: &[u8]) -> Result<Self, String>;
}

/// Writes a wire object.
pub(crate) fn write(wire: Result<impl Serialize, MapError>) -> Result<Vec<u8>, String> {
    let wire = wire.map_err(|error| error.to_string())?;
    serde_json::to_vec(&wire).map_err(|error| error.to_string())
}

/// Reads a wire object and maps it.
pub(crate) fn read<'de, W: Deserialize<'de>, T>(
    body: &'de [u8],
    into_sink: fn(W) -> Result<T, MapError>,
) -> Result<T, String> {
    let wire = serde_json::from_slice::<W>(body).map_err(|error| http::unreadable(body, &error))?;
    into_sink(wire).map_err(|error| error.to_string())
}

/// Names the object that errors are about.
pub(crate) struct Subject<'a> {
    kind: &'static str,
    id: &'a str,
}

impl<'a> Subject<'a> {
    /// The object `id`, or the error that it has none.
    pub(crate) fn new(kind: &'static str, id: &'a str, member: &str) -> Result<Self, MapError> {
        let subject = Self { kind, id };
        if id.is_empty() { Err(subject.error(member, MISSING)) } else { Ok(subject) }
    }

    /// The error about `member`.
    pub(crate) fn error(&self, member: &str, problem: &'static str) -> MapError {
        MapError { object: format!("{} {}", self.kind, self.id), member: member.to_owned(), problem }
    }

    /// What must be there.
    pub(crate) fn needs<T>(&self, member: &str, value: Option<T>) -> Result<T, MapError> {
        value.ok_or_else(|| self.error(member, MISSING))
    }

    /// A version that was read.
    pub(crate) fn version(&self, version: Option<i64>) -> Result<u64, MapError> {
        let version = self.needs("version", version)?;
        let version = u64::try_from(version).ok().filter(|&version| version <= VERSION_MAX);
        version.ok_or_else(|| self.error("version", VERSION))
    }

    /// A version to be written.
    pub(crate) fn wire_version(&self, version: u64) -> Result<Option<i64>, MapError> {
        let version = i64::try_from(version).ok().filter(|_| version <= VERSION_MAX);
        version.map(Some).ok_or_else(|| self.error("version", VERSION))
    }

    /// The object's own amount that was read, if it was there.
    pub(crate) fn price(
        &self,
        amount: Option<Number>,
        currency: Option<Currency>,
    ) -> Result<Option<Money>, MapError> {
        let money = self.money(amount, currency)?;
        self.not_negative(money)
    }

    /// The object's own amount that was read and must be there.
    pub(crate) fn needs_price(
        &self,
        amount: Option<Number>,
        currency: Option<Currency>,
    ) -> Result<Money, MapError> {
        let money = self.price(amount, currency)?;
        self.needs("amount", money)
    }

    /// The object's own amount to be written.
    pub(crate) fn wire_price(&self, money: Option<Money>) -> Result<Option<Number>, MapError> {
        Ok(self.not_negative(money)?.map(|money| Number(money.amount)))
    }

    fn not_negative(&self, money: Option<Money>) -> Result<Option<Money>, MapError> {
        match money {
            Some(money) if money.amount.is_negative() => Err(self.error("amount", NEGATIVE)),
            other => Ok(other),
        }
    }

    /// An amount that was read, if it was there. It may be below zero: a line that takes something off, an invoice that
    /// was paid twice.
    pub(crate) fn money(
        &self,
        amount: Option<Number>,
        currency: Option<Currency>,
    ) -> Result<Option<Money>, MapError> {
        let Some(Number(amount)) = amount else { return Ok(None) };
        Ok(Some(Money::new(amount, self.needs("currency", currency)?)))
    }

    /// An amount to be written beside one of `currency`.
    pub(crate) fn wire_amount(
        &self,
        member: &str,
        money: Option<Money>,
        currency: Currency,
    ) -> Result<Option<Number>, MapError> {
        let Some(money) = money else { return Ok(None) };
        if money.currency != currency {
            return Err(self.error(member, MIXED));
        }
        Ok(Some(Number(money.amount)))
    }
}
