//! GHL's endpoints: who is let in, what is shown, what is refused.

use transload_sandbox::{PER_ORDER_MAX, PlaceOrder, SandboxOptions};

use crate::support::{Fixture, at, unpaced};

#[tokio::test]
async fn a_wrong_token_is_401_in_the_vendor_s_shape() {
    let (fixture, order) = Fixture::with_order().await;
    let url = format!("{}/payments/orders/{order}?{}", fixture.sandbox.ghl_url(), fixture.location());
    for headers in [vec![], vec![("authorization", "Bearer wrong")], vec![("authorization", "pit-sandbox")]] {
        let answer = fixture.send("GET", &url, &headers, "").await.unwrap();
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.text,
            r#"{"statusCode":401,"message":"Invalid token: access token is invalid","error":"Unauthorized"}"#
        );
    }
}

#[tokio::test]
async fn the_version_header_is_required_and_checked() {
    let (fixture, order) = Fixture::with_order().await;
    let url = format!("{}/payments/orders/{order}?{}", fixture.sandbox.ghl_url(), fixture.location());
    let token = ("authorization", "Bearer pit-sandbox");
    let missing = fixture.send("GET", &url, &[token], "").await.unwrap();
    assert_eq!(
        (missing.status, at(&missing.json(), "message")),
        (401, "version header was not found.".to_owned())
    );
    let wrong = fixture.send("GET", &url, &[token, ("version", "2020-01-01")], "").await.unwrap();
    assert_eq!((wrong.status, at(&wrong.json(), "message")), (401, "version header is invalid".to_owned()));
    for version in ["2021-07-28", "2023-02-21", "v3"] {
        assert_eq!(fixture.send("GET", &url, &[token, ("version", version)], "").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_missing_scope_is_401_and_names_no_error() {
    let scopes = Some(vec!["payments/orders.readonly".to_owned()]);
    let fixture = Fixture::start(SandboxOptions { ghl_scopes: scopes, ..unpaced() }).await;
    let order = fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    let path = format!("/payments/orders/{}/fulfillments", order.id);
    assert_eq!(fixture.ghl("GET", &format!("{path}?{}", fixture.location()), "").await.status, 200);
    let refused = fixture.ghl("POST", &path, "{}").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.text, r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#);
    assert_eq!(fixture.ghl("GET", "/payments/transactions", "").await.status, 401);
    assert_eq!(fixture.ghl("GET", "/contacts/x", "").await.status, 401);
}

#[tokio::test]
async fn missing_parameters_are_422_with_an_array() {
    let (fixture, order) = Fixture::with_order().await;
    let answer = fixture.ghl("GET", "/payments/orders", "").await;
    assert_eq!(answer.status, 422);
    assert_eq!(at(&answer.json(), "message.0"), "altId must be a string");
    assert_eq!(at(&answer.json(), "error"), "Unprocessable Entity");
    // The OpenAPI file requires altType for fulfilments and transactions, but not for orders.
    let alt_id = format!("altId={}", fixture.sandbox.options().ghl_location);
    assert_eq!(fixture.ghl("GET", &format!("/payments/orders?{alt_id}"), "").await.status, 200);
    assert_eq!(fixture.ghl("GET", &format!("/payments/orders/{order}?{alt_id}"), "").await.status, 200);
    for path in [format!("/payments/orders/{order}/fulfillments"), "/payments/transactions".to_owned()] {
        let answer = fixture.ghl("GET", &format!("{path}?{alt_id}"), "").await;
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(at(&answer.json(), "message.0"), "altType must be one of the following values: location");
    }
    for bad in ["limit=0", "limit=101", "limit=ten", "offset=-1", "startAt=soon", "paymentStatus=late"] {
        let path = format!("/payments/orders?{alt_id}&{bad}");
        assert_eq!(fixture.ghl("GET", &path, "").await.status, 422, "{bad}");
    }
    assert_eq!(fixture.ghl("GET", "/payments/orders?altId=elsewhere", "").await.status, 403);
}

#[tokio::test]
async fn what_is_not_there_is_400_and_an_unknown_path_404() {
    let (fixture, _) = Fixture::with_order().await;
    let location = fixture.location();
    let order = fixture.ghl("GET", &format!("/payments/orders/nothing?{location}"), "").await;
    assert_eq!(
        (order.status, order.text.as_str()),
        (400, r#"{"statusCode":400,"message":"Order not found"}"#)
    );
    let path = format!("/payments/transactions/nothing?{location}");
    let transaction = fixture.ghl("GET", &path, "").await;
    assert_eq!(transaction.text, r#"{"statusCode":400,"message":"Transaction not found"}"#);
    assert_eq!(fixture.ghl("GET", "/contacts/nothing", "").await.status, 400);
    assert_eq!(fixture.ghl("GET", "/contacts/nothing/notes", "").await.status, 400);
    assert_eq!(fixture.ghl("POST", "/payments/orders", "{}").await.status, 404);
}

#[tokio::test]
async fn the_detail_has_the_lines_and_exact_amounts() {
    let (fixture, order) = Fixture::with_order().await;
    let detail = fixture.ghl("GET", &format!("/payments/orders/{order}?{}", fixture.location()), "").await;
    let json = detail.json();
    for (path, value) in [
        ("_id", order.as_str()),
        ("altId", &fixture.sandbox.options().ghl_location),
        ("altType", "location"),
        ("status", "pending"),
        ("fulfillmentStatus", "unfulfilled"),
        ("currency", "USD"),
        ("amount", "150.1"),
        ("amountSummary.subtotal", "138"),
        ("amountSummary.tax", "12.1"),
        ("items.0.price.amount", "17"),
        ("items.1.price.amount", "121"),
        ("items.2", "-"),
        ("contactSnapshot.address1", "48 Quayside Lane"),
        ("source.subType", "store"),
        ("data", "-"),
    ] {
        assert_eq!(at(&json, path), value, "{path}");
    }
    assert_ne!(at(&json, "traceId"), "-");
}

#[tokio::test]
async fn the_list_has_neither_lines_nor_a_payment_status() {
    let (fixture, order) = Fixture::with_order().await;
    let list = fixture.ghl("GET", &format!("/payments/orders?{}", fixture.location()), "").await.json();
    assert_eq!(at(&list, "totalCount"), "1");
    for (path, value) in [
        ("_id", order.as_str()),
        ("amount", "150.1"),
        ("subtotal", "138"),
        ("contactName", "Nora Lindqvist"),
        ("contactEmail", "nora.lindqvist@example.com"),
        ("sourceType", "website"),
        ("totalProducts", "2"),
        ("onetimeProducts", "2"),
        ("recurringProducts", "0"),
        ("items", "-"),
        ("paymentStatus", "-"),
        ("contactSnapshot", "-"),
    ] {
        assert_eq!(at(&list, &format!("data.0.{path}")), value, "{path}");
    }
}

#[tokio::test]
async fn lists_are_paged_newest_first() {
    let fixture = Fixture::start(unpaced()).await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(fixture.control.place_order(&PlaceOrder::default()).await.unwrap().id);
    }
    ids.reverse();
    let mut found = Vec::new();
    for (page, length) in [("", 10), ("&offset=10", 2), ("&limit=5&offset=12", 0)] {
        let list =
            fixture.ghl("GET", &format!("/payments/orders?{}{page}", fixture.location()), "").await.json();
        assert_eq!(at(&list, "totalCount"), "12");
        let data = list.get("data").unwrap().as_array().unwrap();
        assert_eq!(data.len(), length);
        found.extend(data.iter().map(|order| at(order, "_id")));
    }
    assert_eq!(found, ids);
}

#[tokio::test]
async fn a_fulfilment_is_noted_and_moves_the_order_s_status() {
    let (fixture, order) = Fixture::with_order().await;
    let path = format!("/payments/orders/{order}/fulfillments");
    let body = |price: &str| {
        format!(
            r#"{{"altId":"{}","altType":"location","notifyCustomer":false,"items":[{{"priceId":"{price}","qty":1}}],
            "trackings":[{{"trackingNumber":"T-1","shippingCarrier":"Track-POD","trackingUrl":"https://t.example/1"}}]}}"#,
            fixture.sandbox.options().ghl_location
        )
    };
    let made = fixture.ghl("POST", &path, &body("7a10000000000000000000a1")).await;
    assert_eq!(made.status, 200);
    let json = made.json();
    assert_eq!(at(&json, "status"), "true");
    assert_eq!(at(&json, "data.trackings.0.trackingNumber"), "T-1");
    assert_eq!(at(&json, "data.items.0.qty"), "1");
    assert_eq!(at(&json, "data.items.0.price._id"), "7a10000000000000000000a1");
    assert_eq!(at(&json, "data.items.0.product.name"), "Canvas apron");
    for required in ["_id", "locationId", "productType", "createdAt", "updatedAt"] {
        assert_ne!(at(&json, &format!("data.items.0.product.{required}")), "-", "{required}");
    }
    let status = async || {
        let detail =
            fixture.ghl("GET", &format!("/payments/orders/{order}?{}", fixture.location()), "").await;
        at(&detail.json(), "fulfillmentStatus")
    };
    assert_eq!(status().await, "partially_fulfilled");
    assert_eq!(fixture.ghl("POST", &path, &body("7a10000000000000000000a2")).await.status, 200);
    assert_eq!(status().await, "fulfilled");

    let list = fixture.ghl("GET", &format!("{path}?{}", fixture.location()), "").await.json();
    assert_eq!(list.get("data").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(at(&list, "data.0._id"), at(&json, "data._id"));
    let ledger = fixture.control.ledger(0).await.unwrap();
    assert_eq!(ledger.entries.len(), 2);
    assert_eq!(ledger.entries[0].object.as_deref(), Some(at(&json, "data._id").as_str()));
    assert_eq!(ledger.entries[0].path, path);
    assert_eq!(ledger.entries[0].status, Some(200));
}

#[tokio::test]
async fn every_member_of_a_fulfilment_is_required() {
    let (fixture, order) = Fixture::with_order().await;
    let path = format!("/payments/orders/{order}/fulfillments");
    let good = [
        ("altId", format!("\"{}\"", fixture.sandbox.options().ghl_location)),
        ("altType", r#""location""#.to_owned()),
        ("trackings", "[]".to_owned()),
        ("items", r#"[{"priceId":"7a10000000000000000000a1","qty":1}]"#.to_owned()),
        ("notifyCustomer", "false".to_owned()),
    ];
    let body = |changed: &str, value: Option<&str>| {
        let members = good.iter().filter_map(|(name, good)| match value {
            _ if *name != changed => Some(format!("\"{name}\":{good}")),
            Some(value) => Some(format!("\"{name}\":{value}")),
            None => None,
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    for (name, _) in &good {
        assert_eq!(fixture.ghl("POST", &path, &body(name, None)).await.status, 422, "without {name}");
    }
    for (name, value, status) in [
        ("altType", r#""company""#, 422),
        ("altId", r#""elsewhere""#, 403),
        ("trackings", r#"[{"trackingNumber":7}]"#, 422),
        ("items", "[]", 422),
        ("items", r#"[{"priceId":"7a10000000000000000000a1","qty":"1"}]"#, 422),
        ("items", r#"[{"priceId":"7a10000000000000000000a1","qty":0}]"#, 422),
        ("items", r#"[{"priceId":"of-another-order","qty":1}]"#, 400),
        ("notifyCustomer", r#""false""#, 422),
    ] {
        let answer = fixture.ghl("POST", &path, &body(name, Some(value))).await;
        assert_eq!(answer.status, status, "{name}: {value}: {}", answer.text);
    }
    assert_eq!(fixture.ghl("POST", &path, "[]").await.status, 400);
    assert_eq!(fixture.ghl("POST", &path, "{").await.status, 400);
    let list = fixture.ghl("GET", &format!("{path}?{}", fixture.location()), "").await.json();
    assert_eq!(at(&list, "data"), "[]");
}

#[tokio::test]
async fn notes_are_written_and_listed() {
    let (fixture, _) = Fixture::with_order().await;
    let contact = fixture.control.snapshot().await.unwrap().ghl.contacts[0].contact.clone();
    let id = at(&contact, "id");
    let shown = fixture.ghl("GET", &format!("/contacts/{id}"), "").await.json();
    assert_eq!(at(&shown, "contact.postalCode"), "04101");

    let path = format!("/contacts/{id}/notes");
    assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "notes"), "[]");
    let made = fixture.ghl("POST", &path, r#"{"body":"On its way","pinned":true}"#).await;
    assert_eq!(made.status, 201);
    assert_eq!(at(&made.json(), "note.body"), "On its way");
    assert_eq!(at(&made.json(), "note.pinned"), "true");
    assert_eq!(at(&made.json(), "note.contactId"), id);
    assert_eq!(fixture.ghl("POST", &path, r#"{"body":"Delivered"}"#).await.status, 201);
    let list = fixture.ghl("GET", &path, "").await.json();
    assert_eq!(
        (at(&list, "notes.0.body"), at(&list, "notes.1.body")),
        ("Delivered".into(), "On its way".into())
    );
    for bad in [
        "{}",
        r#"{"body":""}"#,
        r#"{"body":1}"#,
        r#"{"body":"x","pinned":"yes"}"#,
        r#"{"body":"x","title":1}"#,
    ] {
        assert_eq!(fixture.ghl("POST", &path, bad).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn one_fulfilment_too_many_is_refused() {
    let (fixture, order) = Fixture::with_order().await;
    let path = format!("/payments/orders/{order}/fulfillments");
    let body = format!(
        r#"{{"altId":"{}","altType":"location","notifyCustomer":false,"trackings":[],
        "items":[{{"priceId":"7a10000000000000000000a1","qty":1}}]}}"#,
        fixture.sandbox.options().ghl_location
    );
    for _ in 0..PER_ORDER_MAX {
        assert_eq!(fixture.ghl("POST", &path, &body).await.status, 200);
    }
    assert_eq!(fixture.ghl("POST", &path, &body).await.status, 507);
}
