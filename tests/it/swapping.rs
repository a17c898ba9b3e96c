//! A connector is exchanged while events flow, and no event is lost, doubled, overtaken, or handled half by one module
//! and half by another.
//!
//! `TRANSLOAD_SWAP_EVENTS=20000` lets more events through than a test has time for.

mod courier;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use transload::contract::{Effect, Receipt};
use transload::runtime::{SwapError, SwapRequest};
use transload::storage::{EventRecord, State};

use courier::{CONNECTION, Stand, modules};

/// Events that flow while the connector is exchanged, unless `TRANSLOAD_SWAP_EVENTS` says otherwise.
const EVENTS: usize = 2_000;

/// How often it is exchanged meanwhile.
const SWAPS: usize = 100;

/// Orders that the events are about.
const SUBJECTS: usize = 100;

/// Who hand events in at the same time, each those of its own subjects.
const SENDERS: usize = 10;

/// What [`modules`]' next courier begins each effect with.
const NEXT_PREFIX: &str = "next: ";

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_swaps_lose_and_double_nothing() {
    let events = std::env::var("TRANSLOAD_SWAP_EVENTS").map_or(EVENTS, |events| events.parse().unwrap());
    let modules = modules().await;
    // Some time passes within each event, so that every swap finds events half-way.
    let stand = Arc::new(Stand::new(Duration::from_millis(2)).await);
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let stand = Arc::clone(&stand);
            tokio::spawn(async move {
                for number in (sender..events).step_by(SENDERS) {
                    let steps = format!("get a\ncreate {number}\ncreate {number} again");
                    let subject = format!("order {}", number % SUBJECTS);
                    stand.submit(&format!("event {number}"), &subject, &steps).await;
                }
            })
        })
        .collect();
    for swap in 1..=SWAPS {
        // Spread over all of the events, each of which writes twice.
        while stand.target.count() < 2 * events * swap / (SWAPS + 1) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let module = if swap % 2 == 1 { &modules.next } else { &modules.first };
        let made = stand.host.swap(CONNECTION, module, SwapRequest::default()).await.unwrap();
        assert_eq!((&*made.module, made.module != made.was), (module.digest(), true));
    }
    for sender in senders {
        sender.await.unwrap();
    }
    let handled = stand.all_done().await;
    assert_eq!(handled.len(), events);
    of_one_module_each(&handled, modules.first.digest(), modules.next.digest());
    once_and_in_order(&stand, events);
    let activations = stand.activations().await;
    assert_eq!(activations.len(), SWAPS, "one for each swap; no more are kept");
    assert!(activations.iter().all(|activation| activation.by == "library"));
    Arc::into_inner(stand).unwrap().end().await;
}

/// Each event names one of the two modules, and all that it did is by that one.
fn of_one_module_each(handled: &[EventRecord], first: &str, next: &str) {
    let mut by_module: HashMap<&str, usize> = HashMap::new();
    for event in handled {
        let module = event.module.as_deref().unwrap();
        *by_module.entry(module).or_default() += 1;
        let effects = effects(event);
        assert_eq!(effects.len(), 2, "{event:?}");
        for effect in effects {
            assert_eq!(effect.summary.starts_with(NEXT_PREFIX), module == next, "{event:?}");
        }
    }
    assert_eq!(by_module.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([first, next]));
}

/// Each event's two writes were made once, one after the other, and the events of each order in the order in which they
/// were handed in.
fn once_and_in_order(stand: &Stand, events: usize) {
    let mut by_subject: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for write in stand.target.writes() {
        let number: usize = write.event.strip_prefix("event ").unwrap().parse().unwrap();
        by_subject.entry(number % SUBJECTS).or_default().push(write.name);
    }
    for subject in 0..SUBJECTS {
        let numbers = (subject..events).step_by(SUBJECTS);
        let expected: Vec<String> =
            numbers.flat_map(|number| [number.to_string(), format!("{number} again")]).collect();
        assert_eq!(by_subject.remove(&subject).unwrap_or_default(), expected, "order {subject}");
    }
    assert!(by_subject.is_empty());
}

