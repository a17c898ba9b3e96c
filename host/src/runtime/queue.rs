//! The work of one connection that is waiting its turn. A pure state machine: it is told what time it is.
//!
//! Events of one subject form a lane and run one after another, in the order of their numbers, also when one of them has
//! to be tried again: those behind it wait. Each delivery is a lane of its own. Lanes run in parallel up to a limit.
//! Events go before deliveries, and deliveries stop while many events wait, so that a connection drains before it fills.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use tokio::time::Instant;

use crate::storage::{Sequence, Work, WorkId};

/// What must run one after another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Lane {
    Delivery(Sequence),
    Subject(String),
}

#[derive(Debug)]
struct Item {
    work: Work,
    due: Option<Instant>,
}

/// What the head of a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Neither of the others, for a moment.
    Idle,
    Ready,
    Running(Sequence),
    Until(Instant),
}

#[derive(Debug)]
struct LaneState {
    items: BTreeMap<Sequence, Item>,
    phase: Phase,
}

/// The waiting work of one connection.
#[derive(Debug)]
pub(super) struct Queue {
    lanes: HashMap<Lane, LaneState>,
    ready_events: VecDeque<Lane>,
    ready_deliveries: VecDeque<Lane>,
    timers: BTreeSet<(Instant, Lane)>,
    parallel: usize,
    running: usize,
    deliveries: usize,
    events: usize,
    events_max: usize,
    /// Why nothing starts, if nothing does.
    paused: Option<String>,
}

impl Queue {
    /// An empty queue that lets `parallel` lanes run at once, and no delivery while `events_max` events wait.
    pub(super) fn new(parallel: usize, events_max: usize) -> Queue {
        Queue {
            lanes: HashMap::new(),
            ready_events: VecDeque::new(),
            ready_deliveries: VecDeque::new(),
            timers: BTreeSet::new(),
            parallel,
            running: 0,
            deliveries: 0,
            events: 0,
            events_max,
            paused: None,
        }
    }

    /// Deliveries that are waiting or running.
    pub(super) fn deliveries(&self) -> usize {
        self.deliveries
    }

    /// Whether so many events wait that no more should be fetched.
    pub(super) fn is_full(&self) -> bool {
        self.events >= self.events_max
    }

