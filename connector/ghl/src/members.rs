//! Objects whose members nobody promises: what an operator wrote, and what the documents call just `object`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_wire::tolerant;

/// The members of an object, each as its JSON text.
pub(crate) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The members of `json`; none if it is anything but an object.
pub(crate) fn members(json: &str) -> Members<'_> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The text of a string, number or boolean that says something; none for anything else.
pub(crate) fn scalar(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "tolerant::text")] Option<String>);
    serde_json::from_str::<Text>(value.get()).ok()?.0
}

/// The text at the end of a path of member names.
pub(crate) fn at(members: &Members<'_>, path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let value = members.get(*first)?;
    if rest.is_empty() { scalar(value) } else { at(&self::members(value.get()), rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_through_objects_to_a_text_or_nowhere() {
        let json = r#"{"order":{"id":" o1 ","lines":[1]},"count":7,"none":null,"empty":""}"#;
        let members = members(json);
        for (path, text) in [
            (["order", "id"].as_slice(), Some("o1")),
            (&["count"], Some("7")),
            (&["order"], None),
            (&["order", "lines"], None),
            (&["order", "id", "deeper"], None),
            (&["none"], None),
            (&["empty"], None),
            (&["unknown"], None),
            (&[], None),
        ] {
            assert_eq!(at(&members, path).as_deref(), text, "{path:?}");
        }
        assert!(self::members("[]").is_empty() && self::members("{").is_empty());
    }
}
