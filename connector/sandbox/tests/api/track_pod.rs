//! Track-POD's endpoints for orders: who is let in, what is made, changed and refused.

use transload_sandbox::{SandboxOptions, Step};

use crate::support::{Fixture, at, unpaced};

#[tokio::test]
async fn the_key_is_required() {
    let fixture = Fixture::start(unpaced()).await;
    let test = format!("{}/Test", fixture.sandbox.track_pod_url());
    assert_eq!(fixture.send("GET", &test, &[], "").await.unwrap().status, 401);
    assert_eq!(fixture.send("GET", &test, &[("x-api-key", "wrong")], "").await.unwrap().status, 401);
    let ok = fixture.track_pod("GET", "/Test", "").await;
    assert_eq!((ok.status, ok.text.as_str()), (200, "ok"));
}

#[tokio::test]
async fn a_new_order_gets_a_place_and_its_tracking() {
    let fixture = Fixture::start(unpaced()).await;
    let body = r#"{"Number":"cv30001-2","Id":"10/345","Client":"Maxima","Address":"2 Quay Lane"}"#;
    let made = fixture.track_pod("POST", "/Order?updateAddressGps=true", body).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.text, r#"{"Status":201,"Title":"Created","Detail":"Order was created successfully"}"#);
    let place = format!("{}/Order/Id/10%2F345", fixture.sandbox.track_pod_url());
    assert_eq!(made.header("location"), Some(place.as_str()));

    let shown = fixture.track_pod("GET", "/Order/Id/10%2F345", "").await.json();
    let track_id = at(&shown, "TrackId");
    assert_eq!(at(&shown, "TrackLink"), format!("https://web.track-pod.com/track?id={track_id}"));
    for path in [format!("/Order/TrackId/{track_id}"), "/Order/Number/cv30001-2".to_owned()] {
        assert_eq!(fixture.track_pod("GET", &path, "").await.json(), shown, "{path}");
    }
    let ledger = fixture.control.ledger(0).await.unwrap();
    assert_eq!(ledger.entries[0].object.as_deref(), Some(track_id.as_str()));
    assert_eq!(ledger.entries[0].query, "updateAddressGps=true");
}

#[tokio::test]
async fn an_order_is_shown_in_pascal_case_without_nulls() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    let answer = fixture.track_pod("GET", "/Order/Id/o1", "").await;
    assert!(!answer.text.contains("null"), "{}", answer.text);
    for (member, value) in [
        ("Number", "N-o1"),
        ("Date", "2026-02-01T00:00:00"),
        ("TimeSlotFrom", "2026-02-01T09:00:00"),
        ("Type", "0"),
        ("Weight", "0"),
        ("COD", "20.45"),
        ("CreateSource", "WebApi"),
        ("LoadStatus", "none"),
        ("RescheduledTimes", "0"),
        ("GoodsList.0.OrderLineId", "a"),
        ("GoodsList.1.Quantity", "1.5"),
        ("GoodsList.1.Cost", "2.99"),
        ("GoodsList.0.QuantityFact", "-"),
        ("Note", "-"),
        ("StatusId", "-"),
        ("Status", "-"),
        ("RouteNumber", "-"),
        ("CODActual", "-"),
    ] {
        assert_eq!(at(&answer.json(), member), value, "{member}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_in_asp_net_s_shape() {
    let fixture = Fixture::start(unpaced()).await;
    let answer =
        fixture.track_pod("POST", "/Order", r#"{"Client":"Maxima","COD":"20.45","Colour":"red"}"#).await;
    assert_eq!(answer.status, 400);
    let json = answer.json();
    assert_eq!(at(&json, "title"), "One or more validation errors occurred.");
    assert_eq!(at(&json, "status"), "400");
    assert_eq!(at(&json, "errors.Address.0"), "The Address field is required.");
    for member in ["COD", "Colour"] {
        assert_ne!(at(&json, &format!("errors.{member}.0")), "-", "{member}");
    }
    for body in ["", "{", "[]", "1"] {
        assert_eq!(fixture.track_pod("POST", "/Order", body).await.status, 400, "{body:?}");
    }
    let url = format!("{}/Order", fixture.sandbox.track_pod_url());
    let key = ("x-api-key", fixture.sandbox.options().track_pod_key.as_str());
    for headers in [vec![key], vec![key, ("content-type", "text/plain")]] {
        let answer = fixture.send("POST", &url, &headers, r#"{"Client":"c","Address":"a"}"#).await.unwrap();
        assert_eq!(answer.status, 415);
    }
    let charset = ("content-type", "application/json; charset=utf-8");
    let answer =
        fixture.send("POST", &url, &[key, charset], r#"{"Client":"c","Address":"a"}"#).await.unwrap();
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn the_same_order_twice_makes_two_and_the_newest_is_found() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    let first = at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "TrackId");
    fixture.delivery("o1").await;
    let second = at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "TrackId");
    assert_ne!(first, second);
    assert_eq!(at(&fixture.track_pod("GET", "/Order/Number/N-o1", "").await.json(), "TrackId"), second);
    assert_eq!(fixture.control.snapshot().await.unwrap().track_pod.orders.len(), 2);
}

#[tokio::test]
async fn a_change_overwrites_what_is_given() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    let change = |address: &str| {
        format!(
            r#"{{"Id":"o1","Client":"Maxima","Address":"{address}","COD":0,"TimeSlotFrom":null,"Note":"Bell is broken"}}"#
        )
    };
    let answer = fixture.track_pod("PUT", "/Order", &change("3 Quay Lane")).await;
    assert_eq!(answer.status, 202);
    assert_eq!(at(&answer.json(), "Detail"), "Order was updated successfully");
    let shown = fixture.track_pod("GET", "/Order/Id/o1", "").await.json();
    for (member, value) in [
        ("Number", "N-o1"),
        ("Address", "3 Quay Lane"),
        ("COD", "0"),
        ("Note", "Bell is broken"),
        ("TimeSlotFrom", "-"),
        ("GoodsList.1.OrderLineId", "b"),
    ] {
        assert_eq!(at(&shown, member), value, "{member}");
    }
    // "Address cannot be updated for orders planned into routes."
    fixture.control.drive("o1", &Step::Schedule(Default::default())).await.unwrap();
    assert_eq!(fixture.track_pod("PUT", "/Order", &change("4 Quay Lane")).await.status, 202);
    assert_eq!(at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "Address"), "3 Quay Lane");

    for unknown in [r#"{"Id":"o2","Client":"c","Address":"a"}"#, r#"{"Client":"c","Address":"a"}"#] {
        assert_eq!(fixture.track_pod("PUT", "/Order", unknown).await.status, 404, "{unknown}");
    }
    assert_eq!(fixture.track_pod("PUT", "/Order", r#"{"Id":"o1"}"#).await.status, 400);
}

#[tokio::test]
async fn a_processed_order_is_changed_only_by_force() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    for step in [Step::Schedule(Default::default()), Step::Deliver(Default::default())] {
        fixture.control.drive("o1", &step).await.unwrap();
    }
    let change = r#"{"Number":"N-o1","Client":"Maxima","Address":"2 Quay Lane","Note":"late"}"#;
    assert_eq!(fixture.track_pod("PUT", "/Order", change).await.status, 405);
    assert_eq!(fixture.track_pod("PUT", "/Order?forceUpdate=true", change).await.status, 202);
    assert_eq!(at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "Note"), "late");
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o1", "").await.status, 400);
}

