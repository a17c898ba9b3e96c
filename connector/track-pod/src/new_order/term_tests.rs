//! Tests of the terms: how they are written, what they are checked for, and how an answer is compared with them.

use proptest::prelude::*;
use transload_model::Decimal;

use super::tests::{as_told, order};
use super::*;
use crate::{Kind, Order};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

fn all() -> Terms {
    Terms {
        id: text("660ed43bfdf9fc05a0de7a40-2"),
        kind: Kind::Collection,
        number: text("1001"),
        client: text("Quist & Daughters"),
        cod: None,
        date: text("2026-02-01"),
        time_slot_from: text("09:30"),
        time_slot_to: text("2026-02-01T18:00:00"),
        service_time: decimal("7.5"),
        note: None,
        shipper: text("Sanitex"),
        shipper_id: text("357"),
        depot: text("9 Riverside, Salford M7 1PA"),
        depot_id: text("1"),
        weight: decimal("50.50"),
        volume: decimal("8.54"),
        pallets: decimal("3"),
        priority: Some(Priority::High),
        team_code: text("north"),
        barcode: text("1234567890123"),
        invoice_id: text("inv0002"),
        customer_reference_id: text("ord123/1"),
        custom_fields: vec![("cf_123".to_owned(), "2".to_owned()), ("cf_7".to_owned(), "true".to_owned())],
    }
}

fn new(terms: &Terms) -> NewOrder {
    NewOrder::from_order(&order(), terms).unwrap()
}

#[test]
fn all_terms_are_written_as_the_document_names_them() {
    let json = serde_json::to_string(&new(&all())).unwrap();
    let expected = concat!(
        r#"{"Id":"660ed43bfdf9fc05a0de7a40-2","Number":"1001","Type":1,"Date":"2026-02-01","#,
        r#""TimeSlotFrom":"09:30:00","TimeSlotTo":"2026-02-01T18:00:00","ServiceTime":7.5,"#,
        r#""Client":"Quist & Daughters","Address":"14 Harbour Road, Mindelo, Sao Vicente 61131, CV","#,
        r#""ContactName":"Nora Quist","Phone":"+2385550100","Email":"nora.quist@example.com","#,
        r#""Shipper":"Sanitex","ShipperId":"357","Depot":"9 Riverside, Salford M7 1PA","DepotId":"1","#,
        r#""Weight":50.50,"Volume":8.54,"Pallets":3,"Priority":"high","TeamCode":"north","#,
        r#""Barcode":"1234567890123","InvoiceId":"inv0002","CustomerReferenceId":"ord123/1","#,
        r#""CustomFields":[{"Id":"cf_123","Value":"2"},{"Id":"cf_7","Value":"true"}],"GoodsList":["#,
    );
    assert!(json.starts_with(expected), "{json}");
}

#[test]
fn another_id_is_the_number_too_unless_there_is_one() {
    let renewed = new(&Terms { id: text("o1-2"), ..Terms::default() });
    assert_eq!((renewed.id.as_str(), renewed.number.as_str()), ("o1-2", "o1-2"));
    let blank = new(&Terms { id: text(" "), number: text(""), ..Terms::default() });
    assert_eq!((blank.id.as_str(), blank.number.as_str()), (order().id.as_str(), order().id.as_str()));
}

#[test]
fn terms_that_must_be_whole_are_not_cut() {
    type Change = fn(&mut Terms, String);
    let changes: [(&str, usize, Change); 9] = [
        ("Id", 50, |terms, text| terms.id = Some(text)),
        ("Number", 50, |terms, text| terms.number = Some(text)),
        ("Shipper", 255, |terms, text| terms.shipper = Some(text)),
        ("ShipperId", 50, |terms, text| terms.shipper_id = Some(text)),
        ("Depot", 255, |terms, text| terms.depot = Some(text)),
        ("DepotId", 50, |terms, text| terms.depot_id = Some(text)),
        ("Barcode", 128, |terms, text| terms.barcode = Some(text)),
        ("InvoiceId", 50, |terms, text| terms.invoice_id = Some(text)),
        ("CustomerReferenceId", 50, |terms, text| terms.customer_reference_id = Some(text)),
    ];
    for (member, limit, change) in changes {
        let mut terms = all();
        change(&mut terms, "x".repeat(limit));
        new(&terms);
        change(&mut terms, "x".repeat(limit + 1));
        let expected = MapError::TooLong { order: order().id, member, length: limit + 1, limit };
        assert_eq!(NewOrder::from_order(&order(), &terms).unwrap_err(), expected);
    }
}

