//! Bringing a notice to a receiver: signed, and once for each call.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::payload::Payload;
use crate::contract::Instant;
use crate::egress::{Egress, Post};
use crate::engine::HttpError;
use crate::notices::{Receiver, Signer, TEST};

/// Who says that it is sending, as receivers' logs show it.
const USER_AGENT: &str = concat!("transload/", env!("CARGO_PKG_VERSION"));

/// What an operator sends to try a receiver.
const TEST_DATA: &str = r#"{"message":"a person tries whether notices arrive here"}"#;

/// Brings notices to one receiver.
pub struct Courier {
    name: String,
    post: Post,
    signer: Signer,
}

impl Courier {
    /// The courier to `receiver`. Fails with what is wrong with its configuration, and the key of it.
    pub fn new(egress: &Egress, receiver: &Receiver) -> Result<Courier, String> {
        let Receiver { name, url, secrets, allow_private, .. } = receiver;
        let setting = format!("receivers.{name}");
        if secrets.is_empty() {
            return Err(format!(
                "{setting} has no secret, so that nobody could tell its notices from forged ones"
            ));
        }
        let signer = Signer::new(secrets).map_err(|error| format!("{setting}.secret: {error}"))?;
        let post = egress.post(&setting, url, allow_private).map_err(|error| error.to_string())?;
        Ok(Courier { name: name.clone(), post, signer })
    }

    /// The receiver's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it leads: `host:port`.
    pub fn host(&self) -> String {
        self.post.host()
    }

    /// Whether the receiver has an address that may be connected to. Sends nothing.
    pub async fn resolve(&self) -> Result<(), HttpError> {
        self.post.resolve().await
    }

    /// Bring a payload under an id, `at` now. A response of any status is a success.
    pub async fn bring(
        &self,
        id: &str,
        payload: &Payload,
        at: Instant,
    ) -> Result<Response<Bytes>, HttpError> {
        let body = Bytes::from(payload.to_json());
        let headers = self.headers(id, at / 1_000, &body)?;
        self.post.send(headers, body).await
    }

    /// Bring a payload of the topic `test`.
    pub async fn test(&self, at: Instant) -> Result<Response<Bytes>, HttpError> {
        let id = format!("ntc_{at}_test_{}", self.name);
        self.bring(&id, &Payload::new(TEST, at, TEST_DATA), at).await
    }

    fn headers(&self, id: &str, seconds: u64, body: &[u8]) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for (name, value) in [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", self.signer.sign(id, seconds, body)),
        ] {
            // Ids are made of names and numbers, and names have letters, digits and `-`.
            let value = HeaderValue::try_from(value)
                .map_err(|_| HttpError::Malformed(format!("{name} cannot be sent in a header")))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }
}
