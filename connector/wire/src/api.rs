//! An API as data: what it is called, how it is spoken to, and each call that is made of it.
//!
//! The manifest is made from this, and the clients build their requests from the same [`Endpoint`]s, so a connector cannot
//! call what its manifest does not say.

use crate::{Method, Request, Url};

/// Whether a call changes anything at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It does not.
    Read,
    /// It does.
    Write(InDoubt),
}

/// What is done with a write whose outcome is unknown, when the event runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Send it again: it is idempotent.
    Resend,
    /// The connector looks before it writes.
    Verify,
    /// Never send it again.
    Never,
}

/// One call of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path below the base URL; `{name}` stands for one segment.
    pub path: &'static str,
    /// The permission it belongs to, in the vendor's words where it has some.
    pub scope: &'static str,
    /// Whether it changes anything.
    pub access: Access,
    /// Where a connection's settings may put another path in the place of `path`, as a JSON Pointer (RFC 6901). The other
    /// path has the same names, in the same order.
    pub path_setting: Option<&'static str>,
}

impl Endpoint {
    /// A call that changes nothing.
    pub const fn read(path: &'static str, scope: &'static str) -> Self {
        Self { method: Method::Get, path, scope, access: Access::Read, path_setting: None }
    }

    /// A call that changes nothing although it is a POST: a search whose terms are in the body.
    pub const fn search(path: &'static str, scope: &'static str) -> Self {
        Self { method: Method::Post, path, scope, access: Access::Read, path_setting: None }
    }

    /// A call that changes something.
    pub const fn write(method: Method, path: &'static str, scope: &'static str, in_doubt: InDoubt) -> Self {
        Self { method, path, scope, access: Access::Write(in_doubt), path_setting: None }
    }

    /// The same call, whose path the settings may replace at `pointer`.
    pub const fn set_by(self, pointer: &'static str) -> Self {
        Self { path_setting: Some(pointer), ..self }
    }

    /// A request for it below `base_url`, with `arguments` in the places of the path's `{names}`, in their order, and
    /// `query` behind it.
    pub fn request(&self, base_url: &str, arguments: &[&str], query: &[(&str, &str)]) -> Request {
        self.request_at(self.path, base_url, arguments, query)
    }

    /// The same with `path` in the place of its own.
    pub fn request_at(
        &self,
        path: &str,
        base_url: &str,
        arguments: &[&str],
        query: &[(&str, &str)],
    ) -> Request {
        let mut arguments = arguments.iter();
        let mut url = Url::new(base_url);
        for segment in path.split('/').skip(1) {
            let argument = if segment.starts_with('{') { arguments.next() } else { None };
            url = url.segment(argument.copied().unwrap_or(segment));
        }
        for (name, value) in query {
            url = url.query(name, value);
        }
        Request::new(self.method, url)
    }
}

/// At most `requests` in any `per_ms` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In how long, in milliseconds.
    pub per_ms: u64,
}

/// How a request proves who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer,
    /// The named header carries the key.
    Header(&'static str),
}

/// How a webhook proves where it came from; the text is the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// Base64 of an Ed25519 signature over the body.
    Ed25519(&'static str),
    /// Base64 of an RSA PKCS #1 v1.5 signature over the body's SHA-256.
    RsaSha256(&'static str),
    /// Hex or base64 of an HMAC-SHA256 over the body.
    HmacSha256(&'static str),
    /// The Standard Webhooks scheme, symmetric, which has its own headers.
    StandardWebhooks,
    /// The secret itself.
    SharedToken(&'static str),
}

/// Where a webhook says which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryId {
    /// In this header.
    Header(&'static str),
    /// In the JSON body, at this JSON Pointer.
    Body(&'static str),
    /// Nowhere: the body's digest stands in.
    Digest,
}

/// How an API's webhooks are verified and told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Webhook {
    /// Strongest first.
    pub signatures: &'static [Signature],
    /// Keys that the vendor publishes, PEM.
    pub public_keys: &'static [&'static str],
    /// Where the id is.
    pub delivery_id: DeliveryId,
}

/// An API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Its name in events, settings and configuration.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where it is, without a trailing slash.
    pub base_url: &'static str,
    /// How requests prove who sends them.
    pub credential: Credential,
    /// The header that picks its version, and the value sent unless settings say otherwise.
    pub version_header: Option<(&'static str, &'static str)>,
    /// How often it may be called.
    pub rates: &'static [Rate],
    /// The header in which it takes an idempotency key, if it does. The host fills it.
    pub idempotency_header: Option<&'static str>,
    /// Its webhooks.
    pub webhook: Option<Webhook>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: Endpoint = Endpoint::read("/contacts/{contactId}/notes/{id}", "contacts.readonly");

    #[test]
    fn arguments_take_the_places_of_the_names() {
        let request =
            NOTES.request("https://api.example", &["a/b", "7"], &[("altId", "l 1"), ("limit", "100")]);
        assert_eq!(request.url, "https://api.example/contacts/a%2Fb/notes/7?altId=l%201&limit=100");
        assert_eq!(request.method, Method::Get);
    }

    #[test]
    fn another_path_takes_the_same_arguments() {
        const MOVED: Endpoint = NOTES.set_by("/paths/notes");
        let request = MOVED.request_at(
            "/v2/n/{contactId}/{id}",
            "https://api.example",
            &["a/b", "7"],
            &[("limit", "1")],
        );
        assert_eq!(request.url, "https://api.example/v2/n/a%2Fb/7?limit=1");
        assert_eq!(MOVED.path_setting, Some("/paths/notes"));
        assert_eq!(Endpoint { path_setting: None, ..MOVED }, NOTES);
    }

    #[test]
    fn a_missing_argument_cannot_reach_another_path() {
        let request = NOTES.request("https://api.example", &["c1"], &[]);
        assert_eq!(request.url, "https://api.example/contacts/c1/notes/%7Bid%7D");
    }
}
