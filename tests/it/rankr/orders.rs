//! Orders are held in Rankr, and follow what happens to them in GoHighLevel.

use std::time::Duration;

use serde_json::json;
use transload_sandbox::RankrKind;

use super::scene::{coats, scene, set};
use crate::flows::scene::{Scene, WORKFLOW_TOKEN};
use crate::stage::order;

#[tokio::test(start_paused = true)]
async fn an_order_that_is_placed_is_held_in_rankr() {
    let scene = scene().await;
    let id = scene.order(&coats()).await;
    let placed = scene.now();
    scene.settle().await;
    let held = scene.sink_order(&id);
    assert_eq!(held.version, placed, "the time of GoHighLevel's last change");
    assert_eq!((held.status.as_str(), held.payment_status.as_deref()), ("pending", Some("unpaid")));
    assert_eq!(held.fulfillment_status.as_deref(), Some("unfulfilled"));
    assert_eq!(held.amount, Some("150.1".parse().unwrap()));
    assert_eq!((held.lines.len(), scene.sink_money(&id).0.as_str()), (2, "0"));
    for (member, value) in [
        ("/currency", "USD"),
        ("/customerId", "c1"),
        ("/customer/name", "Ada Fuller"),
        ("/customer/phone", "+15005550100"),
        ("/shipTo/lines/0", "7 Mill Lane"),
        ("/shipTo/postalCode", "BA1 1AA"),
        ("/lines/0/lineId", "coat"),
        ("/lines/0/quantity", "2"),
        ("/lines/1/unitPrice", "50.1"),
        ("/live", "true"),
    ] {
        assert_eq!(scene.sink_member(&id, member).as_deref(), Some(value), "{member}");
    }
    scene.is_quiet().await;
    assert_eq!(scene.sink_writes("PUT", "/orders"), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_status_and_what_is_paid_are_kept_in_step() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let states = |scene: &Scene| {
        let held = scene.sink_order(&id);
        (held.status, held.payment_status.unwrap(), scene.sink_money(&id))
    };
    let is = |status: &str, payment: &str, paid: &str, back: &str| {
        (status.to_owned(), payment.to_owned(), (paid.to_owned(), back.to_owned()))
    };
    scene.pay(&id, "50.1").await;
    scene.poll("transactions").await;
    assert_eq!(states(&scene), is("pending", "partially_paid", "50.1", "0"));
    // The rest of it, by which GoHighLevel completes the order.
    let payment = scene.pay(&id, "100").await;
    assert_eq!(states(&scene), is("completed", "paid", "150.1", "0"), "before any poll");
    scene.refund(&payment, "30").await;
    scene.poll("transactions").await;
    assert_eq!(states(&scene), is("completed", "partially_refunded", "120.1", "30"));
    scene.set_status(&id, "cancelled").await;
    assert_eq!(states(&scene), is("cancelled", "partially_refunded", "120.1", "30"));
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_goods_change_has_other_goods_in_rankr() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    scene.edit(&id, &order("c1", "USD", "50.1", &[("tee", "1", "50.1")])).await;
    let held = scene.sink_order(&id);
    assert_eq!((held.amount, held.lines.len()), (Some("50.1".parse().unwrap()), 1));
    assert!(scene.alerts().await.is_empty(), "nobody in Rankr has edited it");
    scene.is_quiet().await;
    scene.end().await;
}

/// ISO 4217: the yen has no minor unit, the dinar a thousandth.
#[tokio::test(start_paused = true)]
async fn amounts_come_to_rankr_as_they_are() {
    let scene = scene().await;
    for (currency, amount) in
        [("JPY", "1500"), ("KWD", "10.125"), ("USD", "0"), ("USD", "0.1"), ("EUR", "9007199254740.99")]
    {
        let id = scene.place(&order("c1", currency, amount, &[("p1", "1", amount)])).await;
        let held = scene.sink_order(&id);
        assert_eq!(held.amount, Some(amount.parse().unwrap()), "{currency}");
        assert_eq!(held.currency.as_deref(), Some(currency));
    }
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn webhooks_that_come_twice_and_turned_round_leave_the_latest_state() {
    let scene = scene().await;
    let id = scene.order(&coats()).await;
    scene.later(Duration::from_secs(1)).await;
    scene.fakes.set_order_status(&id, "completed", scene.now()).unwrap();
    let mut hooks = scene.intercept();
    hooks.reverse();
    for hook in hooks.iter().chain(&hooks) {
        assert_eq!(scene.arrive(hook).await.status(), 200);
        scene.settle().await;
        assert_eq!(scene.sink_order(&id).status, "completed");
    }
    assert_eq!(scene.sink_writes("PUT", "/orders"), 1, "what came late changed nothing");
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_webhooks_are_lost_is_found_by_the_poll() {
    let scene = scene().await;
    let id = scene.order(&coats()).await;
    scene.intercept();
    assert_eq!(scene.poll("order-list").await, 1);
    assert_eq!(scene.sink_order(&id).status, "pending");
    scene.later(Duration::from_secs(1)).await;
    scene.fakes.set_order_status(&id, "cancelled", scene.now()).unwrap();
    scene.intercept();
    assert_eq!(scene.poll("order-list").await, 1);
    assert_eq!(scene.sink_order(&id).status, "cancelled");
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_says_of_which_orders_rankr_is_told_and_one_that_it_has_is_kept_up_to_date() {
    let scene = set(json!({"mode": "all", "send_when": "order.paid >= order.total"})).await;
    let id = scene.place(&coats()).await;
    assert!(scene.fakes.rankr_record(RankrKind::Order, &id).is_none());
    assert!(scene.reason(&format!("order {id}")).await.contains("send_when"));
    scene.pay(&id, "50").await;
    scene.poll("transactions").await;
    assert!(scene.fakes.rankr_record(RankrKind::Order, &id).is_none(), "100.10 USD are due");
    let payment = scene.pay(&id, "100.1").await;
    assert_eq!(scene.sink_order(&id).payment_status.as_deref(), Some("paid"));
    scene.refund(&payment, "100.1").await;
    scene.poll("transactions").await;
    assert_eq!(scene.sink_money(&id), ("50".to_owned(), "100.1".to_owned()));
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn further_members_are_made_by_templates() {
    let extra = json!({"town": "{{ order.address.city }}", "channel": "{{ raw.source.type }}", "note": "{{ order.note }}"});
    let scene = set(json!({"mode": "all", "extra": extra})).await;
    let id = scene.place(&coats()).await;
    assert_eq!(scene.sink_member(&id, "/extra/town").as_deref(), Some("Bath"));
    assert_eq!(scene.sink_member(&id, "/extra/channel").as_deref(), Some("website"));
    assert_eq!(scene.sink_member(&id, "/extra/note"), None, "there is none");
    scene.end().await;
}

/// GoHighLevel mixes what its test mode makes in with the real orders.
#[tokio::test(start_paused = true)]
async fn what_is_of_the_other_mode_never_comes_to_rankr() {
    for (mode, live) in [("live", true), ("test", false)] {
        let scene = set(json!({"mode": mode})).await;
        let tested = coats().replace(r#""liveMode":true"#, r#""liveMode":false"#);
        let (real, tested) = (scene.place(&coats()).await, scene.place(&tested).await);
        let payments = (scene.pay(&real, "150.1").await, scene.pay(&tested, "150.1").await);
        scene.poll_all().await;
        let wanted = if live { (&real, &payments.0) } else { (&tested, &payments.1) };
        let held = scene.fakes.effects().rankr;
        assert_eq!(held.orders.keys().collect::<Vec<_>>(), [wanted.0], "{mode}");
        assert_eq!(held.transactions.keys().collect::<Vec<_>>(), [wanted.1], "{mode}");
        scene.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_sends_an_order_of_this_location_and_no_other() {
    let scene = scene().await;
    let id = scene.order(&coats()).await;
    scene.intercept();
    let other = json!({"order_id": id, "locationId": "another"});
    assert_eq!(scene.workflow(WORKFLOW_TOKEN, &other).await.status(), 200);
    assert!(scene.fakes.rankr_record(RankrKind::Order, &id).is_none());
    assert_eq!(scene.workflow(WORKFLOW_TOKEN, &json!({"order_id": id})).await.status(), 200);
    assert_eq!(scene.sink_order(&id).status, "pending");
    scene.end().await;
}
