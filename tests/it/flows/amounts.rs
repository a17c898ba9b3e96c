//! Amounts arrive in the other system digit for digit, in every currency.

use transload::storage::State;
use transload_sandbox::{Edit, Json, System};

use super::reading::{deliver, deliver_for};
use super::scene::Scene;
use crate::stage::order;

/// ISO 4217: the yen has no minor unit, the Kuwaiti dinar three places.
#[tokio::test(start_paused = true)]
async fn currencies_without_and_with_three_places_are_paid_delivered_and_collected() {
    let scene = Scene::new().await;
    for (contact, currency, total, paid, due) in [
        ("c1", "JPY", "3000", "1200", "1800"),
        ("c2", "KWD", "1.125", "0.124", "1.001"),
        ("c3", "USD", "0.3", "0.1", "0.2"),
    ] {
        let id = scene.place(&order(contact, currency, total, &[("p1", "1", total)])).await;
        assert_eq!(scene.cod(&id).as_deref(), Some(total), "{currency}");
        scene.pay(&id, paid).await;
        scene.poll("transactions").await;
        assert_eq!(scene.cod(&id).as_deref(), Some(due), "{currency}");
        scene.dispatch(&id).await;
        scene.drive(&id, deliver_for(due)).await;
        assert_eq!(scene.recorded(&id), [due], "{currency}");
        let body = scene
            .fakes
            .ledger(0)
            .entries
            .into_iter()
            .rev()
            .find(|it| it.path.ends_with("record-payment"))
            .unwrap()
            .body;
        assert!(body.contains(&format!(r#""amount":{due}"#)), "{currency}: {body}");
    }
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn orders_in_several_currencies_of_one_contact_are_kept_apart() {
    let scene = Scene::new().await;
    let euro = scene.place(&order("c1", "EUR", "10", &[("p1", "1", "10")])).await;
    let yen = scene.place(&order("c1", "JPY", "1000", &[("p1", "1", "1000")])).await;
    scene.pay(&euro, "10").await;
    scene.pay(&yen, "400").await;
    scene.poll("transactions").await;
    assert_eq!((scene.cod(&euro).as_deref(), scene.cod(&yen).as_deref()), (Some("0"), Some("600")));
    let notes = scene.notes_with("c1", "Payment of");
    assert!(notes.iter().any(|note| note.starts_with("Payment of 10.00 EUR received")), "{notes:?}");
    assert!(notes.iter().any(|note| note.starts_with("Payment of 400 JPY received")), "{notes:?}");
    scene.end().await;
}

/// What cash would still be due, no rule can tell.
#[tokio::test(start_paused = true)]
async fn an_order_that_was_paid_in_two_currencies_is_left_to_a_person() {
    let scene = Scene::new().await;
    let id = scene.order(&order("c1", "USD", "100", &[("p1", "1", "100")])).await;
    let paid = scene
        .fakes
        .pay(
            &id,
            transload_sandbox::Pay { amount: Some(serde_json::from_str("40").unwrap()), status: None },
            scene.now(),
        )
        .unwrap();
    let euro = Edit::silent(Json::parse(r#"{"currency":"EUR"}"#).unwrap());
    scene.fakes.edit_transaction(&paid, euro).unwrap();
    scene.settle().await;
    let event = scene.event(&format!("order {id}")).await;
    assert_eq!(event.state, State::Dead);
    assert!(event.reason.unwrap().contains("another currency"));
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 0);
    scene.leave().await;
}

/// The sum of a hundred different lines, each with its own id, goes there and comes back.
#[tokio::test(start_paused = true)]
async fn an_order_of_a_hundred_lines_is_delivered_whole() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..100).map(|index| format!("price-{index:03}")).collect();
    let quantities: Vec<String> = (0..100).map(|index| (index % 3 + 1).to_string()).collect();
    let lines: Vec<(&str, &str, &str)> =
        ids.iter().zip(&quantities).map(|(id, quantity)| (id.as_str(), quantity.as_str(), "0.01")).collect();
    // 34 × 1 + 33 × 2 + 33 × 3 = 199 pieces of a cent.
    let id = scene.place(&order("c1", "USD", "1.99", &lines)).await;
    assert_eq!(scene.delivery(&id).lines.len(), 100);
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    let fulfillments = scene.fakes.fulfillments(&id);
    assert_eq!(fulfillments.len(), 1);
    for (item, (id, quantity, _)) in fulfillments[0].items.iter().zip(&lines) {
        assert_eq!((item.price.as_str(), item.quantity.to_string().as_str()), (*id, *quantity));
    }
    assert_eq!(fulfillments[0].items.len(), 100);
    scene.end().await;
}

/// Track-POD knows no currency: a price in another one than the order's would be read as if it were in that.
#[tokio::test(start_paused = true)]
async fn a_line_that_is_priced_in_another_currency_is_delivered_without_its_price() {
    let scene = Scene::new().await;
    let mixed = order("c1", "USD", "30", &[("p1", "1", "10"), ("p2", "1", "20")]);
    let (first, second) = mixed.split_once(r#""_id":"p2""#).unwrap();
    let mixed =
        format!(r#"{first}"_id":"p2"{}"#, second.replace(r#""currency":"USD""#, r#""currency":"EUR""#));
    let id = scene.place(&mixed).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("30"));
    let goods = scene.shown(&id, "GoodsList").unwrap();
    let cost = |line: usize| {
        goods.as_array().unwrap()[line].get("Cost").and_then(Json::as_decimal).map(|it| it.to_string())
    };
    assert_eq!(cost(0).as_deref(), Some("10"));
    assert!(cost(1).is_none_or(|cost| cost == "0"), "{:?}", cost(1));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_gets_cheaper_than_what_was_paid_asks_for_nothing() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    scene.pay(&id, "70").await;
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id).as_deref(), Some("30"));
    scene.edit(&id, &order("c1", "USD", "50", &[("p1", "1", "50")])).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("0"));
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.fulfilled(&id), ["1 × p1"]);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_unit_are_delivered_and_fulfilled_exactly() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "3.75", &[("cheese", "0.375", "10")])).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_for("3.75")).await;
    assert_eq!(scene.fulfilled(&id), ["0.375 × cheese"]);
    assert_eq!(scene.recorded(&id), ["3.75"]);
    scene.end().await;
}
