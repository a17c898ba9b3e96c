//! Responses: the platform's, without what a connector should not see.

use crate::bindings::exports::wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, GuestFutureIncomingResponse, GuestFutureTrailers, GuestIncomingBody,
    GuestIncomingRequest, GuestIncomingResponse, GuestOutgoingResponse, GuestResponseOutparam, IncomingBody,
    IncomingResponse, Method, OutgoingBody, OutgoingResponse, ResponseOutparam, Scheme, StatusCode,
    Trailers as TrailerFields,
};
use crate::bindings::wasi::http::types as platform;
use crate::bindings::wasi::io::poll::Pollable;
use crate::bindings::wasi::io::streams::InputStream;
use crate::fields::{self, Headers};

/// A response that is awaited.
pub(crate) struct Future(pub(crate) platform::FutureIncomingResponse);

impl GuestFutureIncomingResponse for Future {
    fn subscribe(&self) -> Pollable {
        self.0.subscribe()
    }

    fn get(&self) -> Option<Result<Result<IncomingResponse, ErrorCode>, ()>> {
        let outcome = self.0.get()?;
        Some(outcome.map(|response| response.map(|response| IncomingResponse::new(Response(response)))))
    }
}

/// A response.
pub(crate) struct Response(platform::IncomingResponse);

impl GuestIncomingResponse for Response {
    fn status(&self) -> StatusCode {
        self.0.status()
    }

    fn headers(&self) -> Fields {
        let mut headers = fields::read(&self.0.headers());
        transload_policy::headers::incoming(&mut headers);
        Headers::fixed(headers)
    }

    fn consume(&self) -> Result<IncomingBody, ()> {
        Ok(IncomingBody::new(Body(self.0.consume()?)))
    }
}

/// The body of a response.
pub(crate) struct Body(platform::IncomingBody);

impl GuestIncomingBody for Body {
    fn stream(&self) -> Result<InputStream, ()> {
        self.0.stream()
    }

    fn finish(this: IncomingBody) -> FutureTrailers {
        let Body(body) = this.into_inner::<Body>();
        FutureTrailers::new(Trailers(platform::IncomingBody::finish(body)))
    }
}

/// What follows a body.
pub(crate) struct Trailers(platform::FutureTrailers);

impl GuestFutureTrailers for Trailers {
    fn subscribe(&self) -> Pollable {
        self.0.subscribe()
    }

    fn get(&self) -> Option<Result<Result<Option<TrailerFields>, ErrorCode>, ()>> {
        let outcome = self.0.get()?;
        Some(outcome.map(|trailers| {
            trailers.map(|trailers| trailers.map(|trailers| Headers::fixed(fields::read(&trailers))))
        }))
    }
}

/// What a connector cannot have: requests come to the front.
pub(crate) enum Never {}

impl GuestIncomingRequest for Never {
    fn method(&self) -> Method {
        match *self {}
    }

    fn path_with_query(&self) -> Option<String> {
        match *self {}
    }

    fn scheme(&self) -> Option<Scheme> {
        match *self {}
    }

    fn authority(&self) -> Option<String> {
        match *self {}
    }

    fn headers(&self) -> Fields {
        match *self {}
    }

    fn consume(&self) -> Result<IncomingBody, ()> {
        match *self {}
    }
}

impl GuestResponseOutparam for Never {
    fn set(_: ResponseOutparam, _: Result<OutgoingResponse, ErrorCode>) {}
}

/// A response that no one asked the connector for; runtimes of some languages import its functions.
pub(crate) struct Unsent;

impl GuestOutgoingResponse for Unsent {
    fn new(_: Fields) -> Unsent {
        Unsent
    }

    fn status_code(&self) -> StatusCode {
        200
    }

    fn set_status_code(&self, _: StatusCode) -> Result<(), ()> {
        Err(())
    }

    fn headers(&self) -> Fields {
        Headers::fixed(http::HeaderMap::new())
    }

    fn body(&self) -> Result<OutgoingBody, ()> {
        Err(())
    }
}
