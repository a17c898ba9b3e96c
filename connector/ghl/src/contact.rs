//! Contacts, and the snapshots of them in orders and transactions.

use std::collections::BTreeMap;

use serde::Deserialize;
use transload_model::{Address, Party};
use transload_wire::tolerant;

/// A contact, and how it may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The customer.
    pub party: Party,
    /// Whether it must not be disturbed at all.
    pub dnd: bool,
    /// The channels on which it must not be disturbed: `SMS`, `Email`, `WhatsApp`, `Call`, `GMB`, `FB`. Of the states that
    /// a channel has, only `inactive` says that it may be.
    pub dnd_channels: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// The answer to `GET /contacts/{contactId}`.
#[derive(Deserialize)]
pub(crate) struct ContactReply {
    pub contact: Option<WireContact>,
}

/// The same answer, read for what is not in a snapshot.
#[derive(Deserialize)]
pub(crate) struct PreferencesReply {
    pub contact: Option<WirePreferences>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePreferences {
    #[serde(default, deserialize_with = "tolerant::flag")]
    dnd: Option<bool>,
    dnd_settings: Option<BTreeMap<String, Option<WireDnd>>>,
    #[serde(default, deserialize_with = "tolerant::texts")]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct WireDnd {
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
}

impl WirePreferences {
    pub(crate) fn into_model(self, party: Party) -> Contact {
        let settings = self.dnd_settings.unwrap_or_default().into_iter();
        // A state that is not known may be another way of saying no.
        let refused =
            |setting: &WireDnd| setting.status.as_deref().is_some_and(|status| status != "inactive");
        let channels = settings
            .filter_map(|(channel, setting)| setting.is_some_and(|it| refused(&it)).then_some(channel));
        Contact { party, dnd: self.dnd.unwrap_or(false), dnd_channels: channels.collect(), tags: self.tags }
    }
}

/// A contact as it is read. The document's examples of snapshots write some members in snake case, its webhook samples
/// in camel case; both are read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireContact {
    #[serde(default, deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    company_name: Option<String>,
    #[serde(default, rename = "first_name", deserialize_with = "tolerant::text")]
    snake_first_name: Option<String>,
    #[serde(default, rename = "last_name", deserialize_with = "tolerant::text")]
    snake_last_name: Option<String>,
    #[serde(default, rename = "company_name", deserialize_with = "tolerant::text")]
    snake_company_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    phone: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    address1: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    city: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    state: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    postal_code: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    country: Option<String>,
}

impl WireContact {
    /// A party; `contact_id` is the id that the object around a snapshot gives, which counts before the snapshot's own.
    pub(crate) fn into_model(self, contact_id: Option<String>) -> Party {
        let first = self.first_name.or(self.snake_first_name);
        let last = self.last_name.or(self.snake_last_name);
        let full = match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (first, last) => first.or(last),
        };
        let company = self.company_name.or(self.snake_company_name);
        let address = Address {
            lines: self
                .address1
                .iter()
                .flat_map(|text| text.lines())
                .map(|line| line.trim().to_owned())
                .collect(),
            city: self.city,
            region: self.state,
            postal_code: self.postal_code,
            country: self.country,
        };
        Party {
            id: contact_id.or(self.id),
            name: self.name.or(full).or(company),
            email: self.email,
            phone: self.phone,
            address: (address != Address::default()).then_some(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Party {
        serde_json::from_str::<WireContact>(json).unwrap().into_model(None)
    }

    #[test]
    fn a_contact_is_a_party_with_an_address() {
        let reply: ContactReply = serde_json::from_str(include_str!("fixtures/contact.json")).unwrap();
        let party = reply.contact.unwrap().into_model(None);
        let address = Address {
            lines: vec!["Unit 3".to_owned(), "35 Long Street".to_owned()],
            city: Some("Cape Town".to_owned()),
            region: None,
            postal_code: Some("8001".to_owned()),
            country: Some("ZA".to_owned()),
        };
        let expected = Party {
            id: Some("seD4PfOuKoVMLkEZqohJ".to_owned()),
            name: Some("thandi mbeki".to_owned()),
            email: Some("thandi@example.com".to_owned()),
            phone: Some("+27215550100".to_owned()),
            address: Some(address),
        };
        assert_eq!(party, expected);
    }

    #[test]
    fn a_contact_says_where_it_must_not_be_disturbed() {
        let contact = |json: &str| {
            let reply: PreferencesReply = serde_json::from_str(json).unwrap();
            reply.contact.unwrap().into_model(Party::default())
        };
        let json = r#"{"contact":{"dnd":"false","tags":["trade",7,null],"dndSettings":{
            "SMS":{"status":"active","message":"STOP"},"Email":{"status":"inactive"},"Call":{"status":"permanent"},
            "WhatsApp":null,"FB":{}}}}"#;
        let told = contact(json);
        assert_eq!(
            (told.dnd, told.dnd_channels, told.tags),
            (false, vec!["Call".to_owned(), "SMS".to_owned()], vec!["trade".to_owned(), "7".to_owned()],)
        );
        let told = contact(include_str!("fixtures/contact.json"));
        assert!(told.dnd && told.dnd_channels.is_empty());
        let silent = contact(r#"{"contact":{"dndSettings":null,"tags":null}}"#);
        assert!(!silent.dnd && silent.dnd_channels.is_empty() && silent.tags.is_empty());
    }

    #[test]
    fn a_name_is_put_together_from_what_there_is() {
        for (json, name) in [
            (r#"{"name":"A B","firstName":"C"}"#, Some("A B")),
            (r#"{"firstName":"Ada","lastName":"Byron"}"#, Some("Ada Byron")),
            (r#"{"first_name":"Ada","lastName":"Byron"}"#, Some("Ada Byron")),
            (r#"{"lastName":"Byron"}"#, Some("Byron")),
            (r#"{"firstName":" ","companyName":"Byron & Co"}"#, Some("Byron & Co")),
            (r#"{"company_name":"Byron & Co"}"#, Some("Byron & Co")),
            ("{}", None),
        ] {
            assert_eq!(read(json).name.as_deref(), name, "{json}");
        }
    }

    #[test]
    fn no_address_is_none() {
        assert_eq!(read(r#"{"address1":"","city":null}"#), Party::default());
    }
}
