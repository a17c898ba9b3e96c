//! The white-label payment provider of the settings.

use serde::Deserialize;
use transload_ghl::{Gateway, NewProvider};
use transload_sdk::{Failure, Receipt, Verb, Work, rejected, skipped};

use crate::Shop;
use crate::events::GHL;

/// The payment provider that the action `register-provider` registers in GoHighLevel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Lower-case letters and `-`, a letter first and last.
    pub unique_name: String,
    /// What people see.
    pub title: String,
    /// What it is built on: `authorize-net` or `nmi`.
    pub provider: String,
    /// What people see below the title.
    pub description: String,
    /// Its logo: `https`, public.
    pub image_url: String,
}

/// Registers it, unless it is there. Fails with `rejected` if none is set, or one that GoHighLevel does not take.
pub fn register(shop: &Shop, settings: Option<&ProviderSettings>) -> Result<Receipt, Failure> {
    let settings = settings.ok_or_else(|| {
        rejected("no payment provider is set: fill in the settings `provider.unique_name` and the others of `provider`")
    })?;
    if !shop.settings.writes {
        return Ok(skipped("the setting `writes` is off"));
    }
    let wanted = wanted(settings)?;
    let present = shop.ghl.whitelabel_providers()?;
    let title = |title: &Option<String>| title.as_deref() == Some(wanted.title.as_str());
    if let Some(known) =
        present.iter().find(|known| known.is_named(&wanted.unique_name) || title(&known.title))
    {
        let work = Work::default();
        return Ok(work
            .effect(Verb::Verified, GHL, "provider", &known.id, "it is registered already")
            .into());
    }
    let created = shop.ghl.create_whitelabel_provider(&wanted)?;
    let summary = format!("payment provider {} registered", wanted.title);
    Ok(Work::default().effect(Verb::Created, GHL, "provider", &created.id, summary).into())
}

fn wanted(settings: &ProviderSettings) -> Result<NewProvider, Failure> {
    let unique_name = settings.unique_name.parse();
    Ok(NewProvider {
        unique_name: unique_name
            .map_err(|error| rejected(format!("the setting `provider.unique_name`: {error}")))?,
        title: settings.title.clone(),
        gateway: match settings.provider.as_str() {
            "authorize-net" => Gateway::AuthorizeNet,
            "nmi" => Gateway::Nmi,
            other => {
                let text = format!(
                    "the setting `provider.provider` is {other:?}; it is \"authorize-net\" or \"nmi\""
                );
                return Err(rejected(text));
            }
        },
        description: settings.description.clone(),
        image_url: settings.image_url.clone(),
    })
}

#[cfg(test)]
mod tests;
