//! The order sink's webhooks: body, signature, echoes, retries, and what is tampered with.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;
use transload_sandbox::{
    AddToRankr, Edit, Json, Offline, OfflineWebhook, RankrDialect, RankrKind, SandboxOptions, System, Tamper,
};

use crate::rankr::order;
use crate::support::{Fixture, at, unpaced};
use crate::webhooks::{hooked, settled};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

/// By the scheme's own text: the secret is base64 behind its prefix, and id, time and body are joined by dots.
fn signature_holds(secret: &str, header: impl Fn(&str) -> Option<String>, body: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(key.len(), 32);
    let (Some(id), Some(time), Some(signature)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let given = signature.strip_prefix("v1,").map(|text| STANDARD.decode(text).unwrap());
    mac.verify_slice(&given.unwrap()).is_ok()
}

fn holds(fixture: &Fixture, (headers, body): &(HeaderMap, String)) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    signature_holds(&fixture.sandbox.rankr_secret(), header, body)
}

fn body(hook: &OfflineWebhook) -> Json {
    Json::parse(std::str::from_utf8(&hook.body).unwrap()).unwrap()
}

fn events(offline: &Offline) -> Vec<String> {
    offline.take_webhooks().into_iter().map(|hook| hook.event).collect()
}

/// A sink with an order that its people made.
fn with_order(options: SandboxOptions) -> Offline {
    let offline = Offline::new(options);
    let new = r#"{"orderId":"o1","status":"pending","amount":"1.00","currency":"USD"}"#;
    let new = AddToRankr::silent(Json::parse(new).unwrap());
    offline.rankr_add(RankrKind::Order, new, NEW_YEAR).unwrap();
    offline
}

fn call(offline: &Offline, method: &str, uri: &str, body: &str) {
    let request = http::Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {}", offline.options().rankr_token));
    let answer = offline.call(request.body(body.to_owned().into()).unwrap(), NEW_YEAR);
    assert!(answer.status().is_success(), "{answer:?}");
}

#[test]
fn an_event_has_the_whole_object_and_a_signature_over_id_time_and_body() {
    let offline = with_order(unpaced());
    let edit = Edit {
        members: Json::parse(r#"{"status":"completed"}"#).unwrap(),
        webhook: Some("order.updated".to_owned()),
    };
    offline.rankr_edit(RankrKind::Order, "o1", edit, NEW_YEAR + 1_500).unwrap();
    let [hook] = offline.take_webhooks().try_into().unwrap();
    assert_eq!((hook.system, hook.event.as_str()), (System::Rankr, "order.updated"));
    let headers: HashMap<_, _> = hook.headers.iter().cloned().collect();
    assert_eq!(headers["webhook-timestamp"], (NEW_YEAR / 1_000 + 1).to_string());
    let text = std::str::from_utf8(&hook.body).unwrap();
    let header = |name: &str| headers.get(name).cloned();
    assert!(signature_holds(&offline.rankr_secret(), header, text));
    assert!(!signature_holds(&offline.rankr_secret(), header, &format!("{text} ")));
    let json = body(&hook);
    for (path, value) in [
        ("type", "order.updated"),
        ("timestamp", "2026-01-01T00:00:01.500Z"),
        ("data.orderId", "o1"),
        ("data.amount", "1.00"),
        ("data.status", "completed"),
        ("data.receivedAt", "2026-01-01T00:00:01.500Z"),
    ] {
        assert_eq!(at(&json, path), value, "{path}");
    }
}

#[test]
fn what_arrives_by_the_api_is_told_unless_the_option_says_no() {
    let invoice =
        r#"{"invoiceId":"i1","version":1,"status":"sent","amount":"1","currency":"USD","live":true}"#;
    let subscription = r#"{"subscriptionId":"s1","version":1,"status":"active","live":true}"#;
    let fulfillment = r#"{"fulfillmentId":"f1","orderId":"o1","status":"created","notifyCustomer":true}"#;
    for echoes in [true, false] {
        let offline = with_order(SandboxOptions { rankr_echoes: echoes, ..unpaced() });
        call(&offline, "PUT", "/rankr/orders/o1", &order("o1", 1, "1"));
        call(&offline, "POST", "/rankr/payments/orders/o1/fulfillments", fulfillment);
        call(&offline, "POST", "/rankr/payments/orders/o1/fulfillments", fulfillment);
        call(&offline, "PUT", "/rankr/invoices/i1", invoice);
        call(&offline, "PUT", "/rankr/payments/subscriptions/s1", subscription);
        let all = ["order.updated", "fulfillment.created", "invoice.updated"];
        assert_eq!(events(&offline), if echoes { &all[..] } else { &[] });
        let new = AddToRankr::told(Json::parse("{}").unwrap());
        offline.rankr_add_fulfillment("o1", new, NEW_YEAR).unwrap();
        assert_eq!(events(&offline), ["fulfillment.created"]);
    }
}

#[test]
fn a_repeated_request_with_its_key_is_told_once() {
    let offline = with_order(unpaced());
    for _ in 0..2 {
        let request = http::Request::put("/rankr/orders/o1")
            .header("authorization", format!("Bearer {}", offline.options().rankr_token))
            .header("idempotency-key", "k1");
        let answer = offline.call(request.body(order("o1", 1, "1").into()).unwrap(), NEW_YEAR);
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(events(&offline), ["order.updated"]);
}

#[test]
fn events_of_the_other_dialect_have_its_names_and_words() {
    let offline = with_order(SandboxOptions { rankr_dialect: RankrDialect::Other, ..unpaced() });
    let new = AddToRankr::told(Json::parse(r#"{"status":"delivered"}"#).unwrap());
    offline.rankr_add_fulfillment("o1", new, NEW_YEAR).unwrap();
    let [hook] = offline.take_webhooks().try_into().unwrap();
    let json = body(&hook);
    assert_eq!(at(&json, "event"), "shipment.made");
    assert_eq!(at(&json, "payload.object.sale_id"), "o1");
    assert_eq!(at(&json, "payload.object.state"), "handed_over");
    assert_eq!(at(&json, "sent_at"), "2026-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn a_retry_has_the_same_id_and_what_is_tampered_with_does_not_hold() {
    let (fixture, received) = hooked(System::Rankr, &[500]).await;
    fixture.rankr("PUT", "/orders/o1", &order("o1", 1, "1")).await;
    let tries = settled(&fixture, &received).await;
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0].0["webhook-id"], tries[1].0["webhook-id"]);
    assert!(tries[0].0["webhook-id"].to_str().unwrap().starts_with("msg_"));
    assert!(tries.iter().all(|one| holds(&fixture, one)));
    for (tamper, good) in
        [(Tamper::None, true), (Tamper::Body, false), (Tamper::Signature, false), (Tamper::Unsigned, false)]
    {
        fixture.control.resend(1, 1, tamper).await.unwrap();
        let again = settled(&fixture, &received).await;
        assert_eq!(holds(&fixture, &again[0]), good, "{tamper:?}");
        assert_eq!(again[0].0["webhook-id"], tries[0].0["webhook-id"]);
    }
    assert!(fixture.control.webhooks_settled(Duration::from_secs(1)).await.unwrap());
}
