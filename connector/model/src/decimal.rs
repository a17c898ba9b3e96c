//! Exact decimal numbers, read from and printed as text, never through a binary float.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An exact number: `units` × 10^-`exponent`.
///
/// Equality, order and hash go by value: 1.5 equals 1.50. The exponent is kept, so text goes through unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    units: i64,
    exponent: u8,
}

/// Why text is not a [`Decimal`], or a calculation has no exact answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is not a decimal number.
    #[error("{0:?} is not a decimal number")]
    NotANumber(String),
    /// The value needs more digits than are kept. It is refused, never rounded.
    #[error(
        "{0} has more digits than fit: at most 18 decimal places and 9223372036854775807 in the last place"
    )]
    TooPrecise(String),
    /// The result of a calculation does not fit.
    #[error("the result of {0} does not fit in 64 bits")]
    Overflow(&'static str),
}

impl Decimal {
    /// The largest exponent: 10^18 is the largest power of ten in an `i64`.
    pub const EXPONENT_MAX: u8 = 18;

    /// Longest text that is read, in bytes. `i64` and 18 places need 21; the rest is room for zeros and an exponent.
    const TEXT_BYTES_MAX: usize = 64;

    /// Zero.
    pub const ZERO: Self = Self { units: 0, exponent: 0 };

    /// One.
    pub const ONE: Self = Self { units: 1, exponent: 0 };

    /// `units` × 10^-`exponent`, or [`DecimalError::TooPrecise`] for an exponent above [`Self::EXPONENT_MAX`].
    pub fn new(units: i64, exponent: u8) -> Result<Self, DecimalError> {
        if exponent > Self::EXPONENT_MAX {
            return Err(DecimalError::TooPrecise(format!("{units}e-{exponent}")));
        }
        Ok(Self { units, exponent })
    }

    /// The number without its decimal point.
    pub fn units(self) -> i64 {
        self.units
    }

    /// How many digits follow the decimal point.
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// Whether the value is zero.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Whether the value is above zero.
    pub fn is_positive(self) -> bool {
        self.units > 0
    }

    /// Whether the value is below zero.
    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// The exact sum.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        // Nearly always: sums are over amounts of one currency, a million of them in a reconciliation.
        if self.exponent == other.exponent
            && let Some(units) = self.units.checked_add(other.units)
        {
            return Ok(Self { units, ..self });
        }
        let exponent = self.exponent.max(other.exponent);
        // Both fit in 124 bits (see `scaled`), so the sum cannot leave 128.
        Self::from_wide(self.scaled(exponent) + other.scaled(exponent), exponent)
            .ok_or(DecimalError::Overflow("an addition"))
    }

    /// The exact difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalError> {
        // Nearly always: sums are over amounts of one currency, a million of them in a reconciliation.
        if self.exponent == other.exponent
            && let Some(units) = self.units.checked_sub(other.units)
        {
            return Ok(Self { units, ..self });
        }
        let exponent = self.exponent.max(other.exponent);
        Self::from_wide(self.scaled(exponent) - other.scaled(exponent), exponent)
            .ok_or(DecimalError::Overflow("a subtraction"))
    }

    /// The exact product.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalError> {
        let units = i128::from(self.units) * i128::from(other.units);
        Self::from_wide(units, self.exponent + other.exponent)
            .ok_or(DecimalError::Overflow("a multiplication"))
    }

    /// The same value with exactly `exponent` decimal places; none if digits would be lost or it does not fit.
    pub fn with_exponent(self, exponent: u8) -> Option<Self> {
        if exponent > Self::EXPONENT_MAX {
            return None;
        }
        if exponent >= self.exponent {
            let units = i64::try_from(self.scaled(exponent)).ok()?;
            return Some(Self { units, exponent });
        }
        let divisor = 10_i64.checked_pow(u32::from(self.exponent - exponent))?;
        (self.units % divisor == 0).then_some(Self { units: self.units / divisor, exponent })
    }

    /// The same value with as few decimal places as possible.
    pub fn normalized(self) -> Self {
        let mut value = self;
        while value.exponent > 0 && value.units % 10 == 0 {
            value = Self { units: value.units / 10, exponent: value.exponent - 1 };
        }
        value
    }

    /// `units` as they would be at a larger exponent. 2^63 × 10^18 is below 2^124.
    fn scaled(self, exponent: u8) -> i128 {
        i128::from(self.units) * 10_i128.pow(u32::from(exponent - self.exponent))
    }

    /// Drops trailing zeros until `units` and `exponent` are within range; none if digits would be lost.
    fn from_wide(mut units: i128, mut exponent: u8) -> Option<Self> {
        loop {
            if exponent <= Self::EXPONENT_MAX
                && let Ok(units) = i64::try_from(units)
            {
                return Some(Self { units, exponent });
            }
            if exponent == 0 || units % 10 != 0 {
                return None;
            }
            units /= 10;
            exponent -= 1;
        }
    }
}

impl From<i64> for Decimal {
    fn from(units: i64) -> Self {
        Self { units, exponent: 0 }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.exponent == other.exponent {
            return self.units.cmp(&other.units);
        }
        let exponent = self.exponent.max(other.exponent);
        self.scaled(exponent).cmp(&other.scaled(exponent))
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let value = self.normalized();
        (value.units, value.exponent).hash(state);
    }
}

impl fmt::Display for Decimal {
    /// Plain notation, with every decimal place that the value carries: a valid JSON number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.exponent);
        let digits = format!("{:0width$}", self.units.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        f.pad_integral(self.units >= 0, "", &format!("{whole}{point}{fraction}"))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads JSON's number grammar, and beside it a leading `+`, leading zeros and a missing digit on one side of the
    /// point, which vendors put into strings.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        if text.len() > Self::TEXT_BYTES_MAX {
            return Err(DecimalError::TooPrecise(format!("a number of {} bytes", text.len())));
        }
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().map_err(|_| not_a_number(text))?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix(['-', '+']) {
            Some(digits) => (mantissa.starts_with('-'), digits),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || (whole.is_empty() && fraction.is_empty()) {
            return Err(not_a_number(text));
        }
        assemble(whole, fraction, power, negative).ok_or_else(|| DecimalError::TooPrecise(text.to_owned()))
    }
}

fn not_a_number(text: &str) -> DecimalError {
    DecimalError::NotANumber(text.to_owned())
}

/// `whole.fraction` × 10^`power`; none if it does not fit exactly.
fn assemble(whole: &str, fraction: &str, power: i32, negative: bool) -> Option<Decimal> {
    let mut units: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        units = units.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    if negative {
        units = -units;
    }
    // 1.5e-3 has four places, 1.5e3 has minus two: 1500.
    let places = i32::try_from(fraction.len()).ok()?.checked_sub(power)?;
    if units == 0 {
        let exponent = u8::try_from(places.clamp(0, i32::from(Decimal::EXPONENT_MAX))).ok()?;
        return Some(Decimal { units: 0, exponent });
    }
    match u8::try_from(places) {
        Ok(exponent) => Decimal::from_wide(units, exponent),
        Err(_) if places < 0 => {
            let factor = 10_i128.checked_pow(places.unsigned_abs())?;
            Decimal::from_wide(units.checked_mul(factor)?, 0)
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
