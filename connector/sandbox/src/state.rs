//! What the sandbox holds, behind one lock: a request is one step, and steps have an order.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::SandboxOptions;
use crate::faults::Faults;
use crate::ghl::Ghl;
use crate::ids::Ids;
use crate::ledger::Ledger;
use crate::rankr::Rankr;
use crate::track_pod::TrackPod;
use crate::webhooks::{Queue, Webhooks};

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub ghl: Ghl,
    pub track_pod: TrackPod,
    pub rankr: Rankr,
    pub webhooks: Webhooks,
    pub ledger: Ledger,
    pub faults: Faults,
    pub ids: Ids,
    options: SandboxOptions,
}

impl State {
    /// An empty state. Without a queue its webhooks wait to be taken.
    pub fn new(options: &SandboxOptions, queue: Option<Queue>) -> Self {
        let ids = Ids::new(options.seed);
        Self {
            ghl: Ghl::new(options),
            track_pod: TrackPod::new(options),
            rankr: Rankr::new(options),
            webhooks: Webhooks::new(options, &ids, queue),
            ledger: Ledger::default(),
            faults: Faults::default(),
            ids,
            options: options.clone(),
        }
    }

    /// Forgets all data, faults and the ledger. Keys, webhook targets and deliveries stay.
    pub fn reset(&mut self) {
        self.ghl = Ghl::new(&self.options);
        self.track_pod = TrackPod::new(&self.options);
        self.rankr = Rankr::new(&self.options);
        self.ledger = Ledger::default();
        self.faults = Faults::default();
    }
}

/// The state and where the sandbox is reached.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub base_url: String,
}

impl Shared {
    pub fn new(state: State, base_url: String) -> Self {
        Self { state: Mutex::new(state), base_url }
    }

    /// The state, for one step. A step that panicked left it as it was or half-way; either way a test wants to go on.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
