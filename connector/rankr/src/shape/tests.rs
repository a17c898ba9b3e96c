//! Tests of settings: what they move, that it comes back, and what they may not say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::members::vocabularies;
use super::{Kind, Names, QUERY, Shape, ShapeError};
use crate::record::Record;
use crate::samples::{
    any_fulfillment, any_invoice, any_order, any_subscription, any_transaction, example, names,
};
use crate::{SinkOrder, endpoints};

fn shape(settings: Value) -> Shape {
    serde_json::from_str(&settings.to_string()).unwrap()
}

fn refused(settings: Value) -> String {
    serde_json::from_str::<Shape>(&settings.to_string()).unwrap_err().to_string()
}

fn outward(shape: &Shape, kind: Kind, object: &Value) -> Value {
    serde_json::from_slice(&shape.outward(kind, object.to_string().into_bytes()).unwrap()).unwrap()
}

fn inward(shape: &Shape, kind: Kind, object: &Value) -> Value {
    serde_json::from_slice(&shape.inward(kind, object.to_string().as_bytes())).unwrap()
}

#[test]
fn members_move_to_names_pointers_and_words() {
    let shape = shape(json!({
        "fields": {"order": {
            "orderId": "external_id",
            "amount": "/total/value",
            "currency": "/total/unit",
            "customer": "buyer",
            "/customer/email": "mail",
            "/customer/phone": "/contact/phone",
            "shipTo": "/delivery/address",
            "lines": "/basket/rows",
            "/lines/lineId": "id",
            "/lines/unitPrice": "/price/each",
            "note": "a~1b/c",
            "number": "/a~1b/~0"
        }},
        "statuses": {"order": {"pending": "open", "lost": "gone"}, "paymentStatus": {"paid": "settled"}}
    }));
    let ours = json!({
        "orderId": "o1", "version": 7, "status": "pending", "paymentStatus": "paid", "amount": "1.50",
        "currency": "USD", "live": true, "customer": {"email": "a@example.com", "phone": "1", "name": "A"},
        "customerId": "c1", "shipTo": {"city": "Leeds", "lines": ["x"]},
        "lines": [{"lineId": "l1", "quantity": "2", "unitPrice": "0.75"}, {"lineId": "l2", "quantity": "1"}],
        "note": "n", "number": "1", "extra": {"k": "v"}
    });
    let sinks = json!({
        "external_id": "o1", "version": 7, "status": "open", "paymentStatus": "settled",
        "total": {"value": "1.50", "unit": "USD"}, "live": true,
        "buyer": {"mail": "a@example.com", "name": "A"}, "contact": {"phone": "1"}, "customerId": "c1",
        "delivery": {"address": {"city": "Leeds", "lines": ["x"]}},
        "basket": {"rows": [{"id": "l1", "quantity": "2", "price": {"each": "0.75"}}, {"id": "l2", "quantity": "1"}]},
        "a~1b/c": "n", "a/b": {"~": "1"}, "extra": {"k": "v"}
    });
    assert_eq!(outward(&shape, Kind::Order, &ours), sinks);
    assert_eq!(inward(&shape, Kind::Order, &sinks), ours);
    let lost = json!({"status": "lost"});
    assert_eq!(outward(&shape, Kind::Order, &lost), json!({"status": "gone"}));
    // The sink's own member of a name that the contract has for another thing is not taken for it.
    assert_eq!(inward(&shape, Kind::Order, &json!({"orderId": "internal", "amount": 9})), json!({}));
}

#[test]
fn no_number_changes_on_its_way() {
    let shape = shape(json!({"fields": {"order": {"amount": "/total/value", "extra": "more"}}}));
    // 2^53 + 1 with two places has no exact binary form.
    let sinks = r#"{"orderId":"o1","version":9007199254740991,"status":"pending","currency":"USD","live":true,
        "total":{"value":9007199254740993.10},"more":{"n":0.30000000000000000001}}"#;
    let order = SinkOrder::read(&shape.inward(Kind::Order, sinks.as_bytes())).unwrap();
    assert_eq!(order.order.total.amount.to_string(), "9007199254740993.10");
    assert_eq!(order.extra["n"], "0.30000000000000000001");
    assert_eq!(order.version, 9_007_199_254_740_991);
}

