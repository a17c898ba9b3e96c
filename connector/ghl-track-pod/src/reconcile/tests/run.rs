//! Pages, cursors and what is remembered between runs.

use super::*;

fn orders_page(fakes: Fakes, rows: &[Order], total: usize) -> Fakes {
    let rows: Vec<String> = rows.iter().map(Order::json).collect();
    fakes.answer(
        "GET /payments/orders?*",
        200,
        &format!(r#"{{"data":[{}],"totalCount":{total}}}"#, rows.join(",")),
    )
}

fn rejected(scope: &Scope, cursor: Option<&str>) -> String {
    match page(&Fakes::new(SETTINGS, NOW), scope, cursor) {
        Err(Failure::Rejected(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert!(rejected(&Scope { start: 2, end: 1, kinds: Vec::new() }, None).contains("ends before it starts"));
    assert!(rejected(&Scope { start: 0, end: 366 * DAY + 1, kinds: Vec::new() }, None).contains("366 days"));
    let unknown = Scope { kinds: vec!["cash-difers".to_owned()], ..scope() };
    assert!(rejected(&unknown, None).contains(r#""cash-difers"; there are order-without-delivery"#));
    assert!(rejected(&scope(), Some("page 2")).contains("not a cursor"));
    assert!(rejected(&scope(), Some(r#"{"scope":"x"}"#)).contains("not a cursor"));
    let fakes = orders_page(Fakes::new(SETTINGS, NOW), &[], 0);
    let cursor = page(&fakes, &scope(), None).unwrap().cursor.unwrap();
    let longer = Scope { end: scope().end + 1, ..scope() };
    assert!(rejected(&longer, Some(&cursor)).contains("another time"));
    let fewer = Scope { kinds: vec!["late".to_owned()], ..scope() };
    assert!(rejected(&fewer, Some(&cursor)).contains("other kinds"));
}

#[test]
fn a_row_that_comes_on_two_pages_is_compared_and_counted_once() {
    let case = case(ORDER, &[PAYMENT], Some(DELIVERY));
    let fakes = case.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 2), false);
    let fakes = orders_page(fakes, &[ORDER], 2);
    let first = page(&fakes, &scope(), None).unwrap();
    let second = page(&fakes, &scope(), first.cursor.as_deref()).unwrap();
    assert_eq!((first.checked, second.checked), (1, 0));
    assert_eq!(first.tallies, second.tallies);
    assert!(second.cursor.unwrap().contains(r#""phase":"deliveries""#));
}

#[test]
fn orders_of_another_time_or_mode_are_left_out() {
    let test = Order { live: false, id: "880ed43bfdf9fc05a0de7a42", ..ORDER };
    let fakes = orders_page(Fakes::new(SETTINGS, NOW), &[test, ORDER], 2);
    // The order was placed on the day before.
    let today = Scope { start: NOW, end: NOW + DAY, kinds: Vec::new() };
    assert_eq!(page(&fakes, &today, None).unwrap().checked, 0);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn only_the_kinds_that_are_asked_for_are_told() {
    let wrong = case(ORDER, &[], Some(Delivery { coats: "1", ..DELIVERY }));
    let told = |kinds: &[&str]| {
        let scope = Scope { kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(), ..scope() };
        let fakes = wrong.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
        let findings = page(&fakes, &scope, None).unwrap().findings;
        findings.into_iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), ["quantity-differs", "cash-differs"]);
    assert_eq!(told(&["cash-differs", "late"]), ["cash-differs"]);
}

/// The first page on which orders are compared.
fn compared(fakes: &Fakes) -> super::super::FindingPage {
    let mut cursor = None;
    loop {
        let page = page(fakes, &scope(), cursor.as_deref()).unwrap();
        if page.checked > 0 {
            return page;
        }
        cursor = page.cursor;
    }
}

#[test]
fn an_order_that_was_in_order_and_has_not_changed_costs_no_call_of_its_own() {
    let clean = case(ORDER, &[PAYMENT], Some(DELIVERY));
    let first = clean.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
    let lists = |fakes, delivery: Delivery, payments: &[Payment]| {
        orders_page(answer_survey(fakes, &scope(), &[delivery.json()], payments), &[ORDER], 1)
    };
    // The lists of the second run tell of no change; those of the third of another delivery, of the fourth of another payment.
    let fakes = lists(first, DELIVERY, &[PAYMENT]);
    let changed = Delivery { coats: "3", ..DELIVERY };
    let fakes = case(ORDER, &[PAYMENT], Some(changed)).answer(lists(fakes, changed, &[PAYMENT]), false);
    let refunded = [Payment { refunded: "150.1", ..PAYMENT }];
    let fakes = case(ORDER, &refunded, Some(DELIVERY)).answer(lists(fakes, DELIVERY, &refunded), false);
    let run = || {
        let page = compared(&fakes);
        (page.checked, kinds(&page.findings).join(" "), page.tallies)
    };
    let (first, second, third, fourth) = (run(), run(), run(), run());
    assert_eq!((first.0, first.1.as_str()), (1, ""));
    assert_eq!(first, second, "sums are those of all orders, read in full or not");
    assert_eq!((third.1.as_str(), fourth.1.as_str()), ("quantity-differs", "refunded-and-delivery-planned"));
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
}

#[test]
fn an_order_whose_delivery_no_list_has_is_asked_for_what_may_have_changed() {
    let clean = case(ORDER, &[PAYMENT], Some(DELIVERY));
    let fakes = clean.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
    let none = orders_page(answer_survey(fakes, &scope(), &[], &[PAYMENT]), &[ORDER], 1);
    let fakes = clean.answer_outside(none);
    // Two deliveries of one id: which of them is the order's, the list does not tell.
    let twice = [DELIVERY.json(), DELIVERY.named(&format!(r#""Id":"{ID}","TrackId":"track-2""#))];
    let twice = orders_page(answer_survey(fakes, &scope(), &twice, &[PAYMENT]), &[ORDER], 1);
    let fakes = clean.answer_outside(twice);
    let tallies: Vec<_> = (0..3).map(|_| compared(&fakes).tallies).collect();
    assert!(tallies.iter().all(|it| *it == tallies[0]), "{tallies:?}");
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
}

#[test]
fn what_is_long_past_is_not_listed_up_to_now() {
    let later = NOW + 93 * DAY + 2 * DAY;
    for (now, begins) in [(later - DAY, "listed-deliveries"), (later, "orders")] {
        let fakes = Fakes::new(SETTINGS, now);
        fakes.context().store.put("reconcile/runs", b"1").unwrap();
        let fakes = match begins {
            "orders" => orders_page(fakes, &[], 0),
            _ => fakes.answer("GET /Order/Date/*", 200, "[]").answer("GET /Order/Route/Date/*", 200, "[]"),
        };
        page(&fakes, &scope(), None).unwrap();
        assert!(fakes.unanswered().is_empty(), "{begins}");
    }
}

#[test]
fn an_order_with_a_finding_is_read_in_full_every_time() {
    let planned = Delivery { coats: "1", ..DELIVERY };
    let wrong = case(ORDER, &[PAYMENT], Some(planned));
    let fakes = wrong.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
    let fakes = orders_page(answer_survey(fakes, &scope(), &[planned.json()], &[PAYMENT]), &[ORDER], 1);
    let fakes = wrong.answer(fakes, false);
    let run = || compared(&fakes).findings.remove(0).id;
    assert_eq!(run(), run(), "and the finding is the same");
}

#[test]
fn an_order_that_was_in_order_is_looked_at_again_once_it_may_be_late() {
    let waiting = case(ORDER, &[PAYMENT], Some(Delivery { route: "null", ..DELIVERY }));
    let first = waiting.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
    page(&first, &scope(), None).unwrap();
    let remembered = first.context().store.get(&format!("reconcile/order/{ID}")).unwrap().unwrap();
    let text = String::from_utf8(remembered.value).unwrap();
    assert!(text.contains(&format!(r#""clean_until":{}"#, NOW + 7 * DAY)), "{text}");
    let second = answer_survey(Fakes::new(SETTINGS, NOW + 7 * DAY), &scope(), &[], &[]);
    let second = waiting.answer(orders_page(second, &[ORDER], 1), false);
    second.context().store.put("reconcile/runs", b"1").unwrap();
    second.context().store.put(&format!("reconcile/order/{ID}"), text.as_bytes()).unwrap();
    assert_eq!(kinds(&compared(&second).findings), ["late"]);
}

#[test]
fn an_order_that_cannot_be_read_is_a_finding_and_keeps_no_other_from_being_compared() {
    let broken = ORDER.json().replace(r#""qty":1,"#, "");
    let other = Order { id: "990ed43bfdf9fc05a0de7a43", ..ORDER };
    let fakes = case(ORDER, &[PAYMENT], None).answer_outside(orders_page(
        Fakes::new(SETTINGS, NOW),
        &[ORDER, other],
        2,
    ));
    let fakes = fakes.answer(&format!("GET /payments/orders/{ID}?*"), 200, &broken);
    let fakes = case(other, &[PAYMENT], Some(DELIVERY)).answer(fakes, false);
    let page = page(&fakes, &scope(), None).unwrap();
    assert_eq!((kinds(&page.findings), page.checked), (vec!["unreadable"], 2));
    assert!(page.findings[0].message.contains("items[0].qty"), "{}", page.findings[0].message);
}

#[test]
fn a_vendor_that_is_busy_fails_the_page_and_not_the_run() {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders?*", 503, "");
    assert!(matches!(page(&fakes, &scope(), None), Err(Failure::Retry(_))));
}

#[test]
fn nothing_is_written_to_any_vendor() {
    let wrong = case(ORDER, &[], Some(Delivery { coats: "1", ..DELIVERED }));
    let fakes = wrong.answer(orders_page(Fakes::new(SETTINGS, NOW), &[ORDER], 1), false);
    page(&fakes, &scope(), None).unwrap();
    assert!(fakes.sent().iter().all(|request| request.method == transload_wire::Method::Get));
}
