//! The client: each call as a method.

use serde::Serialize;
use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, Endpoint, Http, Request};

use crate::error::refusal;

mod contacts;
mod invoices;
mod orders;
mod payments;
mod sales;

/// Rows asked for at once. The largest allowed is not documented; 100 is what other clients of the API use.
const PAGE_ROWS: u32 = 100;

/// A client for one location (GoHighLevel's word for a sub-account). The host adds the credential.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    http: &'a dyn Http,
    base_url: &'a str,
    version: &'a str,
    location_id: &'a str,
}

impl<'a> Client<'a> {
    /// A client for the location `location_id`.
    pub fn new(http: &'a dyn Http, location_id: &'a str) -> Self {
        let version = crate::API.version_header.map_or("", |(_, version)| version);
        Self { http, base_url: crate::API.base_url, version, location_id }
    }

    /// Asks for another version of the API.
    pub fn version(self, version: &'a str) -> Self {
        Self { version, ..self }
    }

    /// The query by which payments calls name the location.
    fn alt(&self) -> [(&'static str, &'a str); 2] {
        [("altId", self.location_id), ("altType", "location")]
    }

    fn request(&self, endpoint: &Endpoint, arguments: &[&str], query: &[(&str, &str)]) -> Request {
        let request = endpoint.request(self.base_url, arguments, query).header("accept", "application/json");
        match crate::API.version_header {
            Some((name, _)) => request.header(name, self.version),
            None => request,
        }
    }

    fn send(&self, request: Request) -> Result<Answer, ApiError> {
        send(self.http, request)?.success(refusal)
    }

    fn get(
        &self,
        endpoint: &Endpoint,
        arguments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Answer, ApiError> {
        self.send(self.request(endpoint, arguments, query))
    }

    fn send_json(
        &self,
        endpoint: &Endpoint,
        arguments: &[&str],
        body: &impl Serialize,
    ) -> Result<Answer, ApiError> {
        self.send(self.request(endpoint, arguments, &[]).json(body)?)
    }
}

/// None for the answer that there is no such `object`. It is documented as a 400 with the message `Order not found`, or
/// `Unable to find an invoice with the given invoice id`; some calls answer 404. A 404 without these words is another thing: a wrong base URL, for one.
fn found(answer: Result<Answer, ApiError>, object: &str) -> Result<Option<Answer>, ApiError> {
    match answer {
        Err(ApiError::Status { status: 400 | 404, message, .. }) if is_not_found(&message, object) => {
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn is_not_found(message: &str, object: &str) -> bool {
    let message = message.to_ascii_lowercase();
    (message.contains("not found") || message.contains("unable to find")) && message.contains(object)
}

#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod tests;
