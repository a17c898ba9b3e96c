//! Settings: what is left out, what is wrong, and that the schema says the same.

use serde_json::{Value, json};

use super::*;

const SCHEMA: &str = include_str!("../../manifest/settings.schema.json");

fn read(json: &str) -> Result<Settings, serde_json::Error> {
    serde_json::from_str(json)
}

fn fault(json: &str) -> String {
    read(json).unwrap_err().to_string()
}

#[test]
fn the_location_is_enough() {
    let settings = read(r#"{"location_id":"l"}"#).unwrap();
    assert!(settings.cash_on_delivery);
    assert_eq!(settings.deliver_when, Rule::new("order.physical"));
    assert_eq!(settings.delivery.note, Some(Template::new("{{ order.note }}")));
    assert_eq!(settings.delivery.log_payments, PaymentLog::Note);
    assert_eq!(settings.messages.channel, Channel::None);
    assert!(matches!(&settings.payment_record, PaymentRecord::Note { tag } if tag == "order-paid"));
    assert!(settings.cash.record && settings.cancel.when_refunded && !settings.subscriptions.renew);
    assert!(settings.provider.is_none());
}

#[test]
fn a_kind_that_needs_more_names_what_is_missing() {
    for (json, missing) in [
        (r#"{"location_id":"l","messages":{"channel":"email"}}"#, "messages.subject"),
        (r#"{"location_id":"l","messages":{"channel":"workflow"}}"#, "messages.workflow_id"),
        (r#"{"location_id":"l","payment_record":{"kind":"object"}}"#, "payment_record.schema_key"),
        (
            r#"{"location_id":"l","payment_record":{"kind":"object","schema_key":"custom_objects.p"}}"#,
            "payment_record.order_property",
        ),
        (r#"{"location_id":"l","payment_record":{"kind":"opportunity"}}"#, "payment_record.pipeline_id"),
        (r#"{"location_id":"l","delivery":{"log_payments":"notes"}}"#, "delivery.log_payments"),
        (r#"{"location_id":"l","provider":{"title":"x"}}"#, "unique_name"),
    ] {
        assert!(fault(json).contains(missing), "{json}: {}", fault(json));
    }
}

#[test]
fn unknown_keys_are_errors_at_every_depth() {
    for part in ["delivery", "messages", "payment_record", "cash", "cancel", "subscriptions"] {
        let fault = fault(&format!(r#"{{"location_id":"l","{part}":{{"colour":"red"}}}}"#));
        assert!(fault.contains("colour"), "{part}: {fault}");
    }
}

/// What a member needs beside it.
const COMPANIONS: &str = r#"{"messages": {"workflow_id": "w", "subject": "s"},
    "payment_record": {"schema_key": "k", "order_property": "o", "pipeline_id": "p", "stage_id": "s"},
    "provider": {"unique_name": "a", "title": "t", "provider": "nmi", "description": "d", "image_url": "https://a.example"}}"#;

/// Each default, example and choice of the schema is read, and each rule and template of it works.
#[test]
fn the_schema_says_the_same() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let companions: Value = serde_json::from_str(COMPANIONS).unwrap();
    let mut seen = 0;
    for (name, property) in schema["properties"].as_object().unwrap() {
        for value in values(property) {
            seen += 1;
            accepts(json!({ name.as_str(): value }));
        }
        for (member, property) in property["properties"].as_object().into_iter().flatten() {
            for value in values(property) {
                seen += 1;
                let mut section = companions.get(name).cloned().unwrap_or_else(|| json!({}));
                section[member] = value;
                accepts(json!({ name.as_str(): section }));
            }
        }
    }
    assert!(seen > 70, "{seen}");
}

fn values(property: &Value) -> Vec<Value> {
    let list = |key: &str| property[key].as_array().cloned().unwrap_or_default();
    let mut values = list("examples");
    values.extend(list("enum"));
    values.extend(property.get("default").cloned());
    values
}

fn accepts(mut settings: Value) {
    if settings.get("location_id").is_none() {
        settings["location_id"] = json!("l");
    }
    let read = read(&settings.to_string()).unwrap_or_else(|error| panic!("{settings}: {error}"));
    assert_eq!(read.faults(&Scope::sample().unwrap()), [], "{settings}");
}
