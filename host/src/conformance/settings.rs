//! Settings to play samples with, where nobody gave any.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::contract::Description;

/// How deep a schema's example is built. Deeper ones get nothing more.
const DEPTH_MAX: usize = 16;

/// Settings for a connector, and where they come from: the first of its ready-made ones, or else what its schema gives as
/// examples of what it requires.
pub(super) fn likely(description: &Description) -> (Arc<str>, String) {
    if let Some(template) = description.templates.first() {
        return (Arc::from(template.settings.as_str()), format!("the template {:?}", template.name));
    }
    let schema: Value = serde_json::from_str(&description.settings_schema).unwrap_or_default();
    let example = example(&schema, &schema, 0).filter(Value::is_object);
    let settings = example.unwrap_or_else(|| Value::Object(Map::new())).to_string();
    (Arc::from(settings), "the examples of its settings' schema".to_owned())
}

/// A value that `schema`, a part of `root`, describes, as far as can be told.
fn example(schema: &Value, root: &Value, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
    let given = schema.get("const").or_else(|| first("examples")).or_else(|| schema.get("default"));
    if let Some(given) = given.or_else(|| first("enum")) {
        return Some(given.clone());
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return example(root.pointer(target.strip_prefix('#')?)?, root, depth + 1);
    }
    if let Some(case) = first("oneOf").or_else(|| first("anyOf")).or_else(|| first("allOf")) {
        return example(case, root, depth + 1);
    }
    match schema.get("type").and_then(Value::as_str)? {
        "object" => Some(object(schema, root, depth)),
        "array" => Some(Value::Array(Vec::new())),
        "string" => Some(Value::from("conformance")),
        "integer" | "number" => Some(schema.get("minimum").cloned().unwrap_or_else(|| Value::from(1))),
        "boolean" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let members = required.filter_map(Value::as_str).filter_map(|name| {
        let member = schema.get("properties")?.get(name)?;
        Some((name.to_owned(), example(member, root, depth + 1)?))
    });
    Value::Object(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_what_is_required() {
        let schema: Value = serde_json::from_str(
            r##"{"type":"object","required":["a","b","c","d"],"$defs":{"x":{"enum":["one","two"]}},"properties":{
                "a":{"type":"string","examples":["A"]},"b":{"$ref":"#/$defs/x"},"c":{"type":"integer","minimum":3},
                "d":{"type":"object","required":["e"],"properties":{"e":{"default":true}}},"f":{"type":"string"}}}"##,
        )
        .unwrap();
        let expected: Value = serde_json::from_str(r#"{"a":"A","b":"one","c":3,"d":{"e":true}}"#).unwrap();
        assert_eq!(example(&schema, &schema, 0), Some(expected));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schema: Value = serde_json::from_str(r##"{"$ref":"#"}"##).unwrap();
        assert_eq!(example(&schema, &schema, 0), None);
    }
}
