//! The contract's document against the code: the same calls, members and words, and examples that are what they show.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};
use transload_wire::Method;

use crate::record::Record;
use crate::samples::{
    any_fulfillment, any_invoice, any_order, any_subscription, any_transaction, document, example,
};
use crate::shape::{Kind, vocabularies};
use crate::{SinkFulfillment, SinkInvoice, SinkOrder, SinkSubscription, SinkTransaction, endpoints, webhook};

/// The document's schema of each kind of object.
const SCHEMAS: [(Kind, &str); 7] = [
    (Kind::Order, "Order"),
    (Kind::Fulfillment, "Fulfillment"),
    (Kind::Transaction, "Transaction"),
    (Kind::Subscription, "Subscription"),
    (Kind::Invoice, "Invoice"),
    (Kind::Page, "OrderPage"),
    (Kind::Event, "OrderUpdated"),
];

fn validator(schema: &str) -> jsonschema::Validator {
    let root = json!({
        "$ref": format!("#/components/schemas/{schema}"),
        "components": document()["components"],
    });
    jsonschema::validator_for(&root).unwrap()
}

/// What a `$ref` leads to.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[test]
fn the_document_has_the_calls_that_are_made_and_no_others() {
    let document = document();
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
        {
            let scope = operation["description"].as_str().unwrap().rsplit('`').nth(1).unwrap().to_owned();
            told.insert((method.to_uppercase(), path.clone(), scope));
        }
    }
    let made = endpoints::ALL
        .iter()
        .map(|call| (call.method.to_string(), call.path.to_owned(), call.scope.to_owned()))
        .collect::<BTreeSet<_>>();
    assert_eq!(told, made);
    assert_eq!(made.len(), endpoints::ALL.len());
}

#[test]
fn every_write_takes_an_idempotency_key_and_every_call_may_be_refused() {
    let document = document();
    let header = &document["components"]["parameters"]["IdempotencyKey"]["name"];
    assert_eq!(header.as_str(), crate::API.idempotency_header);
    for call in endpoints::ALL {
        let operation = &document["paths"][call.path][call.method.to_string().to_lowercase()];
        let takes_key = operation["parameters"].to_string().contains("IdempotencyKey");
        assert_eq!(takes_key, call.method != Method::Get, "{}", call.path);
        for status in ["401", "403", "429"] {
            assert!(operation["responses"][status].is_object(), "{} {status}", call.path);
        }
    }
    assert_eq!(document["servers"][0]["url"], crate::API.base_url);
}

/// The members of a schema that hold something, in the way in which [`Kind::members`] names them.
fn members(document: &Value, schema: &Value, above: &str, found: &mut BTreeSet<String>) {
    for (name, member) in resolved(document, schema)["properties"].as_object().unwrap() {
        let path = format!("{above}{name}");
        let member = resolved(document, member);
        let element = resolved(document, &member["items"]);
        let below = if element["properties"].is_object() { element } else { member };
        if !member["properties"].is_object() {
            found.insert(path.clone());
        }
        if below["properties"].is_object() {
            members(document, below, &format!("{path}/"), found);
        }
    }
}

#[test]
fn the_document_has_the_members_that_settings_may_move() {
    let document = document();
    for (kind, schema) in SCHEMAS {
        let mut found = BTreeSet::new();
        members(document, &document["components"]["schemas"][schema], "", &mut found);
        if matches!(kind, Kind::Page | Kind::Event) {
            // What they carry is an object of its own.
            found.retain(|member| !member.contains('/'));
            found.extend((kind == Kind::Event).then(|| "data".to_owned()));
        }
        let known: BTreeSet<_> = kind.members().iter().map(|&member| member.to_owned()).collect();
        assert_eq!(found, known, "{schema}");
    }
}

