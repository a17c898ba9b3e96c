//! Invoices and what was paid for them, against scripted vendors.

use proptest::prelude::*;
use transload_model::Decimal;
use transload_sdk::Verb;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

const INVOICE: &str = r#"{"_id": "i1", "status": "partially_paid", "liveMode": false, "total": 150.1, "amountPaid": 50,
    "amountDue": 100.1, "currency": "USD", "invoiceNumber": "19", "contactDetails": {"id": "c1"}, "dueDate": "2024-04-30",
    "createdAt": "2024-04-04T16:00:00.000Z", "updatedAt": "2024-04-04T16:20:00.000Z"}"#;

/// INVOICE as it is held. 2024-04-04T16:25:00Z, the payment's, by `date -ud … +%s`.
const HELD: &str = r#"{"invoiceId":"i1","version":1712247900000,"number":"19","status":"partially_paid","orderId":"o1","amount":"150.1","currency":"USD","amountPaid":"50","amountDue":"100.1","customerId":"c1","dueAt":"2024-04-30T23:59:59.999Z","live":false,"createdAt":"2024-04-04T16:00:00.000Z","updatedAt":"2024-04-04T16:20:00.000Z"}"#;

fn payment(id: &str, amount: &str, refunded: &str) -> String {
    format!(
        r#"{{"_id": "{id}", "currency": "USD", "amount": {amount}, "amountRefunded": {refunded}, "status": "succeeded",
            "liveMode": false, "entityType": "invoice", "entityId": "i1", "createdAt": "2024-04-04T16:25:00.000Z",
            "updatedAt": "2024-04-04T16:25:00.000Z"}}"#
    )
}

/// GoHighLevel's answers for an invoice that bills no order.
fn asked(fakes: Fakes, invoice: &str, payments: &[&str]) -> Fakes {
    fakes
        .answer("GET /invoices/i1?*", 200, invoice)
        .answer("GET /payments/transactions?*", 200, &page(payments))
        .answer("GET /payments/orders?*", 200, &page(&[]))
}

fn held(fakes: Fakes) -> Fakes {
    fakes.answer("GET /invoices/i1", 404, MISSING).answer("PUT /invoices/i1", 201, TAKEN)
}

fn fakes() -> Fakes {
    Fakes::new(SETTINGS, NOW)
}

fn report(fakes: &Fakes) -> Report {
    done(with(fakes, |connection| sync(connection, "i1")).unwrap())
}

#[test]
fn an_invoice_is_held_with_the_order_that_its_payment_names() {
    let paid = with_changed(
        &payment("t1", "50", "0"),
        r#""entityType": "invoice", "entityId": "i1""#,
        r#""entityType": "order", "entityId": "o1", "entitySource": {"type": "invoice", "id": "i1"}"#,
    );
    let fakes = fakes()
        .answer("GET /invoices/i1?*", 200, INVOICE)
        .answer("GET /payments/transactions?*", 200, &page(&[&paid]))
        .answer("GET /payments/transactions?*", 200, &page(&[&paid]));
    let fakes = held(fakes);
    let report = report(&fakes);
    assert_eq!(verbs(&report), [(Verb::Created, "rankr", "invoice")]);
    assert!(report.alerts.is_empty(), "a payment that both lists have counts once: {:?}", report.alerts);
    assert_eq!(body(&writes(&fakes)[0]), HELD);
    let asked: Vec<String> = fakes.sent().into_iter().map(|request| request.url).collect();
    assert!(asked[1].contains("entityId=i1") && asked[2].contains("entityId=o1"), "{asked:?}");
}

