//! Fulfilments, both ways.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use transload_model::FulfillmentState;

/// What is set about fulfilments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fulfillments {
    /// Whether they are carried at all.
    pub sync: bool,
    /// The state in which Rankr is told of GoHighLevel's, which know none.
    #[serde(deserialize_with = "state")]
    pub posted_as: FulfillmentState,
    /// The states in which Rankr's are written to GoHighLevel, where they cannot be taken back.
    #[serde(deserialize_with = "states")]
    pub accepted: Vec<FulfillmentState>,
    /// Whether Rankr tells the customer of those of GoHighLevel.
    pub notify_customer: bool,
}

impl Default for Fulfillments {
    fn default() -> Self {
        Self {
            sync: true,
            // GoHighLevel's fulfilment says that goods were shipped.
            posted_as: FulfillmentState::OutForDelivery,
            accepted: vec![
                FulfillmentState::OutForDelivery,
                FulfillmentState::PartiallyDelivered,
                FulfillmentState::Delivered,
                FulfillmentState::Collected,
            ],
            notify_customer: false,
        }
    }
}

/// The contract's word for a state.
fn word(state: &FulfillmentState) -> String {
    state.describe().replace(' ', "_")
}

fn read(text: &str) -> Result<FulfillmentState, String> {
    let known = FulfillmentState::KNOWN.into_iter().find(|state| word(state) == text);
    known.ok_or_else(|| {
        let words: Vec<String> = FulfillmentState::KNOWN.iter().map(word).collect();
        format!("{text:?} is no state of a fulfilment; there are {}", words.join(", "))
    })
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FulfillmentState, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn states<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FulfillmentState>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    words.iter().map(|word| read(word)).collect::<Result<_, _>>().map_err(D::Error::custom)
}
