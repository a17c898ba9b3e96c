//! Track-POD's lists by date and number, and changes to orders that are under way.

use transload_sandbox::{Deliver, Failure, Json, Schedule, Step};

use crate::support::{Fixture, at, unpaced};

fn ids(json: &Json) -> Vec<String> {
    json.as_array().unwrap().iter().map(|order| at(order, "Id")).collect()
}

impl Fixture {
    async fn ids_at(&self, path: &str) -> Vec<String> {
        let answer = self.track_pod("GET", path, "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        ids(&answer.json())
    }

    async fn planned(&self, id: &str, date: &str) {
        self.delivery(id).await;
        let schedule = Schedule { date: Some(date.to_owned()), ..Schedule::default() };
        self.control.drive(id, &Step::Schedule(schedule)).await.unwrap();
    }
}

#[tokio::test]
async fn orders_are_listed_by_their_date_and_by_their_route_s() {
    let fixture = Fixture::start(unpaced()).await;
    // The fixture's orders are for 2026-02-01.
    fixture.delivery("o1").await;
    fixture.planned("o2", "2026-02-03").await;
    let other = r#"{"Id":"o3","Client":"c","Address":"a","Date":"2026-02-02T10:00:00"}"#;
    assert_eq!(fixture.track_pod("POST", "/Order", other).await.status, 201);
    for (path, expected) in [
        ("/Order/Date/2026-02-01", vec!["o1", "o2"]),
        ("/Order/Date/2026-02-02", vec!["o3"]),
        ("/Order/Date/2026-02-02T23%3A00%3A00", vec!["o3"]),
        ("/Order/Date/2026-02-03", vec![]),
        ("/Order/Route/Date/2026-02-03", vec!["o2"]),
        ("/Order/Route/Date/2026-02-01", vec![]),
    ] {
        assert_eq!(fixture.ids_at(path).await, expected, "{path}");
    }
    for path in ["/Order/Date/soon", "/Order/Route/Date/2026-02-30"] {
        assert_eq!(fixture.track_pod("GET", path, "").await.status, 400, "{path}");
    }
    let moved = r#"{"Id":"o3","Client":"c","Address":"a","Date":"2026-02-05"}"#;
    assert_eq!(fixture.track_pod("PUT", "/Order", moved).await.status, 202);
    assert_eq!(fixture.ids_at("/Order/Date/2026-02-05").await, ["o3"]);
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o3", "").await.status, 200);
    assert!(fixture.ids_at("/Order/Date/2026-02-05").await.is_empty());
}

#[tokio::test]
async fn the_last_25_of_a_number_are_listed() {
    let fixture = Fixture::start(unpaced()).await;
    assert!(fixture.ids_at("/Order/Number/N-1/List").await.is_empty());
    for index in 0..26 {
        let body = format!(r#"{{"Number":"N-1","Id":"o{index}","Client":"c","Address":"a"}}"#);
        assert_eq!(fixture.track_pod("POST", "/Order", &body).await.status, 201);
    }
    let listed = fixture.ids_at("/Order/Number/N-1/List").await;
    assert_eq!((listed.len(), listed[0].as_str(), listed[24].as_str()), (25, "o1", "o25"));
    for index in 0..26 {
        assert_eq!(fixture.track_pod("DELETE", &format!("/Order/Id/o{index}"), "").await.status, 200);
    }
    let gone = fixture.track_pod("GET", "/Order/Number/N-1/List", "").await;
    assert_eq!((gone.status, at(&gone.json(), "Order.Id")), (410, "o25".to_owned()));
}

#[tokio::test]
async fn all_terms_of_an_order_come_back() {
    let fixture = Fixture::start(unpaced()).await;
    let body = r#"{"Number":"N-1","Id":"o1","Date":"2026-02-01","Type":1,"Shipper":"S","ShipperId":"s1","Depot":"D","DepotId":"d1",
        "Client":"c","Address":"a","TimeSlotFrom":"09:00:00","TimeSlotTo":"2026-02-01T11:30:00","ServiceTime":7.5,"Weight":12.25,
        "Volume":0.5,"Pallets":2,"Priority":"high","TeamCode":"T","InvoiceId":"i1","CustomerReferenceId":"r1","Barcode":"b1",
        "CustomFields":[{"Id":"cf_12","Value":"gift"}]}"#;
    assert_eq!(fixture.track_pod("POST", "/Order", body).await.status, 201);
    let shown = fixture.track_pod("GET", "/Order/Id/o1", "").await.json();
    for (member, value) in [
        ("Type", "1"),
        ("Shipper", "S"),
        ("ShipperId", "s1"),
        ("Depot", "D"),
        ("DepotId", "d1"),
        ("TimeSlotFrom", "2026-02-01T09:00:00"),
        ("TimeSlotTo", "2026-02-01T11:30:00"),
        ("ServiceTime", "7.5"),
        ("Weight", "12.25"),
        ("Volume", "0.5"),
        ("Pallets", "2"),
        ("Priority", "high"),
        ("TeamCode", "T"),
        ("InvoiceId", "i1"),
        ("CustomerReferenceId", "r1"),
        ("Barcode", "b1"),
        ("CustomFields.0.Id", "cf_12"),
        ("CustomFields.0.Label", "Custom field 12"),
        ("CustomFields.0.Value", "gift"),
    ] {
        assert_eq!(at(&shown, member), value, "{member}");
    }
    fixture.control.drive("o1", &Step::Schedule(Schedule::default())).await.unwrap();
    let done = fixture.control.drive("o1", &Step::Deliver(Deliver::default())).await.unwrap();
    assert_eq!(at(&done, "Status"), "Collected");
}

#[tokio::test]
async fn what_the_driver_dealt_with_is_405_unless_forced() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.planned("o1", "2026-02-01").await;
    let track_id = at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "TrackId");
    let change =
        |cod: &str| format!(r#"{{"Id":"o1","Client":"Maxima","Address":"2 Quay Lane","COD":{cod}}}"#);
    let by_track_id = format!("/Order/TrackId/{track_id}");
    assert_eq!(fixture.track_pod("PUT", &by_track_id, &change("1")).await.status, 202);
    fixture.control.drive("o1", &Step::Deliver(Deliver::default())).await.unwrap();
    assert_eq!(fixture.track_pod("PUT", "/Order", &change("2")).await.status, 405);
    assert_eq!(fixture.track_pod("PUT", &by_track_id, &change("2")).await.status, 405);
    // Only `PUT /Order` can be forced.
    assert_eq!(
        fixture.track_pod("PUT", &format!("{by_track_id}?forceUpdate=true"), &change("2")).await.status,
        405
    );
    let cod = async || at(&fixture.track_pod("GET", "/Order/Id/o1", "").await.json(), "COD");
    assert_eq!(cod().await, "1");
    assert_eq!(fixture.track_pod("PUT", "/Order?forceUpdate=true", &change("3")).await.status, 202);
    assert_eq!(cod().await, "3");
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o1", "").await.status, 400);
}

#[tokio::test]
async fn a_planned_order_is_rejected_through_the_api_or_deleted() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Reject", "").await.status, 400);
    fixture.planned("o2", "2026-02-01").await;
    let body = r#"{"DriverComment":"refunded","RejectReasonId":11}"#;
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o2/Reject", body).await.status, 200);
    let shown = fixture.track_pod("GET", "/Order/Id/o2", "").await.json();
    assert_eq!((at(&shown, "StatusId"), at(&shown, "RejectReason")), ("5".into(), "Canceled".into()));
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o2/Reject", body).await.status, 400);
    fixture.control.drive("o2", &Step::Reschedule(Schedule::default())).await.unwrap();
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o2", "").await.status, 200);
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o2/Reject", body).await.status, 404);
    fixture.planned("o3", "2026-02-01").await;
    fixture.control.drive("o3", &Step::Fail(Failure::default())).await.unwrap();
    assert_eq!(fixture.track_pod("DELETE", "/Order/Id/o3", "").await.status, 400);
}
