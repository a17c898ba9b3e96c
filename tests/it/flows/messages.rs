//! The customer is told of a delivery, once.

use serde_json::{Value, json};
use transload_sandbox::{Json, Step};

use super::reading::{deliver, deliver_only, failure, reschedule, schedule};
use super::scene::Scene;
use crate::stage::order;

/// A text for each state.
fn texts(channel: &Value) -> Value {
    let mut messages = json!({
        "out_for_delivery": "On its way: {{ delivery.link }}",
        "delivered": "Delivered {{ order.number }}",
        "partly_delivered": "Part: {% for line in delivery.lines %}{{ line.quantity }} × {{ line.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "attempt_failed": "We missed you: {{ delivery.reason | default(\"nobody was there\") }}",
    });
    for (name, value) in channel.as_object().unwrap() {
        messages[name] = value.clone();
    }
    json!({"mode": "all", "messages": messages})
}

fn sms() -> Value {
    texts(&json!({"channel": "sms"}))
}

async fn paid(scene: &Scene) -> String {
    let id = scene.place(&order("c1", "USD", "20", &[("mug", "2", "10")])).await;
    scene.pay(&id, "20").await;
    id
}

#[tokio::test(start_paused = true)]
async fn the_customer_is_told_of_each_state_that_has_a_text() {
    let scene = Scene::set(sms()).await;
    let id = paid(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, Step::Fail(failure(2))).await;
    scene.drive(&id, reschedule()).await;
    scene.drive(&id, Step::Start).await;
    scene.drive(&id, deliver_only(&[("mug", "1")])).await;
    let link = scene.text(&id, "TrackLink");
    let on_its_way = format!("On its way: {link}");
    let told = ["We missed you: Nobody at home".to_owned(), on_its_way.clone(), "Part: 1 × mug".to_owned()];
    assert_eq!(scene.messages("c1"), [&[on_its_way][..], &told].concat());
    let whole = paid(&scene).await;
    scene.drive(&whole, schedule()).await;
    scene.drive(&whole, Step::Start).await;
    scene.drive(&whole, deliver()).await;
    assert_eq!(scene.messages("c1").last().unwrap(), &format!("Delivered {whole}"));
    assert_eq!(scene.messages("c1").len(), 6);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn e_mail_whatsapp_and_workflows_carry_it_as_well() {
    let channels = [
        (json!({"channel": "email", "subject": "Order {{ order.number }}"}), "Email"),
        (json!({"channel": "whatsapp"}), "WhatsApp"),
        (json!({"channel": "workflow", "workflow_id": "wf-1"}), ""),
    ];
    for (channel, kind) in channels {
        let scene = Scene::set(texts(&channel)).await;
        let id = paid(&scene).await;
        scene.dispatch(&id).await;
        let effects = scene.fakes.effects();
        if kind.is_empty() {
            assert_eq!(effects.workflows["c1"], ["wf-1"]);
            assert!(effects.messages["c1"].is_empty());
        } else {
            let message = &effects.messages["c1"][0];
            assert_eq!(message.kind, kind);
            assert!(message.text.contains("On its way: "));
            assert_eq!(message.subject, (kind == "Email").then(|| format!("Order {id}")));
        }
        scene.end().await;
    }
}

/// GoHighLevel keeps it for all of a contact, and for each channel.
#[tokio::test(start_paused = true)]
async fn do_not_disturb_is_respected() {
    for contact in [r#"{"dnd":true}"#, r#"{"dndSettings":{"SMS":{"status":"active"}}}"#] {
        let scene = Scene::set(sms()).await;
        let id = paid(&scene).await;
        scene.fakes.put_contact("c1", Json::parse(contact).unwrap().as_object().unwrap()).unwrap();
        scene.dispatch(&id).await;
        scene.drive(&id, deliver()).await;
        assert!(scene.messages("c1").is_empty(), "{contact}");
        assert_eq!(scene.writes(transload_sandbox::System::Ghl, "POST", "/conversations"), 0, "{contact}");
        assert!(scene.reason(&format!("message/{id}/delivered")).await.contains("do-not-disturb"));
        assert_eq!(scene.fulfilled(&id), ["2 × mug"], "{contact}");
        scene.end().await;
    }
}

/// Nobody knows whether it was sent, so it is not sent again.
#[tokio::test(start_paused = true)]
async fn a_message_whose_answer_was_lost_is_never_sent_twice() {
    let scene = Scene::set(sms()).await;
    let id = paid(&scene).await;
    scene.road.lose_answer("POST", "/ghl/conversations/messages");
    scene.drive(&id, schedule()).await;
    scene.step(&id, Step::Start).await;
    let hooks = scene.intercept();
    for hook in hooks.iter().chain(&hooks) {
        scene.arrive(hook).await;
        scene.settle().await;
    }
    scene.poll("delivery-status").await;
    assert_eq!(scene.messages("c1").len(), 1);
    let event = scene.event(&format!("message/{id}/out_for_delivery/1")).await;
    let said = format!("{:?}", event.receipt);
    assert!(said.contains("may have been told"), "{said}");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_vendor_refuses_holds_nothing_up() {
    let scene = Scene::set(sms()).await;
    let id = paid(&scene).await;
    let fault = r#"{"system":"ghl","method":"POST","path":"/conversations/messages","kind":{"type":"status","status":422}}"#;
    scene.fakes.add_fault(serde_json::from_str(fault).unwrap()).unwrap();
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.messages("c1"), [format!("Delivered {id}")]);
    assert_eq!(scene.alert_kinds().await, ["message-not-sent"]);
    assert_eq!(scene.fulfilled(&id), ["2 × mug"]);
    scene.end().await;
}

/// The webhook of the departure was lost. When it is found, the goods are there.
#[tokio::test(start_paused = true)]
async fn nobody_is_told_that_goods_are_on_their_way_once_they_have_come() {
    let scene = Scene::set(sms()).await;
    let id = paid(&scene).await;
    for step in [schedule(), Step::Start, deliver()] {
        scene.step(&id, step).await;
    }
    let hooks = scene.intercept();
    for hook in hooks.iter().rev() {
        scene.arrive(hook).await;
        scene.settle().await;
    }
    assert_eq!(scene.messages("c1"), [format!("Delivered {id}")]);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn gohighlevel_tells_the_customer_itself_if_that_is_set() {
    for (set, notices) in [(true, 1), (false, 0)] {
        let scene = Scene::set(json!({"mode": "all", "notify_customer": set})).await;
        let id = paid(&scene).await;
        scene.dispatch(&id).await;
        scene.drive(&id, deliver()).await;
        assert_eq!(scene.fakes.effects().notices[&id], notices);
        scene.end().await;
    }
}
