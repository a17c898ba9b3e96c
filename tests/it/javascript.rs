//! A connector in JavaScript does what the one in Rust does, and each takes over from the other while orders come in.

mod build;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use transload::conformance::{self, Fixture, Options};
use transload::contract::Description;
use transload::engine::{Engine, EngineOptions};

use crate::program::{answer, said};
use crate::third::{Stand, replaced};
use crate::tools::root;

/// How long a module may take to be compiled and tried on recorded events: SpiderMonkey is 17 MB.
const COMPILING: Duration = Duration::from_secs(300);

/// Contacts that place the orders, one after another.
const CONTACTS: [&str; 3] = ["c1", "c2", "c3"];

/// A host that runs the connector in Rust, and has the other beside it as `javascript.wasm`. None without the tools.
async fn stand(change: impl Fn(String) -> String) -> Option<Stand> {
    let component = build::component()?;
    let cached = |config: String| {
        let cache = format!("[host]\ncache = {}", json!(build::directory().join("cache")));
        change(replaced(&config, "[host]", &cache))
    };
    let stand = Stand::new(cached).await;
    std::fs::copy(component, stand.path().join("javascript.wasm")).unwrap();
    Some(stand)
}

/// Has the connection run on `module`, which is tried on so many events before, and answers its digest.
async fn swap(directory: &Path, module: &'static str, preview: &'static str) -> String {
    let directory = directory.to_owned();
    let began = Instant::now();
    let arguments = ["swap", "shop", module, "--preview", preview];
    let swapped = tokio::task::spawn_blocking(move || answer(&directory, &arguments, 0));
    let swapped = swapped.await.unwrap();
    assert!(began.elapsed() < COMPILING);
    swapped["module"].as_str().unwrap().to_owned()
}

