//! Schemas and samples of what every connector with GoHighLevel hears of and answers, for its manifest.

use serde_json::Value;

/// An order.
pub const ORDER: &str = include_str!("../manifest/order.schema.json");
/// An order as GoHighLevel has it.
pub const ORDER_SAMPLE: &str = include_str!("../manifest/order.sample.json");
/// A delivery, whoever makes it.
pub const FULFILLMENT: &str = include_str!("../manifest/fulfillment.schema.json");
/// A payment.
pub const TRANSACTION: &str = include_str!("../manifest/transaction.schema.json");
/// A payment as GoHighLevel has it.
pub const TRANSACTION_SAMPLE: &str = include_str!("../manifest/transaction.sample.json");
/// A subscription.
pub const SUBSCRIPTION: &str = include_str!("../manifest/subscription.schema.json");
/// A subscription as GoHighLevel has it.
pub const SUBSCRIPTION_SAMPLE: &str = include_str!("../manifest/subscription.sample.json");
/// The input of an action that is about one order.
pub const ORDER_ID: &str = include_str!("../manifest/order-id.schema.json");
/// What an action did.
pub const RECEIPT: &str = include_str!("../manifest/receipt.schema.json");
/// What a comparison of one order found.
pub const FINDINGS: &str = include_str!("../manifest/findings.schema.json");

/// What rules and templates are written in and what they see, for a person.
const RULES: &str = include_str!("../manifest/rules.txt");

/// The settings that every connector with GoHighLevel has, by their names.
const SHOP_SETTINGS: &str = include_str!("../manifest/shop-settings.json");

/// The schema of the settings of the connector `title`: those about GoHighLevel and its own, `own`, which is a JSON object of
/// a schema for each by its name.
pub fn settings(title: &str, own: &str) -> String {
    let members = [SHOP_SETTINGS, own].map(inside).into_iter().filter(|members| !members.is_empty());
    let properties = members.collect::<Vec<_>>().join(",\n");
    format!(
        r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","title":{},"description":{},
"type":"object","additionalProperties":false,"required":["location_id"],"properties":{{
{properties}
}}}}"#,
        Value::from(title),
        Value::from(RULES.trim()),
    )
}

/// What stands between the braces of an object. They are put together as text, so that they stay in their order.
fn inside(object: &str) -> &str {
    let object = object.trim();
    object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(object).trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShopSettings;

    fn names(schema: &str) -> Vec<String> {
        let schema: Value = serde_json::from_str(schema).unwrap();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schema_has_every_setting_of_the_shop_and_the_connectors_own() {
        let mut expected: Vec<String> = ShopSettings::NAMES.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(names(&settings("A \"shop\"", "{}")), expected);
        expected.push("zone".to_owned());
        assert_eq!(names(&settings("A", r#"{"zone": {"type": "string"}}"#)), expected);
    }

    #[test]
    fn the_defaults_and_examples_of_the_shops_settings_can_be_used() {
        let schema: Value = serde_json::from_str(&settings("A", "{}")).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let value = |property: &Value| property.get("default").unwrap_or(&property["examples"][0]).clone();
        let all: Value = properties.iter().map(|(name, property)| (name.clone(), value(property))).collect();
        let read: ShopSettings = serde_json::from_value(all).unwrap();
        let plain: ShopSettings = serde_json::from_str(r#"{"location_id":"l"}"#).unwrap();
        let told = |settings: ShopSettings| {
            let ShopSettings { mode, writes, notify_customer, refund_days, order_days, ghl_version, .. } =
                settings;
            (mode, writes, notify_customer, refund_days, order_days, ghl_version)
        };
        assert_eq!(told(read), told(plain));
    }
}
