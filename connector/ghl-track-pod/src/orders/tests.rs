//! Orders against scripted vendors: which become deliveries, on which terms, and when.

use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

/// The vendors of an order up to the look at its delivery.
fn placed(settings: &str, order: &str, transactions: &[&str]) -> Fakes {
    Fakes::new(settings, NOW).answer("GET /payments/orders/o1?*", 200, order).answer(
        "GET /payments/transactions?*",
        200,
        &page(transactions),
    )
}

/// The same, and the delivery is created.
fn created(settings: &str, order: &str, transactions: &[&str]) -> String {
    let fakes = placed(settings, order, transactions)
        .answer("GET /Order/Id/o1", 404, "")
        .answer("POST /Order", 201, "{}")
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    done(with(&fakes, |connection| sync(connection, "o1")).unwrap());
    body(&writes(&fakes)[0])
}

fn settings(members: &str) -> String {
    format!(r#"{{"location_id":"loc1","mode":"all",{members}}}"#)
}

fn outcome(fakes: &Fakes) -> Result<Receipt, Failure> {
    with(fakes, |connection| sync(connection, "o1"))
}

#[test]
fn the_templates_of_the_settings_reach_track_pod() {
    let settings = settings(
        r#""delivery": {"kind": "collection", "number": "N-{{ order.id }}", "client": "{{ order.customer.name | upper }}",
            "date": "{{ order.created_on | plus_days(2) }}", "time_slot_from": "09:00", "time_slot_to": "17:30",
            "service_time": "{{ order.lines | length | times(2.5) }}", "shipper": "Main", "depot": "North", "depot_id": "D1",
            "weight": "{{ order.lines | sum(\"quantity\") | times(0.1) }}", "pallets": "", "team_code": "T1",
            "priority": "{{ 'high' if order.total > 150 else 'low' }}", "customer_reference_id": "{{ raw.contactId }}",
            "custom_fields": {"cf_1": "{{ order.currency }}", "cf_2": "{{ order.note }}"}}"#,
    );
    let sent = created(&settings, ORDER, &[]);
    for member in [
        r#""Type":1"#,
        r#""Number":"N-o1""#,
        r#""Client":"ADA FULLER""#,
        r#""Date":"2024-04-06""#,
        r#""TimeSlotFrom":"09:00:00""#,
        r#""TimeSlotTo":"17:30:00""#,
        r#""ServiceTime":5"#,
        r#""Shipper":"Main""#,
        r#""Depot":"North""#,
        r#""DepotId":"D1""#,
        r#""Weight":0.3"#,
        r#""TeamCode":"T1""#,
        r#""Priority":"high""#,
        r#""CustomerReferenceId":"c1""#,
        r#""CustomFields":[{"Id":"cf_1","Value":"USD"}]"#,
        r#""COD":150.1"#,
    ] {
        assert!(sent.contains(member), "{member} is not in {sent}");
    }
    assert!(!sent.contains("Pallets"), "{sent}");
}

