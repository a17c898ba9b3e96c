//! Tests of the calls for payments, subscriptions, messages, records and opportunities against scripted answers.

use transload_model::{Instant, Money};
use transload_wire::fakes::Script;
use transload_wire::{HttpError, Method, Response};

use super::sales::SEARCH_PAGES_MAX;
use super::*;
use crate::*;

const SUBSCRIPTIONS: &str = include_str!("../fixtures/subscriptions.json");

/// 2024-02-01T10:00:00Z and twelve days later.
const FIRST: Instant = Instant(1_706_781_600_000);
const LAST: Instant = Instant(1_707_818_400_000);

fn money(amount: &str) -> Money {
    Money::new(amount.parse().unwrap(), "USD".parse().unwrap())
}

#[test]
fn orders_are_listed_between_two_days() {
    let http = Script::default().answer(
        "GET /payments/orders?altId=loc&startAt=2024-02-01&endAt=2024-02-13&limit=100&offset=200",
        200,
        include_str!("../fixtures/orders.json"),
    );
    let query = OrderQuery { start_at: Some(FIRST), end_at: Some(LAST), limit: 100, offset: 200 };
    let page = Client::new(&http, "loc").orders(&query).unwrap();
    assert_eq!((page.rows.len(), page.total), (1, 57));
}

#[test]
fn invoices_are_listed_behind_the_slash_with_both_of_limit_and_offset() {
    let http = Script::default().answer(
        "GET /invoices/?altId=loc&altType=location&startAt=2024-02-01&endAt=2024-02-13&limit=100&offset=0",
        200,
        include_str!("../fixtures/invoices.json"),
    );
    let query = InvoiceQuery { start_at: Some(FIRST), end_at: Some(LAST), limit: 100, offset: 0 };
    let page = Client::new(&http, "loc").invoices(&query).unwrap();
    assert_eq!((page.rows[0].total, page.total), (money("999.5"), 57));

    for body in [r#"{"invoices":[]}"#, r#"{"invoices":[],"total":-1}"#, r#"{"data":[],"totalCount":0}"#] {
        let http = Script::default().answer("*", 200, body);
        let error = Client::new(&http, "loc").invoices(&InvoiceQuery::default()).unwrap_err();
        assert!(error.to_string().ends_with("total is missing or below zero"), "{error}");
    }
}

