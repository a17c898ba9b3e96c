//! Ready-made settings as they stand in the manifest, and what an operator's own templates bring to Track-POD.

use serde_json::{Value, json};
use transload_sandbox::Json;

use super::reading::{deliver, deliver_for};
use super::scene::{SHOP, Scene};
use crate::stage::{module, order};

/// The settings of the manifest's template with this name.
async fn ready_made(name: &str) -> Value {
    let module = module().await;
    let template = module.description().templates.iter().find(|template| template.name == name);
    serde_json::from_str(&template.unwrap_or_else(|| panic!("no template {name}")).settings).unwrap()
}

async fn scene_of(name: &str) -> Scene {
    let scene = Scene::set(ready_made(name).await).await;
    let probes = scene.host.check(SHOP).await.unwrap();
    assert!(probes.iter().all(|probe| probe.ok), "{name}: {probes:?}");
    scene
}

fn goods() -> String {
    order("c1", "USD", "30", &[("p1", "3", "10")])
}

#[tokio::test(start_paused = true)]
async fn every_template_fits_the_settings_schema_and_passes_the_check() {
    let module = module().await;
    let schema: Value = serde_json::from_str(&module.description().settings_schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let names: Vec<&str> =
        module.description().templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names, ["delivery", "delivery-with-cod", "click-and-collect", "read-only-monitor"]);
    for name in names {
        let settings = ready_made(name).await;
        let faults: Vec<String> = validator.iter_errors(&settings).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        scene_of(name).await.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_template_delivery_delivers_what_is_paid() {
    let scene = scene_of("delivery").await;
    let id = scene.place(&goods()).await;
    assert!(scene.fakes.delivery_orders(&id).is_empty(), "it waits for its payment");
    scene.pay(&id, "30").await;
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id), None);
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.fulfilled(&id), ["3 × p1"]);
    assert_eq!(scene.fakes.effects().notices[&id], 1);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_template_delivery_with_cod_has_the_driver_collect() {
    let scene = scene_of("delivery-with-cod").await;
    let id = scene.place(&goods()).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("30"));
    assert!(scene.text(&id, "Note").starts_with("Collect 30.00 USD."), "{}", scene.text(&id, "Note"));
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_for("30")).await;
    assert_eq!(scene.recorded(&id), ["30"]);
    assert_eq!(scene.fulfilled(&id), ["3 × p1"]);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_template_click_and_collect_tells_the_counter() {
    let scene = scene_of("click-and-collect").await;
    let id = scene.place(&goods()).await;
    assert!(scene.text(&id, "Note").starts_with("The customer collects this at the depot"));
    assert_eq!(scene.text(&id, "Priority").to_lowercase(), "low");
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_for("30")).await;
    assert_eq!(scene.fulfilled(&id), ["3 × p1"]);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_settings_say_of_a_delivery_arrives_at_track_pod() {
    let delivery = json!({
        "number": "W-{{ order.id | shorten(8) }}",
        "client": "{{ order.customer.name | upper }}",
        "date": "{{ order.created_on | plus_days(2) }}",
        "time_slot_from": "09:00",
        "time_slot_to": "17:30",
        "service_time": "{{ order.lines | length | times(2) }}",
        "shipper": "Main shop",
        "shipper_id": "S1",
        "depot": "North",
        "depot_id": "D1",
        "weight": "{{ order.lines | sum(\"quantity\") | times(2.5) }}",
        "volume": "0.125",
        "pallets": "1",
        "priority": "{{ 'high' if order.total > 29.99 else 'normal' }}",
        "team_code": "T1",
        "barcode": "{{ order.id }}",
        "invoice_id": "I-7",
        "customer_reference_id": "{{ order.customer.id }}",
        "note": "Ring twice. {{ raw.source.name }}",
        "custom_fields": {"cf_1": "{{ order.currency }}", "cf_2": "{{ order.total | minus(0.01) }}"},
    });
    let scene = Scene::set(json!({"mode": "all", "delivery": delivery})).await;
    let id = scene.place(&goods()).await;
    for (member, text) in [
        ("Client", "ADA FULLER"),
        ("Date", "2026-01-07T00:00:00"),
        ("TimeSlotFrom", "2026-01-07T09:00:00"),
        ("TimeSlotTo", "2026-01-07T17:30:00"),
        ("Shipper", "Main shop"),
        ("ShipperId", "S1"),
        ("Depot", "North"),
        ("DepotId", "D1"),
        ("Priority", "high"),
        ("TeamCode", "T1"),
        ("Barcode", &id),
        ("InvoiceId", "I-7"),
        ("CustomerReferenceId", "c1"),
        ("Note", "Ring twice. Store"),
    ] {
        assert_eq!(scene.text(&id, member).to_lowercase(), text.to_lowercase(), "{member}");
    }
    assert!(scene.text(&id, "Number").starts_with("W-"));
    let number = |member| {
        scene.shown(&id, member).as_ref().and_then(Json::as_decimal).unwrap().normalized().to_string()
    };
    // One line, of three pieces.
    assert_eq!(
        [number("ServiceTime"), number("Weight"), number("Volume"), number("Pallets")],
        ["2", "7.5", "0.125", "1"]
    );
    let fields = scene.shown(&id, "CustomFields").unwrap().to_string();
    for part in ["cf_1", "USD", "cf_2", "29.99"] {
        assert!(fields.contains(part), "{part} is not in {fields}");
    }
    // What Track-POD shows is what was sent, so nothing is brought up to date for ever.
    scene.set_status(&id, "completed").await;
    assert_eq!(scene.writes(transload_sandbox::System::TrackPod, "PUT", "/Order"), 0);
    scene.end().await;
}

/// Type 1 is a pick-up at the customer, by Track-POD's documents: nothing comes to the customer, so nothing is fulfilled.
#[tokio::test(start_paused = true)]
async fn a_collection_is_noted_and_fulfils_nothing() {
    let scene = Scene::set(json!({"mode": "all", "delivery": {"kind": "collection"}})).await;
    let id = scene.place(&goods()).await;
    let kind = scene.shown(&id, "Type").as_ref().and_then(Json::as_decimal).unwrap().to_string();
    assert_eq!(kind, "1");
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert!(scene.fulfilled(&id).is_empty());
    assert_eq!(scene.notes_with("c1", "The goods were collected.").len(), 1);
    scene.end().await;
}
