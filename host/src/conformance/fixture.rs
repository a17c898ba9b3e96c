//! One recorded call, as a file: what a connector was called with, what it asked for, what it was answered, and what came
//! of it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contract::{Change, Delivery, Envelope, Header, Instant, Scope, Window};
use crate::runtime::{Answer, Body, Input, Step, Trace};

/// The version of the files' format.
pub const FORMAT: u32 = 1;

/// The largest file that is read, in bytes: twice what a host keeps of one attempt, since JSON within JSON grows.
pub const FIXTURE_BYTES_MAX: u64 = 8 << 20;

/// A recorded call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// Always [`FORMAT`].
    pub format: u32,
    /// What it shows, in a line.
    pub title: String,
    /// The connection's settings, a JSON object. Kept as text, so that its numbers keep their digits.
    pub settings: Box<RawValue>,
    /// What the connector's clock showed, in milliseconds since 1970.
    pub now: Instant,
    /// What its randomness was made from.
    pub seed: u64,
    /// What it was called with.
    pub call: Call,
    /// What it did, and what came of it.
    pub trace: Trace,
}

/// What a connector is called with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Call {
    /// A webhook, to be read.
    Delivery {
        /// The API that it was sent for.
        source: String,
        /// Its headers.
        headers: Vec<Header>,
        /// Its body.
        body: Body,
    },
    /// An event, to be handled.
    Event {
        /// What the host says of it.
        envelope: Box<Envelope>,
        /// The object.
        change: Box<Change>,
    },
    /// A look for what is new to a trigger.
    Poll {
        /// The trigger.
        trigger: String,
        /// The cursor of the page before.
        cursor: Option<String>,
    },
    /// A look at a trigger's history.
    Backfill {
        /// The trigger.
        trigger: String,
        /// Of when.
        window: Window,
        /// The cursor of the page before.
        cursor: Option<String>,
    },
    /// A page of a comparison.
    Reconcile {
        /// What to compare.
        scope: Scope,
        /// The cursor of the page before.
        cursor: Option<String>,
    },
    /// An action.
    Action {
        /// Its name.
        name: String,
        /// Its input.
        input: Box<RawValue>,
    },
    /// A look whether all that is needed is there.
    Check {},
}

/// Why a fixture cannot be used, or a record not be kept as one.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// It is no fixture.
    #[error("it is not a fixture: {0}; `transload replay ID --fixture FILE` writes one")]
    Malformed(#[from] serde_json::Error),
    /// It was written by another version.
    #[error("it has format {found}, and this program reads {FORMAT}; record it anew")]
    Format {
        /// What it says.
        found: u32,
    },
    /// Something of it is not whole.
    #[error("{0} was too large to keep, so it cannot be answered again; record a smaller case")]
    NotWhole(String),
}

impl Fixture {
    /// Read a file's content.
    pub fn read(text: &str) -> Result<Fixture, FixtureError> {
        let fixture: Fixture = serde_json::from_str(text)?;
        if fixture.format != FORMAT {
            return Err(FixtureError::Format { found: fixture.format });
        }
        fixture.check_whole()?;
        Ok(fixture)
    }

    /// A file's content.
    pub fn write(&self) -> Result<String, FixtureError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Whether every body is there. A host leaves out what is too large for its records.
    pub fn check_whole(&self) -> Result<(), FixtureError> {
        let missing = |what: String| Err(FixtureError::NotWhole(what));
        let omitted = |body: &Body| matches!(body, Body::Omitted(_));
        for step in &self.trace.steps {
            match step {
                Step::Call(call) => {
                    let answer = call.reply.as_ref().map(|reply| &reply.answer);
                    let lost = matches!(answer, Some(Answer::Response(response)) if omitted(&response.body));
                    if lost || omitted(&call.body) {
                        return missing(format!("a body of {} {}", call.method, call.url));
                    }
                }
                Step::Entry { key, value: Some(value), .. } if omitted(value) => {
                    return missing(format!("the store's entry {key:?}"));
                }
                Step::Entry { .. } | Step::Keys { .. } | Step::Line { .. } => {}
            }
        }
        Ok(())
    }
}

impl Call {
    pub(super) fn input(&self) -> Input {
        match self.clone() {
            Call::Delivery { source, headers, body } => {
                let body = body.bytes().unwrap_or_default().into();
                Input::Delivery(Delivery { source, headers, body })
            }
            Call::Event { envelope, change } => Input::Event(envelope, change),
            Call::Poll { trigger, cursor } => Input::Poll { trigger, cursor },
            Call::Backfill { trigger, window, cursor } => Input::Backfill { trigger, window, cursor },
            Call::Reconcile { scope, cursor } => Input::Reconcile { scope, cursor },
            Call::Action { name, input } => Input::Action { name, input: input.get().to_owned() },
            Call::Check {} => Input::Check,
        }
    }
}
