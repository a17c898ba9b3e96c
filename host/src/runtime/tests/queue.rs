//! The queue against a model: whatever happens, each subject runs alone and in order, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::super::queue::Queue;
use crate::storage::{Work, WorkId};

fn work(id: WorkId, subject: Option<&str>) -> Work {
    Work {
        id,
        connection: "shop".to_owned(),
        subject: subject.map(str::to_owned),
        attempts: 0,
        not_before: None,
        resumed: false,
    }
}

fn event(sequence: u64, subject: &str) -> Work {
    work(WorkId::Event(sequence), Some(subject))
}

fn delivery(sequence: u64) -> Work {
    work(WorkId::Delivery(sequence), None)
}

#[test]
fn events_go_before_deliveries() {
    let mut queue = Queue::new(10, 10);
    let now = Instant::now();
    queue.push(delivery(1), None);
    queue.push(event(1, "a"), None);
    assert_eq!(queue.take(now, true).unwrap().id, WorkId::Event(1));
    assert_eq!(queue.take(now, true).unwrap().id, WorkId::Delivery(1));
    assert_eq!(queue.take(now, true), None);
}

#[test]
fn deliveries_wait_while_too_many_events_do() {
    let mut queue = Queue::new(1, 2);
    let now = Instant::now();
    queue.push(delivery(1), None);
    queue.push(event(1, "a"), Some(now + Duration::from_secs(1)));
    assert!(!queue.is_full());
    queue.push(event(2, "a"), None);
    assert!(queue.is_full());
    assert_eq!(queue.take(now, true), None);
    let later = now + Duration::from_secs(1);
    let first = queue.take(later, true).unwrap();
    queue.finish(&first);
    assert_eq!(queue.take(later, true).unwrap().id, WorkId::Event(2));
    queue.finish(&event(2, "a"));
    assert_eq!(queue.take(later, true).unwrap().id, WorkId::Delivery(1));
}

#[test]
fn a_paused_queue_gives_nothing_and_is_idle() {
    let mut queue = Queue::new(10, 10);
    let now = Instant::now();
    queue.push(event(1, "a"), None);
    assert!(!queue.is_idle(now));
    queue.pause("key");
    assert_eq!(queue.take(now, true), None);
    assert!(queue.is_idle(now));
    queue.resume();
    assert_eq!(queue.take(now, true).unwrap().id, WorkId::Event(1));
}

#[test]
fn events_wait_while_the_vendor_takes_no_requests() {
    let mut queue = Queue::new(10, 10);
    let now = Instant::now();
    queue.push(event(1, "a"), None);
    queue.push(delivery(1), None);
    assert_eq!(queue.take(now, false).unwrap().id, WorkId::Delivery(1));
    assert_eq!(queue.take(now, false), None);
    assert_eq!(queue.take(now, true).unwrap().id, WorkId::Event(1));
}

#[test]
fn an_older_event_that_is_tried_again_goes_before_those_that_wait() {
    let mut queue = Queue::new(10, 10);
    let now = Instant::now();
    queue.push(event(5, "a"), None);
    let running = queue.take(now, true).unwrap();
    queue.push(event(6, "a"), None);
    queue.push(event(2, "a"), None);
    assert!(queue.is_running(Some("a"), WorkId::Event(5)));
    queue.finish(&running);
    assert_eq!(queue.take(now, true).unwrap().id, WorkId::Event(2));
}

#[test]
fn work_that_is_put_back_keeps_its_place() {
    let mut queue = Queue::new(10, 10);
    let now = Instant::now();
    queue.push(event(1, "a"), None);
    queue.push(event(2, "a"), None);
    let first = queue.take(now, true).unwrap();
    let due = now + Duration::from_secs(5);
    queue.put_back(Work { attempts: 1, ..first }, Some(due));
    assert_eq!(queue.take(now, true), None);
    assert_eq!(queue.next_due(), Some(due));
    assert!(queue.is_idle(now) && !queue.is_idle(due));
    let again = queue.take(due, true).unwrap();
    assert_eq!((again.id, again.attempts), (WorkId::Event(1), 1));
}

/// One step of a run.
#[derive(Debug, Clone)]
enum Step {
    Push {
        subject: u8,
        delay: Option<u8>,
    },
    PushDelivery,
    Take,
    /// End or put back one of those that run, by position.
    Finish(usize),
    PutBack(usize, Option<u8>),
    Pass(u8),
    Pause(bool),
    /// Bring forward, or take out, one of those that have not ended, by position; it may be running.
    Retry(usize),
    Discard(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_u8, any::<Option<u8>>()).prop_map(|(subject, delay)| Step::Push { subject, delay }),
        1 => Just(Step::PushDelivery),
        5 => Just(Step::Take),
        3 => any::<usize>().prop_map(Step::Finish),
        2 => (any::<usize>(), any::<Option<u8>>()).prop_map(|(at, delay)| Step::PutBack(at, delay)),
        1 => any::<u8>().prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => any::<usize>().prop_map(Step::Retry),
        1 => any::<usize>().prop_map(Step::Discard),
    ]
}

