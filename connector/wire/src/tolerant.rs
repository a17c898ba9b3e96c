//! Readers for JSON that does not keep to its own documentation. For `#[serde(deserialize_with = "…", default)]`.

use serde::{Deserialize, Deserializer};
use transload_model::{Currency, Instant};

use crate::{Number, time};

/// A string, or a number or boolean that should have been one; empty and null are none.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Option::<Box<serde_json::value::RawValue>>::deserialize(deserializer)?;
    let Some(raw) = raw else { return Ok(None) };
    let text = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw.get()).map_err(serde::de::Error::custom)?,
        Some(b'{' | b'[') => {
            return Err(serde::de::Error::custom("expected text, found an object or a list"));
        }
        _ => raw.get().to_owned(),
    };
    let trimmed = text.trim();
    Ok((!trimmed.is_empty())
        .then(|| if trimmed.len() == text.len() { text.clone() } else { trimmed.to_owned() }))
}

/// A boolean, or one that was written as a string; null is none.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match text(deserializer)?.as_deref() {
        None => Ok(None),
        Some("true" | "True" | "1") => Ok(Some(true)),
        Some("false" | "False" | "0") => Ok(Some(false)),
        Some(other) => Err(serde::de::Error::custom(format!("expected true or false, found {other:?}"))),
    }
}

/// A number, or one that was written as a string; empty and null are none.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    match text(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(|decimal| Some(Number(decimal))).map_err(serde::de::Error::custom),
    }
}

/// A currency code in either case; empty and null are none.
pub fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Currency>, D::Error> {
    match text(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// A time with an offset (RFC 3339); one that cannot be read is none, because no flow hangs on it.
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    Ok(text(deserializer)?.and_then(|text| time::parse(&text)))
}

/// A list; null is an empty one, and a single object is a list of one.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct OneOrMany<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for OneOrMany<T> {
        type Value = Vec<T>;
        fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
            formatter.write_str("a list, an object or null")
        }
        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = seq.next_element()? {
                list.push(item);
            }
            Ok(list)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|item| vec![item])
        }
    }
    deserializer.deserialize_any(OneOrMany(std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "text")]
        text: Option<String>,
        #[serde(default, deserialize_with = "flag")]
        flag: Option<bool>,
        #[serde(default, deserialize_with = "number")]
        number: Option<Number>,
        #[serde(default, deserialize_with = "currency")]
        currency: Option<Currency>,
        #[serde(default, deserialize_with = "instant")]
        instant: Option<Instant>,
        #[serde(default, deserialize_with = "list")]
        list: Vec<Item>,
    }

    #[derive(Deserialize)]
    struct Item {
        amount: Number,
    }

    fn read(json: &str) -> Result<Sample, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn what_is_missing_null_or_empty_is_none() {
        let all = |value: &str| {
            format!(
                r#"{{"text":{value},"flag":{value},"number":{value},"currency":{value},"instant":{value}}}"#
            )
        };
        for json in ["{}".to_owned(), all("null"), all("\"\""), all("\"  \"")] {
            let sample = read(&json).unwrap();
            assert!(sample.text.is_none() && sample.flag.is_none() && sample.number.is_none(), "{json}");
            assert!(
                sample.currency.is_none() && sample.instant.is_none() && sample.list.is_empty(),
                "{json}"
            );
        }
    }

    #[test]
    fn the_wrong_kind_of_value_is_read_for_what_it_means() {
        let json = r#"{"text":42,"flag":"true","number":"17.50","currency":"usd","instant":"2024-02-01T10:00:00Z","list":{"amount":"1.5"}}"#;
        let sample = read(json).unwrap();
        assert_eq!(sample.text.as_deref(), Some("42"));
        assert_eq!(sample.flag, Some(true));
        assert_eq!(sample.number.unwrap().to_string(), "17.50");
        assert_eq!(sample.currency.unwrap().code(), "USD");
        assert_eq!(sample.instant, Some(Instant(1_706_781_600_000)));
        assert_eq!(sample.list[0].amount.to_string(), "1.5");
        assert_eq!(read(r#"{"list":[{"amount":1},{"amount":2}]}"#).unwrap().list.len(), 2);
    }

    #[test]
    fn nonsense_is_an_error() {
        for json in [
            r#"{"text":[]}"#,
            r#"{"flag":"maybe"}"#,
            r#"{"number":"many"}"#,
            r#"{"currency":"dollars"}"#,
            r#"{"list":7}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
