//! Numbers in rules and templates: exact, with the text they print as.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind};
use transload_model::{Decimal, Money};

/// A number. It compares by value with any other number, since every number that a rule sees is one of these.
#[derive(Debug, Clone)]
pub struct Exact {
    value: Decimal,
    text: String,
}

impl Exact {
    /// A quantity: `2`, `0.25`.
    pub fn quantity(value: Decimal) -> Value {
        let text = value.normalized().to_string();
        Value::from_object(Self { value, text })
    }

    /// An amount with the decimal places of its currency, without the currency: `150.10`, `3000`, `1.500`.
    pub fn amount(money: Money) -> Value {
        let text = money.to_string();
        let text = text.split(' ').next().unwrap_or_default().to_owned();
        Value::from_object(Self { value: money.amount, text })
    }

    /// The number in `value`: one of these, or a text that is a number.
    pub fn of(value: &Value) -> Result<Decimal, Error> {
        if let Some(number) = value.downcast_object_ref::<Self>() {
            return Ok(number.value);
        }
        let parsed = value.as_str().and_then(|text| text.trim().parse().ok());
        let parsed = parsed.or_else(|| i64::try_from(value.clone()).ok().map(Decimal::from));
        parsed.ok_or_else(|| {
            Error::new(ErrorKind::InvalidOperation, format!("a number is needed, and {value} is none"))
        })
    }
}

impl Object for Exact {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.value.is_zero()
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.value.cmp(&other.downcast_ref::<Self>()?.value))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
