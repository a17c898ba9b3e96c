//! Transactions, subscriptions and the providers of payments.

use std::collections::BTreeSet;

use transload_model::{Subscription, Transaction};
use transload_wire::ApiError;
use transload_wire::http::Answer;

use super::{Client, PAGE_ROWS, found};
use crate::endpoints;
use crate::page::{self, Span, SubscriptionPage, SubscriptionQuery, TransactionPage, TransactionQuery};
use crate::payment::TransactionDetail;
use crate::provider::{NewProvider, Provider, ProviderList, WireNewProvider, WireProvider};
use crate::subscription::{SubscriptionDetail, WireSubscription};
use crate::transaction::WireTransaction;

/// Most pages that are read of the transactions of one order or invoice: 5,000 payments of one are a fault.
pub(super) const ENTITY_PAGES_MAX: u32 = 50;

impl Client<'_> {
    /// The transaction `id`, or none if there is none.
    pub fn transaction(&self, id: &str) -> Result<Option<Transaction>, ApiError> {
        Ok(self.transaction_detail(id)?.map(|detail| detail.transaction))
    }

    /// The transaction `id` with what its row in a list does not tell, or none if there is none.
    pub fn transaction_detail(&self, id: &str) -> Result<Option<TransactionDetail>, ApiError> {
        let answer = self.get(&endpoints::GET_TRANSACTION, &[id], &self.alt());
        let Some(answer) = found(answer, "transaction")? else { return Ok(None) };
        let detail = answer.read::<WireTransaction>()?.into_detail();
        detail.map(Some).map_err(|error| answer.unreadable(error.to_string()))
    }

    /// All transactions of the order `order_id`, each once. An order has several when it is paid in parts or renewed.
    pub fn order_transactions(&self, order_id: &str) -> Result<Vec<Transaction>, ApiError> {
        self.entity_transactions("order", order_id)
    }

    pub(super) fn entity_transactions(&self, kind: &str, id: &str) -> Result<Vec<Transaction>, ApiError> {
        let mut seen = BTreeSet::new();
        let mut transactions = Vec::new();
        for page in 0..ENTITY_PAGES_MAX {
            let offset = u64::from(page) * u64::from(PAGE_ROWS);
            let query = TransactionQuery {
                entity_id: Some(id),
                limit: PAGE_ROWS,
                offset,
                ..TransactionQuery::default()
            };
            let (answer, read) = self.transaction_page(&query)?;
            let rows = read.rows.len();
            transactions.extend(read.rows.into_iter().filter(|row| seen.insert(row.id.clone())));
            if rows == 0 || offset + u64::from(PAGE_ROWS) >= read.total {
                return Ok(transactions);
            }
            if page + 1 == ENTITY_PAGES_MAX {
                return Err(answer.unreadable(format!("{kind} {id} has {} transactions", read.total)));
            }
        }
        Ok(transactions)
    }

    /// Some of the location's transactions.
    pub fn transactions(&self, query: &TransactionQuery<'_>) -> Result<TransactionPage, ApiError> {
        Ok(self.transaction_page(query)?.1)
    }

    fn transaction_page(&self, query: &TransactionQuery<'_>) -> Result<(Answer, TransactionPage), ApiError> {
        let span = Span::new(query.start_at, query.end_at, query.limit, query.offset);
        let mut parameters = self.alt().to_vec();
        parameters.extend(query.entity_id.map(|id| ("entityId", id)));
        parameters.extend(query.subscription_id.map(|id| ("subscriptionId", id)));
        span.add_to(&mut parameters);
        let answer = self.get(&endpoints::LIST_TRANSACTIONS, &[], &parameters)?;
        let page = page::read(&answer, WireTransaction::into_model)?;
        Ok((answer, page))
    }

    /// Some of the location's subscriptions. Their periods are told of a subscription alone.
    pub fn subscriptions(&self, query: &SubscriptionQuery<'_>) -> Result<SubscriptionPage, ApiError> {
        let span = Span::new(query.start_at, None, query.limit, query.offset);
        let mut parameters = self.alt().to_vec();
        parameters.extend(query.entity_id.map(|id| ("entityId", id)));
        span.add_to(&mut parameters);
        let answer = self.get(&endpoints::LIST_SUBSCRIPTIONS, &[], &parameters)?;
        page::read(&answer, WireSubscription::into_model)
    }

    /// The subscription `id`, or none if there is none.
    pub fn subscription(&self, id: &str) -> Result<Option<Subscription>, ApiError> {
        Ok(self.subscription_detail(id)?.map(|detail| detail.subscription))
    }

    /// The subscription `id` with the payment provider's id of it, or none if there is none.
    pub fn subscription_detail(&self, id: &str) -> Result<Option<SubscriptionDetail>, ApiError> {
        let answer = self.get(&endpoints::GET_SUBSCRIPTION, &[id], &self.alt());
        let Some(answer) = found(answer, "subscription")? else { return Ok(None) };
        let detail = answer.read::<WireSubscription>()?.into_detail();
        detail.map(Some).map_err(|error| answer.unreadable(error.to_string()))
    }

    /// The whitelabel providers that are registered: the first hundred, of a handful in practice.
    pub fn whitelabel_providers(&self) -> Result<Vec<Provider>, ApiError> {
        let mut query = self.alt().to_vec();
        // The documented default of `limit` is 0.
        query.extend([("limit", "100"), ("offset", "0")]);
        let answer = self.get(&endpoints::LIST_PROVIDERS, &[], &query)?;
        let list: ProviderList = answer.read()?;
        let providers = list.providers.into_iter().map(WireProvider::into_model).collect::<Result<_, _>>();
        providers.map_err(|error| answer.unreadable(error.to_string()))
    }

    /// Registers a whitelabel provider. Only a marketplace app's token may; look before whether it is there already.
    pub fn create_whitelabel_provider(&self, provider: &NewProvider) -> Result<Provider, ApiError> {
        let body = WireNewProvider::new(self.location_id, provider);
        let answer = self.send_json(&endpoints::CREATE_PROVIDER, &[], &body)?;
        let created = answer.read::<WireProvider>()?.into_model();
        created.map_err(|error| answer.unreadable(error.to_string()))
    }
}
