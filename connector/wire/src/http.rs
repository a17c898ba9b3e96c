//! The HTTP port: what a vendor's client needs from whoever runs it.

use std::fmt;

use crate::error::{ApiError, call_name, retry_after_ms};
use crate::member::member_at;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create or do.
    Post,
    /// Create or replace.
    Put,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// A request. The credential is not in it: the host adds it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The absolute URL, see [`crate::Url`].
    pub url: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which is JSON wherever there is one.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: None }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets `body` as JSON. Fails with [`ApiError::Unsendable`] if it cannot be written so.
    pub fn json(mut self, body: &impl serde::Serialize) -> Result<Self, ApiError> {
        match serde_json::to_vec(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => return Err(self.unsendable(error.to_string())),
        }
        Ok(self.header("content-type", "application/json"))
    }

    /// The error for a request that must not be sent as it is.
    pub fn unsendable(&self, reason: impl Into<String>) -> ApiError {
        ApiError::Unsendable { call: call_name(self.method, &self.url), reason: reason.into() }
    }
}

/// A response, whatever its status.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header called `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The host does not allow the call. A person must change the configuration.
    #[error("the host refused the call: {0}")]
    Denied(String),
    /// No response in time. The call may have had its effect.
    #[error("no response in time")]
    Timeout,
    /// The connection failed. The call may have had its effect.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The response is larger than the host lets through.
    #[error("the response is too large")]
    TooLarge,
}

/// Sends requests.
pub trait Http {
    /// Sends `request` and waits for the whole response. A status that is no success is not an error here.
    fn send(&self, request: Request) -> Result<Response, HttpError>;
}

/// A response and the call that it answers.
#[derive(Debug, Clone)]
pub struct Answer {
    call: String,
    /// The response, whatever its status.
    pub response: Response,
}

/// What a vendor says in a response that is no success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Why; the body's beginning stands in for none.
    pub message: Option<String>,
    /// How long to wait, in milliseconds, where the vendor says so in another way than `Retry-After`.
    pub retry_after_ms: Option<u64>,
}

/// Sends `request` and waits for the answer. Fails only when there is none.
pub fn send(http: &dyn Http, request: Request) -> Result<Answer, ApiError> {
    let call = call_name(request.method, &request.url);
    match http.send(request) {
        Ok(response) => Ok(Answer { call, response }),
        Err(error) => Err(ApiError::Http { call, error }),
    }
}

impl Answer {
    /// The answer if its status is a success. `refusal` finds what the vendor says in one that is not.
    pub fn success(self, refusal: fn(&Response) -> Refusal) -> Result<Self, ApiError> {
        let response = &self.response;
        if response.is_success() {
            return Ok(self);
        }
        let said = refusal(response);
        Err(ApiError::Status {
            status: response.status,
            message: said.message.unwrap_or_else(|| beginning(&response.body)),
            retry_after_ms: retry_after_ms(response).or(said.retry_after_ms),
            call: self.call,
        })
    }

    /// Reads the JSON body. The error names the member that could not be read, not its value, since that may be a
    /// customer's data.
    pub fn read<'de, T: serde::Deserialize<'de>>(&'de self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.response.body).map_err(|error| {
            let reason = unreadable(&self.response.body, &error);
            if error.is_data() {
                return self.unreadable(reason);
            }
            ApiError::NotJson { call: self.call.clone(), reason }
        })
    }

    /// The error for an answer in which something is missing or makes no sense.
    pub fn unreadable(&self, reason: impl Into<String>) -> ApiError {
        ApiError::Unreadable { call: self.call.clone(), reason: reason.into() }
    }
}

/// Why `body` could not be read: the member that `error` is about, or what stands there instead of JSON.
pub fn unreadable(body: &[u8], error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("{}: {error}", member_at(body, error.line(), error.column()))
        }
        _ => format!("{error} in {}", beginning(body)),
    }
}

/// The first 200 bytes of a body, as far as they are text: enough to recognise it, too little to fill a log.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body));
    if text.trim().is_empty() { "an empty body".to_owned() } else { text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::Script;

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    fn get(response: Response) -> Result<Answer, ApiError> {
        let http = Script::default().respond("GET /x", response);
        send(&http, Request::new(Method::Get, "https://api.example/x"))
    }

    fn said(_: &Response) -> Refusal {
        Refusal { message: Some("no".to_owned()), retry_after_ms: Some(7) }
    }

    fn silent(_: &Response) -> Refusal {
        Refusal::default()
    }

    #[test]
    fn what_the_vendor_says_is_in_the_error() {
        let error = get(response(429, &[], "")).unwrap().success(said).unwrap_err();
        let expected = ApiError::Status {
            call: "GET /x".to_owned(),
            status: 429,
            message: "no".to_owned(),
            retry_after_ms: Some(7),
        };
        assert_eq!(error, expected);
    }

    #[test]
    fn the_standard_header_comes_first_and_the_body_stands_in() {
        let bare = response(503, &[("retry-after", "2")], "<html>down</html>");
        let error = get(bare.clone()).unwrap().success(silent).unwrap_err();
        assert_eq!(error.to_string(), "GET /x answered 503: <html>down</html>");
        let ApiError::Status { retry_after_ms, .. } = get(bare).unwrap().success(said).unwrap_err() else {
            panic!("not a status")
        };
        assert_eq!(retry_after_ms, Some(2000));
    }

    #[test]
    fn half_a_body_and_a_proxys_page_are_tried_again() {
        for body in ["{\"a\": 1", "", "<html>We are back soon</html>"] {
            let error = get(response(200, &[], body)).unwrap().read::<serde_json::Value>().unwrap_err();
            assert!(error.is_transient() && !error.needs_attention(), "{error}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_names_the_member_and_not_its_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            _secret: u32,
        }
        let answer = get(response(200, &[], r#"{"name":"Ada","_secret":[]}"#)).unwrap();
        let error = answer.read::<Body>().unwrap_err().to_string();
        assert!(error.starts_with("GET /x answered something unexpected: _secret: invalid type"), "{error}");
        assert!(!error.contains("Ada"), "{error}");
        let error = get(response(200, &[], "<html>")).unwrap().read::<Body>().unwrap_err().to_string();
        assert!(error.ends_with("in <html>"), "{error}");
    }
}