#[test]
fn an_invoice_that_cannot_be_found_is_none() {
    let missing = r#"{"statusCode":400,"message":"Unable to find an invoice with the given invoice id"}"#;
    let call = "GET /invoices/i1?altId=loc&altType=location";
    let http = Script::default()
        .answer(call, 200, include_str!("../fixtures/invoice.json"))
        .answer(call, 400, missing)
        .answer(call, 400, r#"{"statusCode":400,"message":"Unable to find the location"}"#);
    let client = Client::new(&http, "loc");
    assert_eq!(client.invoice("i1").unwrap().unwrap().number.as_deref(), Some("19"));
    assert_eq!(client.invoice("i1"), Ok(None));
    assert!(matches!(client.invoice("i1"), Err(ApiError::Status { status: 400, .. })));
}

#[test]
fn an_invoice_s_transactions_and_its_order_are_found_by_its_id() {
    let orders = "GET /payments/orders?altId=loc&sourceId=i1&limit=2&offset=0";
    let http = Script::default()
        .answer(
            "GET /payments/transactions?altId=loc&altType=location&entityId=i1&limit=100&offset=0",
            200,
            include_str!("../fixtures/transactions.json"),
        )
        .answer(orders, 200, r#"{"data":[{"_id":"o1","amount":"x"}],"totalCount":1}"#)
        .answer(orders, 200, r#"{"data":[],"totalCount":0}"#)
        .answer(orders, 200, r#"{"data":[{"_id":"o1"},{"_id":"o2"}],"totalCount":2}"#)
        .answer(orders, 200, r#"{"data":[{}],"totalCount":1}"#);
    let client = Client::new(&http, "loc");
    assert_eq!(client.invoice_transactions("i1").unwrap().len(), 1);
    assert_eq!(client.invoice_order("i1"), Ok(Some("o1".to_owned())));
    assert_eq!(client.invoice_order("i1"), Ok(None));
    assert_eq!(client.invoice_order("i1"), Ok(None));
    assert!(client.invoice_order("i1").is_err());
}

#[test]
fn a_row_without_an_amount_fails_its_page_by_name() {
    let body = r#"{"data":[{"_id":"o1","status":"completed","currency":"USD"}],"totalCount":1}"#;
    let http = Script::default().answer("*", 200, body);
    let error = Client::new(&http, "loc").orders(&OrderQuery::default()).unwrap_err();
    assert!(error.to_string().ends_with("order o1: amount is missing"), "{error}");
}

#[test]
fn an_order_comes_with_the_text_that_it_was_read_from() {
    let body = include_str!("../fixtures/order.json");
    let missing = r#"{"statusCode":400,"message":"Order not found"}"#;
    let call = "GET /payments/orders/o1?altId=loc";
    let http = Script::default().answer(call, 200, body).answer(call, 200, body).answer(call, 400, missing);
    let client = Client::new(&http, "loc");
    let (order, raw) = client.order_with_raw("o1").unwrap().unwrap();
    assert_eq!((Some(order), raw.as_str()), (client.order("o1").unwrap(), body));
    assert_eq!(client.order_with_raw("o1"), Ok(None));
}

#[test]
fn transactions_are_listed_by_what_they_pay_for() {
    let http = Script::default().answer(
        "GET /payments/transactions?altId=loc&altType=location&entityId=i1&subscriptionId=sub_1&endAt=2024-02-13&limit=5&offset=0",
        200,
        include_str!("../fixtures/transactions.json"),
    );
    let query = TransactionQuery {
        end_at: Some(LAST),
        entity_id: Some("i1"),
        subscription_id: Some("sub_1"),
        limit: 5,
        ..TransactionQuery::default()
    };
    let page = Client::new(&http, "loc").transactions(&query).unwrap();
    assert_eq!(page.rows[0].subscription_id(), Some("sub_1KGcXDCScnf89tZoVkoEMCEL"));
}

#[test]
fn subscriptions_are_listed_and_read_alone() {
    let http = Script::default()
        .answer(
            "GET /payments/subscriptions?altId=loc&altType=location&entityId=o1&startAt=2024-02-01&limit=10&offset=0",
            200,
            SUBSCRIPTIONS,
        )
        .answer(
            "GET /payments/subscriptions/s1?altId=loc&altType=location",
            200,
            include_str!("../fixtures/subscription.json"),
        )
        .answer(
            "GET /payments/subscriptions/s2?altId=loc&altType=location",
            400,
            r#"{"message":"Subscription not found"}"#,
        );
    let client = Client::new(&http, "loc");
    let query = SubscriptionQuery { start_at: Some(FIRST), entity_id: Some("o1"), limit: 10, offset: 0 };
    assert_eq!(client.subscriptions(&query).unwrap().total, 1);
    assert_eq!(client.subscription("s1").unwrap().unwrap().period.as_deref(), Some("P2M"));
    assert_eq!(client.subscription("s2"), Ok(None));
}

fn cash(amount: &str) -> NewPayment {
    NewPayment {
        amount: money(amount),
        mode: PaymentMode::Cash,
        notes: Some("Cash on delivery".to_owned()),
        meta: vec![("trackId".to_owned(), "T1".to_owned())],
        partial: false,
    }
}

#[test]
fn a_payment_is_recorded_with_its_exact_amount() {
    let call = "POST /payments/orders/o1/record-payment";
    let http = Script::default().answer(call, 200, r#"{"success":true}"#);
    assert_eq!(Client::new(&http, "loc").record_payment("o1", &cash("150.10")), Ok(()));
    let expected = concat!(
        r#"{"altId":"loc","altType":"location","mode":"cash","notes":"Cash on delivery","amount":150.1,"#,
        r#""meta":{"trackId":"T1"},"isPartialPayment":false}"#,
    );
    assert_eq!(http.last_body(), expected);
}

#[test]
fn a_payment_that_is_not_recorded_is_an_error() {
    let call = "POST /payments/orders/o1/record-payment";
    let defect = r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"t"}"#;
    let http = Script::default().answer(call, 404, defect).answer(call, 200, r#"{"success":"false"}"#);
    let client = Client::new(&http, "loc");
    let error = client.record_payment("o1", &cash("1")).unwrap_err();
    assert_eq!((error.status(), error.is_transient()), (Some(404), false));
    let error = client.record_payment("o1", &cash("1")).unwrap_err().to_string();
    assert!(error.ends_with("success is false"), "{error}");
    for amount in ["0", "0.00", "-1"] {
        let error = client.record_payment("o1", &cash(amount)).unwrap_err();
        assert!(matches!(error, ApiError::Unsendable { .. }), "{error}");
    }
    assert_eq!(http.sent().len(), 2, "nothing is sent for nothing");
}

#[test]
fn a_contact_says_whether_it_may_be_written_to() {
    let http = Script::default().answer("GET /contacts/c1", 200, include_str!("../fixtures/contact.json"));
    let contact = Client::new(&http, "loc").contact_detail("c1").unwrap().unwrap();
    assert_eq!((contact.dnd, contact.tags), (true, vec!["trade".to_owned()]));
    assert_eq!(contact.party.id.as_deref(), Some("c1"));
}

#[test]
fn tags_are_added_to_those_that_are_there() {
    let http = Script::default().answer("POST /contacts/c1/tags", 201, r#"{"tags":["a","b"]}"#);
    assert_eq!(Client::new(&http, "loc").add_tags("c1", &["a", "b"]), Ok(()));
    assert_eq!(http.last_body(), r#"{"tags":["a","b"]}"#);
    assert_eq!(endpoints::ADD_TAGS.access, transload_wire::Access::Write(transload_wire::InDoubt::Resend));
}

fn message() -> NewMessage<'static> {
    NewMessage { contact_id: "c1", channel: Channel::Sms, subject: None, text: "On its way" }
}

#[test]
fn a_message_is_sent_in_the_version_of_its_family() {
    let call = "POST /conversations/messages";
    let reply = r#"{"conversationId":"cv1","messageId":"m1","status":"pending"}"#;
    let http = Script::default().answer(call, 200, reply).answer(call, 201, reply).answer(call, 200, reply);
    let client = Client::new(&http, "loc");
    let sent = Ok(Message::Sent { id: Some("m1".to_owned()) });
    assert_eq!(client.send_message(&message()), sent);
    assert_eq!(client.version("2023-02-21").send_message(&message()), sent);
    assert_eq!(client.version("v3").send_message(&message()), sent);
    let versions: Vec<_> = http.sent().iter().map(|request| request.headers[1].clone()).collect();
    assert_eq!(versions, ["2021-04-15", "2021-04-15", "v3"].map(|version| ("Version", version.to_owned())));
}

#[test]
fn a_message_that_may_have_gone_out_is_not_taken_for_sent() {
    let http = Script::default()
        .respond("*", Response { status: 208, ..Response::default() })
        .respond("*", Response { status: 208, ..Response::default() })
        .answer("*", 200, "queued")
        .fail("*", HttpError::Timeout);
    let client = Client::new(&http, "loc");
    assert_eq!(client.send_message(&message()), Ok(Message::PossiblySent));
    assert_eq!(client.add_to_workflow("c1", "w1"), Ok(Message::PossiblySent));
    assert_eq!(
        client.send_message(&message()),
        Ok(Message::Sent { id: None }),
        "it went out, whatever was said"
    );
    assert!(client.send_message(&message()).unwrap_err().is_transient());
}

#[test]
fn a_contact_enters_a_workflow() {
    let http = Script::default().answer("POST /contacts/c1/workflow/w1", 200, r#"{"succeded":true}"#);
    assert_eq!(Client::new(&http, "loc").add_to_workflow("c1", "w1"), Ok(Message::Sent { id: None }));
    assert_eq!(http.last_body(), "{}");
}

#[test]
fn whitelabel_providers_are_listed_and_registered() {
    let one = r#"{"_id":"p1","title":"Track-POD","route":"track-pod","provider":"nmi"}"#;
    let path = "/payments/integrations/provider/whitelabel";
    let http = Script::default()
        .answer(
            &format!("GET {path}?altId=loc&altType=location&limit=100&offset=0"),
            200,
            &format!(r#"{{"providers":[{one}]}}"#),
        )
        .answer(&format!("POST {path}"), 200, one);
    let client = Client::new(&http, "loc");
    let listed = client.whitelabel_providers().unwrap();
    let name: ProviderName = "track-pod".parse().unwrap();
    assert!(listed[0].is_named(&name));
    let provider = NewProvider {
        unique_name: name,
        title: "Track-POD".to_owned(),
        gateway: Gateway::Nmi,
        description: "Cash on delivery".to_owned(),
        image_url: "https://transload.example/logo.png".to_owned(),
    };
    assert_eq!(client.create_whitelabel_provider(&provider).as_ref(), Ok(&listed[0]));
    let expected = concat!(
        r#"{"altId":"loc","altType":"location","uniqueName":"track-pod","title":"Track-POD","provider":"nmi","#,
        r#""description":"Cash on delivery","imageUrl":"https://transload.example/logo.png"}"#,
    );
    assert_eq!(http.last_body(), expected);
}

const SEARCH: &str = "POST /objects/custom_objects.payment/records/search";

/// A page of records, each with the order ids given, of `total` in all.
fn records(orders: &[&str], total: usize) -> String {
    let rows = orders.iter().enumerate();
    let rows = rows.map(|(n, order)| format!(r#"{{"id":"r{n}","properties":{{"order_id":"{order}"}}}}"#));
    format!(r#"{{"records":[{}],"total":{total}}}"#, rows.collect::<Vec<_>>().join(","))
}

#[test]
fn records_are_found_by_exactly_one_value() {
    let http = Script::default().answer(SEARCH, 200, &records(&["o1", "o12"], 2));
    let found = Client::new(&http, "loc").find_records("custom_objects.payment", "order_id", "o1").unwrap();
    assert_eq!(found.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["r0"]);
    let expected = r#"{"locationId":"loc","page":1,"pageLimit":100,"query":"order_id:o1","searchAfter":[]}"#;
    assert_eq!(http.last_body(), expected);
    assert_eq!(http.sent()[0].method, Method::Post);
    assert_eq!(endpoints::SEARCH_RECORDS.access, transload_wire::Access::Read);
}

#[test]
fn a_search_is_read_to_its_end_or_refused() {
    let full = records(&["o1"; 100], 150);
    let http = Script::default().answer(SEARCH, 200, &full).answer(SEARCH, 200, &records(&["o1"; 50], 150));
    let found = Client::new(&http, "loc").find_records("custom_objects.payment", "order_id", "o1").unwrap();
    assert_eq!(found.len(), 150);

    let most = usize::try_from(SEARCH_PAGES_MAX * PAGE_ROWS).unwrap();
    for (total, refused) in [(most, false), (most + 1, true)] {
        let pages = 0..SEARCH_PAGES_MAX;
        let http =
            pages.fold(Script::default(), |http, _| http.answer(SEARCH, 200, &records(&["o1"; 100], total)));
        let found = Client::new(&http, "loc").find_records("custom_objects.payment", "order_id", "o1");
        assert_eq!(found.is_err(), refused, "{total}");
    }
}

#[test]
fn records_are_made_and_updated() {
    let path = "/objects/custom_objects.payment/records";
    let reply = r#"{"record":{"id":"r1","properties":{}}}"#;
    let http = Script::default()
        .answer(&format!("POST {path}"), 201, reply)
        .answer(&format!("PUT {path}/r1?locationId=loc"), 200, reply)
        .answer(&format!("POST {path}"), 201, "{}");
    let client = Client::new(&http, "loc");
    let properties = Properties::from([
        ("amount".to_owned(), Property::Money("150.10".parse().unwrap())),
        ("order_id".to_owned(), Property::Text("o1".to_owned())),
    ]);
    let key = "custom_objects.payment";
    assert_eq!(client.create_record(key, &properties).as_deref(), Ok("r1"));
    let members = r#""properties":{"amount":{"currency":"default","value":150.10},"order_id":"o1"}}"#;
    assert_eq!(http.last_body(), format!(r#"{{"locationId":"loc",{members}"#));
    assert_eq!(client.update_record(key, "r1", &properties), Ok(()));
    assert_eq!(http.last_body(), format!("{{{members}"));
    let error = client.create_record(key, &properties).unwrap_err().to_string();
    assert!(error.ends_with("record.id is missing"), "{error}");
}

fn opportunity() -> NewOpportunity<'static> {
    NewOpportunity {
        pipeline_id: "p1",
        stage_id: Some("s1"),
        name: "Order o1",
        contact_id: "c1",
        status: OpportunityStatus::Won,
        value: Some(money("150.10")),
    }
}

#[test]
fn opportunities_are_found_made_and_updated() {
    let found = r#"{"opportunities":[{"id":"op1","name":"Order o1","status":"open","monetaryValue":"150.1","pipelineId":"p1","contactId":"c1"}],"meta":{"total":1,"nextPage":null}}"#;
    let http = Script::default()
        .answer("GET /opportunities/search?location_id=loc&contact_id=c1&limit=100&page=1", 200, found)
        .answer("POST /opportunities/", 201, r#"{"opportunity":{"id":"op2"}}"#)
        .answer("PUT /opportunities/op2", 200, r#"{"opportunity":{"id":"op2"}}"#)
        .answer("POST /opportunities/", 201, r#"{"opportunity":null}"#);
    let client = Client::new(&http, "loc");
    let expected = Opportunity {
        id: "op1".to_owned(),
        name: Some("Order o1".to_owned()),
        pipeline_id: Some("p1".to_owned()),
        stage_id: None,
        status: Some("open".to_owned()),
        monetary_value: Some("150.1".parse().unwrap()),
    };
    assert_eq!(client.find_opportunities("c1"), Ok(vec![expected]));
    assert_eq!(client.create_opportunity(&opportunity()).as_deref(), Ok("op2"));
    let expected = concat!(
        r#"{"pipelineId":"p1","locationId":"loc","name":"Order o1","pipelineStageId":"s1","status":"won","#,
        r#""contactId":"c1","monetaryValue":150.1}"#,
    );
    assert_eq!(http.last_body(), expected);
    assert_eq!(client.update_opportunity("op2", &opportunity()), Ok(()));
    let expected = r#"{"pipelineId":"p1","name":"Order o1","pipelineStageId":"s1","status":"won","monetaryValue":150.1}"#;
    assert_eq!(http.last_body(), expected);
    assert!(client.create_opportunity(&opportunity()).unwrap_err().to_string().contains("opportunity.id"));
}
