//! The check against scripted vendors.

use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

const ROW: &str = r#"{"_id": "o1", "contactId": "c1", "status": "pending", "currency": "USD", "amount": 150.1, "createdAt": "2024-04-04T16:00:00Z"}"#;
const NO_ITEMS: &str = r#"{"items": []}"#;
const NO_INVOICES: &str = r#"{"invoices": [], "total": 0}"#;

fn not_granted() -> HttpError {
    HttpError::Denied("not granted".to_owned())
}

/// The vendors up to what is optional.
fn vendors(settings: &str) -> Fakes {
    Fakes::new(settings, NOW)
        .answer("GET /payments/orders?*", 200, &page(&[ROW]))
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /health", 200, r#"{"status": "ok"}"#)
        .answer("GET /orders?limit=1", 200, NO_ITEMS)
        .answer("GET /payments/orders/transload-check/fulfillments", 404, MISSING)
        .answer("GET /payments/transactions?limit=1", 200, NO_ITEMS)
        .answer("GET /payments/subscriptions?limit=1", 200, NO_ITEMS)
        .answer("GET /invoices?limit=1", 200, NO_ITEMS)
}

fn failed(probes: &[Probe]) -> Vec<&str> {
    probes.iter().filter(|probe| !probe.ok).map(|probe| probe.scope.as_str()).collect()
}

#[test]
fn every_permission_that_reads_is_tried() {
    let fakes = vendors(SETTINGS)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("GET /payments/subscriptions?*", 200, &page(&[]))
        .answer("GET /invoices/?*", 200, NO_INVOICES)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let probes = check(&fakes.context()).unwrap();
    assert!(failed(&probes).is_empty(), "{probes:?}");
    let scopes: Vec<&str> = probes.iter().map(|probe| probe.scope.as_str()).collect();
    assert_eq!(
        scopes,
        [
            "payments/orders.readonly",
            "payments/transactions.readonly",
            "health.read",
            "orders.read",
            "fulfillments.read",
            "transactions.read",
            "subscriptions.read",
            "invoices.read",
            "contacts.readonly",
            "payments/subscriptions.readonly",
            "invoices.readonly",
            "templates"
        ]
    );
    assert!(fakes.unanswered().is_empty() && writes(&fakes).is_empty(), "{:?}", fakes.unanswered());
}

#[test]
fn what_may_be_left_out_is_said_and_does_not_fail() {
    let fakes = vendors(SETTINGS)
        .fail("GET /contacts/c1/notes", not_granted())
        .fail("GET /payments/subscriptions?*", not_granted())
        .fail("GET /invoices/?*", not_granted())
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let probes = check(&fakes.context()).unwrap();
    assert!(failed(&probes).is_empty(), "{probes:?}");
    let said: Vec<&str> =
        probes.iter().filter_map(|probe| probe.message.strip_prefix("not granted: ")).collect();
    assert_eq!(
        said,
        [
            "nothing is noted on contacts",
            "changes of subscriptions are not noticed",
            "invoices are left alone"
        ]
    );
}

#[test]
fn only_what_is_held_in_rankr_is_tried_there_and_a_rule_that_does_not_work_is_named() {
    let settings = r#"{"location_id":"loc1","send_when":"order.totl > 1","extra":{"shop":"{{ order.shp }}"},
        "fulfillments":{"sync":false},"transactions":{"sync":false},"subscriptions":{"sync":false},"invoices":{"sync":false}}"#;
    let fakes = Fakes::new(settings, NOW)
        .answer("GET /payments/orders?*", 200, &page(&[]))
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /health", 401, r#"{"title": "Unauthorized", "status": 401}"#)
        .answer("GET /orders?limit=1", 200, NO_ITEMS)
        .fail("GET /payments/subscriptions?*", not_granted())
        .fail("GET /invoices/?*", not_granted());
    let probes = check(&fakes.context()).unwrap();
    assert_eq!(failed(&probes), ["health.read", "templates"]);
    for part in ["a sample order", "`send_when`", "`extra.shop`"] {
        let message = &probes.last().unwrap().message;
        assert!(message.contains(part), "{part} is not in {message}");
    }
    assert!(probes.iter().any(|probe| probe.message.contains("check the credential")), "{probes:?}");
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
}

#[test]
fn what_is_wrong_with_the_names_for_rankr_is_said() {
    let rankr = r#"{"location_id":"loc1","rankr":{"paths":{"put_order":"/sales"}}}"#;
    let failure = check(&Fakes::new(rankr, NOW).context()).unwrap_err();
    assert!(
        matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("put_order")),
        "{failure:?}"
    );
}
