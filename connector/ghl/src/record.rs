//! Records of custom objects.
//!
//! The document leaves the bodies that create and update a record empty; their members here are those that it gives for
//! a record that is read, and `locationId`, which all calls of the family take.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use transload_model::Decimal;
use transload_wire::{Number, tolerant};

use crate::error::{MISSING, MapError};
use crate::members::{self, Members};

/// What a record holds, by property name: the last part of a field's key, `order_id` of `custom_objects.payment.order_id`.
pub type Properties = BTreeMap<String, Property>;

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// A text, a day, or the key of an option.
    Text(String),
    /// A number.
    Number(Decimal),
    /// An amount in the location's own currency: the only one that the document has a form for.
    Money(Decimal),
    /// Anything else, as its JSON text.
    Json(String),
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// What it holds.
    pub properties: Properties,
}

#[derive(Serialize, Deserialize)]
struct WireMoney {
    currency: String,
    value: Number,
}

impl Property {
    fn read(value: &RawValue) -> Self {
        let json = value.get();
        if json.starts_with('{') {
            let money = serde_json::from_str::<WireMoney>(json).ok();
            return money.map_or_else(|| Self::Json(json.to_owned()), |money| Self::Money(money.value.0));
        }
        if let Ok(text) = serde_json::from_str::<String>(json) {
            return Self::Text(text);
        }
        json.parse().map_or_else(|_| Self::Json(json.to_owned()), Self::Number)
    }

    /// Whether the value is `text`, as a text or as a number.
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => own == text,
            Self::Number(own) => text.parse() == Ok(*own),
            Self::Money(_) | Self::Json(_) => false,
        }
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => Number(*number).serialize(serializer),
            Self::Money(amount) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("currency", "default")?;
                map.serialize_entry("value", &Number(*amount))?;
                map.end()
            }
            Self::Json(json) => {
                RawValue::from_string(json.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }
    }
}

impl Record {
    /// Whether its property `name` is `value`.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.properties.get(name).is_some_and(|property| property.is(value))
    }
}

/// The body of `POST …/records/search`. All members are required.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireSearch<'a> {
    pub location_id: &'a str,
    pub page: u32,
    pub page_limit: u32,
    pub query: &'a str,
    pub search_after: [&'static str; 0],
}

/// The answer to it.
#[derive(Deserialize)]
pub(crate) struct RecordList {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub records: Vec<WireRecord>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub total: Option<i64>,
}

/// The answer to a record's creation or update.
#[derive(Deserialize)]
pub(crate) struct RecordReply {
    pub record: Option<WireRecord>,
}

/// A record as it is read.
#[derive(Deserialize)]
pub(crate) struct WireRecord {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    properties: Option<Box<RawValue>>,
}

impl WireRecord {
    pub(crate) fn into_model(self) -> Result<Record, MapError> {
        let id = self.id.ok_or_else(|| MapError {
            object: "record".to_owned(),
            member: "id".to_owned(),
            problem: MISSING,
        })?;
        let json = self.properties.as_deref().map(RawValue::get).unwrap_or_default();
        let members: Members<'_> = members::members(json);
        let properties = members.into_iter().map(|(name, value)| (name, Property::read(value)));
        Ok(Record { id, properties: properties.collect() })
    }
}

/// The body of `POST …/records` and, without the location, of `PUT …/records/{id}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<&'a str>,
    pub properties: &'a Properties,
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = include_str!("fixtures/record.json");

    fn read(json: &str) -> Record {
        serde_json::from_str::<RecordReply>(json).unwrap().record.unwrap().into_model().unwrap()
    }

    #[test]
    fn properties_keep_their_kind_and_their_digits() {
        let record = read(RECORD);
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(record.id, "661c06b4ffde146bdb469442");
        for (name, expected) in [
            ("order_id", Property::Text("660ed43bfdf9fc05a0de7a40".to_owned())),
            ("customer_number", Property::Number(decimal("1424"))),
            ("money", Property::Money(decimal("150.10"))),
            ("section", Property::Json(r#"["contacts","smartlist"]"#.to_owned())),
            ("paid", Property::Json("true".to_owned())),
            ("file", Property::Json(r#"{"url":"---"}"#.to_owned())),
        ] {
            assert_eq!(record.properties.get(name), Some(&expected), "{name}");
        }
        assert!(
            record.has("order_id", "660ed43bfdf9fc05a0de7a40") && record.has("customer_number", "1424.0")
        );
        assert!(!record.has("order_id", "1424") && !record.has("money", "150.10") && !record.has("x", ""));
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let record = read(RECORD);
        let json = serde_json::to_string(&record.properties).unwrap();
        let again = read(&format!(r#"{{"record":{{"id":"{}","properties":{json}}}}}"#, record.id));
        assert_eq!(again, record);
        assert!(json.contains(r#""money":{"currency":"default","value":150.10}"#), "{json}");
    }

    #[test]
    fn text_that_is_no_json_is_not_written_as_json() {
        let broken = Properties::from([("x".to_owned(), Property::Json("{".to_owned()))]);
        assert!(serde_json::to_string(&broken).is_err());
    }
}
