//! A connector's settings: TOML in the file, JSON for the connector.

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

/// The JSON text of a table. Numbers keep their digits: they are copied, not computed, because a setting may be an
/// amount. Fails with the reason for what JSON cannot hold.
pub(super) fn to_json(table: &DeTable<'_>) -> Result<String, String> {
    let mut json = String::new();
    write_table(table, &mut json)?;
    Ok(json)
}

fn write_table(table: &DeTable<'_>, json: &mut String) -> Result<(), String> {
    json.push('{');
    for (index, (key, value)) in table.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_text(key.get_ref(), json);
        json.push(':');
        write_value(value.get_ref(), json)?;
    }
    json.push('}');
    Ok(())
}

fn write_value(value: &DeValue<'_>, json: &mut String) -> Result<(), String> {
    match value {
        DeValue::String(text) => write_text(text, json),
        DeValue::Integer(number) if number.radix() == 10 => write_number(number.as_str(), json)?,
        DeValue::Integer(number) => {
            let value = i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| format!("{number} is beyond 64 bits; write it as a text in quotes"))?;
            json.push_str(&value.to_string());
        }
        DeValue::Float(number) => write_number(number.as_str(), json)?,
        DeValue::Boolean(true) => json.push_str("true"),
        DeValue::Boolean(false) => json.push_str("false"),
        DeValue::Datetime(instant) => write_text(&instant.to_string(), json),
        DeValue::Table(table) => write_table(table, json)?,
        DeValue::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_value(item.get_ref(), json)?;
            }
            json.push(']');
        }
    }
    Ok(())
}

fn write_number(digits: &str, json: &mut String) -> Result<(), String> {
    // TOML allows a plus sign, which JSON does not; underscores are gone already.
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let ordinary = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !ordinary {
        return Err(format!("{digits} is no number that JSON knows"));
    }
    json.push_str(digits);
    Ok(())
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&Json::from(text).to_string());
}
