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
    Ready,
    Running,
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
    paused: bool,
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
            paused: false,
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
        self.paused
    }

    /// Let nothing start, or let it start again. What runs goes on.
    pub(super) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Whether nothing runs, and nothing will until `horizon`.
    pub(super) fn is_idle(&self, horizon: Instant) -> bool {
        let nothing_ready = self.ready_events.is_empty() && self.ready_deliveries.is_empty();
        let nothing_due = self.next_due().is_none_or(|due| due > horizon);
        self.running == 0 && (self.paused || (nothing_ready && nothing_due))
    }

    /// When the next lane becomes ready by the clock.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Add work, not to run before `due`.
    pub(super) fn push(&mut self, work: Work, due: Option<Instant>) {
        let (lane, sequence) = address(&work);
        match work.id {
            WorkId::Delivery(_) => self.deliveries += 1,
            WorkId::Event(_) => self.events += 1,
        }
        let item = Item { work, due };
        match self.lanes.get_mut(&lane) {
            Some(state) => {
                state.items.insert(sequence, item);
            }
            None => {
                let items = BTreeMap::from([(sequence, item)]);
                self.lanes.insert(lane.clone(), LaneState { items, phase: Phase::Running });
                self.release(&lane);
            }
        }
    }

    /// Take the next work to run, if any may run now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Work> {
        self.ring(now);
        if self.paused || self.running >= self.parallel {
            return None;
        }
        let deliveries_wait = self.is_full();
        let lane = self
            .ready_events
            .pop_front()
            .or_else(|| if deliveries_wait { None } else { self.ready_deliveries.pop_front() })?;
        let state = self.lanes.get_mut(&lane)?;
        let (_, head) = state.items.first_key_value()?;
        state.phase = Phase::Running;
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
        match work.id {
            WorkId::Delivery(_) => self.deliveries -= 1,
            WorkId::Event(_) => self.events -= 1,
        }
        if state.items.is_empty() {
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
    match work.id {
        WorkId::Delivery(sequence) => (Lane::Delivery(sequence), sequence),
        WorkId::Event(sequence) => (Lane::Subject(work.subject.clone().unwrap_or_default()), sequence),
    }
}
