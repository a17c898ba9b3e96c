//! What an operator can set, and the clients that follow from it.

mod fulfillments;
mod money;

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::Deserialize;
use transload_flows::Shop;
use transload_flows::templates::{Rule, Scope, Template};
use transload_rankr::Shape;
use transload_sdk::{Context, Failure};

pub use fulfillments::Fulfillments;
pub use money::{Alerts, Invoices, Subscriptions, Transactions};

/// The connection's settings. The schema in `manifest/settings.schema.json` says the same to people and machines.
pub type Settings = transload_flows::Settings<SinkSide>;

/// What is set beside what every connector with GoHighLevel has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkSide {
    /// Which orders Rankr is told of. One that it has is kept up to date whatever this says.
    #[serde(default = "always")]
    pub send_when: Rule,
    /// Further members of an order, by their names.
    #[serde(default)]
    pub extra: BTreeMap<String, Template>,
    /// Fulfilments, both ways.
    #[serde(default)]
    pub fulfillments: Fulfillments,
    /// How this Rankr differs from the contract: paths, names, words.
    #[serde(default)]
    pub rankr: Shape,
    /// What is done about payments.
    #[serde(default)]
    pub transactions: Transactions,
    /// What is done about subscriptions.
    #[serde(default)]
    pub subscriptions: Subscriptions,
    /// What is done about invoices.
    #[serde(default)]
    pub invoices: Invoices,
    /// Of what a person is told.
    #[serde(default)]
    pub alerts: Alerts,
}

fn always() -> Rule {
    Rule::new("true")
}

impl SinkSide {
    /// An order's further members. What gives nothing is left out.
    pub fn extra(&self, scope: &Scope) -> Result<BTreeMap<String, String>, Failure> {
        let mut members = BTreeMap::new();
        for (name, template) in &self.extra {
            if let Some(text) = template.said(&format!("extra.{name}"), scope)? {
                members.insert(name.clone(), text);
            }
        }
        Ok(members)
    }

    /// Renders every rule and template for `scope` and answers the failures: those that would pause the connection when an
    /// order like it came.
    pub fn faults(&self, scope: &Scope) -> Vec<Failure> {
        let rule = self.send_when.holds("send_when", scope).map(drop);
        let rendered = self
            .extra
            .iter()
            .map(|(name, template)| template.render(&format!("extra.{name}"), scope).map(drop));
        std::iter::once(rule).chain(rendered).filter_map(Result::err).collect()
    }
}

/// Both halves of the connection, and the settings.
pub struct Connection<'a> {
    /// GoHighLevel's half.
    pub shop: Shop<'a>,
    /// The settings.
    pub settings: &'a Settings,
    /// Rankr.
    pub rankr: transload_rankr::Client<'a>,
}

impl<'a> Connection<'a> {
    /// Clients that send through `cx` and keep to `settings`.
    pub fn new(cx: &'a Context<'a>, settings: &'a Settings) -> Self {
        Self {
            shop: Shop::new(cx, &settings.shop),
            settings,
            rankr: transload_rankr::Client::new(cx.http, &settings.own.rankr),
        }
    }
}

impl<'a> Deref for Connection<'a> {
    type Target = Shop<'a>;

    fn deref(&self) -> &Shop<'a> {
        &self.shop
    }
}

#[cfg(test)]
mod tests;
