//! Error replies of GHL, in the shapes of its OpenAPI file's common schemas.

use http::StatusCode;

use crate::json::Json;
use crate::message::Reply;

/// A request that is not granted.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: Json,
    /// The `error` member, which a 400 and a missing scope do not have.
    error: Option<&'static str>,
}

impl Refusal {
    pub fn bad_request(message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into(), error: None }
    }

    pub fn unauthorized(message: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, message: message.into(), error: Some("Unauthorized") }
    }

    /// A scope that the token lacks: 401, and not 403, as integrators report.
    pub fn missing_scope() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            message: "The token is not authorized for this scope.".into(),
            error: None,
        }
    }

    /// The id of a location that the token is not for. The reply is not documented.
    pub fn other_location() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            message: "The token does not have access to this location.".into(),
            error: Some("Forbidden"),
        }
    }

    pub fn not_found(message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into(), error: Some("Not Found") }
    }

    /// What is wrong with the parameters or the body; the only message that is an array.
    pub fn unprocessable(messages: Vec<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: messages.into(),
            error: Some("Unprocessable Entity"),
        }
    }

    /// The body of a 429 is not documented.
    pub fn too_many_requests() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            message: "Too Many Requests".into(),
            error: Some("Too Many Requests"),
        }
    }

    /// The sandbox holds all that it may.
    pub fn full(what: &str) -> Self {
        Self {
            status: StatusCode::INSUFFICIENT_STORAGE,
            message: what.into(),
            error: Some("Sandbox is full"),
        }
    }

    pub fn reply(self) -> Reply {
        let body = Json::object([
            ("statusCode", i64::from(self.status.as_u16()).into()),
            ("message", self.message),
            ("error", self.error.into()),
        ]);
        Reply::json(self.status, &body)
    }
}

/// The reply of an injected fault.
pub(crate) fn fault(status: StatusCode) -> Reply {
    let error = status.canonical_reason();
    Refusal { status, message: error.unwrap_or("Error").into(), error }.reply()
}
