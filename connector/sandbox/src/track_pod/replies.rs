//! Error replies of Track-POD: its own `ApiResponse`, and ASP.NET's shape for what a validation found.

use http::StatusCode;

use super::schema::Problems;
use crate::json::{Json, Object};
use crate::message::Reply;

/// `ApiResponse`: `Status`, `Title` and `Detail`.
pub(super) fn api(status: StatusCode, detail: &str) -> Reply {
    let title = status.canonical_reason().unwrap_or("Error");
    let body =
        [("Status", i64::from(status.as_u16()).into()), ("Title", title.into()), ("Detail", detail.into())];
    Reply::json(status, &Json::object(body))
}

/// The reply of an injected fault.
pub(crate) fn fault(status: StatusCode) -> Reply {
    api(status, status.canonical_reason().unwrap_or("Error"))
}

pub(super) fn not_found() -> Reply {
    api(StatusCode::NOT_FOUND, "Order not found")
}

/// `ApiRemovedOrderResponse`: what is left of a deleted order.
pub(super) fn gone(removed: Object) -> Reply {
    let body = Json::object([
        ("Order", removed.into()),
        ("Status", 410_i64.into()),
        ("Title", "Gone".into()),
        ("Detail", "Order was permanently removed".into()),
    ]);
    Reply::json(StatusCode::GONE, &body)
}

/// A body or parameter that failed validation. The OpenAPI file has the title and no schema; this is the shape that
/// ASP.NET Core gives such a reply.
pub(super) fn validation(problems: Problems, trace: &str) -> Reply {
    let mut errors = Object::default();
    for (path, problem) in problems {
        let mut texts = errors.get(&path).and_then(Json::as_array).unwrap_or_default().to_vec();
        texts.push(problem.into());
        errors.set(&path, Json::Array(texts));
    }
    let body = Json::object([
        ("type", "https://tools.ietf.org/html/rfc9110#section-15.5.1".into()),
        ("title", "One or more validation errors occurred.".into()),
        ("status", 400_i64.into()),
        ("errors", errors.into()),
        ("traceId", trace.into()),
    ]);
    Reply::json(StatusCode::BAD_REQUEST, &body)
}
