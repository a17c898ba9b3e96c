//! Deliveries come back as fulfilments and notes.

use std::time::Duration;

use transload::contract::Severity;
use transload_sandbox::{Deliver, Step, System};

use super::reading::{deliver, deliver_only, failure, reschedule, schedule};
use super::scene::Scene;
use crate::stage::order;

/// Two mugs and a pot, paid for: of money nothing is to be said.
async fn planned(scene: &Scene) -> String {
    let id = scene.place(&order("c1", "USD", "50", &[("mug", "2", "10"), ("pot", "1", "30")])).await;
    scene.pay(&id, "50").await;
    scene.poll("transactions").await;
    id
}

#[tokio::test(start_paused = true)]
async fn every_state_of_a_delivery_is_followed_and_the_goods_are_fulfilled_once() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    for step in [schedule(), Step::Load, Step::Start] {
        scene.drive(&id, step).await;
        assert!(scene.fulfilled(&id).is_empty());
    }
    let signed = Deliver { signature_name: Some("A. Fuller".to_owned()), ..Deliver::default() };
    scene.drive(&id, Step::Deliver(signed)).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    let fulfillments = scene.fakes.fulfillments(&id);
    assert_eq!(fulfillments[0].tracking_numbers, [scene.delivery(&id).track_id]);
    let notes = scene.notes_with("c1", "Delivered: ");
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("Delivered: 2 × mug, 1 × pot. Signed by A. Fuller."), "{}", notes[0]);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn webhooks_that_come_doubled_and_turned_round_fulfil_once() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    for step in [schedule(), Step::Load, Step::Start, deliver()] {
        scene.step(&id, step).await;
    }
    let mut hooks = scene.intercept();
    assert_eq!(hooks.len(), 4);
    hooks.reverse();
    for hook in hooks.iter().chain(&hooks) {
        scene.arrive(hook).await;
        scene.settle().await;
    }
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    assert_eq!(scene.notes_with("c1", "Delivered: ").len(), 1);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_webhooks_were_lost_is_found_by_polling_its_status() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    for step in [schedule(), Step::Start, deliver()] {
        scene.step(&id, step).await;
    }
    assert_eq!(scene.intercept().len(), 3);
    assert_eq!(scene.poll("delivery-status").await, 1);
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    assert_eq!(scene.poll("delivery-status").await, 0);
    scene.end().await;
}

/// Track-POD tells changes of the last day only; what is older is asked for day by day.
#[tokio::test(start_paused = true)]
async fn deliveries_of_a_long_gap_are_caught_up_with_by_date() {
    let scene = Scene::new().await;
    let early = planned(&scene).await;
    let late = planned(&scene).await;
    let never = planned(&scene).await;
    let day = Duration::from_hours(24);
    for (id, wait) in [(&early, day), (&late, 5 * day)] {
        scene.later(wait).await;
        for step in [schedule(), Step::Start, deliver()] {
            scene.step(id, step).await;
        }
    }
    scene.intercept();
    scene.later(3 * day).await;
    assert_eq!(scene.poll("delivery-status").await, 2);
    assert_eq!(scene.fulfilled(&early), ["2 × mug, 1 × pot"]);
    assert_eq!(scene.fulfilled(&late), ["2 × mug, 1 × pot"]);
    assert!(scene.fulfilled(&never).is_empty());
    let since = scene.road.take_calls("GET", "/track-pod/Order/Status/Date/");
    assert!(!since.is_empty(), "after the days comes what changed of late");
    assert_eq!(scene.poll("delivery-status").await, 0);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_delivered_in_part_is_fulfilled_in_part_and_the_rest_when_it_comes() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_only(&[("mug", "1"), ("pot", "0")])).await;
    assert_eq!(scene.fulfilled(&id), ["1 × mug"]);
    assert_eq!(scene.notes_with("c1", "Delivered in part: 1 × mug.").len(), 1);
    let goods = |mugs: u8, pots: u8| {
        format!(
            r#""GoodsList":[{{"OrderLineId":"mug","GoodsName":"mug","Quantity":2,"QuantityFact":{mugs}}},
                {{"OrderLineId":"pot","GoodsName":"pot","Quantity":1,"QuantityFact":{pots}}}]"#
        )
    };
    scene.edit_delivery(&id, &format!(r#"{{"StatusId":4,{}}}"#, goods(1, 1))).await;
    scene.edit_delivery(&id, &format!(r#"{{"StatusId":3,{}}}"#, goods(2, 1))).await;
    assert_eq!(scene.fulfilled(&id), ["1 × mug", "1 × pot", "1 × mug"]);
    scene.end().await;
}

/// GoHighLevel has no call that changes or takes back a fulfilment.
#[tokio::test(start_paused = true)]
async fn what_is_fulfilled_is_never_lowered() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    let less = r#"{"StatusId":3,"GoodsList":[{"OrderLineId":"mug","GoodsName":"mug","Quantity":2,"QuantityFact":1},
        {"OrderLineId":"pot","GoodsName":"pot","Quantity":1,"QuantityFact":1}]}"#;
    scene.edit_delivery(&id, less).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    scene.edit_delivery(&id, r#"{"StatusId":2,"StatusDate":"2026-01-05T23:00:00"}"#).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    let alerts = scene.alerts().await;
    let told = alerts.iter().find(|alert| alert.kind == "delivery-reversed").unwrap();
    assert_eq!(told.severity, Severity::Critical);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn more_than_was_ordered_is_fulfilled_up_to_the_order_and_told_of() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_only(&[("mug", "5")])).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    let alerts = scene.alerts().await;
    assert_eq!(alerts[0].kind, "delivered-too-much");
    assert!(alerts[0].message.starts_with("3 of line mug"), "{}", alerts[0].message);
    scene.end().await;
}

