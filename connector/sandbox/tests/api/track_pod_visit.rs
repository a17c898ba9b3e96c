//! The end of a visit: complete, partial, failed, refused, once more.

use transload_sandbox::{Deliver, Failure, Schedule, Step};

use crate::support::{Fixture, at, number, unpaced};

async fn scheduled() -> Fixture {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    fixture.control.drive("o1", &Step::Schedule(Schedule::default())).await.unwrap();
    fixture
}

async fn shown(fixture: &Fixture) -> transload_sandbox::Json {
    fixture.track_pod("GET", "/Order/Id/o1", "").await.json()
}

#[tokio::test]
async fn an_order_goes_through_its_plan() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    let schedule = Schedule { route: Some("R7".into()), date: Some("2026-02-02".into()), driver: None };
    let expected = [
        (Step::Schedule(schedule), ["R7", "Ready", "none", "-", "-"]),
        (Step::Load, ["R7", "Loaded", "loaded", "-", "-"]),
        (Step::Start, ["R7", "InProgress", "loaded", "1", "In Progress"]),
        (Step::Deliver(Deliver::default()), ["R7", "Closed", "loaded", "3", "Delivered"]),
    ];
    for (step, values) in expected {
        let order = fixture.control.drive("o1", &step).await.unwrap();
        let members = ["RouteNumber", "RouteStatus", "LoadStatus", "StatusId", "Status"];
        assert_eq!(members.map(|member| at(&order, member)), values, "{step:?}");
        assert_eq!(at(&order, "RouteDate"), "2026-02-02T00:00:00");
        assert_eq!(order, shown(&fixture).await);
    }
}

#[tokio::test]
async fn only_a_scheduled_order_can_end() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.delivery("o1").await;
    for end in ["Complete", "Reject"] {
        let refused = fixture.track_pod("PUT", &format!("/Order/Id/o1/{end}"), "").await;
        assert_eq!(
            (refused.status, at(&refused.json(), "Detail")),
            (400, "Order is not scheduled".to_owned())
        );
        assert_eq!(fixture.track_pod("PUT", &format!("/Order/Id/o2/{end}"), "").await.status, 404);
    }
    for step in
        [Step::Load, Step::Start, Step::Deliver(Deliver::default()), Step::Reschedule(Schedule::default())]
    {
        let error = fixture.control.drive("o1", &step).await.unwrap_err().to_string();
        assert!(error.contains("409"), "{error}");
    }
}

#[tokio::test]
async fn complete_without_a_body_delivers_everything() {
    let fixture = scheduled().await;
    assert_eq!(fixture.track_pod("PUT", "/Order/Number/N-o1/Complete", "").await.status, 200);
    let order = shown(&fixture).await;
    assert_eq!(at(&order, "StatusId"), "3");
    assert_eq!(
        (at(&order, "GoodsList.0.QuantityFact"), at(&order, "GoodsList.1.QuantityFact")),
        ("2".into(), "1.5".into())
    );
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Complete", "").await.status, 400);
}

