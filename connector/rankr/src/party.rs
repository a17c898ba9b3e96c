//! Customers and addresses on the wire.

use serde::{Deserialize, Serialize};
use transload_model::{Address, Party};
use transload_wire::tolerant;

use crate::member::text;

/// A customer. The id stands beside it as well, for objects that tell nothing else of a customer.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireCustomer {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl WireCustomer {
    /// None for a customer of whom nothing is known.
    pub(crate) fn from_model(party: &Party) -> Option<Self> {
        let customer = Self {
            customer_id: party.id.clone(),
            name: party.name.clone(),
            email: party.email.clone(),
            phone: party.phone.clone(),
        };
        (customer != Self::default()).then_some(customer)
    }
}

/// The customer `customer`, whose id stands in `id` if not in itself.
pub(crate) fn customer(id: Option<String>, customer: Option<WireCustomer>) -> Option<Party> {
    let customer = customer.unwrap_or_default();
    let party = Party {
        id: customer.customer_id.or(id),
        name: customer.name,
        email: customer.email,
        phone: customer.phone,
        address: None,
    };
    (party != Party::default()).then_some(party)
}

/// The id of `party`.
pub(crate) fn id(party: Option<&Party>) -> Option<String> {
    party.and_then(|party| party.id.clone())
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAddress {
    #[serde(default, deserialize_with = "tolerant::texts", skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

impl WireAddress {
    /// None for an address of which nothing is known.
    pub(crate) fn from_model(address: &Address) -> Option<Self> {
        let address = Self {
            lines: address.lines.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
        };
        (address != Self::default()).then_some(address)
    }

    /// None if nothing is in it.
    pub(crate) fn into_model(self) -> Option<Address> {
        let address = Address {
            lines: self.lines,
            city: self.city,
            region: self.region,
            postal_code: self.postal_code,
            country: self.country,
        };
        (address != Address::default()).then_some(address)
    }
}
