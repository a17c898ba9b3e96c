//! The rule, against a Rankr in which people and machines change objects.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;
use serde_json::{Value, json};
use transload_model::Instant;
use transload_rankr::SinkOrder;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_sdk::{Context, Receipt};
use transload_wire::{Http, HttpError, Method, Request, Response};

use super::*;
use crate::fixtures::{alerts, verbs};
use crate::settings::Settings;

const SETTINGS: &str = r#"{"location_id":"loc1"}"#;

/// A Rankr with one order. What stands behind `machine` is changed by itself after each write.
struct Sink {
    order: RefCell<Option<Value>>,
    machine: Cell<fn(&mut Value, u32)>,
    puts: Cell<u32>,
}

impl Sink {
    fn new(machine: fn(&mut Value, u32)) -> Self {
        Self { order: RefCell::new(None), machine: Cell::new(machine), puts: Cell::new(0) }
    }

    fn edit(&self, member: &str, value: &str) {
        if let Some(order) = self.order.borrow_mut().as_mut() {
            order[member] = json!(value);
        }
    }

    fn member(&self, member: &str) -> Value {
        self.order.borrow().as_ref().unwrap()[member].clone()
    }
}

impl Http for Sink {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let answer = |status, body: &Value| {
            Ok(Response { status, headers: Vec::new(), body: body.to_string().into_bytes() })
        };
        let mut order = self.order.borrow_mut();
        if request.method == Method::Get {
            return order.as_ref().map_or_else(|| answer(404, &json!({})), |order| answer(200, order));
        }
        let body: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
        let stored = order.as_ref().map_or(0, |order| order["version"].as_u64().unwrap());
        if body["version"].as_u64().unwrap() < stored {
            return answer(409, &json!({"type": "https://x/problems/stale-version"}));
        }
        self.puts.set(self.puts.get() + 1);
        let status = if order.is_none() { 201 } else { 200 };
        let stored = order.insert(body);
        self.machine.get()(stored, self.puts.get());
        answer(status, stored)
    }
}

/// GoHighLevel's order: what it says and since when.
fn wanted(version: u64, status: &str, note: &str) -> SinkOrder {
    let body = json!({
        "orderId": "o1", "version": version, "status": status, "amount": "150.10", "currency": "USD", "note": note,
        "lines": [{"lineId": "p1", "quantity": "1", "unitPrice": "150.1"}], "live": true,
    });
    SinkOrder::read(body.to_string().as_bytes()).unwrap()
}

fn run(fakes: &Fakes, sink: &Sink, wanted: &SinkOrder) -> Report {
    let cx = Context { http: sink, ..fakes.context() };
    let settings: Settings = cx.settings().unwrap();
    let work = bring(&Connection::new(&cx, &settings), Work::default(), wanted).unwrap();
    match Receipt::from(work) {
        Receipt::Done(report) => report,
        Receipt::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

fn echo(fakes: &Fakes, sink: &Sink) -> bool {
    let cx = Context { http: sink, ..fakes.context() };
    let settings: Settings = cx.settings().unwrap();
    let connection = Connection::new(&cx, &settings);
    let seen = connection.rankr.order("o1").unwrap().unwrap();
    is_echo(&connection, &seen).unwrap()
}

fn nothing(_: &mut Value, _: u32) {}

fn summary(report: &Report) -> &str {
    &report.effects[0].summary
}

#[test]
fn it_is_created_then_verified_then_brought_up_to_date() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    let created = run(&fakes, &sink, &wanted(10, "pending", "a"));
    assert_eq!(verbs(&created), [(Verb::Created, "rankr", "order")]);
    assert_eq!(summary(&created), "order of 150.10 USD created");
    assert!(echo(&fakes, &sink));
    let same = run(&fakes, &sink, &wanted(10, "pending", "a"));
    assert_eq!(verbs(&same), [(Verb::Verified, "rankr", "order")]);
    let changed = run(&fakes, &sink, &wanted(20, "completed", "a"));
    assert_eq!(summary(&changed), "brought up to date: status");
    assert!(alerts(&changed).is_empty());
    assert_eq!((sink.puts.get(), sink.member("version")), (2, json!(20)));
}

#[test]
fn a_write_whose_answer_was_lost_is_nobodys_edit() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    run(&fakes, &sink, &wanted(10, "pending", "a"));
    // It arrived and nobody heard of it; before it was tried again, GoHighLevel's order changed once more.
    let lost = serde_json::from_slice(&wanted(20, "completed", "a").write().unwrap()).unwrap();
    sink.order.replace(Some(lost));
    let report = run(&fakes, &sink, &wanted(30, "cancelled", "a"));
    assert_eq!(sink.member("status"), json!("cancelled"));
    assert!(alerts(&report).is_empty(), "{report:?}");
    sink.edit("note", "b");
    let report = run(&fakes, &sink, &wanted(30, "cancelled", "a"));
    assert_eq!((alerts(&report).len(), sink.member("note")), (1, json!("a")));
}

