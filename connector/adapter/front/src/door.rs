//! Requests, read.

use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::answer::Problem;
use crate::bindings::wasi::http::types::{IncomingRequest, Method};
use crate::bindings::wasi::io::streams::StreamError;
use crate::config;

/// The largest body, in bytes, as on the host: GoHighLevel's webhooks end at 256 KB; other vendors document up to 1 MB.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What is read of a body at once, in bytes.
const CHUNK_BYTES: u64 = 64 << 10;

/// A request, whole.
pub(crate) struct Request {
    /// Whether it is a POST; else it is a GET.
    pub(crate) post: bool,
    /// Without the query.
    pub(crate) path: String,
    /// What is no header of HTTP's is left out.
    pub(crate) headers: HeaderMap,
    /// As it came.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Read a request. Fails for a method that no route has, and for a body that is too large.
    pub(crate) fn read(request: IncomingRequest) -> Result<Request, Problem> {
        let post = match request.method() {
            Method::Get => false,
            Method::Post => true,
            _ => return Err(Problem::new(405, "use GET or POST")),
        };
        let path = request.path_with_query().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let entries = request.headers().entries();
        let headers = entries.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        Ok(Request { post, path, headers: headers.collect(), body: body(&request)? })
    }

    /// See that it has the token of the configuration. Without one, nobody has it.
    pub(crate) fn authorize(&self) -> Result<(), Problem> {
        let token = config::text("admin-token")?.ok_or_else(|| {
            Problem::new(403, "only webhooks are taken as long as the configuration has no admin-token")
        })?;
        let given = self.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        // Of one length, so that comparing tells nothing about the token.
        let same: bool = Sha256::digest(given).ct_eq(&Sha256::digest(token)).into();
        if same {
            Ok(())
        } else {
            Err(Problem::new(401, "the request does not have the bearer token admin-token"))
        }
    }
}

fn body(request: &IncomingRequest) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::new(400, "the body ended early");
    let body = request.consume().map_err(|()| broken())?;
    let stream = body.stream().map_err(|()| broken())?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
        if bytes.len() > BODY_BYTES_MAX {
            return Err(Problem::new(413, format!("the body has more than {BODY_BYTES_MAX} bytes")));
        }
    }
}