/// Status 2 is the site's fault, 5 the order's; both may be planned once more, and 3 follows.
#[tokio::test(start_paused = true)]
async fn a_failed_visit_that_is_planned_again_is_delivered_in_the_end() {
    for (step, kinds) in
        [(Step::Fail(failure(2)), Vec::new()), (Step::Reject(failure(10)), vec!["goods-rejected"])]
    {
        let scene = Scene::new().await;
        let id = planned(&scene).await;
        scene.dispatch(&id).await;
        let told = match step {
            Step::Fail(_) => "Delivery attempt 1 failed. Reason: Nobody at home.",
            _ => "The delivery was refused. Reason: Refused by the customer.",
        };
        scene.drive(&id, step).await;
        assert!(scene.fulfilled(&id).is_empty());
        assert_eq!(scene.notes_with("c1", told).len(), 1, "{:?}", scene.fakes.notes("c1"));
        scene.drive(&id, reschedule()).await;
        scene.drive(&id, Step::Start).await;
        scene.drive(&id, deliver()).await;
        assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
        assert_eq!(scene.alert_kinds().await, kinds);
        scene.end().await;
    }
}

/// The last webhook comes first, then those of the attempt before it.
#[tokio::test(start_paused = true)]
async fn a_late_report_of_an_earlier_attempt_takes_nothing_back() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    for step in [schedule(), Step::Start, Step::Fail(failure(3)), reschedule(), Step::Start, deliver()] {
        scene.step(&id, step).await;
    }
    let mut hooks = scene.intercept();
    hooks.rotate_right(1);
    for hook in &hooks {
        scene.arrive(hook).await;
        scene.settle().await;
    }
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

/// A fulfilment names goods by their price, so two lines of one price cannot be told apart there.
#[tokio::test(start_paused = true)]
async fn two_lines_of_one_price_are_delivered_and_fulfilled_together() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "30", &[("mug", "2", "10"), ("mug", "1", "10")])).await;
    scene.pay(&id, "30").await;
    scene.poll("transactions").await;
    let lines = scene.delivery(&id).lines;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].quantity.unwrap().to_string(), "3");
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_only(&[("mug", "2")])).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug"]);
    let all = r#"{"StatusId":3,"GoodsList":[{"OrderLineId":"mug","GoodsName":"mug","Quantity":3,"QuantityFact":3}]}"#;
    scene.edit_delivery(&id, all).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug", "1 × mug"]);
    scene.end().await;
}

/// Links to photographs work for 24 hours and those to delivery notes for one, by Track-POD's documents.
#[tokio::test(start_paused = true)]
async fn proof_of_delivery_comes_to_the_contacts_timeline() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    let comment = Deliver { comment: Some("left with the porter".to_owned()), ..Deliver::default() };
    scene.step(&id, Step::Deliver(comment)).await;
    let photos = r#"{"Photos":["https://pod.example.com/1.jpg"],"SignaturePhotos":["https://pod.example.com/s.jpg"],
        "ReportUrl":"https://pod.example.com/r.pdf"}"#;
    scene.edit_delivery(&id, photos).await;
    let notes = scene.notes_with("c1", "Delivered: ");
    assert_eq!(notes.len(), 1);
    for part in [
        "https://pod.example.com/1.jpg",
        "https://pod.example.com/s.jpg",
        "https://pod.example.com/r.pdf",
        "left with the porter",
        "links work until 2026-01-06 ",
    ] {
        assert!(notes[0].contains(part), "{part:?} is not in {}", notes[0]);
    }
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn goods_that_were_not_accepted_raise_an_alert_with_their_reason() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    scene.step(&id, deliver_only(&[("mug", "1")])).await;
    let damaged = r#"{"GoodsList":[{"OrderLineId":"mug","GoodsName":"mug","Quantity":2,"QuantityFact":1,"RejectReason":"Damaged"},
        {"OrderLineId":"pot","GoodsName":"pot","Quantity":1,"QuantityFact":1}]}"#;
    scene.edit_delivery(&id, damaged).await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.iter().map(|alert| alert.kind.as_str()).collect::<Vec<_>>(), ["goods-rejected"]);
    assert!(alerts[0].message.contains("1 × mug (Damaged)"), "{}", alerts[0].message);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_fulfilment_and_no_second_note() {
    let scene = Scene::new().await;
    let id = planned(&scene).await;
    scene.dispatch(&id).await;
    scene.road.lose_answer("POST", &format!("/ghl/payments/orders/{id}/fulfillments"));
    scene.road.lose_answer("POST", "/ghl/contacts/c1/notes");
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.fulfilled(&id), ["2 × mug, 1 × pot"]);
    assert_eq!(scene.notes_with("c1", "Delivered: ").len(), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_somebody_made_in_track_pod_is_left_alone() {
    let scene = Scene::new().await;
    let made = transload_sandbox::Json::parse(r#"{"Number":"by hand","Client":"A","Address":"B","Type":0}"#)
        .unwrap();
    let add = transload_sandbox::AddDelivery { order: made, webhook: true };
    scene.fakes.add_delivery(add, scene.now()).unwrap();
    scene.dispatch("by hand").await;
    scene.drive("by hand", deliver()).await;
    scene.poll("delivery-status").await;
    assert_eq!(scene.fakes.write_counts().writes, 0);
    assert_eq!(scene.writes(System::Ghl, "POST", "/"), 0);
    scene.end().await;
}
