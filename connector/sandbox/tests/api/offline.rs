//! The fakes without a listener: repeatable, in the time they are told, and countable.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use hmac::{Hmac, Mac as _};
use http::{Request, Response};
use sha2::Sha256;
use transload_model::Decimal;
use transload_sandbox::{
    Deliver, Fault, FaultKind, GHL_SIGNATURE_HEADER, Json, Offline, OfflineWebhook, Pay, PlaceOrder,
    REQUEST_BYTES_MAX, Refund, SandboxOptions, Schedule, Step, System, TRACK_POD_SIGNATURE_HEADER,
};

use crate::support::{at, number, unpaced};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

/// An order with two lines, of 2 at 10.05 and 1.5 at 20.
const ORDER: &str = r#"{"_id":"order-1","contactId":"contact-1","currency":"USD","amount":50.10,
    "items":[{"name":"Box","qty":2,"price":{"_id":"price-a","amount":10.05}},
    {"name":"Crate","qty":1.5,"price":{"_id":"price-b","amount":20}}]}"#;

const DELIVERY: &str = r#"{"Number":"N-1","Id":"order-1","Date":"2026-01-01","Client":"Ada","Address":"2 Quay Lane",
    "COD":50.10,"GoodsList":[{"OrderLineId":"a","GoodsName":"Box","Quantity":2},
    {"OrderLineId":"b","GoodsName":"Crate","Quantity":1.5}]}"#;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn call(offline: &Offline, method: &str, uri: &str, body: &str, now_ms: u64) -> Response<Bytes> {
    let options = offline.options();
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {}", options.ghl_token))
        .header("version", "2021-07-28")
        .header("x-api-key", &options.track_pod_key)
        .header("content-type", "application/json");
    offline.call(request.body(Bytes::from(body.to_owned())).unwrap(), now_ms)
}

fn json(response: &Response<Bytes>) -> Json {
    Json::parse(std::str::from_utf8(response.body()).unwrap()).unwrap()
}

fn fulfillment(offline: &Offline, price: &str, qty: &str) -> String {
    let location = &offline.options().ghl_location;
    format!(
        r#"{{"altId":"{location}","altType":"location","trackings":[{{"trackingNumber":"T-1"}}],
        "items":[{{"priceId":"{price}","qty":{qty}}}],"notifyCustomer":false}}"#
    )
}

fn place(offline: &Offline, now_ms: u64) -> String {
    let order = Some(Json::parse(ORDER).unwrap());
    offline.place_order(PlaceOrder { order, webhook: true }, now_ms).unwrap().id
}

