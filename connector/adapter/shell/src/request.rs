//! Requests: collected from the connector, decided, and made at the platform with their credential.
//!
//! The platform's requests cannot be changed once they are made, and their body is a child of them. So a request is made when
//! the connector asks for its body or hands it over, whichever comes first, and what it says cannot be changed after that.

use std::cell::RefCell;

use http::uri::{Authority, PathAndQuery, Scheme as HttpScheme};
use http::{HeaderMap, Uri};

use crate::Shell;
use crate::bindings::exports::wasi::http::outgoing_handler::{self, ErrorCode};
use crate::bindings::exports::wasi::http::types::{
    Fields, FutureIncomingResponse, GuestOutgoingBody, GuestOutgoingRequest, GuestRequestOptions, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, Trailers,
};
use crate::bindings::wasi::clocks::monotonic_clock::Duration;
use crate::bindings::wasi::http::{outgoing_handler as way_out, types as platform};
use crate::bindings::wasi::io::streams::OutputStream;
use crate::fields::{self, Headers};
use crate::response::Future;
use crate::session;

/// A request of the connector.
pub(crate) struct Request {
    headers: HeaderMap,
    line: RefCell<Line>,
    made: RefCell<Option<Made>>,
}

/// What it asks for.
struct Line {
    method: Method,
    scheme: Option<Scheme>,
    authority: Option<String>,
    path_with_query: Option<String>,
}

/// The platform's request, and why it may not be sent, if it may not.
struct Made {
    request: platform::OutgoingRequest,
    denied: Option<ErrorCode>,
}

impl Request {
    /// Decide about it, log a denial, and make the platform's request.
    fn make(&self) -> Made {
        match self.allowed() {
            Ok(request) => Made { request, denied: None },
            Err((code, reason)) => {
                eprintln!("transload: denied: {}: {reason}", self.line.borrow().shown());
                // Never sent: it gives the connector a body to write to, so that it hears of the denial where it expects one.
                Made { request: platform::OutgoingRequest::new(platform::Fields::new()), denied: Some(code) }
            }
        }
    }

    fn allowed(&self) -> Result<platform::OutgoingRequest, (ErrorCode, String)> {
        let line = self.line.borrow();
        let malformed = |reason: String| (ErrorCode::HttpRequestUriInvalid, reason);
        let denied = |reason: String| (ErrorCode::HttpRequestDenied, reason);
        let uri = line.uri().map_err(malformed)?;
        let method = line.method().map_err(malformed)?;
        let allowed = session::allow(&method, &uri, self.headers.clone()).map_err(denied)?;
        let request = platform::OutgoingRequest::new(fields::write(&allowed.headers).map_err(denied)?);
        let target = allowed.target;
        let scheme = match target.scheme_str() {
            Some("http") => Scheme::Http,
            _ => Scheme::Https,
        };
        let set = request
            .set_method(&line.method)
            .and_then(|()| request.set_scheme(Some(&scheme)))
            .and_then(|()| request.set_authority(target.authority().map(Authority::as_str)))
            .and_then(|()| request.set_path_with_query(target.path_and_query().map(PathAndQuery::as_str)));
        set.map_err(|()| malformed("the platform refuses its method or URL".to_owned()))?;
        Ok(request)
    }

    /// Change what it asks for, unless it is made.
    fn change(&self, change: impl FnOnce(&mut Line)) -> Result<(), ()> {
        if self.made.borrow().is_some() {
            return Err(());
        }
        change(&mut self.line.borrow_mut());
        Ok(())
    }
}

impl Line {
    fn uri(&self) -> Result<Uri, String> {
        let scheme = match &self.scheme {
            Some(Scheme::Http) => HttpScheme::HTTP,
            Some(Scheme::Https) | None => HttpScheme::HTTPS,
            Some(Scheme::Other(other)) => return Err(format!("its scheme is {other}")),
        };
        let authority = self.authority.as_deref().ok_or("it has no host")?;
        let path = self.path_with_query.as_deref().unwrap_or("/");
        Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query(path)
            .build()
            .map_err(|error| format!("its URL is malformed: {error}"))
    }

    fn method(&self) -> Result<http::Method, String> {
        let name = self.method_name();
        http::Method::from_bytes(name.as_bytes()).map_err(|_| format!("its method is {name:?}"))
    }

