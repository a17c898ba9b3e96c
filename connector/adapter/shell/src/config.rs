//! The configuration, as the platform hands it over: a flat list of strings.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use transload_policy::manifest::Api;
use transload_policy::{Grant, Keys, Secret};

use crate::bindings::wasi::config::store;

/// The environment variable that may hold the configuration, as a JSON object: command lines can be read by others, and
/// `wasmtime serve` has no other place for a value with a comma in it.
const VARIABLE: &str = "TRANSLOAD_CONFIG";

/// The value of `key`, without blanks around it; none if it is not set or empty. What the platform's configuration does not
/// have is looked for in the variable.
pub(crate) fn text(key: &str) -> Result<Option<String>, String> {
    let value = match store::get(key) {
        Ok(Some(value)) => Some(value),
        Ok(None) => from_variable(key)?,
        Err(store::Error::Upstream(reason) | store::Error::Io(reason)) => {
            return Err(format!("the configuration cannot be read: {key}: {reason}"));
        }
    };
    Ok(value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn from_variable(key: &str) -> Result<Option<String>, String> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(None) };
    let wrong = |error: serde_json::Error| format!("{VARIABLE} is no JSON object of strings: {error}");
    let values: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(wrong)?;
    let Some(value) = values.get(key).map(|value| value.get()) else { return Ok(None) };
    // Settings may stand there as they are. Their text is kept, so that no number of theirs becomes a float.
    if value.starts_with('"') {
        serde_json::from_str(value).map(Some).map_err(wrong)
    } else {
        Ok(Some(value.to_owned()))
    }
}

/// The settings: a JSON object.
pub(crate) fn settings() -> Result<String, String> {
    Ok(text("settings")?.unwrap_or_else(|| "{}".to_owned()))
}

/// What is granted of each API that has scopes.
pub(crate) fn grants(apis: &[Api]) -> Result<BTreeMap<String, Grant>, String> {
    let mut grants = BTreeMap::new();
    for api in apis {
        let key = |name: &str| Keys::Flat.api(&api.name, name);
        let Some(scopes) = text(&key("scopes"))? else { continue };
        let read_only = match text(&key("read_only"))?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(format!("{}: {other:?} is neither true nor false", key("read_only"))),
        };
        let grant = Grant {
            base_url: text(&key("base_url"))?,
            credential: text(&key("credential"))?.map(Secret::new),
            scopes: list(&scopes),
            private_addresses: text(&key("allow_private"))?.as_deref().map(list).unwrap_or_default(),
            read_only,
        };
        grants.insert(api.name.clone(), grant);
    }
    Ok(grants)
}

fn list(text: &str) -> Vec<String> {
    text.split([',', ' ', '\n']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
