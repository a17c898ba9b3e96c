//! The check against scripted vendors.

use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

const ROW: &str = r#"{"_id": "o1", "contactId": "c1", "status": "pending", "currency": "USD", "amount": 150.1, "createdAt": "2024-04-04T16:00:00Z"}"#;

fn not_granted() -> HttpError {
    HttpError::Denied("not granted".to_owned())
}

/// The vendors up to what is optional.
fn vendors(settings: &str) -> Fakes {
    Fakes::new(settings, NOW)
        .answer("GET /payments/orders?*", 200, &page(&[ROW]))
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Test", 200, "\"ok\"")
        .answer("GET /Order/Id/transload-check", 404, "")
        .answer("GET /contacts/c1", 200, r#"{"contact":{"id":"c1"}}"#)
}

fn failed(probes: &[Probe]) -> Vec<&str> {
    probes.iter().filter(|probe| !probe.ok).map(|probe| probe.scope.as_str()).collect()
}

#[test]
fn every_permission_that_reads_is_tried() {
    let providers = r#"{"providers":[{"_id":"p1","title":"Northern Payments"}]}"#;
    let fakes = vendors(SETTINGS)
        .answer("GET /payments/subscriptions?*", 200, &page(&[]))
        .answer("GET /payments/integrations/provider/whitelabel?*", 200, providers)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let probes = check(&fakes.context()).unwrap();
    assert!(failed(&probes).is_empty(), "{probes:?}");
    let scopes: Vec<&str> = probes.iter().map(|probe| probe.scope.as_str()).collect();
    assert_eq!(
        scopes,
        [
            "payments/orders.readonly",
            "payments/transactions.readonly",
            "account.read",
            "orders.read",
            "contacts.readonly",
            "payments/subscriptions.readonly",
            "payments/integration.readonly",
            "templates"
        ]
    );
    assert!(probes[6].message.contains("Northern Payments"), "{:?}", probes[6]);
    assert!(probes[7].message.contains("order o1"), "{:?}", probes[7]);
    assert!(fakes.unanswered().is_empty() && writes(&fakes).is_empty());
}

#[test]
fn what_is_not_granted_is_said_and_fails_only_if_the_settings_need_it() {
    let granted_little = |settings: &str| {
        vendors(settings)
            .fail("GET /payments/subscriptions?*", not_granted())
            .fail("GET /payments/integrations/provider/whitelabel?*", not_granted())
            .answer("GET /payments/orders/o1?*", 200, ORDER)
    };
    let probes = check(&granted_little(SETTINGS).context()).unwrap();
    assert!(failed(&probes).is_empty(), "{probes:?}");
    assert_eq!(probes[5].message, "not granted: changes of subscriptions are not noticed");
    let renewing = r#"{"location_id":"loc1","subscriptions":{"renew":true}}"#;
    assert_eq!(
        failed(&check(&granted_little(renewing).context()).unwrap()),
        ["payments/subscriptions.readonly"]
    );
}

#[test]
fn a_template_that_does_not_work_is_named() {
    let settings = r#"{"location_id":"loc1","delivery":{"note":"{{ order.notes }}"},"messages":{"channel":"sms","delivered":"{{ delivery.lnk }}"}}"#;
    let fakes = Fakes::new(settings, NOW)
        .answer("GET /payments/orders?*", 200, &page(&[]))
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Test", 200, "\"ok\"")
        .answer("GET /Order/Id/transload-check", 404, "")
        .fail("GET /payments/subscriptions?*", not_granted())
        .fail("GET /payments/integrations/provider/whitelabel?*", not_granted());
    let probes = check(&fakes.context()).unwrap();
    let last = probes.last().unwrap();
    assert!(!last.ok);
    for part in ["a sample order", "`delivery.note`, line 1", "`messages.delivered`"] {
        assert!(last.message.contains(part), "{part} is not in {}", last.message);
    }
}

#[test]
fn a_refused_credential_and_a_wrong_location_are_told_apart() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders?*", 422, r#"{"message":["altId must be a string"]}"#)
        .answer("GET /payments/transactions?*", 401, r#"{"message":"Invalid token"}"#)
        .answer("GET /Test", 200, "\"ok\"")
        .answer("GET /Order/Id/transload-check", 404, "")
        .answer("GET /payments/subscriptions?*", 200, &page(&[]))
        .answer("GET /payments/integrations/provider/whitelabel?*", 200, r#"{"providers":[]}"#);
    let probes = check(&fakes.context()).unwrap();
    assert!(probes[0].message.contains("`location_id`"), "{:?}", probes[0]);
    assert!(probes[1].message.contains("credential"), "{:?}", probes[1]);
}
