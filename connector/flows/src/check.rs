//! Whether GoHighLevel can be used: one harmless read for each permission that has one, and every rule and template tried.

use transload_ghl::{InvoiceQuery, OrderQuery, SubscriptionQuery, TransactionQuery, endpoints};
use transload_model::Order;
use transload_sdk::{Failure, Probe};
use transload_wire::{ApiError, Endpoint};

use crate::Shop;
use crate::events::GHL;
use crate::payment_record::PaymentRecord;
use crate::templates::Scope;

/// An id that no object has, to be asked for.
pub const NOBODY: &str = "transload-check";

/// A page of orders, and an order of it.
pub fn orders(shop: &Shop) -> (Probe, Option<Order>) {
    let page = shop.ghl.orders(&OrderQuery { limit: 1, ..OrderQuery::default() });
    let seen = page.as_ref().map(|page| format!("{} orders", page.total)).map_err(Clone::clone);
    let first = page.ok().and_then(|page| page.rows.into_iter().next());
    (probe(GHL, &endpoints::LIST_ORDERS, seen), first)
}

/// A page of transactions.
pub fn transactions(shop: &Shop) -> Probe {
    let one = TransactionQuery { limit: 1, ..TransactionQuery::default() };
    let seen = shop.ghl.transactions(&one).map(|page| format!("{} transactions", page.total));
    probe(GHL, &endpoints::LIST_TRANSACTIONS, seen)
}

/// A contact.
pub fn contact(shop: &Shop, contact_id: &str) -> Probe {
    let seen = shop.ghl.contact(contact_id).map(|_| "contacts can be read".to_owned());
    probe(GHL, &endpoints::GET_CONTACT, seen)
}

/// What the settings say that payments are recorded in; none if that cannot be read.
pub fn payment_record(shop: &Shop, record: &PaymentRecord, contact_id: &str) -> Option<Probe> {
    match record {
        PaymentRecord::Note { .. } => None,
        PaymentRecord::Object { schema_key, order_property, .. } => {
            let found = shop.ghl.find_records(schema_key, order_property, NOBODY);
            let seen = found.map(|_| format!("records of {schema_key} can be read"));
            Some(probe(GHL, &endpoints::SEARCH_RECORDS, seen))
        }
        PaymentRecord::Opportunity { .. } => {
            let found = shop.ghl.find_opportunities(contact_id);
            let seen = found.map(|_| "opportunities can be read".to_owned());
            Some(probe(GHL, &endpoints::SEARCH_OPPORTUNITIES, seen))
        }
    }
}

/// A page of subscriptions.
pub fn subscriptions(shop: &Shop, needed: bool) -> Probe {
    let one = SubscriptionQuery { limit: 1, ..SubscriptionQuery::default() };
    let seen = shop.ghl.subscriptions(&one).map(|page| format!("{} subscriptions", page.total));
    optional(&endpoints::LIST_SUBSCRIPTIONS, needed, "changes of subscriptions are not noticed", seen)
}

/// A page of invoices.
pub fn invoices(shop: &Shop, needed: bool) -> Probe {
    let one = InvoiceQuery { limit: 1, ..InvoiceQuery::default() };
    let seen = shop.ghl.invoices(&one).map(|page| format!("{} invoices", page.total));
    optional(&endpoints::LIST_INVOICES, needed, "invoices are left alone", seen)
}

/// The payment providers.
pub fn providers(shop: &Shop, needed: bool) -> Probe {
    let seen = shop.ghl.whitelabel_providers().map(|providers| {
        let titles: Vec<&str> =
            providers.iter().map(|provider| provider.title.as_deref().unwrap_or(&provider.id)).collect();
        match titles.is_empty() {
            true => "no payment provider is registered".to_owned(),
            false => format!("payment providers: {}", titles.join(", ")),
        }
    });
    optional(&endpoints::LIST_PROVIDERS, needed, "payment providers are not listed", seen)
}

/// Every rule and template, of which `faults` are those that fail, for an order that there is; for a made-up one, if there is
/// none yet.
pub fn templates(
    shop: &Shop,
    newest: Option<&Order>,
    faults: impl FnOnce(&Scope) -> Vec<Failure>,
) -> Result<Probe, Failure> {
    let read = newest.and_then(|order| shop.ghl.order_with_raw(&order.id).ok().flatten());
    let (scope, tried_on) = match &read {
        Some((order, raw)) => (Scope::sample_of(order, raw), format!("order {}", order.id)),
        None => (Scope::sample()?, "a sample order".to_owned()),
    };
    let faults = faults(&scope);
    let message = match faults.is_empty() {
        true => format!("rules and templates work for {tried_on}"),
        false => format!("tried on {tried_on}: {}", reasons(&faults)),
    };
    let (api, scope) = ("settings".to_owned(), "templates".to_owned());
    Ok(Probe { api, scope, ok: faults.is_empty(), message })
}

fn reasons(faults: &[Failure]) -> String {
    let reason = |failure: &Failure| match failure {
        Failure::NeedsAttention(reason) | Failure::Rejected(reason) => reason.clone(),
        Failure::Retry(retry) => retry.reason.clone(),
    };
    faults.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// The probe of the permission that `endpoint` of `api` needs, by what a read of it gave.
pub fn probe(api: &str, endpoint: &Endpoint, outcome: Result<String, ApiError>) -> Probe {
    let (ok, message) = match outcome {
        Ok(seen) => (true, seen),
        Err(error) => (false, advice(&error)),
    };
    Probe { api: api.to_owned(), scope: endpoint.scope.to_owned(), ok, message }
}

/// The same of one of GoHighLevel's that an operator may leave out unless the settings need it; `without` says what is then
/// missing.
pub fn optional(
    endpoint: &Endpoint,
    needed: bool,
    without: &str,
    outcome: Result<String, ApiError>,
) -> Probe {
    match outcome {
        Err(error) if error.is_ungranted() && !needed => {
            let message = format!("not granted: {without}");
            Probe { api: GHL.to_owned(), scope: endpoint.scope.to_owned(), ok: true, message }
        }
        outcome => probe(GHL, endpoint, outcome),
    }
}

fn advice(error: &ApiError) -> String {
    match error.status() {
        Some(401 | 403) => format!("{error}; check the credential and the permissions it was given"),
        Some(400 | 404 | 422) => format!("{error}; check the setting `location_id`"),
        _ => error.to_string(),
    }
}
