//! Amounts of a currency.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{Decimal, DecimalError};

/// An ISO 4217 currency code: three upper-case ASCII letters.
///
/// A code that ISO does not list is kept, because refusing it would lose an order; it merely has no minor unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// An exact amount of a currency, in major units (dollars, not cents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

/// Why a calculation with money has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a currency code.
    #[error("{0:?} is not an ISO 4217 currency code: three letters are needed, as in USD")]
    Currency(String),
    /// Two currencies met.
    #[error("{left} and {right} cannot be added or compared: they are different currencies")]
    Mixed {
        /// The one.
        left: Currency,
        /// The other.
        right: Currency,
    },
    /// The amount is finer than the currency's smallest unit.
    #[error("{0} is finer than the smallest unit of its currency")]
    Fraction(Money),
    /// The amount does not fit.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

impl Currency {
    /// The three letters.
    pub fn code(&self) -> &str {
        // The constructor lets nothing but ASCII letters in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal places the currency's smallest unit has, by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD. None
    /// for a code that ISO does not list or gives no minor unit, gold for one.
    pub fn minor_digits(self) -> Option<u8> {
        let currency = iso_currency::Currency::from_code(self.code())?;
        currency.exponent().and_then(|digits| u8::try_from(digits).ok())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    /// Lower case is accepted: payment providers' own objects write it so.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self(code.map(|byte| byte.to_ascii_uppercase())))
            }
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Money {
    /// `amount` of `currency`.
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing of `currency`.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// The exact sum. Fails with [`MoneyError::Mixed`] or when it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self { amount: self.amount.checked_add(other.amount)?, ..self })
    }

    /// The exact difference. Fails with [`MoneyError::Mixed`] or when it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self { amount: self.amount.checked_sub(other.amount)?, ..self })
    }

    /// The amount in the currency's smallest units: cents for USD. Fails with [`MoneyError::Fraction`] when it is finer
    /// than that, or the currency has no smallest unit.
    pub fn minor_units(self) -> Result<i64, MoneyError> {
        let digits = self.currency.minor_digits().ok_or(MoneyError::Fraction(self))?;
        self.amount.with_exponent(digits).map(Decimal::units).ok_or(MoneyError::Fraction(self))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mixed { left: self.currency, right: other.currency })
        }
    }
}

impl fmt::Display for Money {
    /// As a person writes it, with the currency's usual decimal places: `150.10 USD`, `3000 JPY`. An amount finer than
    /// that keeps all of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits().unwrap_or(0);
        let amount = self.amount.with_exponent(digits).unwrap_or_else(|| self.amount.normalized());
        write!(f, "{amount} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: &str, currency: &str) -> Money {
        Money::new(amount.parse().unwrap(), currency.parse().unwrap())
    }

    #[test]
    fn places_are_those_of_iso_4217() {
        // ISO 4217 list one, column "minor unit".
        let none = [
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
        ];
        let three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
        let two = ["USD", "EUR", "GBP", "HUF", "TWD", "MGA", "AED", "CHF"];
        for (digits, codes) in [(0, &none[..]), (3, &three), (4, &["CLF", "UYW"]), (2, &two)] {
            for code in codes {
                let currency: Currency = code.parse().unwrap();
                assert_eq!(currency.minor_digits(), Some(digits), "{code}");
            }
        }
        assert_eq!("XAU".parse::<Currency>().unwrap().minor_digits(), None);
        assert_eq!("QQQ".parse::<Currency>().unwrap().minor_digits(), None);
    }

    #[test]
    fn codes_are_three_letters() {
        assert_eq!("usd".parse::<Currency>().unwrap().code(), "USD");
        for code in ["", "US", "USDT", "U$D", "ÜS", "123"] {
            assert_eq!(code.parse::<Currency>(), Err(MoneyError::Currency(code.to_owned())));
        }
    }

    #[test]
    fn people_see_the_usual_places() {
        assert_eq!(money("150.1", "USD").to_string(), "150.10 USD");
        assert_eq!(money("3000.00", "JPY").to_string(), "3000 JPY");
        assert_eq!(money("1.5", "KWD").to_string(), "1.500 KWD");
        assert_eq!(money("0.005", "USD").to_string(), "0.005 USD");
        assert_eq!(money("-7", "EUR").to_string(), "-7.00 EUR");
    }

    #[test]
    fn minor_units_are_exact_or_refused() {
        assert_eq!(money("150.1", "USD").minor_units(), Ok(15010));
        assert_eq!(money("3000", "JPY").minor_units(), Ok(3000));
        assert_eq!(money("1.5", "KWD").minor_units(), Ok(1500));
        assert!(matches!(money("0.5", "JPY").minor_units(), Err(MoneyError::Fraction(_))));
        assert!(matches!(money("1", "XAU").minor_units(), Err(MoneyError::Fraction(_))));
    }

    #[test]
    fn currencies_do_not_mix() {
        let (dollars, euros) = (money("1", "USD"), money("1", "EUR"));
        assert!(matches!(dollars.checked_add(euros), Err(MoneyError::Mixed { .. })));
        assert!(matches!(dollars.checked_sub(euros), Err(MoneyError::Mixed { .. })));
        assert_ne!(dollars, euros);
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_gives_it_back(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000) {
            let currency: Currency = "USD".parse().unwrap();
            let cents = |units| Money::new(Decimal::new(units, 2).unwrap(), currency);
            let sum = cents(a).checked_add(cents(b)).unwrap();
            prop_assert_eq!(sum.minor_units(), Ok(a + b));
            prop_assert_eq!(sum.checked_sub(cents(b)).unwrap(), cents(a));
        }
    }
}
