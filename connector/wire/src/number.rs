//! JSON numbers, exactly as they were written.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use transload_model::Decimal;

/// A decimal that is read from the text of a JSON number and written back as one.
///
/// serde_json reads numbers into binary floats unless told otherwise, which would turn 150.10 into 150.09999…; the raw
/// text goes around that. A number inside a string is read too, because vendors' examples print them so. It
/// reads from a slice or a string only, and not under `#[serde(flatten)]` or in untagged enums: those buffer values, and the
/// text is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub Decimal);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<Number, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn awkward_amounts_go_through_unchanged() {
        // 150.1 and 0.1 + 0.2 have no exact binary form; 2^53 + 1 does not survive a double; 19 digits fill an i64.
        for text in [
            "150.1",
            "150.10",
            "0.1",
            "0.30",
            "9007199254740993",
            "9223372036854775807",
            "1234567890123456.789",
            "-0.005",
        ] {
            assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn strings_are_read_and_nothing_else_is() {
        assert_eq!(read("\"100\"").unwrap(), read("100").unwrap());
        assert_eq!(read("\" 20.5 \"").unwrap(), read("20.5").unwrap());
        for json in ["null", "true", "\"\"", "\"a\"", "[1]", "{}", "\"1,5\"", "1e400"] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_decimal_goes_through_json(units in any::<i64>(), exponent in 0_u8..=18) {
            let number = Number(Decimal::new(units, exponent).unwrap());
            let json = serde_json::to_string(&number).unwrap();
            let back = read(&json).unwrap();
            prop_assert_eq!((back.0.units(), back.0.exponent()), (units, exponent));
        }
    }
}
