//! The write record: whatever happens to an answer, a write is made as often as its policy allows.

use std::time::Duration;

use super::fake::{Reply, retry, start};
use super::vendor::Fate;
use crate::contract::Receipt;
use crate::storage::{State, WorkId, WriteState};

const ONE: &[&str] = &["POST /verify/a 1"];

#[tokio::test(start_paused = true)]
async fn a_write_that_succeeded_is_not_made_again() {
    let setup = start().await;
    // The first write succeeds, the second is refused for now; then both are asked for again.
    const BOTH: &[&str] = &["POST /verify/a 1", "POST /verify/b 2"];
    setup.vendor.fates(&[Fate::Status(201), Fate::Refuse(429)]);
    setup.fake.script("e", &[Reply::Send(BOTH), Reply::Send(BOTH)]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.vendor.done(), ["POST /verify/a 1", "POST /verify/b 2"]);
    assert_eq!(setup.state("e").await, State::Done);
    let writes = setup.storage.writes(WorkId::Event(1)).await.unwrap();
    let states: Vec<_> = writes.iter().map(|write| (write.state, write.attempt, write.status)).collect();
    assert_eq!(states, [(WriteState::Done, 1, Some(201)), (WriteState::Done, 2, Some(201))]);
}

#[tokio::test(start_paused = true)]
async fn the_remembered_answer_is_the_one_that_came() {
    let setup = start().await;
    setup.fake.script("e", &[Reply::Send(ONE), Reply::Send(ONE)]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    let record = setup.storage.writes(WorkId::Event(1)).await.unwrap().remove(0);
    let kept: super::super::StoredResponse = serde_json::from_slice(&record.response.unwrap()).unwrap();
    assert_eq!((kept.status, kept.body.bytes().unwrap().as_ref()), (201, b"1".as_slice()));
}

#[tokio::test(start_paused = true)]
async fn the_same_write_twice_on_purpose_is_made_twice_and_remembered_as_two() {
    let setup = start().await;
    const TWICE: &[&str] = &["POST /verify/a 1", "POST /verify/a 1", "POST /verify/b 2"];
    setup.vendor.fates(&[Fate::Status(201), Fate::Status(201), Fate::Refuse(503)]);
    setup.fake.script(
        "e",
        &[
            Reply::Send(TWICE),
            Reply::Send(&["GET /a", "POST /verify/a 1", "POST /verify/a 1", "POST /verify/b 2"]),
        ],
    );
    setup.submit("e", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.vendor.done(), ["POST /verify/a 1", "POST /verify/a 1", "POST /verify/b 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let setup = start().await;
    const PAY: &[&str] = &["POST /resend/pay 5"];
    setup.vendor.fates(&[Fate::Lose, Fate::Refuse(500), Fate::Status(200)]);
    setup.fake.script("e", &[Reply::Send(PAY), Reply::Send(PAY), Reply::Send(PAY)]);
    setup.fake.script("f", &[Reply::Send(PAY)]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    setup.submit("f", "order-1").await;
    setup.settle().await;
    let keys = setup.vendor.keys.lock().unwrap().clone();
    assert_eq!(keys.len(), 4);
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
    // Another event's write is another one, whatever it says.
    assert_ne!(keys[0], keys[3]);
}

#[tokio::test(start_paused = true)]
async fn a_write_in_doubt_is_made_again_only_by_a_connector_that_has_looked() {
    let setup = start().await;
    setup.vendor.fates(&[Fate::Lose]);
    setup
        .fake
        .script("e", &[Reply::Send(ONE), Reply::Send(ONE), Reply::Send(&["GET /a", "POST /verify/a 1"])]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    // The second attempt did not look and was denied; the third did, and it was the connector's to decide.
    assert_eq!(setup.vendor.done(), ["POST /verify/a 1", "POST /verify/a 1"]);
    assert_eq!(setup.record("e").await.attempts, 2);
    assert_eq!(setup.fake.handled.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_at_most_once_and_people_are_told() {
    let setup = start().await;
    const MESSAGE: &[&str] = &["POST /never/message hello", "POST /verify/b 2"];
    setup.vendor.fates(&[Fate::Lose]);
    setup.fake.script("e", &[Reply::Send(MESSAGE), Reply::Send(MESSAGE)]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.vendor.done(), ["POST /never/message hello", "POST /verify/b 2"]);
    let record = setup.record("e").await;
    let Some(Receipt::Done(report)) = record.receipt else { panic!("{record:?}") };
    assert_eq!(report.alerts.len(), 1);
    assert_eq!(report.alerts[0].kind, "possibly-sent");
    assert!(report.alerts[0].message.contains("POST /never/message"), "{:?}", report.alerts);
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_simply_sent() {
    let setup = start().await;
    const MESSAGE: &[&str] = &["POST /never/message hello"];
    setup.vendor.fates(&[Fate::Unreachable, Fate::Refuse(404), Fate::Status(200)]);
    setup.fake.script("e", &[Reply::Send(MESSAGE), Reply::Send(MESSAGE), Reply::Send(MESSAGE)]);
    setup.submit("e", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.vendor.done(), ["POST /never/message hello"]);
    let Some(Receipt::Done(report)) = setup.record("e").await.receipt else { panic!() };
    assert_eq!(report.alerts, []);
}

#[tokio::test(start_paused = true)]
async fn a_used_up_budget_costs_no_attempt() {
    let setup = start().await;
    setup.vendor.fates(&[Fate::Busy; 30]);
    setup.fake.script("e", &vec![Reply::Send(ONE); 31]);
    let begun = tokio::time::Instant::now();
    setup.submit("e", "order-1").await;
    setup.settle().await;
    let record = setup.record("e").await;
    assert_eq!((record.state, record.attempts), (State::Done, 0));
    assert!(begun.elapsed() >= Duration::from_secs(30 * 7));
    assert_eq!(setup.vendor.done().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_does_not_leave() {
    let setup = start().await;
    let database = rusqlite::Connection::open(setup.directory.path().join("test.sqlite")).unwrap();
    let failing = "CREATE TRIGGER full BEFORE INSERT ON writes BEGIN SELECT RAISE(ABORT, 'no room'); END";
    database.execute(failing, []).unwrap();
    let mut happenings = setup.host.observe();
    setup.fake.script("e", &[Reply::Send(ONE), Reply::Send(ONE)]);
    setup.submit("e", "order-1").await;
    while !matches!(happenings.recv().await.unwrap().happening, super::super::Happening::StorageFailed { .. })
    {
    }
    assert_eq!(setup.vendor.done(), Vec::<String>::new());
    database.execute("DROP TRIGGER full", []).unwrap();
    setup.settle().await;
    assert_eq!(setup.vendor.done(), ["POST /verify/a 1"]);
    assert_eq!(setup.record("e").await.attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_recorded_with_what_they_asked_and_were_answered() {
    let setup = start().await;
    setup.fake.script(
        "e",
        &[retry(None), Reply::Put("k", "v", Box::new(Reply::Send(&["GET /x", "POST /verify/a 1"])))],
    );
    setup.submit("e", "order-1").await;
    setup.settle().await;
    let attempts = setup.storage.attempts(WorkId::Event(1)).await.unwrap();
    let short: Vec<_> = attempts.iter().map(|it| (it.number, it.outcome.as_str())).collect();
    assert_eq!(short, [(1, "retry"), (2, "done")]);
    let trace: super::super::Trace = serde_json::from_slice(&attempts[1].trace).unwrap();
    let calls: Vec<String> = trace
        .steps
        .iter()
        .filter_map(|step| match step {
            super::super::Step::Call(call) => Some(format!("{} {}", call.method, call.url)),
            _ => None,
        })
        .collect();
    assert_eq!(calls, ["GET https://ghl.example/x", "POST https://ghl.example/verify/a"]);
    assert_eq!(trace.stored.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_still_be_under_way_gets_time_to_take_effect() {
    let setup = start().await;
    setup.vendor.fates(&[Fate::Dawdle]);
    setup.fake.script("e", &[Reply::Send(ONE), Reply::Send(&["GET /a"])]);
    let begun = tokio::time::Instant::now();
    setup.submit("e", "order-1").await;
    setup.settle().await;
    assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(setup.vendor.done().len(), 1);
}
