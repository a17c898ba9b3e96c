//! A table of actions over nothing but a number.

use serde_json::Value;
use transload_sdk::{Certainty, FindingSide, Severity, Verb, Work, skipped};

use super::*;

fn step(count: &u32, order_id: &str) -> Result<Receipt, Failure> {
    match count {
        0 => Ok(skipped("nothing to do")),
        _ => Ok(Work::default().effect(Verb::Created, "ghl", "note", order_id, "noted").into()),
    }
}

fn look(count: &u32, order_id: &str) -> Result<String, Failure> {
    Ok(format!("\"{order_id} {count}\""))
}

fn compare(_: &u32, order_id: &str) -> Result<Vec<Finding>, Failure> {
    let side =
        || FindingSide { system: "ghl".to_owned(), id: Some("o1".to_owned()), value: None, amount: None };
    Ok(vec![Finding {
        id: "late o1 1".to_owned(),
        kind: "late".to_owned(),
        severity: Severity::Info,
        certainty: Certainty::Suggested,
        subject: order_id.to_owned(),
        message: "late".to_owned(),
        left: side(),
        right: side(),
        repair: None,
    }])
}

fn alone(count: &u32) -> Result<Receipt, Failure> {
    step(count, "none")
}

fn table() -> [Entry<u32>; 5] {
    let told = Run::Told { schema: "{}", sample: r#"{"order_id":"o1","text":"t"}"#, step };
    [
        Entry { name: "do", title: "Do it", run: Run::Order(step) },
        Entry { name: "look", title: "Look", run: Run::Look(look, "{}") },
        Entry { name: "compare", title: "Compare", run: Run::Compare(compare) },
        Entry { name: "tell", title: "Tell", run: told },
        Entry { name: "register", title: "Register", run: Run::Alone(alone) },
    ]
}

fn answer(name: &str, count: u32, input: &str) -> Value {
    let output = find(&table(), name).unwrap().run(&count, input).unwrap();
    serde_json::from_str(&output).unwrap()
}

#[test]
fn an_action_answers_what_it_did() {
    let order = r#"{"order_id":"o1"}"#;
    assert_eq!(answer("do", 0, order)["skipped"], "nothing to do");
    let done = answer("do", 1, order);
    assert_eq!((&done["done"], &done["effects"][0]["verb"]), (&true.into(), &"created".into()));
    assert_eq!(answer("look", 7, order), "o1 7");
    let found = answer("compare", 0, order);
    assert_eq!(found["findings"][0]["certainty"], "suggested");
    assert_eq!(found["findings"][0]["left"]["id"], "o1");
    assert_eq!(answer("register", 1, "{}")["effects"][0]["id"], "none");
}

#[test]
fn an_unknown_action_and_a_wrong_input_are_refused_by_name() {
    let unknown = find(&table(), "sync").err();
    let named = "no action is called \"sync\"; there are do, look, compare, tell, register";
    assert_eq!(unknown, Some(rejected(named)));
    for (name, input, part) in [
        ("do", r#"{"order":"o1"}"#, "unknown field `order`"),
        ("look", "{}", "order_id"),
        ("register", r#"{"order_id":"o1"}"#, "unknown field `order_id`"),
    ] {
        let failure = find(&table(), name).unwrap().run(&1, input);
        assert!(matches!(&failure, Err(Failure::Rejected(reason)) if reason.contains(part)), "{failure:?}");
    }
}

#[test]
fn the_manifest_says_which_actions_write_and_what_they_are_about() {
    let described = table().map(|entry| entry.describe());
    let access = described.each_ref().map(|action| (action.access, action.subject.as_deref()));
    let order = Some("/order_id");
    let (read, write) = (ActionAccess::Read, ActionAccess::Write);
    assert_eq!(access, [(write, order), (read, order), (read, order), (write, order), (write, None)]);
    for action in described {
        for json in [action.input_schema, action.output_schema, action.sample] {
            assert!(serde_json::from_str::<Value>(&json).unwrap().is_object());
        }
    }
}