#[test]
fn one_object_is_a_list_of_one_and_what_is_no_list_is_left_to_its_reader() {
    let shape = shape(json!({"fields": {"order": {"/lines/lineId": "id"}}}));
    for (sinks, ours) in [
        (json!({"lines": {"id": "l1"}}), json!({"lines": {"lineId": "l1"}})),
        (json!({"lines": [{"id": "l1"}, 7, null]}), json!({"lines": [{"lineId": "l1"}, 7, null]})),
        (json!({"lines": "none"}), json!({"lines": "none"})),
        (json!({"lines": null}), json!({"lines": null})),
    ] {
        assert_eq!(inward(&shape, Kind::Order, &sinks), ours);
    }
    for body in ["", "null", "[]", "7", "{\"lines\":", "<html>"] {
        assert_eq!(shape.inward(Kind::Order, body.as_bytes()).as_ref(), body.as_bytes());
    }
}

#[test]
fn what_settings_leave_out_is_the_contracts() {
    let plain = Shape::default();
    assert_eq!(shape(json!({})), plain);
    assert_eq!(shape(json!({"fields": {"order": {}}, "statuses": {"order": {}}})), plain);
    let order = example("Order");
    assert_eq!(outward(&plain, Kind::Order, &order), order);
    for call in endpoints::ALL {
        assert_eq!(plain.path(call), call.path);
    }
    assert!(QUERY.iter().all(|name| plain.parameter(name) == *name));
    let moved = shape(json!({
        "paths": {"put_order": "/v2/sales/{orderId}"},
        "fields": {"query": {"updated_since": "since", "limit": "cursor", "cursor": "limit"}}
    }));
    assert_eq!(moved.path(&endpoints::PUT_ORDER), "/v2/sales/{orderId}");
    assert_eq!(moved.path(&endpoints::GET_ORDER), "/orders/{orderId}");
    assert_eq!((moved.parameter("updated_since"), moved.parameter("limit")), ("since", "cursor"));
}

#[test]
fn what_cannot_work_is_refused_and_said() {
    for (settings, said) in [
        (json!({"field": {}}), "unknown field `field`, expected one of `paths`, `fields`, `statuses`"),
        (json!({"paths": {"put": "/x"}}), "rankr.paths.put: there is no such call; there are health, "),
        (
            json!({"paths": {"put_order": "/v2/{id}"}}),
            "rankr.paths.put_order: \"/v2/{id}\" cannot stand for /orders/{orderId}: ",
        ),
        (
            json!({"fields": {"orders": {}}}),
            "rankr.fields.orders: there is no such object; there are order, fulfillment, transaction, subscription, invoice, page, event, query",
        ),
        (
            json!({"fields": {"page": {"rows": "data"}}}),
            "rankr.fields.page.rows: the contract has no such member there; it has items, nextCursor",
        ),
        (
            json!({"fields": {"order": {"line": "x"}}}),
            "rankr.fields.order.line: the contract has no such member",
        ),
        (
            json!({"fields": {"order": {"amount": "status"}}}),
            "rankr.fields.order: status and amount cannot both stand at /status",
        ),
        (
            json!({"fields": {"order": {"amount": "/total", "currency": "/total/unit"}}}),
            "rankr.fields.order: amount and currency cannot both stand at /total",
        ),
        (
            json!({"fields": {"order": {"/lines/sku": "lineId"}}}),
            "rankr.fields.order: /lines/lineId and /lines/sku cannot both stand at /lineId",
        ),
        (
            json!({"fields": {"order": {"amount": "/lines/total"}}}),
            "rankr.fields.order: amount and lines cannot both stand at /lines",
        ),
        (
            json!({"fields": {"order": {"amount": "a", "/amount": "b"}}}),
            "rankr.fields.order: amount and amount cannot both stand at ",
        ),
        (
            json!({"fields": {"order": {"amount": ""}}}),
            "rankr.fields.order.amount: \"\" is no place for it: ",
        ),
        (
            json!({"fields": {"order": {"amount": "/a//b"}}}),
            "rankr.fields.order.amount: \"/a//b\" is no place",
        ),
        (json!({"fields": {"order": {"amount": "/"}}}), "rankr.fields.order.amount: \"/\" is no place"),
        (
            json!({"fields": {"query": {"since": "x"}}}),
            "rankr.fields.query.since: the contract has no such member there; it has updated_since, cursor, limit",
        ),
        (json!({"fields": {"query": {"limit": ""}}}), "rankr.fields.query.limit: \"\" is no place for it"),
        (
            json!({"fields": {"query": {"limit": "cursor"}}}),
            "rankr.fields.query: cursor and limit cannot both stand at cursor",
        ),
        (
            json!({"statuses": {"orders": {}}}),
            "rankr.statuses.orders: there is no such list of words; there are order, paymentStatus, ",
        ),
        (
            json!({"statuses": {"order": {"completed": "pending"}}}),
            "rankr.statuses.order: pending and completed would both be \"pending\"",
        ),
        (
            json!({"statuses": {"invoice": {"paid": "done", "void": "done"}}}),
            "rankr.statuses.invoice: paid and void would both be \"done\"",
        ),
        (
            json!({"statuses": {"order": {"completed": " "}}}),
            "rankr.statuses.order.completed: a word without spaces",
        ),
    ] {
        let error = refused(settings.clone());
        assert!(error.starts_with(said), "{settings}: {error}");
    }
}