#[test]
fn an_amount_with_another_zero_is_the_same() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    run(&fakes, &sink, &wanted(10, "pending", "a"));
    sink.edit("amount", "150.1");
    assert!(echo(&fakes, &sink));
    assert_eq!(verbs(&run(&fakes, &sink, &wanted(10, "pending", "a"))), [(Verb::Verified, "rankr", "order")]);
    assert_eq!(sink.puts.get(), 1);
}

#[test]
fn a_newer_version_in_rankr_is_left_as_it_is() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    run(&fakes, &sink, &wanted(20, "completed", "a"));
    let report = run(&fakes, &sink, &wanted(10, "pending", "a"));
    assert_eq!(summary(&report), "left as it is: Rankr has a newer version");
    assert_eq!((sink.puts.get(), sink.member("status")), (1, json!("completed")));
}

#[test]
fn a_refusal_for_its_version_is_no_failure() {
    let fakes = Fakes::new(SETTINGS, 0).answer("GET /orders/o1", 404, "{}").answer(
        "PUT /orders/o1",
        409,
        r#"{"type":"https://x/problems/stale-version"}"#,
    );
    let cx = fakes.context();
    let settings: Settings = cx.settings().unwrap();
    let connection = Connection::new(&cx, &settings);
    let receipt = bring(&connection, Work::default(), &wanted(10, "pending", "a")).unwrap().into();
    let Receipt::Done(report) = receipt else { panic!("skipped") };
    assert_eq!(summary(&report), "left as it is: Rankr has a newer version");
    assert!(cx.store.get("sent/order/o1").unwrap().is_none(), "nothing was sent that could be echoed");
}

#[test]
fn an_edit_in_rankr_is_put_back_once_and_told_of() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    run(&fakes, &sink, &wanted(10, "pending", "a"));
    sink.edit("status", "completed");
    sink.edit("note", "mine");
    assert!(!echo(&fakes, &sink));
    let report = run(&fakes, &sink, &wanted(10, "pending", "a"));
    assert_eq!(summary(&report), "brought up to date: note, status");
    assert_eq!(alerts(&report), ["edit-overruled"]);
    assert_eq!(report.alerts[0].subject, "o1");
    assert!(report.alerts[0].message.starts_with("note, status of order o1 was changed in Rankr"));
    assert_eq!((sink.member("status"), sink.member("note")), (json!("pending"), json!("a")));
}

#[test]
fn a_machine_that_always_sets_its_own_value_is_left_alone_and_told_of_once() {
    let machine = |order: &mut Value, puts| order["note"] = json!(format!("set {puts} times"));
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(machine));
    let order = wanted(10, "pending", "a");
    assert_eq!(alerts(&run(&fakes, &sink, &order)), Vec::<&str>::new());
    assert_eq!(alerts(&run(&fakes, &sink, &order)), ["edit-overruled"]);
    assert_eq!(alerts(&run(&fakes, &sink, &order)), ["systems-disagree"]);
    let left = run(&fakes, &sink, &order);
    assert_eq!((summary(&left), alerts(&left)), ("left as Rankr has set it again: note", Vec::new()));
    assert_eq!(sink.puts.get(), 2);
    // What GoHighLevel changes goes through all the same, and what is known is not told again.
    let changed = run(&fakes, &sink, &wanted(20, "completed", "a"));
    assert_eq!((alerts(&changed), sink.member("status")), (Vec::new(), json!("completed")));
    assert_eq!(alerts(&run(&fakes, &sink, &wanted(20, "completed", "a"))), Vec::<&str>::new());
    assert_eq!(sink.puts.get(), 3);
}

#[test]
fn an_edit_of_another_member_is_put_back_too() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    let order = wanted(10, "pending", "a");
    run(&fakes, &sink, &order);
    for member in ["status", "note"] {
        sink.edit(member, "x");
        assert_eq!(alerts(&run(&fakes, &sink, &order)), ["edit-overruled"], "{member}");
    }
    assert_eq!(sink.puts.get(), 3);
}

#[test]
fn what_was_there_before_is_nobodys_edit() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    run(&Fakes::new(SETTINGS, 0), &sink, &wanted(5, "pending", "of another connection"));
    let report = run(&fakes, &sink, &wanted(10, "completed", "a"));
    assert_eq!((summary(&report), alerts(&report)), ("brought up to date: note, status", Vec::new()));
}