/// What should be true of a queue, kept beside it.
struct Model {
    queue: Queue,
    now: Instant,
    next: u64,
    /// Unfinished events by subject, and unfinished deliveries under none.
    unfinished: BTreeMap<Option<String>, BTreeSet<u64>>,
    running: Vec<Work>,
}

const PARALLEL: usize = 3;

impl Model {
    fn new() -> Model {
        let (queue, now) = (Queue::new(PARALLEL, 20), Instant::now());
        Model { queue, now, next: 1, unfinished: BTreeMap::new(), running: Vec::new() }
    }

    fn due(&self, delay: Option<u8>) -> Option<Instant> {
        delay.map(|delay| self.now + Duration::from_secs(delay.into()))
    }

    fn push(&mut self, subject: Option<String>, delay: Option<u8>) {
        let id = if subject.is_some() { WorkId::Event(self.next) } else { WorkId::Delivery(self.next) };
        self.unfinished.entry(subject.clone()).or_default().insert(self.next);
        let due = self.due(delay);
        self.queue.push(work(id, subject.as_deref()), due);
        self.next += 1;
    }

    fn take(&mut self) -> bool {
        let Some(work) = self.queue.take(self.now, true) else { return false };
        if work.subject.is_some() {
            let oldest = self.unfinished[&work.subject].first().copied();
            assert_eq!(sequence(&work), oldest.unwrap(), "an older event of the subject waits");
        }
        let alone =
            |other: &Work| other.id != work.id && (work.subject.is_none() || other.subject != work.subject);
        assert!(self.running.iter().all(alone), "{work:?} runs beside {:?}", self.running);
        self.running.push(work);
        assert!(self.running.len() <= PARALLEL);
        true
    }

    fn finish(&mut self, at: usize) {
        if self.running.is_empty() {
            return;
        }
        let work = self.running.remove(at % self.running.len());
        self.unfinished.get_mut(&work.subject).unwrap().remove(&sequence(&work));
        self.queue.finish(&work);
    }

    fn put_back(&mut self, at: usize, delay: Option<u8>) {
        if self.running.is_empty() {
            return;
        }
        let work = self.running.remove(at % self.running.len());
        let due = self.due(delay);
        self.queue.put_back(work, due);
    }

    fn any_unfinished(&self, at: usize) -> Option<Work> {
        let all: Vec<Work> = self
            .unfinished
            .iter()
            .flat_map(|(subject, sequences)| sequences.iter().map(move |it| (subject.clone(), *it)))
            .map(|(subject, it)| {
                let id = if subject.is_some() { WorkId::Event(it) } else { WorkId::Delivery(it) };
                work(id, subject.as_deref())
            })
            .collect();
        (!all.is_empty()).then(|| all[at % all.len()].clone())
    }

    fn retry(&mut self, at: usize) {
        if let Some(work) = self.any_unfinished(at) {
            self.queue.push(work, None);
        }
    }

    fn discard(&mut self, at: usize) {
        let Some(work) = self.any_unfinished(at) else { return };
        self.queue.withdraw(work.subject.as_deref(), work.id);
        // One that runs is left to its end.
        if self.running.iter().all(|running| running.id != work.id) {
            self.unfinished.get_mut(&work.subject).unwrap().remove(&sequence(&work));
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Push { subject, delay } => self.push(Some(subject.to_string()), delay),
            Step::PushDelivery => self.push(None, None),
            Step::Take => drop(self.take()),
            Step::Finish(at) => self.finish(at),
            Step::PutBack(at, delay) => self.put_back(at, delay),
            Step::Pass(seconds) => self.now += Duration::from_secs(seconds.into()),
            Step::Pause(true) => drop(self.queue.pause("key")),
            Step::Pause(false) => drop(self.queue.resume()),
            Step::Retry(at) => self.retry(at),
            Step::Discard(at) => self.discard(at),
        }
    }

    /// Let everything run to its end.
    fn drain(&mut self) {
        self.queue.resume();
        self.now += Duration::from_secs(1_000);
        while self.take() || !self.running.is_empty() {
            self.finish(0);
        }
    }
}

fn sequence(work: &Work) -> u64 {
    match work.id {
        WorkId::Delivery(sequence) | WorkId::Event(sequence) => sequence,
    }
}

proptest! {
    #[test]
    fn subjects_run_alone_and_in_order_and_nothing_is_lost(steps in proptest::collection::vec(step(), 0..200)) {
        let mut model = Model::new();
        for step in steps {
            model.apply(step);
        }
        model.drain();
        prop_assert!(model.unfinished.values().all(BTreeSet::is_empty), "{:?}", model.unfinished);
        prop_assert!(model.queue.is_idle(model.now));
        prop_assert_eq!((model.queue.deliveries(), model.queue.events(), model.queue.running()), (0, 0, 0));
    }
}
