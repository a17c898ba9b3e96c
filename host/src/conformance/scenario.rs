//! A call of the connector, with all that it is answered, which can be played again and disturbed.

use std::sync::Arc;

use super::fixture::Fixture;
use super::ledger::Ledger;
use super::shelf::Shelf;
use super::vendor::{Fault, Manner, Vendor};
use crate::contract::Instant;
use crate::egress::ConnectionEgress;
use crate::engine::Module;
use crate::runtime::{Answer, CallStep, Input, Outcome, Replies, Source, Step, Tape, Trace, Trial};

/// How much later something runs again, in milliseconds: another hour and another minute, on the same day or the next.
const LATER_MS: u64 = 5_820_000;

/// What is changed of the seed of something that runs again.
const OTHER_SEED: u64 = 0x5bd1_e995_9d1b_54a3;

/// A call and its surroundings.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) input: Input,
    pub(super) settings: Arc<str>,
    pub(super) policy: ConnectionEgress,
    pub(super) now: Instant,
    pub(super) seed: u64,
    /// What a real run did; none for one that is made of samples.
    pub(super) record: Option<Arc<Trace>>,
    /// How the vendor answers what the record has no answer to.
    pub(super) manner: Manner,
}

/// What is other than in the scenario as it stands.
#[derive(Default)]
pub(super) struct Variation {
    /// Which request goes wrong, counted from 0, and how.
    pub(super) fault: Option<(usize, Fault)>,
    /// What was written before. With none of its own, nothing was.
    pub(super) ledger: Ledger,
    /// Whether it is a later attempt.
    pub(super) again: bool,
}

/// What a scenario did.
pub(super) struct Run {
    pub(super) trace: Trace,
    /// Requests that its record has no answer to.
    pub(super) unknown: Vec<String>,
}

impl Scenario {
    /// The one that a fixture holds.
    pub(super) fn of(fixture: &Fixture, policy: ConnectionEgress) -> Scenario {
        Scenario {
            name: fixture.title.clone(),
            input: fixture.call.input(),
            settings: Arc::from(fixture.settings.get()),
            policy,
            now: fixture.now,
            seed: fixture.seed,
            record: Some(Arc::new(fixture.trace.clone())),
            manner: Manner::Empty,
        }
    }

    /// Whether its writes are made once, however often it runs.
    pub(super) fn is_work(&self) -> bool {
        matches!(self.input, Input::Delivery(_) | Input::Event(..))
    }

    pub(super) async fn play(&self, module: &Module) -> Run {
        self.play_with(module, Variation::default()).await
    }

    pub(super) async fn play_with(&self, module: &Module, variation: Variation) -> Run {
        let tape = Arc::default();
        let shelf = Arc::new(Shelf::of(self.record.as_deref(), &tape));
        self.play_on(module, variation, &shelf, tape).await
    }

    /// The same with a store that outlives it.
    pub(super) async fn play_on(
        &self,
        module: &Module,
        variation: Variation,
        shelf: &Arc<Shelf>,
        tape: Arc<Tape>,
    ) -> Run {
        let Variation { fault, ledger, again } = variation;
        let replies = self.record.as_deref().map(Replies::of).unwrap_or_default();
        let vendor = Arc::new(Vendor::new(self.policy.clone(), replies, self.manner, fault));
        let mut input = self.input.clone();
        if let Input::Event(envelope, _) = &mut input
            && again
        {
            envelope.attempt = envelope.attempt.saturating_add(1);
        }
        let trial = Trial {
            module,
            settings: Arc::clone(&self.settings),
            now: self.now.saturating_add(if again { LATER_MS } else { 0 }),
            seed: self.seed ^ if again { OTHER_SEED } else { 0 },
            outbound: Arc::clone(&vendor) as _,
            entries: Arc::clone(shelf) as _,
            tape,
            attempt: if again { 2 } else { 1 },
            log: Box::new(ledger),
        };
        let trace = trial.run(&input).await.unwrap_or_else(|error| Trace {
            outcome: Some(Outcome::Error(error.to_string())),
            ..Trace::default()
        });
        Run { trace, unknown: vendor.unknown() }
    }
}

impl Run {
    /// The requests, in their order.
    pub(super) fn calls(&self) -> impl Iterator<Item = &CallStep> {
        calls(&self.trace)
    }

    /// What came of it. A trial always has an outcome.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.trace.outcome.as_ref()
    }

    /// Why the connector did not answer, if it did not.
    pub(super) fn crash(&self) -> Option<&str> {
        match self.outcome() {
            Some(Outcome::Error(reason)) => Some(reason),
            _ => None,
        }
    }
}

/// The requests of a trace, in their order.
pub(super) fn calls(trace: &Trace) -> impl Iterator<Item = &CallStep> {
    trace.steps.iter().filter_map(|step| match step {
        Step::Call(call) => Some(&**call),
        _ => None,
    })
}

/// What a request is called: method and URL.
pub(super) fn called(call: &CallStep) -> String {
    format!("{} {}", call.method, call.url)
}

/// Whether a request is a write by the manifest.
pub(super) fn writes(call: &CallStep) -> bool {
    call.reply.as_ref().is_some_and(|reply| reply.write)
}

/// Whether a request left for the vendor.
pub(super) fn left(call: &CallStep) -> bool {
    call.reply.as_ref().is_none_or(|reply| reply.from == Source::Vendor)
}

/// Why the host denied a request, if it did.
pub(super) fn denial(call: &CallStep) -> Option<&str> {
    let reply = call.reply.as_ref().filter(|reply| reply.from == Source::Host)?;
    match &reply.answer {
        Answer::Error { reason, .. } => Some(reason),
        Answer::Response(_) => None,
    }
}