#[test]
fn a_template_that_does_not_suit_an_order_stops_that_order_alone() {
    for (members, part) in [
        (r#""delivery": {"weight": "{{ order.customer.name }}"}"#, "delivery.weight"),
        (r#""delivery": {"kind": "pick-up"}"#, "delivery.kind"),
        (r#""delivery": {"priority": "urgent"}"#, "delivery.priority"),
        (r#""delivery": {"date": "tomorrow"}"#, "tomorrow"),
    ] {
        let fakes = placed(&settings(members), ORDER, &[]).answer("GET /Order/Id/o1", 404, "");
        let failure = outcome(&fakes).unwrap_err();
        assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains(part)), "{failure:?}");
    }
    let fakes = placed(&settings(r#""deliver_when": "order.totl > 5""#), ORDER, &[]);
    let failure = outcome(&fakes).unwrap_err();
    assert!(
        matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("deliver_when")),
        "{failure:?}"
    );
}

#[test]
fn a_rule_decides_which_orders_are_delivered() {
    for (rule, delivered) in [
        ("order.total > 150", true),
        ("order.total > 150.1", false),
        ("order.address.country == 'GB'", true),
        ("raw.items[0].product.name == 'Coat'", false),
    ] {
        let settings = settings(&format!(r#""deliver_when": "{rule}""#));
        if delivered {
            created(&settings, ORDER, &[]);
        } else {
            let reason = why_skipped(outcome(&placed(&settings, ORDER, &[])).unwrap());
            assert!(reason.contains("deliver_when"), "{rule}: {reason}");
        }
    }
}

#[test]
fn what_was_paid_and_given_back_stands_in_track_pod() {
    let refunded = with_changed(PAYMENT, r#""amountRefunded": 0"#, r#""amountRefunded": 10"#);
    let sent = created(SETTINGS, ORDER, &[&refunded]);
    assert!(sent.contains(r#""Note":"Paid 150.10 USD; refunded 10.00 USD.""#), "{sent}");
    let sent = created(&settings(r#""delivery": {"log_payments": "cf_12"}"#), ORDER, &[PAYMENT]);
    assert!(
        sent.contains(r#"{"Id":"cf_12","Value":"Paid 150.10 USD."}"#) && !sent.contains("Note"),
        "{sent}"
    );
    let sent = created(&settings(r#""delivery": {"log_payments": "none"}"#), ORDER, &[PAYMENT]);
    assert!(!sent.contains("Paid"), "{sent}");
}

#[test]
fn a_long_note_leaves_room_for_what_was_paid() {
    let long = "x".repeat(600);
    let sent = created(&settings(&format!(r#""delivery": {{"note": "{long}"}}"#)), ORDER, &[PAYMENT]);
    let note = sent.split(r#""Note":""#).nth(1).unwrap().split('"').next().unwrap().replace("\\n", "\n");
    assert_eq!(transload_wire::text::length(&note), 500);
    assert!(note.ends_with("…\nPaid 150.10 USD."), "{note}");
}

#[test]
fn amounts_of_every_currency_reach_the_driver_exactly() {
    for (currency, amount, cod) in
        [("JPY", "3000", "3000"), ("KWD", "12.375", "12.375"), ("USD", "0.1", "0.1")]
    {
        let order = with_changed(
            ORDER,
            r#""currency": "USD",
    "amount": 150.1"#,
            &format!(r#""currency": "{currency}", "amount": {amount}"#),
        );
        assert!(created(SETTINGS, &order, &[]).contains(&format!(r#""COD":{cod},"#)), "{currency}");
    }
}

#[test]
fn a_test_payment_pays_nothing_of_a_live_order() {
    let live = with_changed(ORDER, r#""liveMode": false"#, r#""liveMode": true"#);
    assert!(created(SETTINGS, &live, &[PAYMENT]).contains(r#""COD":150.1"#));
}

#[test]
fn without_cash_on_delivery_an_order_waits_until_it_is_paid() {
    let settings = settings(r#""cash_on_delivery": false"#);
    let fakes = placed(&settings, ORDER, &[]).answer("GET /Order/Id/o1", 404, "");
    assert!(why_skipped(outcome(&fakes).unwrap()).contains("150.10 USD"));
    assert!(writes(&fakes).is_empty());
    assert!(!created(&settings, ORDER, &[PAYMENT]).contains("COD"));
}

#[test]
fn a_connection_that_only_watches_says_what_it_would_do() {
    let settings = settings(r#""writes": false"#);
    let fakes = placed(&settings, ORDER, &[]).answer("GET /Order/Id/o1", 404, "");
    assert!(why_skipped(outcome(&fakes).unwrap()).contains("writes"));
    let fakes =
        placed(&settings, ORDER, &[]).answer("GET /Order/Id/o1", 200, &delivery(&goods([None, None])));
    assert_eq!(alerts(&done(outcome(&fakes).unwrap())), ["address-too-late", "delivery-differs"]);
    assert!(writes(&fakes).is_empty());
}

#[test]
fn an_order_is_created_or_updated_alone_when_a_person_asks_for_that() {
    let asked = |fakes: &Fakes, step| with(fakes, |connection| run(connection, "o1", step)).unwrap();
    let settings = settings(r#""deliver_when": "false", "cash_on_delivery": false"#);
    let fakes = placed(&settings, ORDER, &[])
        .answer("GET /Order/Id/o1", 404, "")
        .answer("POST /Order", 201, "{}")
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    assert_eq!(verbs(&done(asked(&fakes, Step::Create)))[0], (Verb::Created, "track-pod", "order"));
    let fakes = placed(SETTINGS, ORDER, &[]).answer("GET /Order/Id/o1", 404, "");
    assert!(why_skipped(asked(&fakes, Step::Update)).contains("no delivery yet"));
    let fakes = placed(SETTINGS, ORDER, &[]).answer("GET /Order/Id/o1", 200, &delivery(&goods([None, None])));
    assert!(why_skipped(asked(&fakes, Step::Create)).contains("has a delivery"));
}

#[test]
fn a_note_of_a_payment_that_comes_too_late_alarms_nobody() {
    // All as wanted but the note, so only that is refused.
    let present = r#"{"Id": "o1", "Number": "o1", "Type": 0, "Client": "Ada Fuller", "ContactName": "Ada Fuller",
        "Phone": "+15550100", "Address": "1 High Street, Leeds, LS1 4AP, GB", "RouteNumber": "R1", "RouteStatus": "InProgress",
        "GoodsList": [{"OrderLineId": "p1", "GoodsId": "p1", "GoodsName": "Tee", "Quantity": 1, "Cost": 17},
            {"OrderLineId": "p2", "GoodsId": "p2", "GoodsName": "Coat", "Quantity": 2, "Cost": 60.5}]}"#;
    let fakes = placed(SETTINGS, ORDER, &[PAYMENT]).answer("GET /Order/Id/o1", 200, present).answer(
        "PUT /Order",
        405,
        r#"{"Status":405,"Title":"Not allowed"}"#,
    );
    assert!(why_skipped(outcome(&fakes).unwrap()).contains("note of its payments"));
    assert!(fakes.unanswered().is_empty());
}
