//! One object too many of each kind that requests make.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

use super::billing::{Draft, INVOICE_ITEMS_MAX, InvoicePayment};
use super::invoices::INVOICES_MAX;
use super::opportunities::OPPORTUNITIES_MAX;
use super::providers::PROVIDERS_MAX;
use super::records::RECORDS_MAX;
use super::store::{Contact, NOTES_MAX, PER_ORDER_MAX, StoreError};
use super::subscriptions::{SUBSCRIPTIONS_MAX, Subscription};
use crate::SandboxOptions;
use crate::json::Object;
use crate::message::Request;
use crate::state::State;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn state() -> State {
    let options = SandboxOptions { ghl_token: "app".to_owned(), pacing: false, ..SandboxOptions::default() };
    let mut state = State::new(&options, None);
    state.ghl.contacts.insert("c".to_owned(), Contact::default());
    state
}

fn post(state: &mut State, path: &str, body: &str) -> StatusCode {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer app".parse().unwrap());
    headers.insert("version", "v3".parse().unwrap());
    let body = body.replace("LOCATION", &state.ghl.location);
    let request = Request::new(Method::POST, path, "", headers, Bytes::from(body));
    super::handle(state, &request, NOW).status
}

/// The last that fits, and one more.
fn assert_edge(state: &mut State, path: &str, body: &str, made: StatusCode) {
    assert_eq!(post(state, path, body), made, "{path}");
    assert_eq!(post(state, path, body), StatusCode::INSUFFICIENT_STORAGE, "{path}");
}

#[test]
fn one_message_too_many_is_refused() {
    let mut state = state();
    let messages = vec![Object::default(); NOTES_MAX - 1];
    state.ghl.contacts.insert("c".to_owned(), Contact { messages, ..Contact::default() });
    let body = r#"{"type":"SMS","contactId":"c","message":"x"}"#;
    assert_edge(&mut state, "/conversations/messages", body, StatusCode::OK);
}

#[test]
fn one_workflow_too_many_is_refused() {
    let mut state = state();
    let workflows = vec![String::new(); NOTES_MAX - 1];
    state.ghl.contacts.insert("c".to_owned(), Contact { workflows, ..Contact::default() });
    assert_edge(&mut state, "/contacts/c/workflow/w", "", StatusCode::OK);
}

#[test]
fn one_record_too_many_is_refused() {
    let mut state = state();
    for id in 1..RECORDS_MAX {
        state.ghl.records.insert(&id.to_string(), NOW, Object::default());
    }
    let body = r#"{"locationId":"LOCATION","properties":{}}"#;
    assert_edge(&mut state, "/objects/custom_objects.a/records", body, StatusCode::CREATED);
}

#[test]
fn one_opportunity_too_many_is_refused() {
    let mut state = state();
    for id in 1..OPPORTUNITIES_MAX {
        state.ghl.opportunities.insert(&id.to_string(), NOW, Object::default());
    }
    let body = r#"{"pipelineId":"p","locationId":"LOCATION","name":"n","status":"open","contactId":"c"}"#;
    assert_edge(&mut state, "/opportunities/", body, StatusCode::CREATED);
}

#[test]
fn one_provider_too_many_is_refused() {
    let mut state = state();
    state.ghl.providers.0 = vec![Object::default(); PROVIDERS_MAX];
    let body = r#"{"altId":"LOCATION","altType":"location","uniqueName":"load","title":"T","provider":"nmi",
        "description":"D","imageUrl":"https://example.com/a"}"#;
    let path = "/payments/integrations/provider/whitelabel";
    assert_eq!(post(&mut state, path, body), StatusCode::INSUFFICIENT_STORAGE);
    state.ghl.providers.0.pop();
    assert_eq!(post(&mut state, path, body), StatusCode::OK);
}

#[test]
fn one_subscription_too_many_is_refused() {
    let mut state = state();
    let mut order = Object::default();
    order.set("amount", 1_i64);
    let State { ghl, ids, .. } = &mut state;
    let order = ghl.place(order, ids, NOW).unwrap();
    for id in 1..SUBSCRIPTIONS_MAX {
        ghl.subscriptions.insert(&id.to_string(), NOW, Subscription { document: Object::default() });
    }
    assert!(ghl.subscribe(&order, &Object::default(), ids, NOW).is_ok());
    assert!(ghl.subscribe(&order, &Object::default(), ids, NOW).is_err());
}

fn draft() -> Draft {
    let amount = serde_json::from_str("100").unwrap();
    Draft { contact: Some("c".to_owned()), amount: Some(amount), ..Draft::default() }
}

#[test]
fn one_invoice_too_many_is_refused() {
    let State { mut ghl, mut ids, .. } = state();
    ghl.make_invoice(draft(), &mut ids, NOW).unwrap();
    let invoice = ghl.invoices.iter().next().unwrap().clone();
    for id in 2..INVOICES_MAX {
        ghl.invoices.insert(&id.to_string(), NOW, invoice.clone());
    }
    assert!(ghl.make_invoice(draft(), &mut ids, NOW).is_ok());
    assert!(matches!(ghl.make_invoice(draft(), &mut ids, NOW), Err(StoreError::Full(_))));
}

#[test]
fn one_item_of_an_invoice_too_many_is_refused() {
    let State { mut ghl, mut ids, .. } = state();
    let mut with =
        |items| ghl.make_invoice(Draft { items: vec![Object::default(); items], ..draft() }, &mut ids, NOW);
    assert!(with(INVOICE_ITEMS_MAX).is_ok());
    assert!(matches!(with(INVOICE_ITEMS_MAX + 1), Err(StoreError::Full(_))));
}

#[test]
fn one_transaction_of_an_invoice_too_many_is_refused() {
    let State { mut ghl, mut ids, .. } = state();
    let id = ghl.make_invoice(draft(), &mut ids, NOW).unwrap();
    ghl.send_invoice(&id, NOW).unwrap();
    let mut pay = || {
        let failed = InvoicePayment { amount: None, status: "failed", record: None };
        ghl.pay_invoice(&id, failed, &mut ids, NOW)
    };
    for _ in 0..PER_ORDER_MAX {
        assert!(pay().is_ok());
    }
    assert!(matches!(pay(), Err(StoreError::Full(_))));
}