    fn method_name(&self) -> &str {
        match &self.method {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Connect => "CONNECT",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Other(name) => name,
        }
    }

    /// For the log: without the query, which may hold what a log should not.
    fn shown(&self) -> String {
        let path = self.path_with_query.as_deref().unwrap_or("/");
        let path = path.split('?').next().unwrap_or(path);
        format!("{} {}{path}", self.method_name(), self.authority.as_deref().unwrap_or_default())
    }
}

impl GuestOutgoingRequest for Request {
    fn new(headers: Fields) -> Request {
        let headers = headers.into_inner::<Headers>().into_map();
        let line = Line { method: Method::Get, scheme: None, authority: None, path_with_query: None };
        Request { headers, line: RefCell::new(line), made: RefCell::new(None) }
    }

    fn body(&self) -> Result<OutgoingBody, ()> {
        let mut made = self.made.borrow_mut();
        let made = made.get_or_insert_with(|| self.make());
        Ok(OutgoingBody::new(Body(made.request.body()?)))
    }

    fn method(&self) -> Method {
        self.line.borrow().method.clone()
    }

    fn set_method(&self, method: Method) -> Result<(), ()> {
        self.change(|line| line.method = method)
    }

    fn path_with_query(&self) -> Option<String> {
        self.line.borrow().path_with_query.clone()
    }

    fn set_path_with_query(&self, path_with_query: Option<String>) -> Result<(), ()> {
        self.change(|line| line.path_with_query = path_with_query)
    }

    fn scheme(&self) -> Option<Scheme> {
        self.line.borrow().scheme.clone()
    }

    fn set_scheme(&self, scheme: Option<Scheme>) -> Result<(), ()> {
        self.change(|line| line.scheme = scheme)
    }

    fn authority(&self) -> Option<String> {
        self.line.borrow().authority.clone()
    }

    fn set_authority(&self, authority: Option<String>) -> Result<(), ()> {
        self.change(|line| line.authority = authority)
    }

    fn headers(&self) -> Fields {
        Headers::fixed(self.headers.clone())
    }
}

/// The body of a request.
pub(crate) struct Body(platform::OutgoingBody);

impl GuestOutgoingBody for Body {
    fn write(&self) -> Result<OutputStream, ()> {
        self.0.write()
    }

    fn finish(this: OutgoingBody, trailers: Option<Trailers>) -> Result<(), ErrorCode> {
        let Body(body) = this.into_inner::<Body>();
        // No API that connectors talk to reads trailers, and they would pass by the check of headers.
        drop(trailers);
        platform::OutgoingBody::finish(body, None)
    }
}

/// How long a request may take.
pub(crate) struct Options(platform::RequestOptions);

impl GuestRequestOptions for Options {
    fn new() -> Options {
        Options(platform::RequestOptions::new())
    }

    fn connect_timeout(&self) -> Option<Duration> {
        self.0.connect_timeout()
    }

    fn set_connect_timeout(&self, duration: Option<Duration>) -> Result<(), ()> {
        self.0.set_connect_timeout(duration)
    }

    fn first_byte_timeout(&self) -> Option<Duration> {
        self.0.first_byte_timeout()
    }

    fn set_first_byte_timeout(&self, duration: Option<Duration>) -> Result<(), ()> {
        self.0.set_first_byte_timeout(duration)
    }

    fn between_bytes_timeout(&self) -> Option<Duration> {
        self.0.between_bytes_timeout()
    }

    fn set_between_bytes_timeout(&self, duration: Option<Duration>) -> Result<(), ()> {
        self.0.set_between_bytes_timeout(duration)
    }
}

impl outgoing_handler::Guest for Shell {
    fn handle(
        request: OutgoingRequest,
        options: Option<RequestOptions>,
    ) -> Result<FutureIncomingResponse, ErrorCode> {
        let request = request.into_inner::<Request>();
        let made = request.made.take().unwrap_or_else(|| request.make());
        if let Some(code) = made.denied {
            return Err(code);
        }
        let options = options.map(|options| options.into_inner::<Options>().0);
        way_out::handle(made.request, options).map(|future| FutureIncomingResponse::new(Future(future)))
    }
}
