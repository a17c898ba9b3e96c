//! Providers, against a scripted vendor.

use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

const PROVIDER: &str = r#"{"unique_name":"northern-payments","title":"Northern Payments","provider":"nmi",
    "description":"Cards","image_url":"https://example.com/logo.png"}"#;

fn registered(fakes: &Fakes, settings: &str) -> Result<Receipt, Failure> {
    let settings: ProviderSettings = serde_json::from_str(settings).unwrap();
    with_shop(fakes, |shop| register(shop, Some(&settings)))
}

#[test]
fn a_provider_is_registered_once() {
    let list = "GET /payments/integrations/provider/whitelabel?*";
    let known = r#"{"_id":"p1","title":"Northern Payments","provider":"nmi","route":"northern-payments"}"#;
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer(list, 200, r#"{"providers":[]}"#)
        .answer("POST /payments/integrations/provider/whitelabel", 200, known)
        .answer(list, 200, &format!(r#"{{"providers":[{known}]}}"#));
    assert_eq!(done(registered(&fakes, PROVIDER).unwrap()).effects[0].verb, Verb::Created);
    assert_eq!(done(registered(&fakes, PROVIDER).unwrap()).effects[0].verb, Verb::Verified);
    assert_eq!(writes(&fakes).len(), 1);
    assert!(body(&writes(&fakes)[0]).contains("northern-payments"));
}

#[test]
fn what_cannot_be_registered_names_its_setting() {
    let fakes = Fakes::new(SETTINGS, NOW);
    let none = with_shop(&fakes, |shop| register(shop, None));
    let gateway = registered(&fakes, &with_changed(PROVIDER, "nmi", "cash"));
    let name = registered(&fakes, &with_changed(PROVIDER, "northern-payments", "Northern"));
    for (failed, setting) in
        [(none, "`provider.unique_name`"), (gateway, "`provider.provider`"), (name, "`provider.unique_name`")]
    {
        assert!(matches!(&failed, Err(Failure::Rejected(reason)) if reason.contains(setting)), "{failed:?}");
    }
    assert!(fakes.sent().is_empty());
}