/// One order from its placing to a partial delivery and a refund; everything that came out, as text.
fn script(seed: Option<u64>) -> String {
    let offline = Offline::new(SandboxOptions { seed, ..SandboxOptions::default() });
    let mut seen = vec![offline.ghl_public_key_pem(), offline.track_pod_secret()];
    let sample = offline.place_order(PlaceOrder::default(), NEW_YEAR).unwrap();
    place(&offline, NEW_YEAR + 1);
    let location = format!("altId={}&altType=location", offline.options().ghl_location);
    let fulfillment = fulfillment(&offline, "price-a", "1");
    let calls = [
        ("GET", format!("/ghl/payments/orders/{}?{location}", sample.id), ""),
        ("POST", "/track-pod/Order".to_owned(), DELIVERY),
        ("POST", "/track-pod/Order".to_owned(), "{"),
        ("POST", "/ghl/payments/orders/order-1/fulfillments".to_owned(), fulfillment.as_str()),
        ("POST", "/ghl/contacts/contact-1/notes".to_owned(), r#"{"body":"On its way"}"#),
        ("GET", format!("/ghl/payments/orders?{location}"), ""),
    ];
    for (index, (method, uri, body)) in calls.iter().enumerate() {
        seen.push(format!("{:?}", call(&offline, method, uri, body, NEW_YEAR + 10 * index as u64)));
    }
    let paid = offline.pay("order-1", Pay::default(), NEW_YEAR + 100).unwrap();
    let lines = [("b".to_owned(), number("0.5"))].into();
    for step in [
        Step::Schedule(Schedule::default()),
        Step::Load,
        Step::Start,
        Step::Deliver(Deliver { lines, ..Deliver::default() }),
    ] {
        seen.push(offline.drive("order-1", step, NEW_YEAR + 200).unwrap().to_string());
    }
    seen.push(offline.refund(&paid, Refund::default(), NEW_YEAR + 300).unwrap().to_string());
    seen.push(format!("{:?}", offline.take_webhooks()));
    seen.push(serde_json::to_string(&offline.ledger(0)).unwrap());
    seen.push(serde_json::to_string(&offline.snapshot()).unwrap());
    seen.push(format!("{:?}", offline.effects()));
    seen.join("\n")
}

#[test]
fn one_seed_and_one_script_give_the_same_bytes() {
    assert_eq!(script(Some(7)), script(Some(7)));
    assert_ne!(script(Some(7)), script(Some(8)));
    // Without a seed it is as repeatable.
    assert_eq!(script(None), script(Some(0)));
}

#[test]
fn times_are_the_ones_told() {
    let offline = Offline::new(unpaced());
    place(&offline, NEW_YEAR);
    call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR + 1_500);
    let order = &offline.snapshot().ghl.orders[0].order;
    assert_eq!(at(order, "createdAt"), "2026-01-01T00:00:00.000Z");
    let hooks = offline.take_webhooks();
    let bodies: Vec<Json> =
        hooks.iter().map(|hook| Json::parse(std::str::from_utf8(&hook.body).unwrap()).unwrap()).collect();
    assert_eq!(at(&bodies[0], "timestamp"), "2026-01-01T00:00:00.000Z");
    assert_eq!(at(&bodies[1], "Metadata.Date"), "2026-01-01T00:00:01.500Z");
    assert_eq!(at(&bodies[1], "Data.CreateDateUtc"), "2026-01-01T00:00:01");
    assert_eq!(offline.ledger(0).entries[0].at, "2026-01-01T00:00:01.500Z");
}

#[test]
fn a_time_beyond_the_calendar_is_its_end() {
    let offline = Offline::new(SandboxOptions::default());
    for now_ms in [0, u64::MAX] {
        assert_eq!(call(&offline, "GET", "/track-pod/Test", "", now_ms).status(), 200);
    }
}

#[test]
fn rates_go_by_the_time_told() {
    let offline = Offline::new(SandboxOptions { seed: Some(1), ..SandboxOptions::default() });
    let test = |now_ms| call(&offline, "GET", "/track-pod/Test", "", now_ms);
    for _ in 0..20 {
        assert_eq!(test(NEW_YEAR).status(), 200);
    }
    // 20 requests a second: the next is let in when the second is over.
    assert_eq!(test(NEW_YEAR + 999).status(), 429);
    assert_eq!(test(NEW_YEAR + 999).headers()["retry-after"], "1");
    assert_eq!(test(NEW_YEAR + 1_000).status(), 200);
}

#[test]
fn a_request_is_a_path_or_an_absolute_uri() {
    let offline = Offline::new(unpaced());
    let status = |uri: &str| call(&offline, "GET", uri, "", NEW_YEAR).status().as_u16();
    assert_eq!(status("/track-pod/Test"), 200);
    assert_eq!(status(&format!("{}/Test", offline.track_pod_url())), 200);
    assert_eq!(status("http://127.0.0.1:4000/track-pod/Test"), 200);
    for elsewhere in ["/control", "/control/state", "/", "/ghl-2/contacts/c"] {
        assert_eq!(status(elsewhere), 404, "{elsewhere}");
    }
    // Links lead to where nothing is.
    let made = call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR);
    assert_eq!(made.headers()["location"], "http://sandbox.invalid/track-pod/Order/Id/order-1");
}