#[test]
fn what_a_term_must_look_like_is_said() {
    let refused = |change: fn(&mut Terms)| {
        let mut terms = all();
        change(&mut terms);
        NewOrder::from_order(&order(), &terms).unwrap_err().to_string()
    };
    let named = "order 660ed43bfdf9fc05a0de7a40: ";
    for (error, message) in [
        (
            refused(|terms| terms.time_slot_from = text("9am")),
            r#""9am" is no TimeSlotFrom: 09:30:00 or 2026-02-01T09:30:00 is how one is written"#,
        ),
        (refused(|terms| terms.weight = decimal("-0.5")), "Weight is -0.5, which is below zero"),
        (
            refused(|terms| terms.custom_fields[0].0 = "cf_".to_owned()),
            r#""cf_" is not the id of a custom field: cf_ and a number are needed, as in cf_123"#,
        ),
        (
            refused(|terms| terms.custom_fields[1].0 = "Floor".to_owned()),
            r#""Floor" is not the id of a custom field: cf_ and a number are needed, as in cf_123"#,
        ),
    ] {
        assert_eq!(error, format!("{named}{message}"));
    }
    assert_eq!(
        new(&Terms { time_slot_to: text("2026-02-01T18:00"), ..all() }).time_slot_to,
        text("2026-02-01T18:00:00")
    );
}

#[test]
fn an_answer_that_says_the_same_in_other_words_is_no_difference() {
    let new = new(&all());
    let mut current = as_told(&new);
    assert!(!new.differs_from(&current));
    current.time_slot_from = text("2026-02-01T09:30:00");
    current.time_slot_to = text("2026-02-01T18:00:00.000");
    current.weight = Some(Number(decimal("50.5").unwrap()));
    current.priority = text("High");
    current.custom_fields[0].value = text("2.00");
    current.custom_fields[1].value = text("True");
    current.custom_fields.reverse();
    assert!(!new.differs_from(&current));
}

#[test]
fn whatever_an_update_would_change_is_a_difference() {
    let new = new(&all());
    let changes: [fn(&mut Order); 20] = [
        |order| order.kind = Some(0),
        |order| order.time_slot_from = text("2026-02-01T09:31:00"),
        |order| order.time_slot_from = None,
        |order| order.time_slot_to = text("2026-02-02T18:00:00"),
        |order| order.service_time = None,
        |order| order.shipper = text("Other"),
        |order| order.shipper_id = None,
        |order| order.depot = None,
        |order| order.depot_id = text("2"),
        |order| order.weight = None,
        |order| order.volume = Some(Number(1.into())),
        |order| order.pallets = None,
        |order| order.priority = text("low"),
        |order| order.team_code = None,
        |order| order.barcode = text("1"),
        |order| order.invoice_id = None,
        |order| order.customer_reference_id = None,
        |order| order.custom_fields[0].value = text("3"),
        |order| order.custom_fields[1].value = text("false"),
        |order| drop(order.custom_fields.pop()),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut current = as_told(&new);
        change(&mut current);
        assert!(new.differs_from(&current), "change {index}");
    }
}

#[test]
fn terms_that_are_not_said_are_not_compared() {
    let current = as_told(&new(&all()));
    let silent = Terms {
        id: all().id,
        kind: Kind::Collection,
        number: all().number,
        client: all().client,
        ..Terms::default()
    };
    assert!(!new(&silent).differs_from(&current));
}

#[test]
fn a_value_of_a_custom_field_is_compared_by_what_its_type_makes_of_it() {
    let differs = |new: &str, current: Option<&str>| {
        let terms = Terms { custom_fields: vec![("cf_1".to_owned(), new.to_owned())], ..Terms::default() };
        let new = self::new(&terms);
        let mut told = as_told(&new);
        told.custom_fields[0].value = current.map(str::to_owned);
        new.differs_from(&told)
    };
    for (new, current) in [
        ("2019-09-18", "2019-09-18T00:00:00"),
        ("13:00", "13:00:00"),
        ("123.45", "123.450"),
        ("false", "False"),
        ("Text", "Text"),
    ] {
        assert!(!differs(new, Some(current)), "{new} {current}");
    }
    assert!(!differs("", None));
    for (new, current) in [
        ("2019-09-18", "2019-09-18T08:00:00"),
        ("1", "10"),
        ("Text", "text"),
        ("", "x"),
        ("Text", "Text:00 "),
    ] {
        assert!(differs(new, Some(current)), "{new} {current}");
    }
    assert!(differs("x", None));
}

proptest! {
    /// Whatever terms are taken, an order that was told so is not told again.
    #[test]
    fn what_was_told_is_not_told_again(
        texts in proptest::collection::vec(proptest::option::of("\\PC{0,60}"), 9),
        measures in proptest::collection::vec(proptest::option::of((0_i64..i64::MAX, 0_u8..=18)), 4),
        fields in proptest::collection::vec(("cf_[0-9]{1,4}", "\\PC{0,20}"), 0..1),
    ) {
        let text = |index: usize| texts[index].clone();
        let measure = |index: usize| measures[index].map(|(units, exponent)| Decimal::new(units, exponent).unwrap());
        let terms = Terms {
            id: text(0), number: text(1), client: text(2), shipper: text(3), depot: text(4), team_code: text(5),
            barcode: text(6), invoice_id: text(7), customer_reference_id: text(8), weight: measure(0), volume: measure(1),
            pallets: measure(2), service_time: measure(3), custom_fields: fields, ..all()
        };
        let Ok(new) = NewOrder::from_order(&order(), &terms) else { return Ok(()) };
        let told = as_told(&new);
        prop_assert!(!new.differs_from(&told), "{:?} {:?}", new, told);
    }
}
