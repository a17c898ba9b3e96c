//! Planted differences: members replaced, objects gone, deliveries doubled or made by hand, and the count of writes.

use transload_sandbox::{
    AddDelivery, ControlError, Deliver, Duplicate, Edit, Json, MEMBERS_MAX, Pay, Removal, Schedule, Step,
    System,
};

use crate::support::{Fixture, at, unpaced};

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn silent(members: &str) -> Edit {
    Edit::silent(json(members))
}

fn status(error: ControlError) -> u16 {
    match error {
        ControlError::Refused { status, .. } => status,
        other => panic!("{other}"),
    }
}

fn too_many_members() -> Edit {
    let members: Vec<String> = (0..=MEMBERS_MAX).map(|member| format!("\"m{member}\":1")).collect();
    silent(&format!("{{{}}}", members.join(",")))
}

impl Fixture {
    async fn total(&self, path: &str, filter: &str) -> String {
        let answer = self.ghl("GET", &format!("{path}?{}{filter}", self.location()), "").await;
        at(&answer.json(), "totalCount")
    }
}

#[tokio::test]
async fn members_of_an_order_are_replaced_without_a_word() {
    let (fixture, order) = Fixture::with_order().await;
    fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let edit = r#"{"amount":200,"currency":"EUR","liveMode":false,"createdAt":"2024-02-13T10:00:00.000Z","contactId":null,"_id":"x"}"#;
    let shown = fixture.control.edit_order(&order, &silent(edit)).await.unwrap();
    for (member, value) in
        [("_id", order.as_str()), ("amount", "200"), ("currency", "EUR"), ("contactId", "-")]
    {
        assert_eq!(at(&shown, member), value, "{member}");
    }
    // Less was paid than is asked for now; what was paid, and in which currency, stays.
    let filter = "&paymentStatus=partially_paid&paymentMode=test&endAt=2024-02-13";
    assert_eq!(fixture.total("/payments/orders", filter).await, "1");
    let path = format!("/payments/transactions?{}&entityId={order}", fixture.location());
    assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "data.0.currency"), "USD");
    assert!(fixture.control.webhooks().await.unwrap().deliveries.is_empty());

    assert_eq!(
        status(fixture.control.edit_order(&order, &silent(r#"{"amount":"1"}"#)).await.unwrap_err()),
        409
    );
    assert_eq!(status(fixture.control.edit_order(&order, &silent("1")).await.unwrap_err()), 400);
    assert_eq!(status(fixture.control.edit_order(&order, &too_many_members()).await.unwrap_err()), 507);
    assert_eq!(status(fixture.control.edit_order("x", &silent("{}")).await.unwrap_err()), 404);
    let nameless = Edit { members: json("{}"), webhook: Some(String::new()) };
    assert_eq!(status(fixture.control.edit_order(&order, &nameless).await.unwrap_err()), 400);
}

#[tokio::test]
async fn members_of_a_transaction_are_replaced_wherever_it_is_shown() {
    let (fixture, order) = Fixture::with_order().await;
    let id = fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let edit = r#"{"amount":1.50,"currency":"EUR","entityId":"other","chargeId":null,"createdAt":"2024-02-13T10:00:00Z"}"#;
    let shown = fixture.control.edit_transaction(&id, &silent(edit)).await.unwrap();
    assert_eq!((at(&shown, "amount"), at(&shown, "chargeId")), ("1.50".into(), "-".into()));
    for (filter, count) in [
        (format!("&entityId={order}"), "0"),
        ("&entityId=other".to_owned(), "1"),
        ("&endAt=2024-02-13".to_owned(), "1"),
    ] {
        assert_eq!(fixture.total("/payments/transactions", &filter).await, count, "{filter}");
    }
    let detail = fixture.ghl("GET", &format!("/payments/transactions/{id}?{}", fixture.location()), "").await;
    assert_eq!(at(&detail.json(), "currency"), "EUR");
    // The order still counts as paid.
    assert_eq!(fixture.total("/payments/orders", "&paymentStatus=paid").await, "1");
    assert_eq!(status(fixture.control.edit_transaction(&id, &too_many_members()).await.unwrap_err()), 507);
    let told = Edit { members: json("{}"), webhook: Some("TransactionUpdate".to_owned()) };
    assert_eq!(status(fixture.control.edit_transaction(&id, &told).await.unwrap_err()), 400);

    fixture.control.delete_transaction(&id).await.unwrap();
    assert_eq!(fixture.total("/payments/transactions", "").await, "0");
    assert_eq!(status(fixture.control.delete_transaction(&id).await.unwrap_err()), 404);
}

#[tokio::test]
async fn an_order_goes_and_its_transactions_stay() {
    let (fixture, order) = Fixture::with_order().await;
    let id = fixture.control.pay(&order, &Pay::default()).await.unwrap();
    fixture.control.delete_order(&order).await.unwrap();
    assert_eq!(fixture.total("/payments/orders", "").await, "0");
    let detail = fixture.ghl("GET", &format!("/payments/transactions/{id}?{}", fixture.location()), "").await;
    assert_eq!(
        (at(&detail.json(), "entityId"), at(&detail.json(), "currency")),
        (order.clone(), "USD".to_owned())
    );
    assert_eq!(status(fixture.control.delete_order(&order).await.unwrap_err()), 404);
}

#[tokio::test]
async fn fulfilments_are_replaced_and_the_order_s_status_follows() {
    let (fixture, order) = Fixture::with_order().await;
    let one =
        |price: &str| json(&format!(r#"{{"_id":"f","items":[{{"price":{{"_id":"{price}"}},"qty":1}}]}}"#));
    let (apron, pot) = (one("7a10000000000000000000a1"), one("7a10000000000000000000a2"));
    for (fulfillments, expected) in [
        (vec![apron.clone()], "partially_fulfilled"),
        (vec![apron, pot], "fulfilled"),
        (vec![], "unfulfilled"),
    ] {
        fixture.control.set_fulfillments(&order, &fulfillments).await.unwrap();
        let path = format!("/payments/orders?{}", fixture.location());
        let list = fixture.ghl("GET", &path, "").await.json();
        assert_eq!(at(&list, "data.0.fulfillmentStatus"), expected);
    }
    assert_eq!(status(fixture.control.set_fulfillments(&order, &[json("1")]).await.unwrap_err()), 400);
}

#[tokio::test]
async fn a_person_makes_doubles_and_changes_a_delivery() {
    let fixture = Fixture::start(unpaced()).await;
    let order = json(
        r#"{"Number":"N-1","Client":"Walk-in","Address":"2 Quay Lane","GoodsList":[{"OrderLineId":"a","Quantity":2}]}"#,
    );
    let made = fixture.control.add_delivery(&AddDelivery { order, webhook: false }).await.unwrap();
    assert_eq!((at(&made, "CreateSource"), at(&made, "Id")), ("Web".into(), "-".into()));
    let unknown =
        AddDelivery { order: json(r#"{"Client":"c","Address":"a","Colour":"red"}"#), webhook: false };
    assert_eq!(status(fixture.control.add_delivery(&unknown).await.unwrap_err()), 409);

    let copy = fixture.control.duplicate_delivery("N-1", Duplicate::default()).await.unwrap();
    assert_eq!((at(&copy, "CreateSource"), at(&copy, "Number")), ("DupOrder".into(), "N-1".into()));
    assert_ne!(at(&copy, "TrackId"), at(&made, "TrackId"));

    let key = at(&made, "TrackId");
    let edit = r#"{"Id":"o1","Number":"N-2","COD":9.99,"StatusId":4,"CODActual":5.5,"TrackId":"x","ReportUrl":"https://r.example/1",
        "Date":"2026-03-01","GoodsList":[{"OrderLineId":"a","Quantity":2,"QuantityFact":1,"RejectReason":"Broken"}]}"#;
    let shown = fixture.control.edit_delivery(&key, &silent(edit)).await.unwrap();
    for (member, value) in [
        ("TrackId", key.as_str()),
        ("Id", "o1"),
        ("Number", "N-2"),
        ("COD", "9.99"),
        ("StatusId", "4"),
        ("CODActual", "5.5"),
        ("ReportUrl", "https://r.example/1"),
        ("GoodsList.0.QuantityFact", "1"),
        ("GoodsList.0.RejectReason", "Broken"),
    ] {
        assert_eq!(at(&shown, member), value, "{member}");
    }
    for path in ["/Order/Id/o1", "/Order/Number/N-2"] {
        assert_eq!(at(&fixture.track_pod("GET", path, "").await.json(), "TrackId"), key, "{path}");
    }
    assert_eq!(
        fixture.track_pod("GET", "/Order/Date/2026-03-01", "").await.json().as_array().unwrap().len(),
        1
    );
    let number = fixture.track_pod("GET", "/Order/Number/N-1/List", "").await.json();
    assert_eq!(number.as_array().unwrap().len(), 1);
    let open =
        fixture.control.edit_delivery("o1", &silent(r#"{"StatusId":null,"ReportUrl":null}"#)).await.unwrap();
    assert_eq!((at(&open, "StatusId"), at(&open, "ReportUrl")), ("-".into(), "-".into()));
    assert_eq!(status(fixture.control.edit_delivery("o1", &too_many_members()).await.unwrap_err()), 507);
    assert_eq!(status(fixture.control.edit_delivery("o9", &silent("{}")).await.unwrap_err()), 404);
}

#[tokio::test]
async fn a_delivery_goes_with_a_tombstone_or_without_a_trace() {
    let fixture = Fixture::start(unpaced()).await;
    for id in ["o1", "o2"] {
        fixture.delivery(id).await;
        fixture.control.drive(id, &Step::Schedule(Schedule::default())).await.unwrap();
        fixture.control.drive(id, &Step::Deliver(Deliver::default())).await.unwrap();
    }
    fixture.control.delete_delivery("o1", Removal::default()).await.unwrap();
    fixture.control.delete_delivery("o2", Removal { forget: true, webhook: false }).await.unwrap();
    assert_eq!(fixture.track_pod("GET", "/Order/Id/o1", "").await.status, 410);
    assert_eq!(fixture.track_pod("GET", "/Order/Id/o2", "").await.status, 404);
    let state = fixture.control.snapshot().await.unwrap().track_pod;
    assert_eq!((state.orders.len(), state.removed.len()), (0, 1));
    assert_eq!(status(fixture.control.delete_delivery("o2", Removal::default()).await.unwrap_err()), 404);
}

#[tokio::test]
async fn writes_are_counted_by_operation_and_by_path_forgotten() {
    let (fixture, order) = Fixture::with_order().await;
    fixture.delivery("o1").await;
    for _ in 0..2 {
        fixture.track_pod("DELETE", "/Order/Id/o1", "").await;
    }
    fixture.ghl("POST", &format!("/payments/orders/{order}/record-payment"), "{}").await;
    fixture.ghl("GET", &format!("/payments/orders?{}", fixture.location()), "").await;
    let counts = fixture.control.write_counts().await.unwrap();
    let shown: Vec<_> =
        counts.operations.iter().map(|one| (one.method.as_str(), one.path.as_str(), one.writes)).collect();
    let expected = [
        ("POST", "/payments/orders/{}/record-payment", 1),
        ("POST", "/Order", 1),
        ("DELETE", "/Order/Id/{}", 2),
    ];
    assert_eq!((counts.writes, shown), (4, expected.to_vec()));
    assert_eq!(fixture.control.info().await.unwrap().counts.ledger_writes, 4);
    fixture.control.clear_writes(System::TrackPod, "/Order/Id/").await.unwrap();
    assert_eq!(fixture.control.ledger(0).await.unwrap().entries.len(), 2);
    assert_eq!(fixture.control.write_counts().await.unwrap().writes, 2);
    fixture.control.clear_ledger().await.unwrap();
    assert_eq!(fixture.control.write_counts().await.unwrap().writes, 0);
}
