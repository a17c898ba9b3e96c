//! Invoices of the GHL fake, and fulfilments that a person adds in it.

use std::num::NonZeroUsize;

use transload_sandbox::{
    AddFulfillment, ControlError, Edit, InvoiceItem, Json, NewInvoice, Offline, Pay, PayInvoice, PlaceOrder,
    Refund, SandboxOptions, Seed,
};

use crate::support::{Fixture, at, number, unpaced};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

/// An offline sandbox with the sample order, of 150.10 USD, and a draft of an invoice for it.
fn billed() -> (Offline, String, String) {
    let offline = Offline::new(unpaced());
    let order = offline.place_order(PlaceOrder { order: None, webhook: false }, NEW_YEAR).unwrap().id;
    let invoice = offline.make_invoice(NewInvoice::of_order(&order), NEW_YEAR).unwrap();
    (offline, order, invoice)
}

/// The events that were fired since the last look, with the invoice's status in each.
fn events(offline: &Offline) -> Vec<(String, String)> {
    let read = |body: &[u8]| at(&Json::parse(std::str::from_utf8(body).unwrap()).unwrap(), "status");
    offline.take_webhooks().into_iter().map(|webhook| (webhook.event, read(&webhook.body))).collect()
}

fn event(name: &str, status: &str) -> (String, String) {
    (name.to_owned(), status.to_owned())
}

fn amount(text: &str) -> PayInvoice {
    PayInvoice { amount: Some(number(text)), ..PayInvoice::default() }
}

#[test]
fn each_step_of_an_invoice_is_told_in_the_flat_envelope() {
    let (offline, order, invoice) = billed();
    let webhook = offline.take_webhooks().remove(0);
    let body = Json::parse(std::str::from_utf8(&webhook.body).unwrap()).unwrap();
    for (member, value) in [
        ("type", "InvoiceCreate"),
        ("locationId", "sandboxLocation00001"),
        ("_id", invoice.as_str()),
        ("status", "draft"),
        ("total", "150.1"),
        ("amountDue", "150.1"),
        ("amountPaid", "0"),
        ("currency", "USD"),
        ("invoiceNumber", "1"),
        ("contactDetails.name", "Nora Lindqvist"),
        ("contactDetails.phoneNo", "+15005550123"),
        ("dueDate", "2026-01-01"),
        ("timestamp", "2026-01-01T00:00:00.000Z"),
        ("orderId", "-"),
    ] {
        assert_eq!(at(&body, member), value, "{member}");
    }
    assert_ne!(at(&body, "webhookId"), "-");

    offline.send_invoice(&invoice, NEW_YEAR).unwrap();
    offline.pay_invoice(&invoice, amount("100.05"), NEW_YEAR).unwrap();
    assert_eq!(
        events(&offline),
        [event("InvoiceSent", "sent"), event("InvoicePartiallyPaid", "partially_paid")]
    );
    let failed = PayInvoice { status: Some("failed".to_owned()), ..PayInvoice::default() };
    offline.pay_invoice(&invoice, failed, NEW_YEAR).unwrap();
    assert_eq!(events(&offline), []);
    // 150.10 - 100.05
    assert!(offline.pay_invoice(&invoice, amount("50.06"), NEW_YEAR).is_err());
    offline.pay_invoice(&invoice, PayInvoice::default(), NEW_YEAR).unwrap();
    assert_eq!(events(&offline), [event("InvoicePaid", "paid"), event("OrderStatusUpdate", "completed")]);

    let effects = offline.effects();
    let told = &effects.invoices[&invoice];
    assert_eq!((told.order.as_ref(), told.status.as_str()), (Some(&order), "paid"));
    assert_eq!((told.total, told.paid), ("150.1".parse().unwrap(), "150.10".parse().unwrap()));
    assert!(effects.payments.is_empty());
}

