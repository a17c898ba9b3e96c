//! What the sandbox costs: `on-order` mapping in a fresh and in a reused instance, the same mapping native, and reading the
//! webhook's JSON. Run with `cargo bench`; DESIGN budgets: fresh ≤ 15 µs for 3 lines, reused ≤ 3 µs.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use transload::contract::{Address, Change, Decimal, Envelope, Line, Money, Order, OrderStatus, Party};
use transload::engine::{Engine, EngineOptions, Module, Ports};
use transload_tests::MAPPER_GUEST;

/// Sizes of orders: the common one, and a large one.
const LINES: [usize; 2] = [3, 50];

/// Events in one measured batch of the two-thread bench.
const BATCH: u64 = 2_000;

fn money(units: i64) -> Money {
    Money { amount: Decimal { units, exponent: 2 }, currency: "USD".to_owned() }
}

fn order(lines: usize) -> Order {
    let line = |index: usize| Line {
        id: format!("7a10000000000000000{index:05x}"),
        sku: None,
        name: format!("Canvas apron no. {index}"),
        quantity: Decimal { units: 2, exponent: 0 },
        unit_price: Some(money(1_750)),
        physical: Some(true),
    };
    Order {
        id: "660ed43bfdf9fc05a0de7a40".to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: money(15_010),
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        paid: None,
        customer: Some(Party {
            id: Some("ff2JstbQJfRuofXzeT0M".to_owned()),
            name: Some("Nora Lindqvist".to_owned()),
            email: Some("nora@example.com".to_owned()),
            phone: Some("+15005550123".to_owned()),
            address: Some(Address {
                lines: vec!["48 Quayside Lane".to_owned()],
                city: Some("Portland".to_owned()),
                region: Some("ME".to_owned()),
                postal_code: Some("04101".to_owned()),
                country: Some("US".to_owned()),
            }),
        }),
        ship_to: None,
        lines: (0..lines).map(line).collect(),
        note: None,
        live: true,
        created_at: Some(1_712_247_867_036),
        updated_at: None,
    }
}

fn envelope() -> Envelope {
    Envelope {
        id: "order 660ed43bfdf9fc05a0de7a40".to_owned(),
        source: "ghl".to_owned(),
        subject: "660ed43bfdf9fc05a0de7a40".to_owned(),
        occurred_at: None,
        received_at: 1_712_247_868_000,
        attempt: 1,
        raw: None,
    }
}

/// The webhook that such an order comes in.
fn webhook(lines: usize) -> String {
    let item = |index: usize| {
        format!(
            r#"{{"name":"Canvas apron no. {index}","qty":2,"product":{{"_id":"p{index}","name":"Canvas apron"}},"price":{{"_id":"7a10000000000000000{index:05x}","name":"L","type":"one_time","currency":"USD","amount":17.50}}}}"#
        )
    };
    let items: Vec<String> = (0..lines).map(item).collect();
    format!(
        r#"{{"type":"OrderCreate","locationId":"l","webhookId":"w","_id":"660ed43bfdf9fc05a0de7a40","altId":"l","altType":"location","status":"pending","contactId":"c","currency":"USD","amount":150.1,"liveMode":true,"createdAt":"2024-04-04T16:24:27.036Z","updatedAt":"2024-04-04T16:24:31.297Z","contactSnapshot":{{"id":"c","firstName":"Nora","lastName":"Lindqvist","phone":"+15005550123","address1":"48 Quayside Lane","city":"Portland","postalCode":"04101","country":"US"}},"items":[{}]}}"#,
        items.join(",")
    )
}

/// The same order as the native code knows it: read from the same webhook.
fn native_order(lines: usize) -> transload_model::Order {
    transload_mapper_guest::parse(webhook(lines).as_bytes()).unwrap()
}

fn module(runtime: &Runtime) -> Module {
    let engine = Engine::new(EngineOptions::default()).unwrap();
    runtime.block_on(engine.load(MAPPER_GUEST)).unwrap()
}

async fn fresh(module: &Module, envelope: &Envelope, change: &Change) {
    let mut instance = module.instance(Ports::nothing()).await.unwrap();
    black_box(instance.handle(envelope, change).await.unwrap().unwrap());
}

fn component(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let module = module(&runtime);
    let envelope = envelope();
    let mut group = criterion.benchmark_group("on-order mapping");
    for lines in LINES {
        let change = Change::Order(order(lines));
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("fresh instance", lines), |bencher| {
            bencher.to_async(&runtime).iter(|| fresh(&module, &envelope, &change));
        });
        group.bench_function(BenchmarkId::new("reused instance", lines), |bencher| {
            let mut instance = runtime.block_on(module.instance(Ports::nothing())).unwrap();
            bencher
                .iter(|| black_box(runtime.block_on(instance.handle(&envelope, &change)).unwrap().unwrap()));
        });
        group.throughput(Throughput::Elements(2 * BATCH));
        group.bench_function(BenchmarkId::new("fresh instance, two threads", lines), |bencher| {
            bencher.to_async(&runtime).iter(|| two_threads(&module, &envelope, &change));
        });
    }
    group.finish();
}

async fn two_threads(module: &Module, envelope: &Envelope, change: &Change) {
    let half = || {
        let (module, envelope, change) = (module.clone(), envelope.clone(), change.clone());
        tokio::spawn(async move {
            for _ in 0..BATCH {
                fresh(&module, &envelope, &change).await;
            }
        })
    };
    let (one, other) = (half(), half());
    one.await.unwrap();
    other.await.unwrap();
}

fn native(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("native");
    for lines in LINES {
        let order = native_order(lines);
        group.bench_function(BenchmarkId::new("mapping", lines), |bencher| {
            bencher.iter(|| transload_mapper_guest::map(black_box(&order)).unwrap());
        });
        let webhook = webhook(lines);
        group.throughput(Throughput::Bytes(webhook.len() as u64));
        group.bench_function(BenchmarkId::new("JSON parse", lines), |bencher| {
            bencher.iter(|| transload_mapper_guest::parse(black_box(webhook.as_bytes())).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, component, native);
criterion_main!(benches);