    /// Whether twice as many wait: not even what waits may add to them then, or it could multiply without end.
    pub(super) fn is_overfull(&self) -> bool {
        self.events >= self.events_max.saturating_mul(2)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Why nothing starts; none if work does.
    pub(super) fn pause_reason(&self) -> Option<String> {
        self.paused.clone()
    }

    /// Let nothing start. What runs goes on. Answers whether it was so before.
    pub(super) fn pause(&mut self, reason: &str) -> bool {
        self.paused.replace(reason.to_owned()).is_some()
    }

    /// Let work start again. Answers whether it did not.
    pub(super) fn resume(&mut self) -> bool {
        self.paused.take().is_some()
    }

    /// Events that are waiting or running.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Calls under way.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Whether this work is under way.
    pub(super) fn is_running(&self, subject: Option<&str>, id: WorkId) -> bool {
        let (lane, sequence) = place(subject, id);
        self.lanes.get(&lane).is_some_and(|state| state.phase == Phase::Running(sequence))
    }

    /// Whether nothing runs, and nothing will until `horizon`.
    pub(super) fn is_idle(&self, horizon: Instant) -> bool {
        let nothing_ready = self.ready_events.is_empty() && self.ready_deliveries.is_empty();
        let nothing_due = self.next_due().is_none_or(|due| due > horizon);
        self.running == 0 && (self.is_paused() || (nothing_ready && nothing_due))
    }

    /// When the next lane becomes ready by the clock.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Add work, not to run before `due`. What is known already is brought forward instead; what runs is left alone.
    pub(super) fn push(&mut self, work: Work, due: Option<Instant>) {
        let (subject, id) = (work.subject.clone(), work.id);
        if self.is_running(subject.as_deref(), id) {
            return;
        }
        let (lane, sequence) = place(subject.as_deref(), id);
        let empty = || LaneState { items: BTreeMap::new(), phase: Phase::Idle };
        let state = self.lanes.entry(lane.clone()).or_insert_with(empty);
        let known = state.items.insert(sequence, Item { work, due }).is_some();
        let leads = state.items.first_key_value().is_some_and(|(first, _)| *first == sequence);
        let runs = matches!(state.phase, Phase::Running(_));
        if !known {
            *self.count(id) += 1;
        }
        if leads && !runs {
            self.quiet(&lane);
            self.release(&lane);
        }
    }

    /// Take work out that was ended from outside. What runs is left alone: its commit finds out.
    pub(super) fn withdraw(&mut self, subject: Option<&str>, id: WorkId) {
        let (lane, sequence) = place(subject, id);
        if self.is_running(subject, id) {
            return;
        }
        let Some(state) = self.lanes.get_mut(&lane) else { return };
        let led = state.items.first_key_value().is_some_and(|(first, _)| *first == sequence);
        if state.items.remove(&sequence).is_none() {
            return;
        }
        let empty = state.items.is_empty();
        *self.count(id) -= 1;
        if led {
            self.quiet(&lane);
        }
        if empty {
            self.lanes.remove(&lane);
        } else if led {
            self.release(&lane);
        }
    }

    /// Take a lane's timer away, and its place among those that are ready.
    fn quiet(&mut self, lane: &Lane) {
        let Some(state) = self.lanes.get_mut(lane) else { return };
        match state.phase {
            Phase::Until(due) => {
                self.timers.remove(&(due, lane.clone()));
            }
            Phase::Ready => match lane {
                Lane::Delivery(_) => self.ready_deliveries.retain(|other| other != lane),
                Lane::Subject(_) => self.ready_events.retain(|other| other != lane),
            },
            Phase::Idle | Phase::Running(_) => {}
        }
        state.phase = Phase::Idle;
    }

    fn count(&mut self, id: WorkId) -> &mut usize {
        match id {
            WorkId::Delivery(_) => &mut self.deliveries,
            WorkId::Event(_) => &mut self.events,
        }
    }

    /// Take the next work to run, if any may run now. Events do not while their vendor takes no requests.
    pub(super) fn take(&mut self, now: Instant, vendor_open: bool) -> Option<Work> {
        self.ring(now);
        if self.is_paused() || self.running >= self.parallel {
            return None;
        }
        let deliveries_wait = self.is_full();
        let event = if vendor_open { self.ready_events.pop_front() } else { None };
        let lane =
            event.or_else(|| if deliveries_wait { None } else { self.ready_deliveries.pop_front() })?;
        let state = self.lanes.get_mut(&lane)?;
        let (sequence, head) = state.items.first_key_value()?;
        state.phase = Phase::Running(*sequence);
        self.running += 1;
        Some(head.work.clone())
    }

    /// The work that was taken has ended; its lane goes on.
    pub(super) fn finish(&mut self, work: &Work) {
        let (lane, sequence) = address(work);
        let Some(state) = self.lanes.get_mut(&lane) else { return };
        if state.items.remove(&sequence).is_none() {
            return;
        }
        self.running = self.running.saturating_sub(1);
        let empty = state.items.is_empty();
        *self.count(work.id) -= 1;
        if empty {
            self.lanes.remove(&lane);
        } else {
            self.release(&lane);
        }
    }

    /// The work that was taken is to run again, at `due` if that is given; its lane waits for it.
    pub(super) fn put_back(&mut self, work: Work, due: Option<Instant>) {
        let (lane, sequence) = address(&work);
        let Some(state) = self.lanes.get_mut(&lane) else { return };
        state.items.insert(sequence, Item { work, due });
        self.running = self.running.saturating_sub(1);
        self.release(&lane);
    }

    /// Make a lane ready, or have its timer make it.
    fn release(&mut self, lane: &Lane) {
        let Some(state) = self.lanes.get_mut(lane) else { return };
        let due = state.items.first_key_value().and_then(|(_, item)| item.due);
        match due {
            Some(due) => {
                state.phase = Phase::Until(due);
                self.timers.insert((due, lane.clone()));
            }
            None => self.make_ready(lane),
        }
    }

    /// Make the lanes ready whose time has come.
    fn ring(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            if let Some((_, lane)) = self.timers.pop_first() {
                self.make_ready(&lane);
            }
        }
    }

    fn make_ready(&mut self, lane: &Lane) {
        let Some(state) = self.lanes.get_mut(lane) else { return };
        if state.phase == Phase::Ready {
            return;
        }
        state.phase = Phase::Ready;
        match lane {
            Lane::Delivery(_) => self.ready_deliveries.push_back(lane.clone()),
            Lane::Subject(_) => self.ready_events.push_back(lane.clone()),
        }
    }
}

fn address(work: &Work) -> (Lane, Sequence) {
    place(work.subject.as_deref(), work.id)
}

fn place(subject: Option<&str>, id: WorkId) -> (Lane, Sequence) {
    match id {
        WorkId::Delivery(sequence) => (Lane::Delivery(sequence), sequence),
        WorkId::Event(sequence) => (Lane::Subject(subject.unwrap_or_default().to_owned()), sequence),
    }
}
