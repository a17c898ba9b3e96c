//! Whether the connection works: one harmless read for each permission that has one, and every rule and template tried.

use transload_ghl::{OrderQuery, SubscriptionQuery, TransactionQuery, endpoints};
use transload_model::Order;
use transload_sdk::{Context, Failure, Probe};
use transload_track_pod::endpoints as track_pod;
use transload_wire::{ApiError, Endpoint, HttpError};

use crate::settings::{Connection, PaymentRecord, Settings};
use crate::templates::Scope;

/// An id that no object has.
const NOBODY: &str = "transload-check";

/// Tries the reads. Scopes that only write cannot be tried.
pub fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let check = Check { connection: &connection };
    let (orders, newest) = check.orders();
    let mut probes = vec![orders, check.transactions()];
    probes.extend(check.track_pod());
    if let Some(contact_id) = newest.as_ref().and_then(|order| order.customer.as_ref()?.id.as_deref()) {
        let seen = connection.ghl.contact(contact_id).map(|_| "contacts can be read".to_owned());
        probes.push(probe("ghl", &endpoints::GET_CONTACT, seen));
        probes.extend(check.record(contact_id));
    }
    probes.push(check.subscriptions());
    probes.push(check.providers());
    probes.push(check.templates(newest.as_ref())?);
    Ok(probes)
}

struct Check<'a> {
    connection: &'a Connection<'a>,
}

impl Check<'_> {
    /// A page of orders, and an order of it.
    fn orders(&self) -> (Probe, Option<Order>) {
        let page = self.connection.ghl.orders(&OrderQuery { limit: 1, ..OrderQuery::default() });
        let seen = page.as_ref().map(|page| format!("{} orders", page.total)).map_err(Clone::clone);
        let first = page.ok().and_then(|page| page.rows.into_iter().next());
        (probe("ghl", &endpoints::LIST_ORDERS, seen), first)
    }

    fn transactions(&self) -> Probe {
        let one = TransactionQuery { limit: 1, ..TransactionQuery::default() };
        let seen = self.connection.ghl.transactions(&one).map(|page| format!("{} transactions", page.total));
        probe("ghl", &endpoints::LIST_TRANSACTIONS, seen)
    }

    fn track_pod(&self) -> [Probe; 2] {
        let client = &self.connection.track_pod;
        [
            probe("track-pod", &track_pod::TEST, client.test().map(|()| "the key is accepted".to_owned())),
            probe(
                "track-pod",
                &track_pod::GET_ORDER_BY_ID,
                client.order(NOBODY).map(|_| "orders can be read".to_owned()),
            ),
        ]
    }

    /// What the settings say that payments are recorded in.
    fn record(&self, contact_id: &str) -> Option<Probe> {
        let ghl = &self.connection.ghl;
        match &self.connection.settings.payment_record {
            PaymentRecord::Note { .. } => None,
            PaymentRecord::Object { schema_key, order_property, .. } => {
                let found = ghl.find_records(schema_key, order_property, NOBODY);
                let seen = found.map(|_| format!("records of {schema_key} can be read"));
                Some(probe("ghl", &endpoints::SEARCH_RECORDS, seen))
            }
            PaymentRecord::Opportunity { .. } => {
                let seen = ghl.find_opportunities(contact_id).map(|_| "opportunities can be read".to_owned());
                Some(probe("ghl", &endpoints::SEARCH_OPPORTUNITIES, seen))
            }
        }
    }

    fn subscriptions(&self) -> Probe {
        let one = SubscriptionQuery { limit: 1, ..SubscriptionQuery::default() };
        let seen =
            self.connection.ghl.subscriptions(&one).map(|page| format!("{} subscriptions", page.total));
        let needed = self.connection.settings.subscriptions.renew;
        optional(&endpoints::LIST_SUBSCRIPTIONS, needed, "changes of subscriptions are not noticed", seen)
    }

    fn providers(&self) -> Probe {
        let seen = self.connection.ghl.whitelabel_providers().map(|providers| {
            let titles: Vec<&str> =
                providers.iter().map(|provider| provider.title.as_deref().unwrap_or(&provider.id)).collect();
            match titles.is_empty() {
                true => "no payment provider is registered".to_owned(),
                false => format!("payment providers: {}", titles.join(", ")),
            }
        });
        let needed = self.connection.settings.provider.is_some();
        optional(&endpoints::LIST_PROVIDERS, needed, "payment providers are not listed", seen)
    }

    /// Every rule and template for an order that there is; for a made-up one, if there is none yet.
    fn templates(&self, newest: Option<&Order>) -> Result<Probe, Failure> {
        let read = newest.and_then(|order| self.connection.ghl.order_with_raw(&order.id).ok().flatten());
        let (scope, tried_on) = match &read {
            Some((order, raw)) => (Scope::sample_of(order, raw), format!("order {}", order.id)),
            None => (Scope::sample()?, "a sample order".to_owned()),
        };
        let faults = self.connection.settings.faults(&scope);
        let message = match faults.is_empty() {
            true => format!("rules and templates work for {tried_on}"),
            false => format!("tried on {tried_on}: {}", reasons(&faults)),
        };
        let (api, scope) = ("settings".to_owned(), "templates".to_owned());
        Ok(Probe { api, scope, ok: faults.is_empty(), message })
    }
}

fn reasons(faults: &[Failure]) -> String {
    let reason = |failure: &Failure| match failure {
        Failure::NeedsAttention(reason) | Failure::Rejected(reason) => reason.clone(),
        Failure::Retry(retry) => retry.reason.clone(),
    };
    faults.iter().map(reason).collect::<Vec<_>>().join("; ")
}

fn probe(api: &str, endpoint: &Endpoint, outcome: Result<String, ApiError>) -> Probe {
    let (ok, message) = match outcome {
        Ok(seen) => (true, seen),
        Err(error) => (false, advice(&error)),
    };
    Probe { api: api.to_owned(), scope: endpoint.scope.to_owned(), ok, message }
}

/// A scope that an operator may leave out unless the settings need it.
fn optional(endpoint: &Endpoint, needed: bool, without: &str, outcome: Result<String, ApiError>) -> Probe {
    match outcome {
        Err(ApiError::Http { error: HttpError::Denied(_), .. }) if !needed => {
            let message = format!("not granted: {without}");
            Probe { api: "ghl".to_owned(), scope: endpoint.scope.to_owned(), ok: true, message }
        }
        outcome => probe("ghl", endpoint, outcome),
    }
}

fn advice(error: &ApiError) -> String {
    match error.status() {
        Some(401 | 403) => format!("{error}; check the credential and the permissions it was given"),
        Some(400 | 404 | 422) => format!("{error}; check the setting `location_id`"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
