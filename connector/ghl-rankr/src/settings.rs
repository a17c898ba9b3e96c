//! What an operator can set, and the clients that follow from it.

mod money;

use std::ops::Deref;

use serde::Deserialize;
use transload_flows::Shop;
use transload_rankr::Shape;
use transload_sdk::Context;

pub use money::{Alerts, Subscriptions};

/// The connection's settings. The schema in `manifest/settings.schema.json` says the same to people and machines.
pub type Settings = transload_flows::Settings<SinkSide>;

/// What is set beside what every connector with GoHighLevel has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkSide {
    /// How this Rankr differs from the contract: paths, names, words.
    #[serde(default)]
    pub rankr: Shape,
    /// Of what a person is told.
    #[serde(default)]
    pub alerts: Alerts,
    /// What is done about subscriptions.
    #[serde(default)]
    pub subscriptions: Subscriptions,
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
