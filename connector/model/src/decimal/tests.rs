//! Decimals against arithmetic done by hand or in 128-bit integers.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn text_goes_through_unchanged() {
    for text in [
        "0",
        "0.00",
        "150.1",
        "150.10",
        "-3.050",
        "1000",
        "0.000000000000000001",
        "9223372036854775807",
        "-9223372036854775808",
        "9.223372036854775807",
        "12345678901.23456789",
    ] {
        assert_eq!(decimal(text).to_string(), text);
    }
}

#[test]
fn exponents_are_worked_out() {
    for (text, plain) in [
        ("1.5e2", "150"),
        ("1.5E-3", "0.0015"),
        ("15e-1", "1.5"),
        ("-2e+3", "-2000"),
        ("0e99", "0"),
        ("+7", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007.50", "7.50"),
        ("100000000000000000000e-10", "10000000000.0000000000"),
    ] {
        assert_eq!(decimal(text), decimal(plain), "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in
        ["", "-", ".", "1e", "e5", "1.2.3", "1,50", " 1", "0x10", "NaN", "Infinity", "１", "--1", "1e5.0"]
    {
        assert_eq!(text.parse::<Decimal>(), Err(DecimalError::NotANumber(text.to_owned())), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_and_not_rounded() {
    for text in
        ["9223372036854775808", "0.1234567890123456789", "1e19", "1e-19", "1e2147483647", "1e-2147483648"]
    {
        assert_eq!(text.parse::<Decimal>(), Err(DecimalError::TooPrecise(text.to_owned())), "{text}");
    }
    assert!(matches!("1".repeat(65).parse::<Decimal>(), Err(DecimalError::TooPrecise(_))));
    assert!(Decimal::new(1, 18).is_ok());
    assert!(Decimal::new(1, 19).is_err());
}

#[test]
fn a_tenth_and_two_tenths_are_three_tenths() {
    assert_eq!(decimal("0.1").checked_add(decimal("0.2")).unwrap().to_string(), "0.3");
    assert_eq!(decimal("138").checked_add(decimal("12.1")).unwrap().to_string(), "150.1");
    assert_eq!(decimal("150.1").checked_sub(decimal("150.10")).unwrap(), Decimal::ZERO);
    assert_eq!(decimal("1.005").checked_mul(decimal("3")).unwrap().to_string(), "3.015");
}

#[test]
fn equal_values_hash_alike() {
    let set: HashSet<Decimal> = ["1.5", "1.50", "1.500", "15e-1"].map(decimal).into();
    assert_eq!(set.len(), 1);
}

#[test]
fn changing_the_places_never_loses_a_digit() {
    assert_eq!(decimal("150.1").with_exponent(2).unwrap().to_string(), "150.10");
    assert_eq!(decimal("150.10").with_exponent(1).unwrap().to_string(), "150.1");
    assert_eq!(decimal("150.15").with_exponent(1), None);
    assert_eq!(decimal("9223372036854775807").with_exponent(1), None);
    assert_eq!(decimal("1").with_exponent(19), None);
}

#[test]
fn overflow_is_an_error() {
    let most = Decimal::from(i64::MAX);
    assert!(matches!(most.checked_add(Decimal::ONE), Err(DecimalError::Overflow(_))));
    assert!(matches!(most.checked_mul(most), Err(DecimalError::Overflow(_))));
    assert!(matches!(Decimal::from(i64::MIN).checked_sub(Decimal::ONE), Err(DecimalError::Overflow(_))));
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0..=Decimal::EXPONENT_MAX)
        .prop_map(|(units, exponent)| Decimal::new(units, exponent).unwrap())
}

/// Small enough that sums and products fit.
fn small_decimal() -> impl Strategy<Value = Decimal> {
    (-1_000_000_000_i64..=1_000_000_000, 0_u8..=4)
        .prop_map(|(units, exponent)| Decimal::new(units, exponent).unwrap())
}

proptest! {
    #[test]
    fn printing_and_reading_gives_it_back(value in any_decimal()) {
        let read: Decimal = value.to_string().parse().unwrap();
        prop_assert_eq!((read.units(), read.exponent()), (value.units(), value.exponent()));
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,70}") {
        let _ = text.parse::<Decimal>();
    }

    #[test]
    fn sums_are_those_of_integers(a in small_decimal(), b in small_decimal()) {
        let wide = |value: Decimal| i128::from(value.with_exponent(4).unwrap().units());
        let sum = a.checked_add(b).unwrap();
        prop_assert_eq!(wide(sum), wide(a) + wide(b));
        prop_assert_eq!(sum.checked_sub(b).unwrap(), a);
        prop_assert_eq!(a.cmp(&b), wide(a).cmp(&wide(b)));
    }

    #[test]
    fn multiplying_is_adding_again(a in small_decimal(), times in 0_i64..20) {
        let mut sum = Decimal::ZERO;
        for _ in 0..times {
            sum = sum.checked_add(a).unwrap();
        }
        prop_assert_eq!(a.checked_mul(Decimal::from(times)).unwrap(), sum);
    }

    #[test]
    fn normalizing_keeps_the_value(value in any_decimal()) {
        prop_assert_eq!(value.normalized(), value);
    }
}
