//! Why a request to the admin API was not fulfilled.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::runtime::host::RequestError;
use crate::runtime::preview::Preview;
use crate::runtime::swap::SwapError;
use crate::storage::StorageError;

/// A refusal: a status, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Box<Body>,
}

/// What a refusal says.
#[derive(Debug, Serialize)]
struct Body {
    /// Why, for a person.
    error: String,
    /// What the refused module would have done otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Preview>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Refusal {
        Refusal { status, body: Box::new(Body { error: error.into(), preview: None }) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Refusal {
        Refusal::new(of_storage(&error), error.to_string())
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Refusal {
        Refusal::new(of_request(&error), error.to_string())
    }
}

impl From<SwapError> for Refusal {
    fn from(error: SwapError) -> Refusal {
        let status = match &error {
            SwapError::Request(error) => of_request(error),
            SwapError::Module(_) | SwapError::Misfit(_) | SwapError::Ungranted(_) | SwapError::Fails(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            SwapError::NothingBefore(_) => StatusCode::CONFLICT,
            SwapError::Storage(error) => of_storage(error),
        };
        let mut refusal = Refusal::new(status, error.to_string());
        if let SwapError::Fails(preview) = error {
            refusal.body.preview = Some(*preview);
        }
        refusal
    }
}

fn of_storage(error: &StorageError) -> StatusCode {
    match error {
        StorageError::NotFound(_) => StatusCode::NOT_FOUND,
        StorageError::Ended(_) | StorageError::Conflict { .. } => StatusCode::CONFLICT,
        StorageError::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
        StorageError::Stopped | StorageError::Locked { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn of_request(error: &RequestError) -> StatusCode {
    match error {
        RequestError::UnknownConnection { .. } | RequestError::UnknownTrigger { .. } => StatusCode::NOT_FOUND,
        RequestError::Replay(_) | RequestError::ModuleGone(_) => StatusCode::CONFLICT,
        RequestError::Module(_) | RequestError::Event(_) | RequestError::Job(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        RequestError::Storage(error) => of_storage(error),
        RequestError::Failure(_) | RequestError::Call(_) => StatusCode::BAD_GATEWAY,
    }
}