#[test]
fn a_pointer_has_six_steps_at_most() {
    let fields = |place: &str| Names::from([("order".to_owned(), names(&[("/customer", place)]))]);
    let new = |place: &str| Shape::new(BTreeMap::new(), fields(place), Names::new());
    let shape = new("/a/b/c/d/e/f").unwrap();
    let ours = json!({"customer": {"email": "a@example.com"}});
    let sinks = json!({"a": {"b": {"c": {"d": {"e": {"f": {"email": "a@example.com"}}}}}}});
    assert_eq!(outward(&shape, Kind::Order, &ours), sinks);
    assert_eq!(inward(&shape, Kind::Order, &sinks), ours);
    assert!(matches!(new("/a/b/c/d/e/f/g"), Err(ShapeError::Place { .. })));
}

/// Settings of every kind of object: some members and words moved to places that no other is at.
fn any_shape() -> impl Strategy<Value = Shape> {
    let choices = || proptest::collection::vec(0..5_u8, 128);
    (choices(), choices()).prop_map(|(members, words)| {
        let mut fields = Names::new();
        let all =
            Kind::ALL.into_iter().flat_map(|kind| kind.members().iter().map(move |member| (kind, member)));
        for (number, ((kind, member), choice)) in all.zip(&members).enumerate() {
            let place = match choice {
                0 => format!("m{number}"),
                1 => format!("/g{}/m{number}", number % 3),
                2 => format!("/g/h/m~1{number}"),
                _ => continue,
            };
            fields.entry(kind.name().to_owned()).or_default().insert(format!("/{member}"), place);
        }
        if members.last() < Some(&3) {
            let order = fields.entry("order".to_owned()).or_default();
            order.insert("customer".to_owned(), "/who/buyer".to_owned());
        }
        let mut statuses = Names::new();
        let lists = vocabularies();
        let all = lists.iter().flat_map(|list| list.words.iter().map(move |word| (list.name, word)));
        for ((list, word), _) in all.zip(words).filter(|(_, choice)| *choice < 2) {
            statuses.entry(list.to_owned()).or_default().insert((*word).to_owned(), format!("w-{word}"));
        }
        Shape::new(BTreeMap::new(), fields, statuses).unwrap()
    })
}

fn comes_back<T: Record>(shape: &Shape, object: &T) {
    let body = object.write().unwrap();
    let sinks = shape.outward(T::KIND, body.clone()).unwrap();
    let back: Value = serde_json::from_slice(&shape.inward(T::KIND, &sinks)).unwrap();
    assert_eq!(back, serde_json::from_slice::<Value>(&body).unwrap(), "{}", String::from_utf8_lossy(&sinks));
}

proptest! {
    #[test]
    fn what_goes_out_comes_back(
        shape in any_shape(), order in any_order(), fulfillment in any_fulfillment(), transaction in any_transaction(),
        subscription in any_subscription(), invoice in any_invoice(),
    ) {
        comes_back(&shape, &order);
        comes_back(&shape, &fulfillment);
        comes_back(&shape, &transaction);
        comes_back(&shape, &subscription);
        comes_back(&shape, &invoice);
    }

    #[test]
    fn no_settings_make_it_panic(
        name in "[a-z/~]{0,12}|/lines/lineId|customer|amount", place in "[a-z/~{}. ]{0,20}", word in "\\PC{0,8}",
    ) {
        let one = names(&[(&name, &place)]);
        let words = Names::from([("order".to_owned(), names(&[("completed", &word)]))]);
        let of = |kind: &str| Names::from([(kind.to_owned(), one.clone())]);
        let _ = Shape::new(names(&[("put_order", &place)]), Names::new(), words.clone());
        if let Ok(shape) = Shape::new(BTreeMap::new(), of("order"), words) {
            let order = example("Order");
            prop_assert_eq!(inward(&shape, Kind::Order, &outward(&shape, Kind::Order, &order)), order);
        }
        let _ = Shape::new(BTreeMap::new(), of("query"), Names::new());
    }
}