#[tokio::test]
async fn a_part_of_a_line_is_a_partial_delivery() {
    let fixture = scheduled().await;
    let track_id = at(&shown(&fixture).await, "TrackId");
    let body = r#"{"StatusDate":"2026-02-02T13:36:05","SignatureName":"John Dow","CODActual":10.5,
        "GoodsList":[{"OrderLineId":"b","QuantityFact":1.49,"GoodsRejectReasonId":19}]}"#;
    assert_eq!(
        fixture.track_pod("PUT", &format!("/Order/TrackId/{track_id}/Complete"), body).await.status,
        200
    );
    let text = fixture.track_pod("GET", "/Order/Id/o1", "").await.text;
    // A string, though the request had a number.
    assert!(text.contains(r#""CODActual":"10.5""#), "{text}");
    let order = shown(&fixture).await;
    for (member, value) in [
        ("StatusId", "4"),
        ("StatusDate", "2026-02-02T13:36:05"),
        ("SignatureName", "John Dow"),
        ("GoodsList.0.QuantityFact", "2"),
        ("GoodsList.1.QuantityFact", "1.49"),
        ("GoodsList.1.RejectReason", "Damaged"),
        ("COD", "20.45"),
    ] {
        assert_eq!(at(&order, member), value, "{member}");
    }
}

#[tokio::test]
async fn a_completion_that_makes_no_sense_changes_nothing() {
    let fixture = scheduled().await;
    for body in [
        r#"{"GoodsList":[{"OrderLineId":"z","QuantityFact":1}]}"#,
        r#"{"GoodsList":[{"OrderLineId":"a","QuantityFact":-1}]}"#,
        r#"{"GoodsList":[{"OrderLineId":"a","GoodsRejectReasonId":2}]}"#,
        r#"{"CODActual":"10.5"}"#,
        r#"{"Lat":1}"#,
    ] {
        assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Complete", body).await.status, 400, "{body}");
    }
    assert_eq!(at(&shown(&fixture).await, "StatusId"), "-");
}

#[tokio::test]
async fn the_reason_s_list_decides_between_site_and_order() {
    for (reason, status, name) in [("2", "2", "Nobody at home"), ("10", "5", "Refused by the customer")] {
        let fixture = scheduled().await;
        let body = format!(r#"{{"RejectReasonId":{reason},"DriverComment":"Sorry"}}"#);
        assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Reject", &body).await.status, 200);
        let order = shown(&fixture).await;
        let members = ["StatusId", "RejectReason", "DriverComment", "GoodsList.0.QuantityFact"];
        assert_eq!(members.map(|member| at(&order, member)), [status, name, "Sorry", "0"]);
    }
    let fixture = scheduled().await;
    // 19 is a reason for goods.
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Reject", r#"{"RejectReasonId":19}"#).await.status, 400);
    assert_eq!(fixture.track_pod("PUT", "/Order/Id/o1/Reject", "").await.status, 200);
    assert_eq!(at(&shown(&fixture).await, "StatusId"), "5");
}

#[tokio::test]
async fn a_failed_visit_can_be_made_again() {
    let fixture = scheduled().await;
    let failed = fixture.control.drive("o1", &Step::Fail(Failure::default())).await.unwrap();
    assert_eq!(at(&failed, "StatusId"), "2");
    let again = fixture.control.drive("o1", &Step::Reschedule(Schedule::default())).await.unwrap();
    assert_eq!((at(&again, "StatusId"), at(&again, "RescheduledTimes")), ("-".into(), "1".into()));
    assert_eq!(at(&again, "GoodsList.0.QuantityFact"), "-");
    let deliver = Deliver {
        lines: [("a".to_owned(), number("2")), ("b".to_owned(), number("0.5"))].into(),
        cod_actual: Some(number("20.45")),
        ..Deliver::default()
    };
    let order = fixture.control.drive("N-o1", &Step::Deliver(deliver)).await.unwrap();
    assert_eq!((at(&order, "StatusId"), at(&order, "CODActual")), ("4".into(), "20.45".into()));
    assert!(fixture.control.drive("o1", &Step::Reschedule(Schedule::default())).await.is_err());
}

#[tokio::test]
async fn a_collection_is_collected() {
    let fixture = Fixture::start(unpaced()).await;
    let body = r#"{"Id":"c1","Client":"Maxima","Address":"2 Quay Lane","Type":1}"#;
    assert_eq!(fixture.track_pod("POST", "/Order", body).await.status, 201);
    fixture.control.drive("c1", &Step::Schedule(Schedule::default())).await.unwrap();
    let order = fixture.control.drive("c1", &Step::Deliver(Deliver::default())).await.unwrap();
    assert_eq!((at(&order, "StatusId"), at(&order, "Status")), ("3".into(), "Collected".into()));
}

#[tokio::test]
async fn status_changes_are_listed_for_one_day() {
    let fixture = scheduled().await;
    let since =
        |time: jiff::Timestamp| format!("/Order/Status/Date/{}", time.strftime("%Y-%m-%dT%H%%3A%M%%3A%S"));
    let hour_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    // Scheduled, but without a status yet.
    assert_eq!(fixture.track_pod("GET", &since(hour_ago), "").await.text, "[]");
    fixture.control.drive("o1", &Step::Start).await.unwrap();
    let list = fixture.track_pod("GET", &since(hour_ago), "").await.json();
    assert_eq!((at(&list, "0.Id"), at(&list, "1")), ("o1".into(), "-".into()));
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    assert_eq!(fixture.track_pod("GET", &since(in_an_hour), "").await.text, "[]");
    let day_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(25);
    for path in [since(day_ago), "/Order/Status/Date/yesterday".to_owned()] {
        let refused = fixture.track_pod("GET", &path, "").await;
        assert_eq!((refused.status, at(&refused.json(), "status")), (400, "400".to_owned()));
    }
}

#[tokio::test]
async fn reasons_are_listed_by_kind() {
    let fixture = Fixture::start(unpaced()).await;
    let reasons = fixture.track_pod("GET", "/RejectReason", "").await.json();
    for list in ["SiteIssue", "OrderIssue", "GoodsIssue", "ScanningIssues"] {
        assert_ne!(at(&reasons, &format!("{list}.0.Id")), "-", "{list}");
        assert_ne!(at(&reasons, &format!("{list}.0.Name")), "-", "{list}");
    }
}
