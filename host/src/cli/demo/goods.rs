//! What is ordered in the stories.

use anyhow::{Context, anyhow};
use transload_sandbox::{Json, Number};

/// An exact number.
pub fn number(text: &str) -> anyhow::Result<Number> {
    serde_json::from_str(text).with_context(|| format!("{text} is not a number"))
}

/// An order of two lines, each a price id, a name, a quantity and a price. Three thousand is in yen, which have no cents.
pub fn order(
    contact: &str,
    name: &str,
    total: &str,
    lines: [(&str, &str, u32, &str); 2],
) -> anyhow::Result<Json> {
    let currency = if total == "3000" { "JPY" } else { "EUR" };
    let items = lines.map(|(id, name, quantity, price)| {
        format!(
            r#"{{"name": "{name}", "qty": {quantity}, "product": {{"_id": "product-{id}", "name": "{name}"}},
                "price": {{"_id": "{id}", "name": "{name}", "type": "one_time", "currency": "{currency}", "amount": {price}}}}}"#
        )
    });
    let text = format!(
        r#"{{"contactId": "{contact}", "currency": "{currency}", "amount": {total}, "liveMode": true,
            "amountSummary": {{"subtotal": {total}, "discount": 0, "tax": 0, "shipping": 0}},
            "source": {{"type": "website", "subType": "store", "id": "store", "name": "Demo store"}},
            "contactSnapshot": {{"id": "{contact}", "firstName": "{name}", "lastName": "Berg", "phone": "+15005550100",
                "address1": "7 Mill Lane", "city": "Bath", "postalCode": "BA1 1AA", "country": "GB"}},
            "items": [{}]}}"#,
        items.join(",")
    );
    json(&text)
}

/// The order as one that was placed at another time.
pub fn placed_at(order: Json, at: &str) -> Json {
    match order {
        Json::Object(mut members) => {
            members.set("createdAt", at);
            members.into()
        }
        other => other,
    }
}

/// What the text holds.
pub fn json(text: &str) -> anyhow::Result<Json> {
    Json::parse(text).map_err(|error| anyhow!("the demo's own {text} is not JSON: {error}"))
}
