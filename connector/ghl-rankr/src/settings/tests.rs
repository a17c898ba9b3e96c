//! Settings, their schema and the ready-made ones.

use serde_json::Value;

use super::*;

fn read(json: &str) -> Result<Settings, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../manifest/settings.schema.json")).unwrap()
}

#[test]
fn the_location_is_enough() {
    let settings = read(r#"{"location_id":"l"}"#).unwrap();
    let words: Vec<&str> = settings.fulfillments.accepted.iter().map(|state| state.describe()).collect();
    assert_eq!(words, ["out for delivery", "partially delivered", "delivered", "collected"]);
    assert_eq!(settings.fulfillments.posted_as.describe(), "out for delivery");
    assert!(settings.fulfillments.sync && !settings.fulfillments.notify_customer);
    assert!(settings.transactions.sync && settings.invoices.sync && settings.subscriptions.sync);
    assert!(settings.send_when.holds("send_when", &Scope::sample().unwrap()).unwrap());
}

#[test]
fn what_is_wrong_is_named() {
    for (json, named) in [
        (
            r#"{"location_id":"l","fulfillments":{"posted_as":"shipped"}}"#,
            r#""shipped" is no state of a fulfilment; there are created, "#,
        ),
        (r#"{"location_id":"l","fulfillments":{"accepted":["delivered",""]}}"#, r#""" is no state"#),
        (r#"{"location_id":"l","fulfillments":{"notify":true}}"#, "unknown field `notify`"),
        (r#"{"location_id":"l","rankr":{"paths":{"put_orders":"/x/{orderId}"}}}"#, "put_order"),
        (r#"{"location_id":"l","invoices":{"sync":1}}"#, "expected a boolean"),
    ] {
        let fault = read(json).unwrap_err();
        assert!(fault.contains(named), "{json}: {fault}");
    }
}

#[test]
fn rules_and_templates_that_fail_are_found_before_an_order_comes() {
    let scope = Scope::sample().unwrap();
    let right = r#"{"location_id":"l","send_when":"order.paid >= order.total","extra":{"a":"{{ order.address.city }}"}}"#;
    assert_eq!(read(right).unwrap().faults(&scope), []);
    let wrong = r#"{"location_id":"l","send_when":"order.payed","extra":{"a":"{{ order.town }}","b":"x"}}"#;
    let faults = read(wrong).unwrap().faults(&scope);
    let texts: Vec<String> = faults.iter().map(|fault| format!("{fault:?}")).collect();
    assert!(
        texts.len() == 2 && texts[0].contains("`send_when`") && texts[1].contains("`extra.a`"),
        "{texts:?}"
    );
}

/// The names of an object of the schema; none if it takes any.
fn names(schema: &Value) -> Vec<&str> {
    schema["properties"].as_object().map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// A value that the schema takes: the default, or an example, or something of its type.
fn value(schema: &Value) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(example) = schema["examples"].get(0) {
        return example.clone();
    }
    names(schema).into_iter().map(|name| (name.to_owned(), value(&schema["properties"][name]))).collect()
}

#[test]
fn every_setting_of_the_schema_is_one_and_is_as_it_says() {
    let schema = schema();
    for name in names(&schema) {
        let property = &schema["properties"][name];
        let mut settings = serde_json::json!({"location_id": "l"});
        settings[name] = value(property);
        read(&settings.to_string()).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
        for inner in names(property) {
            let mut settings = serde_json::json!({"location_id": "l"});
            settings[name] = serde_json::json!({ inner: value(&property["properties"][inner]) });
            read(&settings.to_string()).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
        }
    }
    let mut unknown = serde_json::json!({"location_id": "l"});
    unknown["colour"] = "red".into();
    assert!(read(&unknown.to_string()).is_err());
}

#[test]
fn the_schemas_paths_are_the_calls_that_can_be_moved() {
    let schema = schema();
    let paths = &schema["properties"]["rankr"]["properties"]["paths"];
    let mut pointers: Vec<String> =
        names(paths).into_iter().map(|name| format!("/rankr/paths/{name}")).collect();
    let mut movable: Vec<&str> =
        transload_rankr::endpoints::ALL.iter().filter_map(|endpoint| endpoint.path_setting).collect();
    pointers.sort();
    movable.sort_unstable();
    assert_eq!(pointers, movable);
}

#[test]
fn the_ready_made_settings_can_be_used() {
    for template in crate::manifest::describe().templates {
        let settings = read(&template.settings).unwrap_or_else(|fault| panic!("{}: {fault}", template.name));
        assert_eq!(settings.fulfillments.sync, template.name != "orders-only");
        assert_eq!(settings.shop.writes, template.name != "read-only-monitor");
    }
}
