//! Webhooks: verified, read by the connector, and handled before they are answered, since nothing here could hold them.

use std::time::{SystemTime, UNIX_EPOCH};

use transload_policy::Keys;
use transload_policy::webhook::Refusal;

use crate::answer::{Answer, Problem};
use crate::bindings::transload::adapter::session::Access;
use crate::bindings::transload::connector::intake::{self, Delivery, Header};
use crate::call::{Connector, call};
use crate::door::Request;
use crate::{config, events};

/// Take a webhook of the API called `source`.
pub(crate) fn receive(request: &Request, source: &str) -> Result<Answer, Problem> {
    let connector = Connector::open()?;
    let api = connector.apis.iter().find(|api| api.name == source);
    let api =
        api.ok_or_else(|| Problem::new(404, format!("the connector knows no API called {source:?}")))?;
    let verifier = config::verifier(api)?;
    let verifier = verifier.ok_or_else(|| Problem::new(404, format!("{source} sends no webhooks")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if let Err(refusal) = verifier.verify(&request.headers, &request.body, now) {
        // The log says why; the sender learns only that it was refused.
        eprintln!("transload: a webhook of {source} is refused: {}", told(&refusal, source));
        return Err(Problem::new(401, "the webhook's signature is refused"));
    }
    let headers = verifier.public_headers(&request.headers).into_iter();
    let delivery = Delivery {
        source: source.to_owned(),
        headers: headers.map(|(name, value)| Header { name, value }).collect(),
        body: request.body.clone(),
    };
    let found = call(Access::Event, || intake::receive(&delivery), |_| Ok(()))?;
    Answer::done(&events::handle(found)?)
}

/// A refusal, with the key of the configuration in its flat form.
fn told(refusal: &Refusal, api: &str) -> String {
    match refusal {
        Refusal::NoSignaturesConfigured(_) => {
            format!("nothing says how deliveries are signed: set {}", Keys::Flat.api(api, "signatures"))
        }
        Refusal::NothingToCheckWith { header, key, .. } => {
            let key = if key.starts_with("public_keys") { "public_keys" } else { "secrets" };
            format!("its {header} cannot be checked: set {}", Keys::Flat.api(api, key))
        }
        other => other.to_string(),
    }
}
