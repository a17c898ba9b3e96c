//! Setting a connection up: the check, and the payment provider.

use serde_json::json;
use transload::contract::Probe;
use transload_sandbox::SandboxOptions;

use super::scene::{Plan, SHOP, Scene};
use crate::stage::order;

fn provider() -> serde_json::Value {
    json!({"mode": "all", "provider": {"unique_name": "northern-payments", "title": "Northern Payments",
        "provider": "nmi", "description": "Cards", "image_url": "https://example.com/logo.png"}})
}

fn probe<'p>(probes: &'p [Probe], api: &str, scope: &str) -> &'p Probe {
    let found = probes.iter().find(|probe| probe.api == api && probe.scope == scope);
    found.unwrap_or_else(|| panic!("no probe of {api} {scope} among {probes:?}"))
}

#[tokio::test(start_paused = true)]
async fn the_check_tries_what_it_may_and_writes_nothing() {
    let scene = Scene::new().await;
    scene.place(&order("c1", "USD", "10", &[("p1", "1", "10")])).await;
    let before = scene.fakes.write_counts();
    let probes = scene.host.check(SHOP).await.unwrap();
    assert!(probes.iter().all(|probe| probe.ok), "{probes:?}");
    for (api, scope) in [
        ("track-pod", "account.read"),
        ("track-pod", "orders.read"),
        ("ghl", "payments/orders.readonly"),
        ("ghl", "payments/transactions.readonly"),
        ("ghl", "payments/subscriptions.readonly"),
        ("ghl", "payments/integration.readonly"),
        ("ghl", "contacts.readonly"),
        ("settings", "templates"),
    ] {
        probe(&probes, api, scope);
    }
    assert_eq!(probe(&probes, "ghl", "payments/orders.readonly").message, "1 orders");
    assert_eq!(scene.fakes.write_counts(), before);
    assert_eq!(scene.road.take_calls("GET", "/track-pod/Test").len(), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_check_tells_which_scope_is_not_granted() {
    let without = &["payments/transactions.readonly", "payments/subscriptions.readonly", "orders.read"];
    let scene = Scene::of(Plan { without, ..Plan::default() }).await;
    let probes = scene.host.check(SHOP).await.unwrap();
    for (api, scope) in [("ghl", "payments/transactions.readonly"), ("track-pod", "orders.read")] {
        let probe = probe(&probes, api, scope);
        assert!(!probe.ok && probe.message.contains("configuration does not allow it"), "{probe:?}");
    }
    let optional = probe(&probes, "ghl", "payments/subscriptions.readonly");
    assert!(optional.ok && optional.message.contains("not granted"), "{optional:?}");
    assert!(probe(&probes, "ghl", "payments/orders.readonly").ok);
    scene.leave().await;
}

/// What is optional is needed once the settings ask for it.
#[tokio::test(start_paused = true)]
async fn the_check_asks_for_what_the_settings_need() {
    let settings = json!({"mode": "all", "subscriptions": {"renew": true}, "payment_record":
        {"kind": "object", "schema_key": "custom_objects.payments", "order_property": "order_id"}});
    let without = &["payments/subscriptions.readonly", "objects/record.readonly"];
    let scene = Scene::of(Plan { settings, without, ..Plan::default() }).await;
    scene.place(&order("c1", "USD", "10", &[("p1", "1", "10")])).await;
    let probes = scene.host.check(SHOP).await.unwrap();
    for scope in *without {
        assert!(!probe(&probes, "ghl", scope).ok, "{scope}");
    }
    scene.leave().await;
}

#[tokio::test(start_paused = true)]
async fn the_check_tries_rules_and_templates() {
    let settings = json!({"mode": "all", "delivery": {"note": "{{ order.colour }}"}});
    let scene = Scene::set(settings).await;
    for order_is_there in [false, true] {
        if order_is_there {
            scene.order(&order("c1", "USD", "10", &[("p1", "1", "10")])).await;
            scene.intercept();
        }
        let probes = scene.host.check(SHOP).await.unwrap();
        let templates = probe(&probes, "settings", "templates");
        assert!(!templates.ok && templates.message.contains("delivery.note"), "{templates:?}");
    }
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_payment_provider_is_listed_and_registered_once() {
    let scene = Scene::set(provider()).await;
    let listed = async || {
        let probes = scene.host.check(SHOP).await.unwrap();
        probe(&probes, "ghl", "payments/integration.readonly").message.clone()
    };
    assert_eq!(listed().await, "no payment provider is registered");
    scene.road.lose_answer("POST", "/ghl/payments/integrations/provider/whitelabel");
    let lost = scene.host.run_action(SHOP, "register-provider", "{}").await;
    assert!(lost.is_err(), "{lost:?}");
    let answer = scene.action("register-provider", &json!({})).await;
    assert_eq!(answer["effects"][0]["verb"], "verified", "the lost call had registered it");
    assert_eq!(listed().await, "payment providers: Northern Payments");
    assert_eq!(scene.fakes.snapshot().ghl.providers.len(), 1);
    scene.end().await;
}

/// "Can be only invoked using marketplace-app token", by the vendor's OpenAPI file.
#[tokio::test(start_paused = true)]
async fn a_private_integration_registers_no_payment_provider() {
    let sandbox = SandboxOptions { ghl_token: "pit-private".to_owned(), ..SandboxOptions::default() };
    let plan = Plan { settings: provider(), sandbox, ..Plan::default() };
    let scene = Scene::of(plan).await;
    let refused = scene.host.run_action(SHOP, "register-provider", "{}").await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    assert!(scene.fakes.snapshot().ghl.providers.is_empty());
    scene.leave().await;
}
