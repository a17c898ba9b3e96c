//! Whitelabel integration providers: an app's own name for one of the payment gateways that GoHighLevel speaks to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use transload_wire::tolerant;

use crate::error::{MISSING, MapError};

/// A provider that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its id.
    pub id: String,
    /// Its unique name. The document's answers do not have it, so it is often none.
    pub unique_name: Option<String>,
    /// The name that its addresses go by; the document does not say how it is made from the unique name.
    pub route: Option<String>,
    /// Its name for people.
    pub title: Option<String>,
    /// The gateway: `authorize-net` or `nmi`.
    pub gateway: Option<String>,
}

impl Provider {
    /// Whether it is the one that was registered under `name`, as far as its unique name or its route tells.
    pub fn is_named(&self, name: &ProviderName) -> bool {
        [&self.unique_name, &self.route].into_iter().flatten().any(|own| *own == name.0)
    }
}

/// A provider to be registered. Only a marketplace app's token may do so; a private integration's may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProvider {
    /// Its name among all.
    pub unique_name: ProviderName,
    /// Its name for people.
    pub title: String,
    /// The gateway.
    pub gateway: Gateway,
    /// What it is.
    pub description: String,
    /// A picture of it, at a public `https://` address.
    pub image_url: String,
}

/// The gateways that a provider may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// Authorize.net.
    AuthorizeNet,
    /// NMI.
    Nmi,
}

/// A unique name: lower-case letters and hyphens, a letter first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderName(String);

/// Why a text is no [`ProviderName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a provider's unique name: it takes lower-case letters and hyphens, a letter first and last"
)]
pub struct ProviderNameError(String);

impl FromStr for ProviderName {
    type Err = ProviderNameError;

    fn from_str(text: &str) -> Result<Self, ProviderNameError> {
        let bytes = text.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        let ends_well = ends.into_iter().all(|end| end.is_some_and(u8::is_ascii_lowercase));
        let reads_well = bytes.iter().all(|&byte| byte == b'-' || byte.is_ascii_lowercase());
        if ends_well && reads_well {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProviderNameError(text.to_owned()))
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `GET …/provider/whitelabel`. The document types the list as a single object; both are read.
#[derive(Deserialize)]
pub(crate) struct ProviderList {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub providers: Vec<WireProvider>,
}

/// A provider as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireProvider {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    unique_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    route: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    provider: Option<String>,
}

impl WireProvider {
    pub(crate) fn into_model(self) -> Result<Provider, MapError> {
        let title = self.title;
        let id = self.id.ok_or_else(|| MapError {
            object: format!("provider {}", title.as_deref().unwrap_or_default()),
            member: "_id".to_owned(),
            problem: MISSING,
        })?;
        Ok(Provider { id, unique_name: self.unique_name, route: self.route, title, gateway: self.provider })
    }
}

/// The body of `POST …/provider/whitelabel`. All members are required.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewProvider<'a> {
    alt_id: &'a str,
    alt_type: &'static str,
    unique_name: &'a str,
    title: &'a str,
    provider: &'static str,
    description: &'a str,
    image_url: &'a str,
}

impl<'a> WireNewProvider<'a> {
    pub(crate) fn new(location_id: &'a str, provider: &'a NewProvider) -> Self {
        Self {
            alt_id: location_id,
            alt_type: "location",
            unique_name: &provider.unique_name.0,
            title: &provider.title,
            provider: match provider.gateway {
                Gateway::AuthorizeNet => "authorize-net",
                Gateway::Nmi => "nmi",
            },
            description: &provider.description,
            image_url: &provider.image_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_name_keeps_to_the_documents_form() {
        for name in ["easy-direct", "a", "track-pod-cash"] {
            assert_eq!(name.parse::<ProviderName>().unwrap().to_string(), name);
        }
        for name in ["", "-", "-a", "a-", "Easy", "a b", "a1", "é", "a_b"] {
            let error = name.parse::<ProviderName>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{name:?} cannot be")), "{error}");
        }
    }

    #[test]
    fn one_provider_or_a_list_of_them_is_a_list() {
        let one = r#"{"_id":"p1","title":"Example","route":"epd","provider":"nmi"}"#;
        for json in [format!(r#"{{"providers":{one}}}"#), format!(r#"{{"providers":[{one}]}}"#)] {
            let list: ProviderList = serde_json::from_str(&json).unwrap();
            let providers: Vec<_> = list.providers.into_iter().map(|one| one.into_model().unwrap()).collect();
            assert!(providers.len() == 1 && providers[0].is_named(&"epd".parse().unwrap()));
            assert!(!providers[0].is_named(&"example".parse().unwrap()));
        }
        let list: ProviderList = serde_json::from_str(r#"{"providers":[{"title":"x"}]}"#).unwrap();
        let error = list.providers.into_iter().next().unwrap().into_model().unwrap_err();
        assert_eq!(error.to_string(), "provider x: _id is missing");
    }
}
