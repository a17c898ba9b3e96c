//! Members of the wire objects, each of which may be missing: read tolerantly, written as the contract has them. For
//! `#[serde(default, with = "…", skip_serializing_if = "Option::is_none")]`.

/// Amounts and quantities: read from a string or a number, written as a string.
pub(crate) mod amount {
    use serde::Serializer;
    use transload_wire::Number;
    pub(crate) use transload_wire::tolerant::number as deserialize;

    pub(crate) fn serialize<S: Serializer>(value: &Option<Number>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(number) => serializer.collect_str(number),
            None => serializer.serialize_none(),
        }
    }
}

/// Currencies, by their codes.
pub(crate) mod currency {
    use serde::Serializer;
    use transload_model::Currency;
    pub(crate) use transload_wire::tolerant::currency as deserialize;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Currency>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(currency) => serializer.serialize_str(currency.code()),
            None => serializer.serialize_none(),
        }
    }
}

/// Times: RFC 3339 with an offset read, UTC to the millisecond written.
pub(crate) mod instant {
    use serde::{Serializer, ser};
    use transload_model::Instant;
    use transload_wire::time;
    pub(crate) use transload_wire::tolerant::instant as deserialize;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Instant>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let Some(instant) = value else { return serializer.serialize_none() };
        let text = time::format(*instant)
            .ok_or_else(|| ser::Error::custom(format!("{} ms is beyond the year 9999", instant.0)))?;
        serializer.serialize_str(&text)
    }
}

/// Texts.
pub(crate) mod text {
    use serde::{Serialize, Serializer};
    pub(crate) use transload_wire::tolerant::text as deserialize;

    pub(crate) fn serialize<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// True or false.
pub(crate) mod flag {
    use serde::{Serialize, Serializer};
    pub(crate) use transload_wire::tolerant::flag as deserialize;

    pub(crate) fn serialize<S: Serializer>(value: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// Whole numbers.
pub(crate) mod integer {
    use serde::{Serialize, Serializer};
    pub(crate) use transload_wire::tolerant::integer as deserialize;

    pub(crate) fn serialize<S: Serializer>(value: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// An object of free members, each of which is read for its text.
pub(crate) mod free {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use transload_wire::tolerant;

    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "tolerant::any_text")] Option<String>);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, String>, D::Error> {
        let members = Option::<BTreeMap<String, Text>>::deserialize(deserializer)?;
        let texts = members.into_iter().flatten();
        Ok(texts.filter_map(|(name, Text(text))| Some((name, text?))).collect())
    }

    pub(crate) fn serialize<S: Serializer>(
        value: &BTreeMap<String, String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}