#[test]
fn a_connection_that_only_watches_tells_and_writes_nothing() {
    let fakes = Fakes::new(r#"{"location_id":"loc1","writes":false}"#, 0);
    let sink = Sink::new(nothing);
    let missing = run(&fakes, &sink, &wanted(10, "pending", "a"));
    assert_eq!(alerts(&missing), ["order-differs"]);
    assert!(missing.alerts[0].message.starts_with("Rankr has no order o1;"), "{:?}", missing.alerts);
    run(&Fakes::new(SETTINGS, 0), &sink, &wanted(10, "pending", "a"));
    let differs = run(&fakes, &sink, &wanted(20, "completed", "a"));
    assert!(differs.alerts[0].message.starts_with("Rankr's order o1 is not as GoHighLevel's: status;"));
    assert_eq!((sink.puts.get(), differs.effects.len()), (1, 0));
}

#[test]
fn what_an_earlier_version_kept_is_read() {
    let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(nothing));
    let order = wanted(10, "pending", "a");
    run(&Fakes::new(SETTINGS, 0), &sink, &order);
    let text = String::from_utf8(order.write().unwrap()).unwrap();
    let entry = format!(r#"{{"version":10,"sent":{text},"overruled":["status"],"told":true}}"#);
    fakes.context().store.put("sent/order/o1", entry.as_bytes()).unwrap();
    sink.edit("status", "x");
    assert_eq!(summary(&run(&fakes, &sink, &order)), "left as Rankr has set it again: status");
}

#[derive(Debug, Clone)]
enum Step {
    /// GoHighLevel's order changes.
    Shop { status: u8, note: u8 },
    /// A person in Rankr changes a member.
    Person { member: bool, value: u8 },
    /// Something else writes to Rankr with a newer version.
    Newer,
    /// The order is looked at.
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..3_u8, 0..3_u8).prop_map(|(status, note)| Step::Shop { status, note }),
        2 => (any::<bool>(), 0..3_u8).prop_map(|(member, value)| Step::Person { member, value }),
        1 => Just(Step::Newer),
        4 => Just(Step::Look),
    ]
}

const MACHINES: [fn(&mut Value, u32); 4] = [
    nothing,
    |order, _| order["status"] = json!("machine"),
    |order, puts| order["note"] = json!(puts.to_string()),
    |order, puts| order[if puts % 2 == 0 { "status" } else { "note" }] = json!(puts.to_string()),
];

fn shop(version: u64, status: u8, note: u8) -> SinkOrder {
    let mut order = wanted(version, &format!("s{status}"), &format!("n{note}"));
    order.order.updated_at = Some(Instant(version));
    order
}

proptest! {
    /// Whatever people and machines do on both sides, it comes to an end: once nobody changes anything, each look writes less
    /// than there are members, and then none. What is newer in Rankr is never written over, and what nobody set by himself
    /// ends as GoHighLevel has it.
    #[test]
    fn there_is_no_ping_pong(machine in 0..4_usize, steps in prop::collection::vec(step(), 0..25)) {
        let (fakes, sink) = (Fakes::new(SETTINGS, 0), Sink::new(MACHINES[machine]));
        let (mut version, mut order) = (10, shop(10, 0, 0));
        let mut edits = 0;
        for step in steps {
            match step {
                Step::Shop { status, note } => {
                    version += 10;
                    (order, edits) = (shop(version, status, note), 0);
                }
                Step::Person { member, value } => {
                    edits += 1;
                    sink.edit(if member { "status" } else { "note" }, &format!("p{value}"));
                }
                Step::Newer => {
                    edits += 1;
                    let newer = sink.order.borrow_mut().as_mut().map(|order| {
                        order["version"] = json!(version + 5);
                        order["note"] = json!("newer");
                        order.clone()
                    });
                    if let Some(newer) = newer {
                        run(&fakes, &sink, &order);
                        prop_assert!(sink.order.borrow().as_ref() == Some(&newer));
                    }
                }
                Step::Look => drop(run(&fakes, &sink, &order)),
            }
        }
        let before = sink.puts.get();
        for _ in 0..8 {
            run(&fakes, &sink, &order);
        }
        // The first brings GoHighLevel's state, one more puts each of the two members back.
        prop_assert!(sink.puts.get() - before <= 3);
        let settled = sink.puts.get();
        let last = run(&fakes, &sink, &order);
        prop_assert_eq!((sink.puts.get(), alerts(&last).len()), (settled, 0));
        let is_newer = sink.member("version").as_u64().unwrap() > version;
        if machine == 0 && edits == 0 && !is_newer {
            prop_assert_eq!(sink.member("status"), json!(order.order.status.describe()));
            prop_assert_eq!(sink.member("note"), json!(order.order.note));
        }
    }
}