#[test]
fn the_document_has_the_words_that_are_known() {
    let document = document();
    let types: BTreeSet<_> = document["webhooks"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(types, webhook::TYPES.iter().copied().collect());
    for list in vocabularies().iter().filter(|list| list.kind != Kind::Event) {
        let (_, schema) = SCHEMAS.iter().find(|(kind, _)| *kind == list.kind).unwrap();
        let member = &document["components"]["schemas"][schema]["properties"][list.member];
        assert_eq!(member["anyOf"][0]["enum"], json!(list.words), "{}", list.name);
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let document = document();
    let mut tried = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for example in schema["examples"].as_array().into_iter().flatten() {
            let errors: Vec<_> =
                validator(name).iter_errors(example).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
            tried += 1;
        }
    }
    assert!(tried >= 16, "{tried} examples");
}

/// The example of `schema` holds every member, is read, and is written again as it was but for the members `unwritten`.
fn goes_through<T: Record>(schema: &str, unwritten: &[&str]) {
    let mut example = example(schema);
    for member in T::KIND.members() {
        let pointer =
            format!("/{}", member.replace("lines/", "lines/0/").replace("shipTo/lines/0", "shipTo/lines"));
        assert!(example.pointer(&pointer).is_some(), "the example of {schema} has no {pointer}");
    }
    let read = T::read(example.to_string().as_bytes()).unwrap();
    let written: Value = serde_json::from_slice(&read.write().unwrap()).unwrap();
    for member in unwritten {
        example.as_object_mut().unwrap().remove(*member).unwrap();
    }
    assert_eq!(written, example);
}

#[test]
fn the_examples_go_through_the_wire_types() {
    goes_through::<SinkOrder>("Order", &["receivedAt", "fulfillmentsAt"]);
    goes_through::<SinkFulfillment>("Fulfillment", &["notifyCustomer"]);
    goes_through::<SinkTransaction>("Transaction", &["receivedAt"]);
    goes_through::<SinkSubscription>("Subscription", &["receivedAt"]);
    goes_through::<SinkInvoice>("Invoice", &["receivedAt"]);
}

/// What is written of `object` is of its schema, and is read as `object`.
fn comes_back<T: Record + PartialEq + std::fmt::Debug>(validator: &jsonschema::Validator, object: &T) {
    let body = object.write().unwrap();
    let value: Value = serde_json::from_slice(&body).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {value}");
    assert_eq!(&T::read(&body).unwrap(), object);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_of_the_contract_and_read_as_it_was(
        orders in proptest::collection::vec(any_order(), 4),
        fulfillments in proptest::collection::vec(any_fulfillment(), 4),
        transactions in proptest::collection::vec(any_transaction(), 4),
        subscriptions in proptest::collection::vec(any_subscription(), 4),
        invoices in proptest::collection::vec(any_invoice(), 4),
    ) {
        let (order, fulfillment) = (validator("Order"), validator("Fulfillment"));
        orders.iter().for_each(|object| comes_back(&order, object));
        fulfillments.iter().for_each(|object| comes_back(&fulfillment, object));
        let (transaction, subscription) = (validator("Transaction"), validator("Subscription"));
        transactions.iter().for_each(|object| comes_back(&transaction, object));
        subscriptions.iter().for_each(|object| comes_back(&subscription, object));
        let invoice = validator("Invoice");
        invoices.iter().for_each(|object| comes_back(&invoice, object));
    }
}

#[test]
fn a_validator_made_for_openapi_finds_nothing_wrong() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/tools/python/bin/openapi-spec-validator");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    match Command::new(&program).arg(file).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let said = said + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
        }
        Err(error) => {
            let required = std::env::var("TRANSLOAD_TOOLS").is_ok_and(|tools| tools == "required");
            assert!(!required, "{}: {error}", program.display());
            // To the stream itself: what a test that passes prints is not shown.
            let note =
                "skipped: openapi.json was not given to a validator; `tests/tools/install` installs one\n";
            std::io::stderr().write_all(note.as_bytes()).unwrap();
        }
    }
}
