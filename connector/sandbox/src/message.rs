//! A request as the fakes see it, and their reply.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::json::Json;

/// A request whose body has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The method.
    pub method: Method,
    /// The path below the fake's own prefix, as it was sent: `/Order/Id/a%2Fb`.
    pub path: String,
    /// The segments of the path, decoded, so that an encoded slash stays inside its segment.
    pub segments: Vec<String>,
    /// The query as it was sent, without its question mark.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request for `path`, which is given without the fake's prefix.
    pub fn new(method: Method, path: &str, query: &str, headers: HeaderMap, body: Bytes) -> Self {
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        Self { method, path: path.to_owned(), segments, query: query.to_owned(), headers, body }
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A query parameter's value; the first, if it is repeated.
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The path's segments, for matching.
    pub fn route(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// Whether the request asks for a change. GHL's search of records is a POST that changes nothing.
    pub fn is_write(&self) -> bool {
        let is_search = self.method == Method::POST
            && matches!(self.route().as_slice(), ["objects", _, "records", "search"]);
        !is_search && !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// What a fake answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The content type; empty for a reply without a body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// The id of the object that the request made or changed.
    pub object: Option<String>,
}

impl Reply {
    /// A reply with a JSON body.
    pub fn json(status: StatusCode, body: &Json) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json; charset=utf-8",
            body: body.to_bytes(),
            object: None,
        }
    }

    /// A reply of plain text.
    pub fn text(status: StatusCode, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "text/plain; charset=utf-8",
            body: body.as_bytes().to_vec(),
            object: None,
        }
    }

    /// A reply without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), content_type: "", body: Vec::new(), object: None }
    }

    /// The reply with a header more.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The reply, noting which object it is about.
    pub fn about(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// The reply as a response.
    pub fn into_response(self) -> http::Response<Bytes> {
        let mut response = http::Response::builder().status(self.status);
        if !self.content_type.is_empty() {
            response = response.header("content-type", self.content_type);
        }
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        // Only a header value with a line break could fail, and no fake makes one.
        response.body(self.body.into()).unwrap_or_else(|_| http::Response::new(Bytes::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        let request =
            Request::new(Method::GET, "/Order/Number/a%2Fb%20c", "", HeaderMap::new(), Bytes::new());
        assert_eq!(request.route(), ["Order", "Number", "a/b c"]);
    }

    #[test]
    fn parameters_are_decoded() {
        let request = Request::new(Method::GET, "/x", "a=1%202&b=&a=3", HeaderMap::new(), Bytes::new());
        assert_eq!(request.parameter("a").as_deref(), Some("1 2"));
        assert_eq!(request.parameter("b").as_deref(), Some(""));
        assert_eq!(request.parameter("c"), None);
    }
}
