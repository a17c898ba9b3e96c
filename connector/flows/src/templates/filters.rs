//! The functions and filters that rules and templates may use.

use minijinja::filters;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};
use transload_model::{Decimal, DecimalError, Instant};
use transload_wire::{text, time};

use super::exact::Exact;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Furthest that `plus_days` goes: ten years. A delivery beyond that is a slip of the pen.
const DAYS_MAX: u64 = 3_660;

/// Makes them known to `environment`.
pub fn register(environment: &mut Environment) {
    environment.add_function("decimal", decimal);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("replace", filters::replace);
    environment.add_filter("join", filters::join);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("default", default);
    environment.add_filter("length", length);
    environment.add_filter("shorten", shorten);
    environment.add_filter("sum", sum);
    environment.add_filter("plus", |a: &Value, b: &Value| calculate(a, b, Decimal::checked_add));
    environment.add_filter("minus", |a: &Value, b: &Value| calculate(a, b, Decimal::checked_sub));
    environment.add_filter("times", |a: &Value, b: &Value| calculate(a, b, Decimal::checked_mul));
    environment.add_filter("plus_days", plus_days);
}

fn invalid(reason: impl ToString) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.to_string())
}

fn decimal(value: &Value) -> Result<Value, Error> {
    Exact::of(value).map(Exact::quantity)
}

/// `value`, or `other` if it is not known. minijinja's own passes `none` on, which is how what is not known is written here.
fn default(value: &Value, other: &Value) -> Value {
    if value.is_undefined() || value.is_none() { other.clone() } else { value.clone() }
}

fn length(value: &Value) -> Result<Value, Error> {
    let length = value.len().ok_or_else(|| invalid(format!("{value} has no length")))?;
    i64::try_from(length).map(|length| Exact::quantity(length.into())).map_err(invalid)
}

fn shorten(value: &str, limit: &Value) -> Result<String, Error> {
    Ok(text::shorten(value, usize::try_from(whole(limit)?).map_err(invalid)?).into_owned())
}

fn calculate(
    a: &Value,
    b: &Value,
    operation: fn(Decimal, Decimal) -> Result<Decimal, DecimalError>,
) -> Result<Value, Error> {
    operation(Exact::of(a)?, Exact::of(b)?).map(Exact::quantity).map_err(invalid)
}

/// The sum of the members called `member`: `order.lines | sum("quantity")`.
fn sum(list: &Value, member: &str) -> Result<Value, Error> {
    let mut total = Decimal::ZERO;
    for item in list.try_iter()? {
        total = total.checked_add(Exact::of(&item.get_attr(member)?)?).map_err(invalid)?;
    }
    Ok(Exact::quantity(total))
}

/// The day so many days after another: `order.created_on | plus_days(2)`.
fn plus_days(day: &str, days: &Value) -> Result<String, Error> {
    let days = whole(days)?;
    let start = time::is_date(day).then(|| time::parse(&format!("{day}T00:00:00Z"))).flatten();
    let start = start.ok_or_else(|| invalid(format!("{day:?} is not a day such as 2026-02-01")))?;
    if days > DAYS_MAX {
        return Err(invalid(format!("{days} days are more than {DAYS_MAX}")));
    }
    let date = time::format_date(Instant(start.0.saturating_add(days * DAY_MS)));
    date.ok_or_else(|| invalid(format!("{days} days after {day} is beyond the year 9999")))
}

/// A whole number that is not below zero.
fn whole(value: &Value) -> Result<u64, Error> {
    let number = Exact::of(value)?.with_exponent(0).and_then(|number| u64::try_from(number.units()).ok());
    number.ok_or_else(|| invalid(format!("{value} is not a whole number from 0 on")))
}
