//! One step of the sandbox: a request to a fake, with its fault, its effect and its entry in the ledger.

use http::StatusCode;
use jiff::Timestamp;

use crate::faults::FaultKind;
use crate::json::Json;
use crate::message::{Reply, Request};
use crate::state::State;
use crate::system::System;
use crate::{ghl, rankr, track_pod};

/// The largest request body in bytes. The vendors' largest, 500 orders at once, is below it.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a request meets: the fault that was due, and the reply unless the fault came before the fake looked at it. The
/// caller holds the state's lock, so the ledger is in the order of the effects.
pub(crate) fn step(
    state: &mut State,
    base_url: &str,
    system: System,
    request: &Request,
    now: Timestamp,
) -> (Option<FaultKind>, Option<Reply>) {
    let fault = state.faults.take(system, request);
    let reply = match &fault {
        Some(FaultKind::DropBefore) => None,
        Some(FaultKind::Status { status, retry_after }) => Some(fault_reply(system, *status, *retry_after)),
        _ => Some(match system {
            System::Ghl => ghl::handle(state, request, now),
            System::TrackPod => track_pod::handle(state, base_url, request, now),
            System::Rankr => rankr::handle(state, request, now),
        }),
    };
    let name = fault.as_ref().map(FaultKind::name);
    state.ledger.record(now, system, request, reply.as_ref(), name);
    (fault, reply)
}

fn fault_reply(system: System, status: u16, retry_after: Option<u64>) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = match system {
        System::Ghl => ghl::fault(status),
        System::TrackPod => track_pod::fault(status),
        System::Rankr => rankr::fault(status),
    };
    match retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
        None => reply,
    }
}

/// `/ghl/payments/orders` → `ghl` and `/payments/orders`.
pub(crate) fn split_tree(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.find('/').map_or((path, "/"), |slash| path.split_at(slash))
}

/// The reply to a path that belongs to nobody.
pub(crate) fn no_such_tree(tree: &str, trees: &str) -> Reply {
    let text = format!("no {tree:?} here: paths begin with {trees}");
    Reply::json(StatusCode::NOT_FOUND, &Json::object([("error", text.into())]))
}

/// The reply to a body of more than [`REQUEST_BYTES_MAX`] bytes.
pub(crate) fn too_large() -> Reply {
    Reply::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_names_the_tree() {
        assert_eq!(split_tree("/ghl/payments/orders"), ("ghl", "/payments/orders"));
        assert_eq!(split_tree("/control"), ("control", "/"));
        assert_eq!(split_tree("/"), ("", "/"));
    }
}
