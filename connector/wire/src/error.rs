//! What can go wrong in a call, sorted by what the caller may do about it.

use crate::http::{HttpError, Method, Response};

/// Why a call of a vendor's API did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The request could not be written, so nothing was sent.
    #[error("{call} was not sent: {reason}")]
    Unsendable {
        /// Method and path.
        call: String,
        /// Why.
        reason: String,
    },
    /// No response came.
    #[error("{call}: {error}")]
    Http {
        /// Method and path.
        call: String,
        /// Why.
        error: HttpError,
    },
    /// The API answered with an error.
    #[error("{call} answered {status}: {message}")]
    Status {
        /// Method and path.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What the API said.
        message: String,
        /// How long the API asks to wait, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// What came was not whole, or not the API's: a body that ends in the middle, a proxy's page.
    #[error("{call} answered with something that is no JSON: {reason}")]
    NotJson {
        /// Method and path.
        call: String,
        /// What stands there.
        reason: String,
    },
    /// The API's answer could not be read.
    #[error("{call} answered something unexpected: {reason}")]
    Unreadable {
        /// Method and path.
        call: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ApiError {
    /// Whether the same call may succeed later, by itself.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http { error, .. } => matches!(error, HttpError::Timeout | HttpError::Connection(_)),
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            Self::NotJson { .. } => true,
            Self::Unreadable { .. } | Self::Unsendable { .. } => false,
        }
    }

    /// Whether a person must act first: a credential, a permission, or the host's configuration.
    pub fn needs_attention(&self) -> bool {
        match self {
            Self::Http { error, .. } => matches!(error, HttpError::Denied(_)),
            Self::Status { status, .. } => matches!(status, 401 | 403 | 407),
            Self::NotJson { .. } | Self::Unreadable { .. } | Self::Unsendable { .. } => false,
        }
    }

    /// Whether the host did not let the call through: the operator granted no permission for it.
    pub fn is_ungranted(&self) -> bool {
        matches!(self, Self::Http { error: HttpError::Denied(_), .. })
    }

    /// The HTTP status, if the API answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// `GET /payments/orders/1`: how errors name a call. The query is left out, since it may hold a customer's data.
pub(crate) fn call_name(method: Method, url: &str) -> String {
    let path = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest.find('/').map_or("/", |start| rest.split_at(start).1));
    format!("{method} {}", path.split('?').next().unwrap_or(path))
}

/// The wait that a `Retry-After` header in seconds asks for, in milliseconds.
pub(crate) fn retry_after_ms(response: &Response) -> Option<u64> {
    response.header("retry-after")?.trim().parse::<u64>().ok()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> ApiError {
        ApiError::Status { call: "GET /x".to_owned(), status, message: String::new(), retry_after_ms: None }
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        for (code, transient, attention) in [
            (400, false, false),
            (401, false, true),
            (403, false, true),
            (404, false, false),
            (408, true, false),
            (422, false, false),
            (429, true, false),
            (500, true, false),
            (503, true, false),
        ] {
            assert_eq!(
                (status(code).is_transient(), status(code).needs_attention()),
                (transient, attention),
                "{code}"
            );
        }
        let http = |error| ApiError::Http { call: String::new(), error };
        assert!(http(HttpError::Denied(String::new())).needs_attention());
        assert!(http(HttpError::Denied(String::new())).is_ungranted());
        assert!(!status(403).is_ungranted() && !http(HttpError::Timeout).is_ungranted());
        assert!(
            http(HttpError::Timeout).is_transient()
                && http(HttpError::Connection(String::new())).is_transient()
        );
        assert!(!http(HttpError::TooLarge).is_transient());
    }

    #[test]
    fn calls_are_named_without_host_and_query() {
        assert_eq!(call_name(Method::Get, "https://api.example/orders/1?email=a%40b"), "GET /orders/1");
        assert_eq!(call_name(Method::Post, "https://api.example"), "POST /");
    }
}
