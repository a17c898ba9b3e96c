//! Labelry, a vendor that does not exist and prints address labels: wire types and a client.

use serde::{Deserialize, Serialize};
use transload_wire::api::{Api, Credential};
use transload_wire::http::{Answer, Refusal, send};
use transload_wire::{ApiError, Endpoint, Http, InDoubt, Method, Request, Response, tolerant};

/// The API.
pub const API: Api = Api {
    name: "labelry",
    title: "Labelry",
    base_url: "https://api.labelry.example",
    credential: Credential::Header("x-labelry-key"),
    version_header: None,
    rates: &[],
    idempotency_header: None,
    webhook: None,
};

/// The labels with a reference of ours.
pub const FIND_LABELS: Endpoint = Endpoint::read("/labels", "labels.read");

/// Makes a label. References are not unique, so a lost answer is followed by a look at [`FIND_LABELS`].
pub const CREATE_LABEL: Endpoint = Endpoint::write(Method::Post, "/labels", "labels.write", InDoubt::Verify);

/// A label to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewLabel {
    /// What we call it.
    pub reference: String,
    /// To whom.
    pub name: String,
    /// Where, on one line.
    pub address: String,
}

/// A label that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Labelry's id.
    pub id: String,
    /// Where it can be printed.
    pub url: Option<String>,
}

#[derive(Deserialize)]
struct WireLabel {
    #[serde(default, deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    url: Option<String>,
}

#[derive(Deserialize)]
struct WireList {
    labels: Vec<WireLabel>,
}

#[derive(Deserialize)]
struct WireProblem {
    #[serde(default, deserialize_with = "tolerant::text")]
    error: Option<String>,
}

/// A client. The host adds the key.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    http: &'a dyn Http,
}

impl<'a> Client<'a> {
    /// A client.
    pub fn new(http: &'a dyn Http) -> Self {
        Self { http }
    }

    /// The first label with this reference; none if there is none.
    pub fn find(&self, reference: &str) -> Result<Option<Label>, ApiError> {
        let request = FIND_LABELS.request(API.base_url, &[], &[("reference", reference)]);
        let answer = self.send(request)?;
        let list: WireList = answer.read()?;
        list.labels.into_iter().next().map(|label| whole(&answer, label)).transpose()
    }

    /// Makes `label`. Labelry would make a second one with the same reference, so look first.
    pub fn create(&self, label: &NewLabel) -> Result<Label, ApiError> {
        let answer = self.send(CREATE_LABEL.request(API.base_url, &[], &[]).json(label)?)?;
        whole(&answer, answer.read()?)
    }

    fn send(&self, request: Request) -> Result<Answer, ApiError> {
        send(self.http, request.header("accept", "application/json"))?.success(refusal)
    }
}

fn whole(answer: &Answer, label: WireLabel) -> Result<Label, ApiError> {
    let id = label.id.ok_or_else(|| answer.unreadable("a label's id is missing"))?;
    Ok(Label { id, url: label.url })
}

/// What Labelry says in a response that is no success.
fn refusal(response: &Response) -> Refusal {
    let problem: Option<WireProblem> = serde_json::from_slice(&response.body).ok();
    Refusal { message: problem.and_then(|problem| problem.error), retry_after_ms: None }
}

#[cfg(test)]
mod tests;