#[test]
fn an_unpaid_invoice_s_order_is_found_by_its_source_and_that_order_s_payments_count() {
    let of_order = PAYMENT
        .replace("150.1", "50")
        .replace(r#""chargeId": "ch_1""#, r#""entitySource": {"type": "invoice", "id": "i1"}"#);
    let other = with_changed(PAYMENT, r#""_id": "t1""#, r#""_id": "t2""#);
    let fakes = fakes()
        .answer("GET /invoices/i1?*", 200, INVOICE)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /payments/orders?*", 200, &page(&[ORDER]))
        .answer("GET /payments/transactions?*", 200, &page(&[&of_order, &other]));
    let fakes = held(fakes);
    assert!(report(&fakes).alerts.is_empty(), "what pays for the order without the invoice is another's");
    assert_eq!(body(&writes(&fakes)[0]), HELD);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn sums_that_differ_are_told_once_for_each_pair() {
    let (half, more) = (payment("t1", "49.99", "0"), payment("t2", "0.01", "0"));
    let asks: [&[&str]; 5] = [&[&half], &[&half], &[&half, &more], &[&half], &[]];
    let fakes = asks.iter().fold(fakes(), |fakes, payments| {
        asked(fakes, INVOICE, payments).answer("GET /invoices/i1", 404, MISSING).answer(
            "PUT /invoices/i1",
            201,
            TAKEN,
        )
    });
    let reports: Vec<Report> = asks.iter().map(|_| report(&fakes)).collect();
    let told: Vec<Vec<&str>> = reports.iter().map(alerts).collect();
    assert_eq!(told, [vec![DIFFERS], vec![], vec![], vec![DIFFERS], vec![DIFFERS]]);
    let text = &reports[0].alerts[0].message;
    assert!(text.contains("50.00 USD was paid") && text.contains("add up to 49.99 USD"), "{text}");
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_void_invoice_whose_money_is_still_there_is_told_once_until_it_is_given_back() {
    let void = with_changed(INVOICE, "partially_paid", "void");
    let refunded = with_changed(&void, r#""amountPaid": 50"#, r#""amountPaid": 0"#);
    let (paid, back) = (payment("t1", "50", "0"), payment("t1", "50", "50"));
    let rounds: [(&str, &str); 4] = [(&void, &paid), (&void, &paid), (&refunded, &back), (&void, &paid)];
    let fakes =
        rounds.iter().fold(fakes(), |fakes, (invoice, payment)| held(asked(fakes, invoice, &[payment])));
    let told: Vec<Vec<String>> =
        rounds.iter().map(|_| report(&fakes).alerts.into_iter().map(|alert| alert.kind).collect()).collect();
    assert_eq!(told, [vec![VOID.to_owned()], vec![], vec![], vec![VOID.to_owned()]]);
}

#[test]
fn what_gohighlevel_does_not_say_was_paid_is_what_came_in() {
    let silent = r#"{"_id": "i1", "status": "partially_paid", "liveMode": false, "total": 150.1, "currency": "USD",
        "createdAt": "2024-04-04T16:00:00.000Z"}"#;
    let fakes = held(asked(fakes(), silent, &[&payment("t1", "60.5", "10")]));
    assert!(report(&fakes).alerts.is_empty());
    let written = body(&writes(&fakes)[0]);
    // 150.1 - (60.5 - 10) = 99.6.
    assert!(written.contains(r#""amountPaid":"50.5","amountDue":"99.6""#), "{written}");
}

#[test]
fn money_of_another_currency_is_left_to_a_person() {
    let euros = with_changed(&payment("t1", "50", "0"), "USD", "EUR");
    let fakes = held(asked(fakes(), INVOICE, &[&euros]));
    let report = report(&fakes);
    assert_eq!(alerts(&report), [DIFFERS]);
    assert!(report.alerts[0].message.contains("another currency"), "{:?}", report.alerts);
}

#[test]
fn what_is_not_there_not_granted_or_of_another_mode_is_left_out() {
    let skip = |fakes: &Fakes| why_skipped(with(fakes, |connection| sync(connection, "i1")).unwrap());
    let gone = r#"{"statusCode":404,"message":"Invoice not found"}"#;
    assert!(skip(&fakes().answer("GET /invoices/i1?*", 404, gone)).contains("no invoice i1"));
    let denied = HttpError::Denied("not granted".to_owned());
    assert!(skip(&fakes().fail("GET /invoices/i1?*", denied)).contains("not granted"));
    let off = Fakes::new(r#"{"location_id":"loc1","invoices":{"sync":false}}"#, NOW);
    assert!(skip(&off).contains("`invoices.sync`") && off.sent().is_empty());
    let live = Fakes::new(r#"{"location_id":"loc1"}"#, NOW).answer("GET /invoices/i1?*", 200, INVOICE);
    assert!(skip(&live).contains("`mode`"));
}

proptest! {
    /// An invoice is told of exactly if what it says was paid is not what came in and stayed, and what is held in Rankr adds
    /// up to its total.
    #[test]
    fn an_invoice_is_told_of_exactly_if_its_sum_is_not_that_of_its_payments(
        payments in proptest::collection::vec((0_i64..10_000, 0_i64..100, 0_usize..4), 0..6),
        off in prop_oneof![Just(0_i64), -3_i64..=3],
    ) {
        let cents = |units: i64| Decimal::new(units, 2).unwrap();
        let mut net = 0;
        let mut rows = Vec::new();
        for (index, (amount, percent, kind)) in payments.iter().enumerate() {
            let refunded = amount * percent / 100;
            let row = payment(&format!("t{index}"), &cents(*amount).to_string(), &cents(refunded).to_string());
            let (row, counts) = match kind {
                0 => (row.replace("succeeded", "failed").replace(&format!(r#""amountRefunded": {}"#, cents(refunded)), r#""amountRefunded": 0"#), 0),
                1 => (row.replace(r#""liveMode": false"#, r#""liveMode": true"#), 0),
                _ => (row, amount - refunded),
            };
            net += counts;
            rows.push(row);
        }
        let paid = (net + off).max(0);
        let invoice = INVOICE
            .replace(r#""amountPaid": 50"#, &format!(r#""amountPaid": {}"#, cents(paid)))
            .replace(r#""amountDue": 100.1,"#, "");
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let fakes = held(asked(fakes(), &invoice, &rows));
        let report = report(&fakes);
        prop_assert_eq!(!report.alerts.is_empty(), paid != net);
        let written = body(&writes(&fakes)[0]);
        let due = cents((15_010 - paid).max(0)).normalized();
        prop_assert!(written.contains(&format!(r#""amountDue":"{due}""#)) || written.contains(&format!(r#""amountDue":"{}""#, cents((15_010 - paid).max(0)))), "{} {}", written, due);
    }
}
