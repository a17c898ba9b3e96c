//! Which request is for what.

use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bindings::transload::adapter::session::{self, Access};
use crate::bindings::transload::connector::types::Event;
use crate::bindings::transload::connector::{actions, intake, manifest};
use crate::call::{Connector, call};
use crate::door::Request;
use crate::{events, hooks};

/// Answer a request.
pub(crate) fn route(request: &Request) -> Result<Answer, Problem> {
    let path = request.path.strip_prefix('/').unwrap_or(&request.path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if (request.post, first) == (true, "hooks") {
        return hooks::receive(request, rest);
    }
    request.authorize()?;
    match (request.post, first, rest) {
        (false, "manifest", "") => Answer::done(&manifest::describe()),
        (true, "check", "") => check(),
        (true, "events", "") => submit(request),
        (true, "poll", trigger) if !trigger.is_empty() => poll(trigger),
        (true, "actions", name) if !name.is_empty() => act(request, name),
        _ => Err(Problem::new(
            404,
            "there are GET /manifest and POST /hooks/API, /events, /poll/TRIGGER, /actions/NAME, /check",
        )),
    }
}

fn check() -> Result<Answer, Problem> {
    Connector::open()?;
    Answer::done(&call(Access::Check, actions::check, |_| Ok(()))?)
}

fn submit(request: &Request) -> Result<Answer, Problem> {
    let event: Event = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::new(422, format!("the body is no event: {error}")))?;
    Connector::open()?;
    Answer::done(&events::handle(vec![event])?)
}

fn act(request: &Request, name: &str) -> Result<Answer, Problem> {
    let input = str::from_utf8(&request.body).map_err(|error| Problem::new(422, error.to_string()))?;
    let input = if input.trim().is_empty() { "{}" } else { input };
    Connector::open()?;
    call(Access::Event, || actions::run(name, input), |_| Ok(())).map(Answer::json)
}

/// Ask for a page of what is new, and handle it. Its cursor is kept when all of it is handled.
fn poll(trigger: &str) -> Result<Answer, Problem> {
    let connector = Connector::open()?;
    if !connector.description.triggers.iter().any(|known| known.name == trigger) {
        return Err(Problem::new(404, format!("the connector has no trigger called {trigger:?}")));
    }
    let name = format!("cursor/{trigger}");
    let cursor = session::recall(&name).map_err(Problem::later)?;
    let cursor = cursor.and_then(|bytes| String::from_utf8(bytes).ok());
    let page = call(Access::Poll, || intake::poll(trigger, cursor.as_deref()), |_| Ok(()))?;
    let handled = events::handle(page.events)?;
    session::begin(Access::Poll);
    if let Some(cursor) = &page.cursor {
        session::remember(&name, cursor.as_bytes());
    }
    session::commit().map_err(|reason| Problem::later(format!("the store: {reason}")))?;
    Answer::done(&json!({ "handled": handled, "more": page.more }))
}
