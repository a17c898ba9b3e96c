//! The manifests of the connectors that come with Transload: what a platform draws from them, and what a host needs of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use transload::contract::{Api, Description, Origin};
use transload::egress::{Egress, Grant, Secret};
use transload::engine::Module;
use transload::runtime::ConnectionSpec;

use crate::fakes::bundled;

/// The connectors, by their names in a configuration.
async fn modules() -> Vec<(&'static str, Module)> {
    let mut modules = Vec::new();
    for connector in transload_bundle::CONNECTORS {
        modules.push((connector.name, bundled(connector.name).await));
    }
    modules
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Fails unless `sample` is what `schema` describes.
fn fits(schema: &str, sample: &str, what: &str) {
    let validator =
        jsonschema::validator_for(&read(schema)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let sample = read(sample);
    let faults: Vec<String> = validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{what}: {faults:?}");
}

fn is_unique<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let names: Vec<&str> = names.collect();
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

#[tokio::test]
async fn a_connector_is_called_what_its_manifest_calls_it() {
    for (name, module) in modules().await {
        let description = module.description();
        assert_eq!(description.name, name);
        assert!(is_unique(description.triggers.iter().map(|trigger| trigger.name.as_str())), "{name}");
        assert!(is_unique(description.actions.iter().map(|action| action.name.as_str())), "{name}");
        assert!(is_unique(description.templates.iter().map(|template| template.name.as_str())), "{name}");
        assert!(is_unique(description.apis.iter().map(|api| api.name.as_str())), "{name}");
    }
}

#[tokio::test]
async fn samples_are_what_their_schemas_describe() {
    for (name, module) in modules().await {
        let description = module.description();
        for trigger in &description.triggers {
            fits(&trigger.output_schema, &trigger.sample, &format!("{name}: {}", trigger.name));
        }
        for action in &description.actions {
            let what = format!("{name}: {}", action.name);
            fits(&action.input_schema, &action.sample, &what);
            jsonschema::validator_for(&read(&action.output_schema)).unwrap();
            if let Some(subject) = &action.subject {
                assert!(read(&action.sample).pointer(subject).is_some(), "{what} has no {subject}");
            }
        }
        for template in &description.templates {
            fits(&description.settings_schema, &template.settings, &format!("{name}: {}", template.name));
        }
    }
}

#[tokio::test]
async fn a_trigger_comes_from_an_api_of_the_manifest() {
    for (name, module) in modules().await {
        let description = module.description();
        for trigger in &description.triggers {
            let Origin::Webhook(api) = &trigger.origin else { continue };
            let api = description.apis.iter().find(|known| known.name == *api);
            assert!(api.is_some_and(|api| api.webhook.is_some()), "{name}: {}", trigger.name);
        }
    }
}

#[tokio::test]
async fn a_path_that_settings_can_move_is_named_by_their_schema() {
    for (name, module) in modules().await {
        let description = module.description();
        let schema = read(&description.settings_schema);
        for pointer in endpoints(description).filter_map(|endpoint| endpoint.path_setting.as_deref()) {
            let place = pointer.replace('/', "/properties/");
            assert!(schema.pointer(&place).is_some(), "{name}: the schema has no {pointer}");
        }
    }
}

fn endpoints(description: &Description) -> impl Iterator<Item = &transload::contract::Endpoint> {
    description.apis.iter().flat_map(|api| &api.endpoints)
}

/// All of an API, with some token.
fn granted(api: &Api) -> (String, Grant) {
    let scopes = api.endpoints.iter().map(|endpoint| endpoint.scope.clone()).collect();
    let grant = Grant {
        base_url: None,
        credential: Some(Secret::new("token".to_owned())),
        scopes,
        private_addresses: Vec::new(),
        read_only: false,
    };
    (api.name.clone(), grant)
}

#[tokio::test]
async fn a_connection_can_be_made_of_each_ready_made_setting() {
    for (name, module) in modules().await {
        let description = module.description();
        assert!(!description.templates.is_empty(), "{name}");
        for template in &description.templates {
            let spec = ConnectionSpec {
                name: "shop".to_owned(),
                grants: description.apis.iter().map(granted).collect(),
                settings: template.settings.clone(),
                webhooks: BTreeMap::new(),
                polls: BTreeMap::new(),
                read_only: false,
                module: module.clone(),
            };
            let problems = spec.problems(&Egress::default());
            assert!(problems.is_empty(), "{name}: {}: {problems:?}", template.name);
        }
    }
}
