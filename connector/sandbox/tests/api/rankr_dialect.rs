//! The order sink under other paths, names and words.

use transload_sandbox::{AddToRankr, Json, RankrDialect, RankrKind, SandboxOptions};

use crate::support::{Fixture, at, unpaced};

const SALE: &str = r#"{"external_id":"o1","revision":3,"state":"done","payment":{"state":"settled","received":"17.00"},
    "total":{"value":"17.00","unit":"USD"},"is_live":true,"buyer":{"external_id":"c1","mail":"n@example.com"},
    "rows":[{"row_id":"a","count":"2","price":"8.50"}]}"#;

async fn other() -> Fixture {
    Fixture::start(SandboxOptions { rankr_dialect: RankrDialect::Other, ..unpaced() }).await
}

#[tokio::test]
async fn the_other_dialect_has_its_own_paths_names_and_words() {
    let fixture = other().await;
    assert_eq!(fixture.rankr("GET", "/v2/ping", "").await.status, 200);
    let made = fixture.rankr("PUT", "/v2/sales/o1", SALE).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(at(&made.json(), "total.value"), "17.00");
    let shipment = r#"{"external_id":"f1","sale_id":"o1","state":"handed_over","made_by":"ghl",
        "parcel":{"number":"T-1"},"tell_buyer":true,"rows":[{"row_id":"a","count":"1"}]}"#;
    let made = fixture.rankr("POST", "/v2/sales/o1/shipments", shipment).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let listed = fixture.rankr("GET", "/v2/sales/o1/shipments", "").await.json();
    assert_eq!(at(&listed, "data.0.parcel.number"), "T-1");
    assert_eq!(at(&listed, "data.0.rows.0.count"), "1");

    let state = fixture.control.snapshot().await.unwrap().rankr.orders.remove(0);
    for (path, value) in [
        ("orderId", "o1"),
        ("status", "completed"),
        ("paymentStatus", "paid"),
        ("amount", "17.00"),
        ("currency", "USD"),
        ("customer.email", "n@example.com"),
        ("lines.0.lineId", "a"),
    ] {
        assert_eq!(at(&state.order, path), value, "{path}");
    }
    assert_eq!(at(&state.fulfillments[0], "status"), "delivered");
    assert_eq!(state.notices, 1);
}

#[tokio::test]
async fn the_other_dialect_s_lists_have_other_parameters_and_another_envelope() {
    let fixture = other().await;
    for id in ["t1", "t2"] {
        let object = format!(
            r#"{{"transactionId":"{id}","amount":"1","currency":"USD","status":"succeeded","timestamp":"2026-01-05T08:00:00.000Z"}}"#
        );
        let new = AddToRankr::silent(Json::parse(&object).unwrap());
        fixture.control.rankr_add(RankrKind::Transaction, &new).await.unwrap();
    }
    let first = fixture.rankr("GET", "/v2/money?per_page=1", "").await.json();
    assert_eq!((at(&first, "data.0.external_id"), at(&first, "data.0.state")), ("t1".into(), "ok".into()));
    let path = format!("/v2/money?per_page=1&page={}", at(&first, "meta.next"));
    let second = fixture.rankr("GET", &path, "").await.json();
    assert_eq!((at(&second, "data.0.external_id"), at(&second, "meta")), ("t2".into(), "-".into()));
    let since = fixture.rankr("GET", "/v2/money?since=2999-01-01T00:00:00.000Z", "").await.json();
    assert_eq!(at(&since, "data"), "[]");
}

#[tokio::test]
async fn the_contract_s_own_paths_names_and_words_are_refused() {
    let fixture = other().await;
    assert_eq!(fixture.rankr("PUT", "/orders/o1", SALE).await.status, 404);
    for (ours, theirs) in [
        (r#""orderId""#, r#""external_id""#),
        (r#""amountPaid""#, r#""received""#),
        (r#""lineId""#, r#""row_id""#),
        (r#""completed""#, r#""done""#),
        (r#""paid""#, r#""settled""#),
    ] {
        let answer = fixture.rankr("PUT", "/v2/sales/o1", &SALE.replacen(theirs, ours, 1)).await;
        assert_eq!(answer.status, 422, "{ours}: {}", answer.text);
    }
}
