//! Readers for JSON that does not keep to its own documentation. For `#[serde(deserialize_with = "…", default)]`.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use transload_model::{Currency, Instant};

use crate::{Number, time};

/// A string, or a number or boolean that should have been one; empty and null are none.
///
/// Like all readers here it looks at the JSON text itself, so it reads from a slice or a string, not from a stream or a
/// `serde_json::Value`.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(deserializer)?.map(Cow::into_owned))
}

/// As [`text`], but an object or a list is its JSON text: for values that may be of any kind and are only compared.
pub fn any_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "text")] Option<String>);
    let Some(raw) = Option::<&RawValue>::deserialize(deserializer)? else { return Ok(None) };
    if raw.get().starts_with(['{', '[']) {
        return Ok(Some(raw.get().to_owned()));
    }
    Ok(serde_json::from_str::<Text>(raw.get()).map_err(D::Error::custom)?.0)
}

/// The trimmed text of a string, number or boolean, borrowed unless it has escapes; empty and null are none.
fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let Some(raw) = Option::<&RawValue>::deserialize(deserializer)? else { return Ok(None) };
    let json = raw.get();
    let text = match json.as_bytes() {
        [b'"', inside @ .., b'"'] if !inside.contains(&b'\\') => {
            Cow::Borrowed(json.get(1..json.len() - 1).unwrap_or_default())
        }
        [b'"', ..] => Cow::Owned(serde_json::from_str::<String>(json).map_err(D::Error::custom)?),
        [b'{' | b'[', ..] => return Err(D::Error::custom("expected text, found an object or a list")),
        _ => Cow::Borrowed(json),
    };
    let trimmed = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    Ok(Some(trimmed).filter(|text| !text.is_empty()))
}

/// A boolean, or one that was written as a string; null is none.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match scalar(deserializer)?.as_deref() {
        None => Ok(None),
        Some("true" | "True" | "1") => Ok(Some(true)),
        Some("false" | "False" | "0") => Ok(Some(false)),
        Some(other) => Err(D::Error::custom(format!("expected true or false, found {other:?}"))),
    }
}

/// A number, or one that was written as a string; empty and null are none.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    match scalar(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(|decimal| Some(Number(decimal))).map_err(D::Error::custom),
    }
}

/// A whole number, or one that was written as a string or with a fraction of zero; empty and null are none.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(Number(number)) = number(deserializer)? else { return Ok(None) };
    match number.with_exponent(0) {
        Some(whole) => Ok(Some(whole.units())),
        None => Err(D::Error::custom(format!("expected a whole number, found {number}"))),
    }
}

/// A currency code in either case; empty and null are none.
pub fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Currency>, D::Error> {
    match scalar(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// A time with an offset (RFC 3339); one that cannot be read is none, because no flow hangs on it.
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| time::parse(&text)))
}

/// A list of texts, read each as [`text`] is; those that are none are left out, and null is an empty list.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "text")] Option<String>);
    let list = Option::<Vec<One>>::deserialize(deserializer)?;
    Ok(list.into_iter().flatten().filter_map(|one| one.0).collect())
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
        #[serde(default, deserialize_with = "integer")]
        integer: Option<i64>,
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
                r#"{{"text":{value},"flag":{value},"number":{value},"integer":{value},"currency":{value},"instant":{value}}}"#
            )
        };
        for json in ["{}".to_owned(), all("null"), all("\"\""), all("\"  \"")] {
            let sample = read(&json).unwrap();
            assert!(sample.text.is_none() && sample.flag.is_none() && sample.number.is_none(), "{json}");
            assert!(sample.integer.is_none(), "{json}");
            assert!(
                sample.currency.is_none() && sample.instant.is_none() && sample.list.is_empty(),
                "{json}"
            );
        }
    }

    #[test]
    fn the_wrong_kind_of_value_is_read_for_what_it_means() {
        let json = r#"{"text":42,"flag":"true","number":"17.50","integer":"3.0","currency":"usd","instant":"2024-02-01T10:00:00Z","list":{"amount":"1.5"}}"#;
        let sample = read(json).unwrap();
        assert_eq!(sample.text.as_deref(), Some("42"));
        assert_eq!(sample.flag, Some(true));
        assert_eq!(sample.number.unwrap().to_string(), "17.50");
        assert_eq!(sample.integer, Some(3));
        assert_eq!(sample.currency.unwrap().code(), "USD");
        assert_eq!(sample.instant, Some(Instant(1_706_781_600_000)));
        assert_eq!(sample.list[0].amount.to_string(), "1.5");
        assert_eq!(read(r#"{"list":[{"amount":1},{"amount":2}]}"#).unwrap().list.len(), 2);
    }

    #[test]
    fn a_value_of_any_kind_has_a_text() {
        #[derive(Deserialize)]
        struct Field {
            #[serde(default, deserialize_with = "any_text")]
            value: Option<String>,
        }
        for (json, text) in [
            (r#"{"value":" a \"b "}"#, Some("a \"b")),
            (r#"{"value":3.50}"#, Some("3.50")),
            (r#"{"value":true}"#, Some("true")),
            (r#"{"value":["a", 1]}"#, Some(r#"["a", 1]"#)),
            (r#"{"value":{}}"#, Some("{}")),
            (r#"{"value":null}"#, None),
            ("{}", None),
        ] {
            let field: Field = serde_json::from_str(json).unwrap();
            assert_eq!(field.value.as_deref(), text, "{json}");
        }
    }

    #[test]
    fn a_list_of_texts_is_read_text_by_text() {
        #[derive(Deserialize)]
        struct Tags {
            #[serde(default, deserialize_with = "texts")]
            tags: Vec<String>,
        }
        let tags = |json: &str| serde_json::from_str::<Tags>(json).map(|tags| tags.tags);
        assert_eq!(tags(r#"{"tags":["trade",7," ",null,"vip"]}"#).unwrap(), ["trade", "7", "vip"]);
        assert!(tags("{}").unwrap().is_empty() && tags(r#"{"tags":null}"#).unwrap().is_empty());
        assert!(tags(r#"{"tags":"trade"}"#).is_err() && tags(r#"{"tags":[{}]}"#).is_err());
    }

    #[test]
    fn escapes_are_read() {
        let sample = read(r#"{"text":" caf\u00e9 \"x\" ","currency":"\u0055SD"}"#).unwrap();
        assert_eq!(sample.text.as_deref(), Some("café \"x\""));
        assert_eq!(sample.currency.unwrap().code(), "USD");
    }

    #[test]
    fn nonsense_is_an_error() {
        for json in [
            r#"{"text":[]}"#,
            r#"{"flag":"maybe"}"#,
            r#"{"number":"many"}"#,
            r#"{"integer":1.5}"#,
            r#"{"currency":"dollars"}"#,
            r#"{"list":7}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
