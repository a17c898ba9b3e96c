//! What an operator can set, and the clients that follow from it.

mod delivery;
mod messages;
mod records;

use std::ops::Deref;

use serde::Deserialize;
use transload_flows::Shop;
use transload_flows::payment_record::PaymentRecord;
use transload_flows::provider::ProviderSettings;
use transload_sdk::{Context, Failure};

use transload_flows::templates::{Rule, Scope, Template};

pub use delivery::{DeliverySettings, PaymentLog};
pub use messages::{Channel, MessageSettings};
pub use records::{CancelSettings, CashMode, CashSettings, SubscriptionSettings};

/// The connection's settings. The schema in `manifest/settings.schema.json` says the same to people and machines.
pub type Settings = transload_flows::Settings<DeliverySide>;

/// What is set beside what every connector with GoHighLevel has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySide {
    /// Whether the driver collects what is not paid. If not, an order waits until all of it is paid.
    #[serde(default = "yes")]
    pub cash_on_delivery: bool,
    /// Which orders are delivered.
    #[serde(default = "default_deliver_when")]
    pub deliver_when: Rule,
    /// What Track-POD is told of a delivery.
    #[serde(default)]
    pub delivery: DeliverySettings,
    /// What the customer is told.
    #[serde(default)]
    pub messages: MessageSettings,
    /// What is written to GoHighLevel when a payment is confirmed.
    #[serde(default)]
    pub payment_record: PaymentRecord,
    /// Cash that drivers collected.
    #[serde(default)]
    pub cash: CashSettings,
    /// Taking deliveries off.
    #[serde(default)]
    pub cancel: CancelSettings,
    /// Recurring orders.
    #[serde(default)]
    pub subscriptions: SubscriptionSettings,
    /// The payment provider to register; none if there is none.
    #[serde(default)]
    pub provider: Option<ProviderSettings>,
}

fn default_deliver_when() -> Rule {
    Rule::new("order.physical")
}

fn yes() -> bool {
    true
}

impl DeliverySide {
    /// Renders every rule and template for `scope` and answers the failures: those that would pause the connection when an
    /// order like it came.
    pub fn faults(&self, scope: &Scope) -> Vec<Failure> {
        let rule = self.deliver_when.holds("deliver_when", scope).map(drop);
        let templates = self.templates();
        let rendered = templates.iter().map(|(name, template)| template.render(name, scope).map(drop));
        std::iter::once(rule).chain(rendered).filter_map(Result::err).collect()
    }

    /// Every template that is set, with the name of its setting.
    fn templates(&self) -> Vec<(String, &Template)> {
        let mut all = self.delivery.templates();
        all.extend(self.messages.templates());
        all.extend(self.payment_record.templates());
        all
    }
}

/// Both halves of the connection, and the settings.
pub struct Connection<'a> {
    /// GoHighLevel's half.
    pub shop: Shop<'a>,
    /// The settings.
    pub settings: &'a Settings,
    /// Track-POD.
    pub track_pod: transload_track_pod::Client<'a>,
}

impl<'a> Connection<'a> {
    /// Clients that send through `cx` and keep to `settings`.
    pub fn new(cx: &'a Context<'a>, settings: &'a Settings) -> Self {
        Self {
            shop: Shop::new(cx, &settings.shop),
            settings,
            track_pod: transload_track_pod::Client::new(cx.http),
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
