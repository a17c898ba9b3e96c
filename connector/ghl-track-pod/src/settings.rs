//! What an operator can set, and the clients that follow from it.

mod delivery;
mod messages;
mod records;

use serde::Deserialize;
use transload_sdk::{Context, Failure};

use crate::templates::{Rule, Scope, Template};

pub use delivery::{DeliverySettings, PaymentLog};
pub use messages::{Channel, MessageSettings};
pub use records::{
    CancelSettings, CashMode, CashSettings, PaymentRecord, ProviderSettings, SubscriptionSettings,
};

/// The connection's settings. The schema in `manifest/settings.schema.json` says the same to people and machines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// GoHighLevel's id of the location (sub-account).
    pub location_id: String,
    /// The API version that requests name; GoHighLevel serves several at once.
    #[serde(default = "default_version")]
    pub ghl_version: String,
    /// Which orders and payments to act on.
    #[serde(default)]
    pub mode: Mode,
    /// Whether anything is written to the vendors. If not, the connection only watches: it keeps each order's revenue and
    /// each delivery's progress in the store and raises alerts.
    #[serde(default = "yes")]
    pub writes: bool,
    /// Whether GoHighLevel tells the customer of each fulfilment.
    #[serde(default)]
    pub notify_customer: bool,
    /// For how many days a payment is watched for refunds, which GoHighLevel tells nobody about.
    #[serde(default = "default_days")]
    pub refund_days: u32,
    /// For how many days an order that was found by polling is watched for changes.
    #[serde(default = "default_days")]
    pub order_days: u32,
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

/// Which of GoHighLevel's two modes an object may be of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real orders and payments only.
    #[default]
    Live,
    /// Test orders and payments only.
    Test,
    /// Both.
    All,
}

impl Mode {
    /// Whether an object with this `liveMode` is to be acted on.
    pub fn accepts(self, live: bool) -> bool {
        match self {
            Self::Live => live,
            Self::Test => !live,
            Self::All => true,
        }
    }
}

fn default_version() -> String {
    "2021-07-28".to_owned()
}

fn default_days() -> u32 {
    30
}

fn default_deliver_when() -> Rule {
    Rule::new("order.physical")
}

fn yes() -> bool {
    true
}

impl Settings {
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

/// The ports, the settings, and a client of each vendor.
pub struct Connection<'a> {
    /// The ports.
    pub cx: &'a Context<'a>,
    /// The settings.
    pub settings: &'a Settings,
    /// GoHighLevel.
    pub ghl: transload_ghl::Client<'a>,
    /// Track-POD.
    pub track_pod: transload_track_pod::Client<'a>,
}

impl<'a> Connection<'a> {
    /// Clients that send through `cx` and keep to `settings`.
    pub fn new(cx: &'a Context<'a>, settings: &'a Settings) -> Self {
        Self {
            cx,
            settings,
            ghl: transload_ghl::Client::new(cx.http, &settings.location_id).version(&settings.ghl_version),
            track_pod: transload_track_pod::Client::new(cx.http),
        }
    }
}

#[cfg(test)]
mod tests;