#[test]
fn a_body_one_byte_too_long_is_refused_and_has_no_effect() {
    let offline = Offline::new(unpaced());
    let body = |bytes: usize| format!("{DELIVERY}{}", " ".repeat(bytes - DELIVERY.len()));
    let post = |bytes| call(&offline, "POST", "/track-pod/Order", &body(bytes), NEW_YEAR).status();
    assert_eq!(post(REQUEST_BYTES_MAX + 1), 413);
    assert!(offline.delivery_orders("order-1").is_empty());
    assert_eq!(post(REQUEST_BYTES_MAX), 201);
    assert_eq!(offline.delivery_orders("order-1").len(), 1);
}

fn header<'a>(hook: &'a OfflineWebhook, name: &str) -> &'a str {
    let found = hook.headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn every_event_has_a_signed_webhook_that_is_taken_once() {
    let offline = Offline::new(unpaced());
    let order = place(&offline, NEW_YEAR);
    offline.set_order_status(&order, "cancelled", NEW_YEAR).unwrap();
    call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR);
    offline.drive("order-1", Step::Schedule(Schedule::default()), NEW_YEAR).unwrap();
    let hooks = offline.take_webhooks();
    let events: Vec<_> = hooks.iter().map(|hook| (hook.id, hook.system, hook.event.as_str())).collect();
    assert_eq!(
        events,
        [
            (1, System::Ghl, "OrderCreate"),
            (2, System::Ghl, "OrderStatusUpdate"),
            (3, System::TrackPod, "OrderCreated"),
            (4, System::TrackPod, "OrderStatusUpdated"),
        ]
    );
    assert!(offline.take_webhooks().is_empty());
    assert_eq!(offline.webhooks_refused(), 0);

    let key = VerifyingKey::from_public_key_pem(&offline.ghl_public_key_pem()).unwrap();
    for hook in &hooks {
        assert_eq!(header(hook, "content-type"), "application/json");
        if hook.system == System::Ghl {
            let signature = STANDARD.decode(header(hook, GHL_SIGNATURE_HEADER)).unwrap();
            key.verify(&hook.body, &Signature::from_slice(&signature).unwrap()).unwrap();
        } else {
            let mut mac = Hmac::<Sha256>::new_from_slice(offline.track_pod_secret().as_bytes()).unwrap();
            mac.update(&hook.body);
            let signature = hex::decode(header(hook, TRACK_POD_SIGNATURE_HEADER)).unwrap();
            mac.verify_slice(&signature).unwrap();
        }
    }
}

