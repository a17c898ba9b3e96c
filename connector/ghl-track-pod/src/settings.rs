//! What an operator can set, and the clients that follow from it.

use serde::Deserialize;
use transload_sdk::Context;

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
    /// Whether GoHighLevel tells the customer of each fulfilment.
    #[serde(default)]
    pub notify_customer: bool,
    /// For how many days a payment is watched for refunds, which GoHighLevel tells nobody about.
    #[serde(default = "default_refund_days")]
    pub refund_days: u32,
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

fn default_refund_days() -> u32 {
    30
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
