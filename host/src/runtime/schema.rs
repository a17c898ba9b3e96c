//! Settings against the connector's schema.

use serde_json::Value;

/// What is wrong with a connection's settings, each with its key. A schema that is none is the connector's fault, and said so.
pub(super) fn problems(connection: &str, schema: &str, settings: &str) -> Vec<String> {
    let table = format!("connections.{connection}.settings");
    let validator = serde_json::from_str::<Value>(schema)
        .map_err(|error| error.to_string())
        .and_then(|schema| jsonschema::validator_for(&schema).map_err(|error| error.to_string()));
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => {
            return vec![format!("{table}: the connector's schema of its settings is unusable: {error}")];
        }
    };
    let settings: Value = match serde_json::from_str(settings) {
        Ok(settings) => settings,
        Err(error) => return vec![format!("{table}: not a JSON object: {error}")],
    };
    let problem = |error: jsonschema::ValidationError| {
        let place = error.instance_path().as_str().replace('/', ".");
        format!("{table}{place}: {error}; `transload inspect` shows the schema")
    };
    validator.iter_errors(&settings).map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["location_id"],
        "properties":{"location_id":{"type":"string"},"mode":{"enum":["live","test"]}}}"#;

    #[test]
    fn each_fault_names_its_key() {
        assert_eq!(problems("shop", SCHEMA, r#"{"location_id":"l","mode":"test"}"#), Vec::<String>::new());
        for (settings, key, word) in [
            ("{}", "connections.shop.settings:", "location_id"),
            (r#"{"location_id":5}"#, "connections.shop.settings.location_id:", "string"),
            (r#"{"location_id":"l","mode":"x"}"#, "connections.shop.settings.mode:", "live"),
            (r#"{"location_id":"l","extra":1}"#, "connections.shop.settings:", "extra"),
        ] {
            let found = problems("shop", SCHEMA, settings);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(key) && found[0].contains(word), "{found:?}");
        }
        assert_eq!(problems("shop", SCHEMA, r#"{"location_id":5,"mode":"x"}"#).len(), 2);
    }

    #[test]
    fn a_broken_schema_is_said_to_be_the_connectors() {
        assert!(problems("shop", "{", "{}")[0].contains("schema"));
        assert!(problems("shop", r#"{"type":"nonsense"}"#, "{}")[0].contains("schema"));
    }
}
