//! What is said about a delivery beside the order.

use transload_model::{Decimal, Money};

/// Which way the goods go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// To the customer.
    #[default]
    Delivery,
    /// From the customer.
    Collection,
}

impl Kind {
    /// Its number in the API.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Delivery => 0,
            Self::Collection => 1,
        }
    }
}

/// How much it matters that it comes in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Less than others.
    Low,
    /// As much as others.
    Normal,
    /// More than others.
    High,
}

impl Priority {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// What is said about a delivery beside the order. What is none is not said, and an update leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Another id than the order's: a subscription's order is delivered more than once. At most 50 characters.
    pub id: Option<String>,
    /// Delivery or collection.
    pub kind: Kind,
    /// Another number than the order's, for people. At most 50 characters.
    pub number: Option<String>,
    /// Another name than the customer's for whom it is. Shortened to 255 characters.
    pub client: Option<String>,
    /// Cash to collect, in the order's currency. Zero is said as well as any other amount; none says nothing, and
    /// whether an update then clears what was asked for before is not documented.
    pub cod: Option<Money>,
    /// The day to deliver on, `2026-02-01`; Track-POD picks one if none is given.
    pub date: Option<String>,
    /// From when on it is wanted there: `09:30`, `09:30:00` or `2026-02-01T09:30:00`, in the account's local time.
    pub time_slot_from: Option<String>,
    /// Until when.
    pub time_slot_to: Option<String>,
    /// How long the stop takes, in minutes.
    pub service_time: Option<Decimal>,
    /// What the driver should know. Shortened to 500 characters.
    pub note: Option<String>,
    /// Who sends it. At most 255 characters.
    pub shipper: Option<String>,
    /// Our id of the shipper, in the account's directory. At most 50 characters.
    pub shipper_id: Option<String>,
    /// The address of the depot that it leaves from. At most 255 characters.
    pub depot: Option<String>,
    /// Our id of the depot, in the account's directory. At most 50 characters.
    pub depot_id: Option<String>,
    /// Its weight, in the account's unit.
    pub weight: Option<Decimal>,
    /// Its volume, in the account's unit.
    pub volume: Option<Decimal>,
    /// How many pallets it takes.
    pub pallets: Option<Decimal>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// The team that it belongs to.
    pub team_code: Option<String>,
    /// What the driver scans. At most 128 characters.
    pub barcode: Option<String>,
    /// Our id of the invoice. At most 50 characters.
    pub invoice_id: Option<String>,
    /// The customer's own reference. At most 50 characters.
    pub customer_reference_id: Option<String>,
    /// Values of the account's own fields, by their ids: `cf_123`. A box is `true`, a number `123.45`, a day `2019-09-18`,
    /// a time `13:00`, both `2019-09-18T13:45:00`.
    pub custom_fields: Vec<(String, String)>,
}