/// Places this many orders and adds their ids to `orders`.
async fn orders(stand: &Stand, orders: &mut Vec<String>, count: usize) {
    for _ in 0..count {
        let contact = CONTACTS[orders.len() % CONTACTS.len()];
        orders.push(stand.order(contact, "12.5").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every order has one label, and one note on its contact.
async fn once_each(stand: &Stand, orders: &[String]) {
    let mut labels: Vec<String> = stand.labelry.labels().into_iter().map(|label| label.reference).collect();
    let mut notes = Vec::new();
    for contact in CONTACTS {
        notes.extend(stand.notes(contact).await);
    }
    let mut marks: Vec<&str> = notes.iter().map(|note| note.lines().last().unwrap()).collect();
    let mut expected: Vec<String> = orders.iter().map(|id| format!("[transload label {id}]")).collect();
    let mut references = orders.to_vec();
    for list in [&mut labels, &mut expected, &mut references] {
        list.sort();
    }
    marks.sort_unstable();
    assert_eq!(labels, references);
    assert_eq!(marks, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_takes_over_from_the_other_mid_stream_and_no_order_is_lost_or_doubled() {
    let Some(mut stand) = stand(|config| config).await else { return };
    stand.start().await;
    let mut placed = Vec::new();
    orders(&stand, &mut placed, 5).await;

    // Orders come in while the other module is compiled, tried on what is recorded, and put in place.
    stand.labelry.lose_next_answer();
    let swapping = swap(stand.path(), "javascript.wasm", "20");
    let (javascript, ()) = tokio::join!(swapping, orders(&stand, &mut placed, 20));
    stand.labelry.lose_next_answer();
    orders(&stand, &mut placed, 10).await;
    let mut by_module = BTreeMap::<String, Vec<u64>>::new();
    for id in &placed {
        let event = stand.ends(id, "done").await;
        let module = event["module"].as_str().unwrap().to_owned();
        by_module.entry(module).or_default().push(event["number"].as_u64().unwrap());
    }
    assert_eq!(by_module.len(), 2, "{by_module:?}");
    assert!(by_module[&javascript].len() >= 10, "{by_module:?}");
    once_each(&stand, &placed).await;
    // What the one did, the other does from the record: the same requests, effects and words.
    for (module, numbers) in &by_module {
        let other = if *module == javascript { "connector.wasm" } else { "javascript.wasm" };
        let number = numbers[0].to_string();
        let kept = format!("{other}.json");
        answer(stand.path(), &["replay", &number, "--module", other, "--fixture", &kept], 0);
    }

    // And back, and forth again, each time with an event half-way.
    let rust = in_flight(&stand, &mut placed, "connector.wasm", &javascript).await;
    assert!(by_module.contains_key(&rust));
    let again = in_flight(&stand, &mut placed, "javascript.wasm", &rust).await;
    assert_eq!(again, javascript);
    once_each(&stand, &placed).await;
}

/// Swaps to `module` while an order is half-way on `present`: it ends there, and the next one is the new module's. Answers the
/// new module's digest.
async fn in_flight(stand: &Stand, placed: &mut Vec<String>, module: &'static str, present: &str) -> String {
    stand.labelry.hold(true);
    orders(stand, placed, 1).await;
    let id = placed.last().unwrap().clone();
    let deadline = Instant::now() + COMPILING;
    while stand.labelry.labels().last().unwrap().reference != id {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The answer is held no longer than a request may take, so nothing is tried before.
    let next = swap(stand.path(), module, "0").await;
    let listed = answer(stand.path(), &["events", "--subject", &id], 0);
    assert_eq!(listed["events"][0]["state"], "received", "it is under way still: {listed:#}");
    stand.labelry.hold(false);
    orders(stand, placed, 1).await;
    let (old, new) = (stand.ends(&id, "done").await, stand.ends(placed.last().unwrap(), "done").await);
    assert_eq!((&old["module"], &new["module"]), (&json!(present), &json!(next)));
    assert_eq!(old["failed_attempts"], 0);
    next
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_runs_from_the_start_and_is_checked_and_refused_like_any_other() {
    let withheld = |config: String| {
        replaced(&replaced(&config, "connector.wasm", "javascript.wasm"), r#", "labels.write""#, "")
    };
    let Some(mut stand) = stand(withheld).await else { return };
    let checked = said(stand.path(), &["check"], 0);
    assert!(checked.contains("labels can be read"), "{checked}");
    assert!(checked.contains("the rule works for"), "{checked}");
    stand.start().await;
    stand.place("c2", "9.99", "skipped").await;
    let (_, event) = stand.place("c1", "12.5", "parked").await;
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.contains("labels.write"), "{reason}");
    assert_eq!(stand.labelry.labels(), []);
}

#[tokio::test]
async fn its_manifest_is_that_of_the_one_in_rust() {
    let Some(component) = build::component() else { return };
    let engine = engine();
    let javascript = engine.load(std::fs::read(component).unwrap()).await.unwrap();
    let rust = engine.load(transload_tests::GHL_LABELRY).await.unwrap();
    let (javascript, rust) = (javascript.description(), rust.description());
    assert_eq!((&javascript.name, &javascript.version), (&rust.name, &rust.version));
    assert_eq!(javascript.apis, rust.apis);
    assert_eq!(triggers(javascript), triggers(rust));
    assert_eq!(javascript.actions, rust.actions);
    assert_eq!(settings(javascript), settings(rust));
}

/// An engine that keeps what it compiled.
fn engine() -> Engine {
    let cache_dir = Some(build::directory().join("cache"));
    Engine::new(EngineOptions { cache_dir, ..EngineOptions::default() }).unwrap()
}

/// The triggers, with what they yield as JSON: the order of members says nothing.
fn triggers(description: &Description) -> Vec<(String, String, Value, Value)> {
    let read = |text: &str| serde_json::from_str(text).unwrap();
    let triggers = description.triggers.iter().map(|it| {
        let what = format!("{} {:?} {:?} {}", it.name, it.origin, it.yields, it.history);
        (what, it.title.clone(), read(&it.output_schema), read(&it.sample))
    });
    triggers.collect()
}

/// The settings that there are, and what they may be; without the words for people.
fn settings(description: &Description) -> Value {
    let mut schema: Value = serde_json::from_str(&description.settings_schema).unwrap();
    schema["description"].take();
    for property in schema["properties"].as_object_mut().unwrap().values_mut() {
        property["title"].take();
        property["description"].take();
    }
    schema
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let Some(component) = build::component() else { return };
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        Fixture::read(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap()
    };
    let fixtures = std::fs::read_dir(root().join("examples/ghl-labelry-js/fixtures")).unwrap();
    let settings = Some(r#"{"location_id":"sandboxLocation00001","mode":"all"}"#.to_owned());
    let options = Options { settings, fixtures: fixtures.map(read).collect() };
    let report = conformance::test(&engine(), std::fs::read(component).unwrap(), options).await;
    assert!(report.passed(), "{report:#?}");
}

#[test]
fn its_own_tests_pass() {
    build::tests();
}