#[test]
fn effects_are_counted_by_object_and_doubles_show() {
    let offline = Offline::new(unpaced());
    place(&offline, NEW_YEAR);
    for _ in 0..2 {
        assert_eq!(call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR).status(), 201);
    }
    let fulfil = "/ghl/payments/orders/order-1/fulfillments";
    for (price, qty) in [("price-a", "2"), ("price-b", "0.5")] {
        let body = fulfillment(&offline, price, qty);
        assert_eq!(call(&offline, "POST", fulfil, &body, NEW_YEAR).status(), 200);
    }
    let note = "/ghl/contacts/contact-1/notes";
    assert_eq!(call(&offline, "POST", note, r#"{"body":"On its way"}"#, NEW_YEAR).status(), 201);

    let orders = offline.delivery_orders("order-1");
    assert_eq!(orders.len(), 2);
    assert_ne!(orders[0].track_id, orders[1].track_id);
    assert_eq!((orders[0].cod, orders[0].status, orders[0].removed), (Some(decimal("50.1")), None, false));
    let quantities: Vec<_> = orders[0].lines.iter().map(|line| (line.id.as_deref(), line.quantity)).collect();
    assert_eq!(quantities, [(Some("a"), Some(decimal("2"))), (Some("b"), Some(decimal("1.5")))]);

    let fulfilled = offline.fulfillments("order-1");
    let items: Vec<_> =
        fulfilled.iter().flat_map(|one| &one.items).map(|i| (&*i.price, i.quantity)).collect();
    assert_eq!(items, [("price-a", decimal("2")), ("price-b", decimal("0.5"))]);
    assert_eq!(fulfilled[0].tracking_numbers, ["T-1"]);
    assert_eq!(offline.notes("contact-1"), ["On its way"]);

    let effects = offline.effects();
    assert_eq!(effects.delivery_orders["order-1"], orders);
    assert_eq!(effects.fulfillments["order-1"], fulfilled);
    assert_eq!(effects.notes["contact-1"], ["On its way"]);
    let written = offline.read_ledger(|ledger| {
        ledger.entries.iter().map(|entry| (entry.system, entry.status)).collect::<Vec<_>>()
    });
    let (ghl, track_pod) = (System::Ghl, System::TrackPod);
    let expected = [(track_pod, 201), (track_pod, 201), (ghl, 200), (ghl, 200), (ghl, 201)];
    assert_eq!(written, expected.map(|(system, status)| (system, Some(status))));
    assert_eq!(offline.ledger(4).entries.len(), 1);
}

#[test]
fn the_outcome_of_a_visit_and_a_deletion_are_effects_too() {
    let offline = Offline::new(unpaced());
    call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR);
    let lines = [("b".to_owned(), number("0.5"))].into();
    for step in [Step::Schedule(Schedule::default()), Step::Deliver(Deliver { lines, ..Deliver::default() })]
    {
        offline.drive("order-1", step, NEW_YEAR).unwrap();
    }
    let order = offline.delivery_orders("order-1").remove(0);
    let accepted: Vec<_> = order.lines.iter().map(|line| line.accepted).collect();
    assert_eq!((order.status, accepted), (Some(4), vec![Some(decimal("2")), Some(decimal("0.5"))]));

    let other = DELIVERY.replace("order-1", "order-2");
    call(&offline, "POST", "/track-pod/Order", &other, NEW_YEAR);
    assert_eq!(call(&offline, "DELETE", "/track-pod/Order/Id/order-2", "", NEW_YEAR).status(), 200);
    let removed: Vec<_> = offline.delivery_orders("order-2").iter().map(|order| order.removed).collect();
    assert_eq!(removed, [true]);
    assert!(offline.delivery_orders("order-3").is_empty());
}

#[test]
fn a_status_fault_has_no_effect_and_other_faults_are_the_caller_s() {
    let offline = Offline::new(unpaced());
    let fault = |kind| Fault {
        system: System::TrackPod,
        method: None,
        path: "/Order".to_owned(),
        skip: 0,
        times: 1,
        kind,
    };
    offline.add_fault(fault(FaultKind::Status { status: 503, retry_after: Some(2) })).unwrap();
    let answer = call(&offline, "POST", "/track-pod/Order", DELIVERY, NEW_YEAR);
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"2".parse().unwrap()));
    assert_eq!(at(&json(&answer), "Status"), "503");
    assert!(offline.delivery_orders("order-1").is_empty());
    assert_eq!(offline.ledger(0).entries[0].fault.as_deref(), Some("status"));
    for kind in [FaultKind::DropBefore, FaultKind::DropAfter, FaultKind::HalfBody, FaultKind::Delay { ms: 1 }]
    {
        assert_eq!(offline.add_fault(fault(kind)).unwrap_err().status, 400);
    }
}

#[test]
fn what_control_refuses_has_its_status() {
    let offline = Offline::new(unpaced());
    place(&offline, NEW_YEAR);
    let order = Some(Json::parse(ORDER).unwrap());
    let again = offline.place_order(PlaceOrder { order, webhook: true }, NEW_YEAR);
    assert_eq!(again.unwrap_err().status, 409);
    assert_eq!(offline.pay("order-2", Pay::default(), NEW_YEAR).unwrap_err().status, 404);
    assert_eq!(offline.drive("order-2", Step::Load, NEW_YEAR).unwrap_err().status, 404);
}
