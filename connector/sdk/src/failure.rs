//! How errors become failures of the contract: sorted by what can be done about them.

use transload_model::{DecimalError, MoneyError, QuantityError};
use transload_wire::ApiError;

use crate::{Failure, Retry, StoreError};

/// It can never succeed, for this reason.
pub fn rejected(reason: impl Into<String>) -> Failure {
    Failure::Rejected(reason.into())
}

/// A person must act first, for this reason.
pub fn needs_attention(reason: impl Into<String>) -> Failure {
    Failure::NeedsAttention(reason.into())
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        if error.needs_attention() {
            return needs_attention(error.to_string());
        }
        if error.is_transient() {
            let after_ms = match &error {
                ApiError::Status { retry_after_ms, .. } => *retry_after_ms,
                _ => None,
            };
            return Self::Retry(Retry { reason: error.to_string(), after_ms });
        }
        rejected(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            // Another event wrote in between; the next attempt reads what it wrote.
            StoreError::Conflict(_) | StoreError::Unavailable(_) => {
                Self::Retry(Retry { reason: error.to_string(), after_ms: None })
            }
            StoreError::TooLarge(_) | StoreError::InvalidKey(_) => rejected(error.to_string()),
        }
    }
}

macro_rules! rejected_for {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                rejected(error.to_string())
            }
        }
    )+};
}

// Amounts that do not add up stay wrong however often they are tried.
rejected_for!(DecimalError, MoneyError, QuantityError);

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after_ms: Option<u64>) -> Failure {
        ApiError::Status { call: "GET /x".to_owned(), status, message: "no".to_owned(), retry_after_ms }
            .into()
    }

    #[test]
    fn api_errors_are_sorted_by_what_can_be_done() {
        let reason = |code: u16| format!("GET /x answered {code}: no");
        assert_eq!(
            status(429, Some(2000)),
            Failure::Retry(Retry { reason: reason(429), after_ms: Some(2000) })
        );
        assert_eq!(status(503, None), Failure::Retry(Retry { reason: reason(503), after_ms: None }));
        assert_eq!(status(401, None), Failure::NeedsAttention(reason(401)));
        assert_eq!(status(422, None), Failure::Rejected(reason(422)));
    }

    #[test]
    fn a_conflict_is_tried_again_and_a_bad_key_is_not() {
        assert!(matches!(Failure::from(StoreError::Conflict(3)), Failure::Retry(_)));
        assert!(matches!(Failure::from(StoreError::InvalidKey(String::new())), Failure::Rejected(_)));
    }
}
