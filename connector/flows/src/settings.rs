//! The settings that every connector with GoHighLevel has, beside those of its own.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What is set about GoHighLevel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopSettings {
    /// GoHighLevel's id of the location (sub-account).
    pub location_id: String,
    /// The API version that requests name; GoHighLevel serves several at once.
    #[serde(default = "default_version")]
    pub ghl_version: String,
    /// Which orders and payments to act on.
    #[serde(default)]
    pub mode: Mode,
    /// Whether anything is written to the vendors. If not, the connection only watches: it keeps its records in the store and
    /// raises alerts.
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
}

impl ShopSettings {
    /// The names of the settings, by which they are told from a connector's own.
    pub(crate) const NAMES: [&str; 7] =
        ["location_id", "ghl_version", "mode", "writes", "notify_customer", "refund_days", "order_days"];
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

fn yes() -> bool {
    true
}

/// A connector's settings: one JSON object in which what is set about GoHighLevel and what is the connector's own, `T`, stand
/// side by side. `T` has to deny unknown fields; what belongs to neither is then an error.
#[derive(Debug, Clone)]
pub struct Settings<T> {
    /// What is set about GoHighLevel.
    pub shop: ShopSettings,
    /// What the connector has beside that.
    pub own: T,
}

impl<T> Deref for Settings<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.own
    }
}

/// serde's own way to do this, `flatten`, does not go together with denying unknown fields, and reads numbers as floats.
impl<'de, T: DeserializeOwned> Deserialize<'de> for Settings<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, Box<RawValue>>::deserialize(deserializer)?;
        let members = all.iter().map(|(name, value)| (name.as_str(), &**value));
        let (shop, own) = members.partition(|(name, _)| ShopSettings::NAMES.contains(name));
        Ok(Self { shop: read(shop).map_err(D::Error::custom)?, own: read(own).map_err(D::Error::custom)? })
    }
}

fn read<T: DeserializeOwned>(members: Vec<(&str, &RawValue)>) -> Result<T, serde_json::Error> {
    T::deserialize(MapDeserializer::new(members.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        colour: Option<String>,
    }

    fn read(json: &str) -> Result<Settings<Own>, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn the_location_is_enough() {
        let settings = read(r#"{"location_id":"l"}"#).unwrap();
        let shop = &settings.shop;
        assert_eq!((shop.mode, shop.refund_days, shop.order_days), (Mode::Live, 30, 30));
        assert_eq!((shop.location_id.as_str(), shop.ghl_version.as_str()), ("l", "2021-07-28"));
        assert!(shop.writes && !shop.notify_customer);
        assert!(settings.colour.is_none());
    }

    #[test]
    fn every_setting_of_the_shop_stands_beside_the_connectors_own() {
        let settings = read(
            r#"{"colour":"red","location_id":"l","ghl_version":"v3","mode":"all","writes":false,
                "notify_customer":true,"refund_days":1,"order_days":2}"#,
        )
        .unwrap();
        let shop = &settings.shop;
        assert_eq!(settings.colour.as_deref(), Some("red"));
        assert_eq!((shop.ghl_version.as_str(), shop.mode), ("v3", Mode::All));
        assert_eq!((shop.writes, shop.notify_customer), (false, true));
        assert_eq!((shop.refund_days, shop.order_days), (1, 2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, named) in [
            ("{}", "missing field `location_id`"),
            (r#"{"location_id":"l","color":"red"}"#, "unknown field `color`"),
            (r#"{"location_id":"l","mode":"both"}"#, "unknown variant `both`"),
            (r#"{"location_id":"l","colour":7}"#, "invalid type: integer `7`"),
            ("[]", "invalid type: sequence"),
        ] {
            let fault = read(json).unwrap_err();
            assert!(fault.contains(named), "{json}: {fault}");
        }
    }

    #[test]
    fn a_mode_leaves_the_other_out() {
        assert!(Mode::Live.accepts(true) && !Mode::Live.accepts(false));
        assert!(Mode::Test.accepts(false) && !Mode::Test.accepts(true));
        assert!(Mode::All.accepts(true) && Mode::All.accepts(false));
    }
}