#[tokio::test]
async fn a_deleted_order_is_gone_and_leaves_its_traces() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    assert_eq!(fixture.track_pod("GET", "/Order/Id/o2", "").await.status, 404);
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o2", "").await.status, 404);
    assert_eq!(fixture.track_pod("DELETE", "/Order/Number/N-o1", "").await.status, 200);
    for path in ["/Order/Id/o1", "/Order/Number/N-o1"] {
        let gone = fixture.track_pod("GET", path, "").await;
        assert_eq!(gone.status, 410);
        assert_eq!(at(&gone.json(), "Status"), "410");
        assert_eq!(at(&gone.json(), "Order.Id"), "o1");
        assert_eq!(at(&gone.json(), "Order.COD"), "20.45");
        assert_ne!(at(&gone.json(), "Order.DeletedDate"), "-");
    }
    let change = r#"{"Id":"o1","Client":"Maxima","Address":"2 Quay Lane"}"#;
    assert_eq!(fixture.track_pod("PUT", "/Order", change).await.status, 410);
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o1", "").await.status, 404);
    let state = fixture.control.snapshot().await.unwrap().track_pod;
    assert_eq!((state.orders.len(), state.removed.len()), (0, 1));
    fixture.delivery("o1").await;
    assert_eq!(fixture.track_pod("GET", "/Order/Id/o1", "").await.status, 200);
}

#[tokio::test]
async fn the_21st_request_in_a_second_is_429() {
    let fixture = Fixture::start(SandboxOptions::default()).await;
    let first = fixture.track_pod("GET", "/Test", "").await;
    assert_eq!(first.header("x-rate-limit-remaining"), Some("399"));
    let reset: jiff::Timestamp = first.header("x-rate-limit-reset").unwrap().parse().unwrap();
    assert!(reset > jiff::Timestamp::now());
    // Windows of one second follow each other; three of them would need 20 requests each, so one of 60 is refused unless
    // a request takes 50 ms.
    let mut refused = None;
    for _ in 0..60 {
        let answer = fixture.track_pod("GET", "/Test", "").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200);
    }
    let refused = refused.expect("60 requests went through");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(at(&refused.json(), "Status"), "429");
}
