//! The rules that a connector's requests go by, made of its manifest and the configuration once for each instance.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri};
use transload_policy::credential::Proof;
use transload_policy::manifest::{Access, Api};
use transload_policy::plan::Plan;
use transload_policy::policy::Policy;
use transload_policy::{Keys, headers, paths};

use crate::bindings::exports::transload::adapter::session::Access as CallAccess;
use crate::config;

/// What the connector may request, and the credentials that its requests get.
pub(crate) struct Rules {
    policy: Policy,
    /// For each API, in the manifest's order.
    proofs: Vec<Option<Proof>>,
}

/// A request that may be sent.
pub(crate) struct Allowed {
    /// Where it goes.
    pub(crate) target: Uri,
    /// With the credential.
    pub(crate) headers: HeaderMap,
}

impl Rules {
    /// Read the configuration. `apis` is the manifest's, in JSON.
    pub(crate) fn new(apis: &str) -> Result<Rules, String> {
        let apis: Vec<Api> =
            serde_json::from_str(apis).map_err(|error| format!("the manifest cannot be read: {error}"))?;
        let grants = config::grants(&apis)?;
        let settings = config::settings()?;
        let moved = paths::set(&Keys::Flat, &apis, &settings).map_err(|error| error.to_string())?;
        let plan = Arc::new(Plan::new(&moved).map_err(|error| error.to_string())?);
        let proof = |api: &Api| match grants.get(&api.name) {
            Some(grant) => {
                Proof::new(api, grant.credential.as_ref(), &Keys::Flat.api(&api.name, "credential"))
            }
            None => Ok(None),
        };
        let proofs = moved.iter().map(proof).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let policy = Policy::new(Keys::Flat, plan, &grants).map_err(|error| error.to_string())?;
        Ok(Rules { policy, proofs })
    }

    /// Decide about one request, and add the credential. Fails with what would allow it.
    pub(crate) fn allow(
        &self,
        call: CallAccess,
        method: &Method,
        uri: &Uri,
        given: HeaderMap,
    ) -> Result<Allowed, String> {
        let permit = self.policy.decide(method, uri).map_err(|denial| denial.reason)?;
        if permit.access == Access::Write && call != CallAccess::Event {
            return Err("polls and checks only read".to_owned());
        }
        let plan = &self.policy.plan;
        let idempotency = plan.apis.get(permit.api).and_then(|api| api.idempotency_header.as_ref());
        let mut headers = headers::outgoing(given, &plan.keys, idempotency)?;
        if let Some(proof) = self.proofs.get(permit.api).and_then(Option::as_ref) {
            proof.put(&mut headers);
        }
        Ok(Allowed { target: permit.target, headers })
    }
}
