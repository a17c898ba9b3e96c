//! The white-label payment provider of the settings.

use transload_ghl::{Gateway, NewProvider};
use transload_sdk::{Failure, Receipt, Verb, Work, rejected, skipped};

use crate::settings::{Connection, ProviderSettings};

/// Registers it, unless it is there.
pub fn register(connection: &Connection) -> Result<Receipt, Failure> {
    let settings = connection.settings.provider.as_ref().ok_or_else(|| {
        rejected("no payment provider is set: fill in the settings `provider.unique_name` and the others of `provider`")
    })?;
    if !connection.settings.shop.writes {
        return Ok(skipped("the setting `writes` is off"));
    }
    let wanted = wanted(settings)?;
    let present = connection.ghl.whitelabel_providers()?;
    let title = |title: &Option<String>| title.as_deref() == Some(wanted.title.as_str());
    if let Some(known) =
        present.iter().find(|known| known.is_named(&wanted.unique_name) || title(&known.title))
    {
        let work = Work::default();
        return Ok(work
            .effect(Verb::Verified, "ghl", "provider", &known.id, "it is registered already")
            .into());
    }
    let created = connection.ghl.create_whitelabel_provider(&wanted)?;
    let summary = format!("payment provider {} registered", wanted.title);
    Ok(Work::default().effect(Verb::Created, "ghl", "provider", &created.id, summary).into())
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
