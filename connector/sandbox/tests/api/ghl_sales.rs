//! Payments recorded by hand, and subscriptions.

use transload_sandbox::{Charge, Edit, Json, Pay, PlaceOrder, Refund, Subscribe};

use crate::support::{Fixture, at, number};

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

impl Fixture {
    fn record_body(&self, members: &str) -> String {
        format!(r#"{{"altId":"{}","altType":"location"{members}}}"#, self.sandbox.options().ghl_location)
    }

    async fn listed(&self, path: &str, filter: &str) -> Json {
        let answer = self.ghl("GET", &format!("{path}?{}{filter}", self.location()), "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

#[tokio::test]
async fn a_recorded_payment_pays_the_order_and_has_no_provider() {
    let (fixture, order) = Fixture::with_order().await;
    let path = format!("/payments/orders/{order}/record-payment");
    let body =
        fixture.record_body(r#","mode":"cash","amount":100.10,"meta":{"trackId":"T-1"},"notes":"COD""#);
    let answer = fixture.ghl("POST", &path, &body).await;
    assert_eq!((answer.status, at(&answer.json(), "success")), (200, "true".to_owned()), "{}", answer.text);
    assert_eq!(
        at(&fixture.listed("/payments/orders", "&paymentStatus=partially_paid").await, "totalCount"),
        "1"
    );

    let list = fixture.listed("/payments/transactions", &format!("&entityId={order}")).await;
    for (member, value) in [
        ("amount", "100.10"),
        ("status", "succeeded"),
        ("entityId", order.as_str()),
        ("currency", "USD"),
        ("paymentMethod.type", "cash"),
        ("paymentProviderType", "-"),
        ("chargeId", "-"),
        ("meta", "-"),
    ] {
        assert_eq!(at(&list, &format!("data.0.{member}")), value, "{member}");
    }
    let id = at(&list, "data.0._id");
    let detail = fixture.listed(&format!("/payments/transactions/{id}"), "").await;
    assert_eq!((at(&detail, "meta.trackId"), at(&detail, "paymentProvider")), ("T-1".into(), "-".into()));

    // Without an amount it is all that is due: 150.1 - 100.10.
    let rest = fixture.record_body(r#","mode":"bank_transfer""#);
    assert_eq!(fixture.ghl("POST", &path, &rest).await.status, 200);
    assert_eq!(
        at(&fixture.listed("/payments/orders", "&paymentStatus=paid").await, "data.0.status"),
        "completed"
    );
    let again = fixture.ghl("POST", &path, &rest).await;
    assert_eq!(again.status, 400, "nothing is due: {}", again.text);
}

#[tokio::test]
async fn more_than_is_due_and_bodies_that_do_not_fit_are_refused() {
    let (fixture, order) = Fixture::with_order().await;
    let path = format!("/payments/orders/{order}/record-payment");
    for (members, status) in [
        (r#","mode":"cash","amount":150.11"#, 400),
        (r#","mode":"cash","amount":0"#, 422),
        (r#","mode":"cash","amount":"10""#, 422),
        (r#","mode":"gold""#, 422),
        ("", 422),
        (r#","mode":"card","card":{"type":"visa"}"#, 422),
        (r#","mode":"card","card":{"type":"amex","last4":"1234"}"#, 422),
        (r#","mode":"cheque","cheque":{}"#, 422),
        (r#","mode":"cash","meta":"x""#, 422),
        (r#","mode":"cash","isPartialPayment":"yes""#, 422),
    ] {
        let answer = fixture.ghl("POST", &path, &fixture.record_body(members)).await;
        assert_eq!(answer.status, status, "{members}: {}", answer.text);
    }
    let elsewhere = r#"{"altId":"elsewhere","altType":"location","mode":"cash"}"#;
    assert_eq!(fixture.ghl("POST", &path, elsewhere).await.status, 403);
    let cash = fixture.record_body(r#","mode":"cash""#);
    assert_eq!(fixture.ghl("POST", "/payments/orders/x/record-payment", &cash).await.status, 400);
    assert_eq!(at(&fixture.listed("/payments/transactions", "").await, "totalCount"), "0");
    let whole =
        fixture.record_body(r#","mode":"card","card":{"type":"visa","last4":"4242"},"amount":150.10"#);
    assert_eq!(fixture.ghl("POST", &path, &whole).await.status, 200);
}

async fn subscribed() -> (Fixture, String, String) {
    let (fixture, order) = Fixture::with_order().await;
    let members =
        json(r#"{"amount":29.90,"subscriptionId":"sub_1","schedule":{"rrule":{"intervalType":"monthly"}}}"#);
    let subscribe = Subscribe { order: order.clone(), subscription: Some(members) };
    let id = fixture.control.subscribe(&subscribe).await.unwrap();
    (fixture, order, id)
}

#[tokio::test]
async fn a_subscription_is_listed_flat_and_shown_nested() {
    let (fixture, order, id) = subscribed().await;
    let list = fixture.listed("/payments/subscriptions", &format!("&entityId={order}")).await;
    let detail = fixture.listed(&format!("/payments/subscriptions/{id}"), "").await;
    for (member, in_list, in_detail) in [
        ("_id", id.as_str(), id.as_str()),
        ("entityId", &order, &order),
        ("subscriptionId", "sub_1", "sub_1"),
        ("status", "active", "active"),
        ("amount", "29.90", "29.90"),
        ("currency", "USD", "USD"),
        ("contactName", "Nora Lindqvist", "-"),
        ("entitySourceType", "website", "-"),
        ("entitySource.type", "-", "website"),
        ("schedule.rrule.intervalType", "-", "monthly"),
        ("markAsTest", "-", "false"),
    ] {
        assert_eq!(at(&list, &format!("data.0.{member}")), in_list, "list: {member}");
        assert_eq!(at(&detail, member), in_detail, "detail: {member}");
    }
    for (filter, count) in [
        ("&id=sub_1", "1"),
        ("&id=sub_2", "0"),
        ("&paymentMode=test", "0"),
        ("&contactId=Kq7mTz2VbN4xWc9RdLpE", "1"),
        ("&endAt=2020-01-01", "0"),
    ] {
        assert_eq!(
            at(&fixture.listed("/payments/subscriptions", filter).await, "totalCount"),
            count,
            "{filter}"
        );
    }
    let missing = fixture.ghl("GET", &format!("/payments/subscriptions/x?{}", fixture.location()), "").await;
    assert_eq!(missing.text, r#"{"statusCode":400,"message":"Subscription not found"}"#);
    assert_eq!(fixture.ghl("GET", "/payments/subscriptions", "").await.status, 422);
}

#[tokio::test]
async fn a_renewal_is_a_transaction_that_pays_nothing_of_the_order() {
    let (fixture, order, id) = subscribed().await;
    let renewal = fixture.control.charge(&id, &Charge::default()).await.unwrap();
    let failed = Charge { amount: None, status: Some("failed".to_owned()) };
    fixture.control.charge(&id, &failed).await.unwrap();
    let list = fixture.listed("/payments/transactions", "&subscriptionId=sub_1").await;
    assert_eq!(at(&list, "totalCount"), "2");
    assert_eq!(
        (at(&list, "data.0.status"), at(&list, "data.1.status")),
        ("failed".into(), "succeeded".into())
    );
    for (member, value) in
        [("_id", renewal.as_str()), ("amount", "29.90"), ("entityId", &order), ("subscriptionId", "sub_1")]
    {
        assert_eq!(at(&list, &format!("data.1.{member}")), value, "{member}");
    }
    assert_eq!(at(&fixture.listed("/payments/orders", "&paymentStatus=unpaid").await, "totalCount"), "1");
    fixture.control.refund(&renewal, &Refund { amount: Some(number("9.90")) }).await.unwrap();
    let state = fixture.control.snapshot().await.unwrap().ghl;
    assert_eq!((state.orders[0].captured.text(), state.orders[0].refunded.text()), ("0", "0"));
    assert_eq!(at(&state.subscriptions[0], "_id"), id);

    let cancel = Edit::silent(json(r#"{"status":"canceled"}"#));
    let cancelled = fixture.control.edit_subscription(&id, &cancel).await.unwrap();
    assert_eq!(at(&cancelled, "status"), "canceled");
    assert!(fixture.control.charge("nothing", &Charge::default()).await.is_err());
}

#[tokio::test]
async fn orders_in_test_mode_another_currency_and_of_a_hundred_lines_are_orders() {
    let (fixture, _) = Fixture::with_order().await;
    let line = |index: usize| {
        format!(r#"{{"name":"L{index}","qty":1,"price":{{"_id":"p{index}","amount":1.001}}}}"#)
    };
    let lines: Vec<String> = (0..100).map(line).collect();
    let text = format!(
        r#"{{"_id":"big","amount":100.100,"currency":"KWD","liveMode":false,"items":[{}]}}"#,
        lines.join(",")
    );
    let order = PlaceOrder { order: Some(json(&text)), webhook: false };
    fixture.control.place_order(&order).await.unwrap();
    fixture.control.pay("big", &Pay::default()).await.unwrap();
    let detail = fixture.listed("/payments/orders/big", "").await;
    for (member, value) in [
        ("currency", "KWD"),
        ("amount", "100.100"),
        ("liveMode", "false"),
        ("markAsTest", "true"),
        ("items.99.price.amount", "1.001"),
    ] {
        assert_eq!(at(&detail, member), value, "{member}");
    }
    assert_eq!(
        at(&fixture.listed("/payments/transactions", "&paymentMode=test").await, "data.0.currency"),
        "KWD"
    );
}

#[tokio::test]
async fn transactions_are_narrowed_by_their_own_filters() {
    let (fixture, order) = Fixture::with_order().await;
    fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    for (filter, count) in [
        (format!("&entityId={order}&startAt={today}"), "1"),
        (format!("&entityId={order}&endAt=2024-01-01"), "0"),
        (format!("&entityId={order}&paymentMode=live"), "1"),
        (format!("&entityId={order}&paymentMode=test"), "0"),
        ("&contactId=Kq7mTz2VbN4xWc9RdLpE".to_owned(), "1"),
        ("&contactId=c2".to_owned(), "0"),
        ("&entitySourceType=website&entitySourceSubType=store".to_owned(), "1"),
        ("&entitySourceType=funnel".to_owned(), "0"),
    ] {
        assert_eq!(
            at(&fixture.listed("/payments/transactions", &filter).await, "totalCount"),
            count,
            "{filter}"
        );
    }
}
