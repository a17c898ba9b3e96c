//! A vendor's JSON in rules and templates. It is read member by member as a template asks for it, and its numbers from
//! their text: serde_json's own values would make floats of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::exact::Exact;

/// A JSON object.
#[derive(Debug)]
struct Members(BTreeMap<String, Box<RawValue>>);

impl Object for Members {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(|member| value(member.get()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| Value::from(key.as_str())).collect())
    }
}

/// What stands in `json`; none if it is no JSON.
pub fn value(json: &str) -> Value {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'{') => read(json).map(|members| Value::from_object(Members(members))),
        Some(b'[') => read(json)
            .map(|items: Vec<Box<RawValue>>| items.iter().map(|item| value(item.get())).collect::<Value>()),
        Some(b'"') => read::<String>(json).map(Value::from),
        Some(b't' | b'f') => read::<bool>(json).map(Value::from),
        Some(b'-' | b'0'..=b'9') => {
            // A number that no decimal holds is kept as it is written.
            Some(json.parse().map_or_else(|_| Value::from(json), Exact::quantity))
        }
        _ => None,
    }
    .unwrap_or(Value::from(()))
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}
