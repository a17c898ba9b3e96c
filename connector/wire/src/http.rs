//! The HTTP port: what a vendor's client needs from whoever runs it.

use std::fmt;

use crate::error::{ApiError, call_name, retry_after_ms};

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

    /// Sets `body` as JSON. Fails only if `body` cannot be written as JSON.
    pub fn json(mut self, body: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        self.body = Some(serde_json::to_vec(body)?);
        Ok(self.header("content-type", "application/json"))
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

/// Sends `request` and answers the response if it is a success. `message` finds what the vendor says in the body of an
/// error; the body's beginning stands in where it finds nothing.
pub fn send(
    http: &dyn Http,
    request: Request,
    message: fn(&Response) -> Option<String>,
) -> Result<Response, ApiError> {
    let call = call_name(request.method, &request.url);
    let response = match http.send(request) {
        Ok(response) => response,
        Err(error) => return Err(ApiError::Http { call, error }),
    };
    if response.is_success() {
        return Ok(response);
    }
    let message = message(&response).unwrap_or_else(|| beginning(&response.body));
    Err(ApiError::Status {
        call,
        status: response.status,
        message,
        retry_after_ms: retry_after_ms(&response),
    })
}

/// Reads the JSON body of a response to `call`, which is only for the error's text.
pub fn read<T: serde::de::DeserializeOwned>(call: &str, response: &Response) -> Result<T, ApiError> {
    serde_json::from_slice(&response.body).map_err(|error| ApiError::Unreadable {
        call: call.to_owned(),
        reason: format!("{error} in {}", beginning(&response.body)),
    })
}

/// The first 200 bytes of a body, as far as they are text: enough to recognise it, too little to fill a log.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body));
    if text.trim().is_empty() { "an empty body".to_owned() } else { text.trim().to_owned() }
}