#[test]
fn an_invoice_is_made_of_what_it_is_given() {
    let offline = Offline::new(unpaced());
    offline.put_contact("c1", Json::parse(r#"{"firstName":"Ada"}"#).unwrap().as_object().unwrap()).unwrap();
    let item = |qty, amount| InvoiceItem { name: "Box".to_owned(), qty: number(qty), amount: number(amount) };
    let new = NewInvoice {
        contact: Some("c1".to_owned()),
        currency: Some("KWD".to_owned()),
        items: vec![item("3", "0.105"), item("0.5", "1")],
        due: Some("2026-02-01".to_owned()),
        ..NewInvoice::default()
    };
    let id = offline.make_invoice(new.clone(), NEW_YEAR).unwrap();
    let shown = offline.send_invoice(&id, NEW_YEAR).unwrap();
    for (member, value) in [
        // 3 × 0.105 + 0.5 × 1
        ("total", "0.815"),
        ("currency", "KWD"),
        ("dueDate", "2026-02-01"),
        ("contactDetails.name", "Ada"),
        ("invoiceItems.1.currency", "KWD"),
    ] {
        assert_eq!(at(&shown, member), value, "{member}");
    }
    for (bad, status) in [
        (NewInvoice::default(), 409),
        (NewInvoice { contact: Some("nobody".to_owned()), ..new.clone() }, 404),
        (NewInvoice { items: Vec::new(), ..new.clone() }, 409),
        (NewInvoice { amount: Some(number("-1")), ..new.clone() }, 409),
        (NewInvoice { due: Some("soon".to_owned()), ..new }, 400),
        (NewInvoice::of_order("nothing"), 404),
    ] {
        assert_eq!(offline.make_invoice(bad.clone(), NEW_YEAR).unwrap_err().status, status, "{bad:?}");
    }
}

#[test]
fn an_invoice_is_void_only_once_the_provider_s_money_went_back() {
    let (offline, order, invoice) = billed();
    let void = || offline.void_invoice(&invoice, NEW_YEAR).map_err(|error| error.to_string());
    assert!(void().unwrap_err().contains("400 Bad Request: Can not void draft invoice."));
    offline.send_invoice(&invoice, NEW_YEAR).unwrap();
    let cash = PayInvoice { mode: Some("cash".to_owned()), ..amount("50") };
    offline.pay_invoice(&invoice, cash, NEW_YEAR).unwrap();
    let charge = offline.pay_invoice(&invoice, amount("100.1"), NEW_YEAR).unwrap();
    offline.refund(&charge, Refund { amount: Some(number("100")) }, NEW_YEAR).unwrap();
    assert!(void().unwrap_err().contains("the corresponding transaction needs to be refunded first"));
    offline.refund(&charge, Refund::default(), NEW_YEAR).unwrap();
    offline.take_webhooks();
    assert_eq!(at(&void().unwrap(), "status"), "void");
    assert_eq!(events(&offline), [event("InvoiceVoid", "void")]);
    assert!(void().is_err() && offline.send_invoice(&invoice, NEW_YEAR).is_err());
    assert!(offline.pay_invoice(&invoice, amount("1"), NEW_YEAR).is_err());

    // What was given back of the invoice was given back of its order, which may be billed anew.
    let state = &offline.snapshot().ghl.orders[0];
    assert_eq!(state.captured.decimal(), "150.1".parse().ok());
    assert_eq!(state.refunded.decimal(), "100.1".parse().ok());
    assert!(offline.make_invoice(NewInvoice::of_order(&order), NEW_YEAR).is_ok());
    let twice = offline.make_invoice(NewInvoice::of_order(&order), NEW_YEAR).unwrap_err();
    assert!(twice.to_string().contains("void it first"), "{twice}");
}

#[test]
fn only_a_draft_is_deleted_and_an_edit_is_told_if_asked() {
    let (offline, _, invoice) = billed();
    offline.take_webhooks();
    let members = Json::parse(r#"{"total":20.5,"name":"Deposit"}"#).unwrap();
    let edit = Edit { members: members.clone(), webhook: Some("InvoiceUpdate".to_owned()) };
    let edited = offline.edit_invoice(&invoice, edit, NEW_YEAR).unwrap();
    assert_eq!((at(&edited, "amountDue"), at(&edited, "name")), ("20.5".to_owned(), "Deposit".to_owned()));
    offline.edit_invoice(&invoice, Edit::silent(members), NEW_YEAR).unwrap();
    assert_eq!(events(&offline), [event("InvoiceUpdate", "draft")]);
    let none = Edit::silent(Json::parse(r#"{"total":null}"#).unwrap());
    assert!(offline.edit_invoice(&invoice, none, NEW_YEAR).is_err());

    offline.send_invoice(&invoice, NEW_YEAR).unwrap();
    let refused = offline.delete_invoice(&invoice, NEW_YEAR).unwrap_err();
    assert_eq!(refused.to_string(), "400 Bad Request: Invoice status need to be draft to delete an invoice");
    let draft = Edit::silent(Json::parse(r#"{"status":"draft"}"#).unwrap());
    offline.edit_invoice(&invoice, draft, NEW_YEAR).unwrap();
    offline.take_webhooks();
    offline.delete_invoice(&invoice, NEW_YEAR).unwrap();
    assert_eq!(events(&offline), [event("InvoiceDelete", "delete")]);
    assert!(offline.snapshot().ghl.invoices.is_empty());
    assert_eq!(offline.delete_invoice(&invoice, NEW_YEAR).unwrap_err().status, 404);
}

#[tokio::test]
async fn invoices_are_listed_only_with_limit_and_offset() {
    let (fixture, order) = Fixture::with_order().await;
    let first = fixture.control.make_invoice(&NewInvoice::of_order(&order)).await.unwrap();
    let other = NewInvoice {
        contact: Some("Kq7mTz2VbN4xWc9RdLpE".to_owned()),
        amount: Some(number("7.50")),
        ..NewInvoice::default()
    };
    let second = fixture.control.make_invoice(&other).await.unwrap();
    let dates = Json::parse(r#"{"createdAt":"2024-02-13T10:00:00Z","issueDate":"2024-02-13"}"#).unwrap();
    fixture.control.edit_invoice(&second, &Edit::silent(dates)).await.unwrap();
    fixture.control.send_invoice(&second).await.unwrap();
    let list = async |query: &str| {
        fixture.ghl("GET", &format!("/invoices/?{}&{query}", fixture.location()), "").await
    };
    for (query, problem) in [
        ("limit=10", "offset should not be empty"),
        ("offset=0", "limit should not be empty"),
        ("limit=10&offset=", "offset should not be empty"),
        ("limit=x&offset=0", "limit must be a number from 1 to 100"),
        (
            "limit=1&offset=0&paymentMode=all",
            "paymentMode must be one of the following values: default, live, test",
        ),
        ("limit=1&offset=0&sortField=total", "sortField must be one of the following values: issueDate"),
    ] {
        let answer = list(query).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.text.contains(problem), "{query}: {}", answer.text);
    }
    for (query, ids) in [
        ("limit=10&offset=0", vec![&first, &second]),
        ("limit=1&offset=1", vec![&second]),
        ("limit=9&offset=0&sortField=issueDate&sortOrder=ascend", vec![&second, &first]),
        ("limit=9&offset=0&sortField=issueDate&sortOrder=descend", vec![&first, &second]),
        ("limit=9&offset=0&status=sent", vec![&second]),
        ("limit=9&offset=0&startAt=2024-02-13&endAt=2024-02-13", vec![&second]),
        ("limit=9&offset=0&contactId=nobody", vec![]),
        ("limit=9&offset=0&search=LINDQVIST", vec![&first, &second]),
        ("limit=9&offset=0&paymentMode=test", vec![]),
    ] {
        let page = list(query).await.json();
        let found = page.get("invoices").unwrap().as_array().unwrap();
        assert_eq!(
            found.iter().map(|one| at(one, "_id")).collect::<Vec<_>>(),
            ids.into_iter().cloned().collect::<Vec<_>>(),
            "{query}"
        );
    }
    assert_eq!(at(&list("limit=1&offset=0").await.json(), "total"), "2");

    let path = format!("/invoices/{second}?{}", fixture.location());
    assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "total"), "7.50");
    let missing = fixture.ghl("GET", &format!("/invoices/none?{}", fixture.location()), "").await;
    assert_eq!(missing.status, 400);
    assert_eq!(at(&missing.json(), "message"), "Unable to find an invoice with the given invoice id");
}

#[tokio::test]
async fn invoices_have_a_scope_of_their_own() {
    let scopes = Some(vec!["payments/orders.readonly".to_owned()]);
    let fixture = Fixture::start(SandboxOptions { ghl_scopes: scopes, ..unpaced() }).await;
    for path in ["/invoices/", "/invoices/i1"] {
        let answer = fixture.ghl("GET", &format!("{path}?{}&limit=1&offset=0", fixture.location()), "").await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_payment_of_an_invoice_names_the_invoice_and_the_order_is_found_by_its_source() {
    let (fixture, order) = Fixture::with_order().await;
    let invoice = fixture.control.make_invoice(&NewInvoice::of_order(&order)).await.unwrap();
    let draft = fixture.control.pay_invoice(&invoice, &PayInvoice::default()).await.unwrap_err();
    assert!(matches!(draft, ControlError::Refused { status: 409, .. }), "{draft}");
    fixture.control.send_invoice(&invoice).await.unwrap();
    let id = fixture.control.pay_invoice(&invoice, &PayInvoice::default()).await.unwrap();
    let path = format!("/payments/transactions?{}&entityId={invoice}", fixture.location());
    let list = fixture.ghl("GET", &path, "").await.json();
    let detail = fixture.ghl("GET", &format!("/payments/transactions/{id}?{}", fixture.location()), "").await;
    let detail = detail.json();
    for (member, in_list, in_detail) in [
        ("_id", id.as_str(), id.as_str()),
        ("entityType", "invoice", "invoice"),
        ("entityId", &invoice, &invoice),
        ("amount", "150.1", "150.1"),
        ("currency", "USD", "USD"),
        ("contactId", "Kq7mTz2VbN4xWc9RdLpE", "Kq7mTz2VbN4xWc9RdLpE"),
        ("contactName", "Nora Lindqvist", "-"),
        ("entitySourceType", "invoice", "-"),
        ("entitySourceId", &invoice, "-"),
        ("entitySource.id", "-", &invoice),
    ] {
        assert_eq!(at(&list, &format!("data.0.{member}")), in_list, "list: {member}");
        assert_eq!(at(&detail, member), in_detail, "detail: {member}");
    }
    let path = format!("/payments/orders?{}&sourceId={invoice}", fixture.location());
    let orders = fixture.ghl("GET", &path, "").await.json();
    assert_eq!(
        (at(&orders, "data.0._id"), at(&orders, "data.0.status")),
        (order.clone(), "completed".into())
    );
    let path = format!("/payments/transactions?{}&entityId={order}", fixture.location());
    assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "totalCount"), "0");

    let void = fixture.control.void_invoice(&invoice).await.unwrap_err();
    assert!(matches!(void, ControlError::Refused { status: 400, .. }), "{void}");
    let delete = fixture.control.delete_invoice(&invoice).await.unwrap_err();
    assert!(matches!(delete, ControlError::Refused { status: 400, .. }), "{delete}");
    let mode = PayInvoice { mode: Some("shells".to_owned()), ..PayInvoice::default() };
    assert!(fixture.control.pay_invoice(&invoice, &mode).await.is_err());
}

#[test]
fn a_history_has_invoices_if_asked_and_their_payments_pay_the_orders() {
    let run = |invoice_each| {
        let offline = Offline::new(unpaced());
        offline.seed(Seed { invoice_each, ..Seed::new(40, "2026-01-01") }).unwrap();
        assert!(offline.take_webhooks().is_empty());
        offline
    };
    assert!(run(None).effects().invoices.is_empty());
    let offline = run(NonZeroUsize::new(2));
    let (effects, snapshot) = (offline.effects(), offline.snapshot());
    assert!(!effects.invoices.is_empty() && effects.invoices.len() < 20);
    for invoice in effects.invoices.values() {
        assert_eq!((invoice.status.as_str(), invoice.paid), ("paid", invoice.total));
        let order = invoice.order.clone().unwrap();
        let order = snapshot.ghl.orders.iter().find(|one| at(&one.order, "_id") == order).unwrap();
        assert_eq!(order.captured.decimal(), Some(invoice.total));
    }
}

#[tokio::test]
async fn a_person_s_fulfilments_add_up_to_the_order_s_status() {
    let (fixture, order) = Fixture::with_order().await;
    fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let add = |price: &str, qty: &str| AddFulfillment {
        items: vec![Json::parse(&format!(r#"{{"priceId":"{price}","qty":{qty}}}"#)).unwrap()],
        trackings: vec![Json::parse(r#"{"trackingNumber":"T-1"}"#).unwrap()],
        notify: true,
    };
    let path = format!("/payments/orders/{order}?{}", fixture.location());
    for (price, status) in
        [("7a10000000000000000000a1", "partially_fulfilled"), ("7a10000000000000000000a2", "fulfilled")]
    {
        let made = fixture.control.add_fulfillment(&order, &add(price, "1")).await.unwrap();
        assert_eq!(
            (at(&made, "items.0.price._id"), at(&made, "trackings.0.trackingNumber")),
            (price.into(), "T-1".into())
        );
        assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "fulfillmentStatus"), status);
    }
    let listed = format!("/payments/orders/{order}/fulfillments?{}", fixture.location());
    assert_eq!(
        fixture.ghl("GET", &listed, "").await.json().get("data").unwrap().as_array().unwrap().len(),
        2
    );
    for (id, new, expected) in [
        (order.as_str(), add("other", "1"), 409),
        (order.as_str(), add("7a10000000000000000000a1", "0"), 409),
        (order.as_str(), AddFulfillment::default(), 409),
        ("none", add("7a10000000000000000000a1", "1"), 404),
    ] {
        let refused = fixture.control.add_fulfillment(id, &new).await.unwrap_err();
        assert!(matches!(refused, ControlError::Refused { status, .. } if status == expected), "{refused}");
    }
}
