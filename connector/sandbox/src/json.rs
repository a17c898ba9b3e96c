//! JSON documents whose numbers keep their text.
//!
//! The fakes hold what they were given and hand it out again. A number that passed through a binary float would come
//! out as another number, so it is never parsed before someone calculates with it, and then as a [`Decimal`].

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use transload_model::Decimal;

/// Levels of nesting that are read. The vendors' documents have about six; reading is recursive, so it needs an end.
pub const DEPTH_MAX: usize = 32;

/// A JSON document.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// A JSON number: the text between two other tokens.
#[derive(Debug, Clone)]
pub struct Number(Box<RawValue>);

/// The members of a JSON object in the order in which they were written. A repeated name keeps the last value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object(Vec<(String, Json)>);

/// Text is not a JSON document that can be held.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The text breaks JSON's grammar.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// The document is nested deeper than [`DEPTH_MAX`].
    #[error("nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
}

impl Json {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Self::read(raw, 0)
    }

    /// An object of these members; members that are null are left out, as both vendors do in their replies.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        let mut object = Object::default();
        for (name, value) in members {
            object.set_some(name, value);
        }
        Self::Object(object)
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The exact value, if it is a number that [`Decimal`] holds.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => number.decimal(),
            _ => None,
        }
    }

    /// The member `name`, if it is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object()?.get(name)
    }

    /// The document as text.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn read(raw: &RawValue, depth: usize) -> Result<Self, JsonError> {
        if depth > DEPTH_MAX {
            return Err(JsonError::TooDeep);
        }
        let text = raw.get();
        Ok(match text.bytes().next() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let mut object = Object::default();
                for (name, value) in members {
                    object.set(&name, Self::read(value, depth + 1)?);
                }
                Self::Object(object)
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(
                    elements.into_iter().map(|raw| Self::read(raw, depth + 1)).collect::<Result<_, _>>()?,
                )
            }
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            _ => Self::Number(Number(raw.to_owned())),
        })
    }
}

impl Number {
    /// The text of the number.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The exact value; none if it has more digits than [`Decimal`] holds.
    pub fn decimal(&self) -> Option<Decimal> {
        self.text().parse().ok()
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        // A decimal prints as a JSON number, so the fallback is never taken.
        Self(RawValue::from_string(value.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Number(number) => Ok(number),
            _ => Err(D::Error::custom("expected a number")),
        }
    }
}

impl Object {
    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of a member that is a string.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::as_str)
    }

    /// Adds or replaces a member.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds or replaces a member, or does nothing if the value is null.
    pub fn set_some(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        if value != Json::Null {
            self.set(name, value);
        }
    }

    /// Adds a member unless it is there with a value.
    pub fn set_default(&mut self, name: &str, value: impl Into<Json>) {
        if self.get(name).is_none_or(|value| *value == Json::Null) {
            self.set(name, value);
        }
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members named, in the order named, as far as they are there.
    pub fn pick(&self, names: &[&str]) -> Self {
        let found = names.iter().filter_map(|name| Some(((*name).to_owned(), self.get(name)?.clone())));
        Self(found.collect())
    }
}

/// An object's members before their values are read.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => {
                let mut sequence = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    sequence.serialize_element(element)?;
                }
                sequence.end()
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Json {
    /// Works with serde_json's own deserializers only: others do not have the number's text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(&raw, 0).map_err(D::Error::custom)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(Decimal::from(value).into())
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Self {
        i64::try_from(value).unwrap_or(i64::MAX).into()
    }
}

impl From<Decimal> for Json {
    fn from(value: Decimal) -> Self {
        Self::Number(value.into())
    }
}

impl From<Number> for Json {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<Object> for Json {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_come_out_as_they_went_in() {
        for text in
            ["150.1", "0.30000000000000004", "1.50", "1234567890123456789.12", "-0", "1E3", "[12.1,138]"]
        {
            assert_eq!(Json::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn order_of_members_is_kept_and_the_last_of_two_wins() {
        let json = Json::parse(r#"{"b":1,"a":{"x":null},"b":2}"#).unwrap();
        assert_eq!(json.to_string(), r#"{"b":2,"a":{"x":null}}"#);
    }

    #[test]
    fn nesting_ends_at_its_limit() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&nested(DEPTH_MAX)).is_ok());
        assert!(matches!(Json::parse(&nested(DEPTH_MAX + 1)), Err(JsonError::TooDeep)));
        assert!(Json::parse(&nested(100_000)).is_err());
    }

    #[test]
    fn broken_text_is_refused() {
        for text in ["", "{", "{\"a\":}", "01", "nul", "[1,]", "1 2"] {
            assert!(matches!(Json::parse(text), Err(JsonError::Syntax(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails_without_a_panic(text in ".{0,60}") {
            if let Ok(json) = Json::parse(&text) {
                prop_assert_eq!(Json::parse(&json.to_string()).unwrap(), json);
            }
        }

        #[test]
        fn strings_survive(text in ".*") {
            let json = Json::from(text.as_str());
            prop_assert_eq!(Json::parse(&json.to_string()).unwrap(), json);
        }
    }
}
