//! Calls of the connector: begun, and ended one way or the other.

use transload_policy::manifest::Api;

use crate::answer::Problem;
use crate::bindings::transload::adapter::session::{self, Access};
use crate::bindings::transload::connector::manifest::{self, Description};
use crate::bindings::transload::connector::types::Failure;

/// The manifest, and its APIs as the rules know them, with the session open.
pub(crate) struct Connector {
    pub(crate) description: Description,
    pub(crate) apis: Vec<Api>,
}

impl Connector {
    /// Ask the connector what it is, and put the rules in force.
    pub(crate) fn open() -> Result<Connector, Problem> {
        let description = manifest::describe();
        let wrong = |error: serde_json::Error| Problem::new(500, format!("the manifest: {error}"));
        let text = serde_json::to_string(&description.apis).map_err(wrong)?;
        let apis = serde_json::from_str(&text).map_err(wrong)?;
        session::open(&text).map_err(|reason| Problem::new(500, reason))?;
        Ok(Connector { description, apis })
    }
}

/// Make one call; what it wrote is stored if it succeeds, with what `keep` remembers of its answer.
pub(crate) fn call<T>(
    access: Access,
    run: impl FnOnce() -> Result<T, Failure>,
    keep: impl FnOnce(&T) -> Result<(), Problem>,
) -> Result<T, Problem> {
    session::begin(access);
    let outcome = run().map_err(Problem::from).and_then(|answer| keep(&answer).map(|()| answer));
    match outcome {
        Ok(answer) => {
            session::commit().map_err(|reason| Problem::later(format!("the store: {reason}")))?;
            Ok(answer)
        }
        Err(problem) => {
            session::rollback();
            Err(problem)
        }
    }
}