fn effects(event: &EventRecord) -> &[Effect] {
    match &event.receipt {
        Some(Receipt::Done(report)) => &report.effects,
        other => panic!("{other:?} of {event:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_traps_is_taken_off_and_its_victims_are_handled_by_the_one_before() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    stand.submit("before", "before", "create before").await;
    stand.settle().await;
    stand.host.swap(CONNECTION, &modules.bad, SwapRequest::default()).await.unwrap();
    for number in 0..10 {
        stand
            .submit(&format!("event {number}"), &format!("order {number}"), &format!("create {number}"))
            .await;
    }
    stand.runs_on(&modules.first).await;
    let handled = stand.all_done().await;
    for event in &handled {
        assert_eq!(event.module.as_deref(), Some(modules.first.digest()), "{event:?}");
    }
    let victims = handled.iter().filter(|event| event.attempts > 0).count();
    // It crashed on three events before it was taken off.
    assert!(victims >= 3, "{victims} victims");
    let mut written: Vec<String> = stand.target.writes().into_iter().map(|write| write.name).collect();
    written.sort();
    assert_eq!(written, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "before"]);

    let activations = stand.activations().await;
    let by: Vec<&str> = activations.iter().map(|activation| activation.by.as_str()).collect();
    assert_eq!(by, ["rollback", "library", "config"]);
    assert!(activations[0].reason.contains("crashed on 3 events"), "{}", activations[0].reason);
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_dooms_events_is_taken_off_and_they_are_revived() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    stand.host.swap(CONNECTION, &modules.next, SwapRequest::default()).await.unwrap();
    // Two of them are still under way when it is taken off: they die, or block the connection, after that.
    stand.submit("late", "late", "get slow\nreject").await;
    stand.submit("blocking", "blocking", "get slow\nattention").await;
    // Five rejections, and nothing that went well, are too many.
    for number in 0..5 {
        stand.submit(&format!("event {number}"), &format!("order {number}"), "reject").await;
    }
    stand.runs_on(&modules.first).await;
    // The module before fails them as well, so they come to the same end again, but at its hands.
    for (id, state) in [("late", State::Dead), ("blocking", State::Parked), ("event 0", State::Dead)] {
        stand.comes_to(id, state, &modules.first).await;
    }
    stand.end().await;
}

/// What a swap must leave alone when it is refused.
async fn standing(stand: &Stand) -> (String, usize, usize) {
    (stand.digest(), stand.activations().await.len(), stand.target.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    for number in 0..10 {
        stand.submit(&format!("event {number}"), "order", &format!("get a\ncreate {number}")).await;
    }
    stand.settle().await;
    let before = standing(&stand).await;

    let refused = stand.host.swap(CONNECTION, &modules.stranger, SwapRequest::default()).await;
    let Err(SwapError::Ungranted(scopes)) = refused else { panic!("{refused:?}") };
    let scopes = scopes.join("\n");
    assert!(scopes.contains("connections.c.apis.track-pod.scopes lacks account.read"), "{scopes}");

    let force = SwapRequest { force: true, ..SwapRequest::default() };
    let refused = stand.host.swap(CONNECTION, &modules.stranger, force).await;
    let Err(SwapError::Misfit(problems)) = refused else { panic!("{refused:?}") };
    let problems = problems.join("\n");
    assert!(problems.contains("location_id"), "{problems}");

    let preview = SwapRequest { preview: 10, ..SwapRequest::default() };
    let refused = stand.host.swap(CONNECTION, &modules.bad, preview).await;
    let Err(SwapError::Fails(preview)) = refused else { panic!("{refused:?}") };
    assert_eq!((preview.broken(), preview.events()), (10, 10));

    assert_eq!(standing(&stand).await, before);
    stand.submit("after", "order", "create after").await;
    assert_eq!(stand.all_done().await[0].module.as_deref(), Some(modules.first.digest()));
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_effects_that_would_differ_and_makes_none() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    stand.submit("reads", "order", "get a").await;
    stand.submit("writes", "order", "get a\ncreate x").await;
    stand.settle().await;
    let before = standing(&stand).await;

    let preview = stand.host.preview(CONNECTION, &modules.next, 10).await.unwrap();
    assert_eq!((preview.events(), preview.different(), preview.broken()), (2, 1, 0));
    let diff = &preview.replays[0].diff;
    let line = |sign: &str| diff.iter().find(|line| line.starts_with(sign)).cloned().unwrap_or_default();
    assert!(line("-").contains("made") && !line("-").contains(NEXT_PREFIX), "{diff:?}");
    assert!(line("+").contains(NEXT_PREFIX), "{diff:?}");
    assert!(preview.replays[1].identical && preview.replays[1].diff.is_empty());

    let same = stand.host.preview(CONNECTION, &modules.first, 10).await.unwrap();
    assert_eq!((same.events(), same.different()), (2, 0));
    assert_eq!(standing(&stand).await, before, "a preview sends nothing");
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_the_module_that_was_swapped_in() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    stand.host.swap(CONNECTION, &modules.next, SwapRequest::default()).await.unwrap();
    let stand = stand.restart().await;
    assert_eq!(stand.digest(), modules.next.digest());
    stand.submit("event", "order", "create x").await;
    let handled = stand.all_done().await;
    assert_eq!(handled[0].module.as_deref(), Some(modules.next.digest()));
    assert!(effects(&handled[0])[0].summary.starts_with(NEXT_PREFIX));

    stand.host.rollback(CONNECTION, "command", "a person said so").await.unwrap();
    assert_eq!(stand.digest(), modules.first.digest());
    let stand = stand.restart().await;
    assert_eq!(stand.digest(), modules.first.digest());
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_file_is_taken_up_once_it_is_whole() {
    let modules = modules().await;
    let stand = Stand::new(Duration::ZERO).await;
    let file = stand.path().join("courier.wasm");
    std::fs::write(&file, transload_tests::COURIER_GUEST).unwrap();
    stand.host.watch(modules.engine.clone(), file.clone(), vec![CONNECTION.to_owned()]);
    // It has to see the file as it is before that changes.
    tokio::time::sleep(Duration::from_millis(300)).await;

    let next = transload_tests::COURIER_NEXT_GUEST;
    let (half, rest) = next.split_at(next.len() / 2);
    std::fs::write(&file, half).unwrap();
    // It is looked at twice a second, and taken for finished when it is twice the same: half of it is loaded, and refused.
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    assert_eq!(stand.digest(), modules.first.digest());
    std::fs::write(&file, [half, rest].concat()).unwrap();
    stand.runs_on(&modules.next).await;
    assert_eq!(stand.activations().await[0].by, "file");

    std::fs::remove_file(&file).unwrap();
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    assert_eq!(stand.digest(), modules.next.digest(), "a file that goes changes nothing");
    std::fs::write(&file, transload_tests::COURIER_GUEST).unwrap();
    stand.runs_on(&modules.first).await;
    stand.end().await;
}
