//! The example configuration, against the connector that it is about.

use std::path::Path;

use transload::config::{Config, Sources};
use transload::egress::Egress;
use transload::engine::{Engine, EngineOptions};
use transload::runtime::{ConnectionSpec, Courier};

#[tokio::test]
async fn the_example_configuration_suits_its_connector() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("transload.example.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let variable = |name: &str| match name.ends_with("WEBHOOK_SECRET") {
        true => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
        false => Some(format!("value-of-{name}")),
    };
    let sources = Sources { variable: &variable, bundled: &["ghl-track-pod"] };
    let config = Config::parse(&text, &path, &sources).unwrap();
    let engine = Engine::new(EngineOptions { instances_max: 4, ..EngineOptions::default() }).unwrap();
    let module = engine.load(transload_bundle::find("ghl-track-pod").unwrap().component).await.unwrap();
    for receiver in &config.receivers {
        assert_eq!(Courier::new(&Egress::default(), receiver).err(), None);
    }
    for (name, connection) in config.connections {
        let granted: Vec<String> = connection.apis.values().flat_map(|api| api.scopes.clone()).collect();
        let spec = ConnectionSpec::from_config(&name, connection, module.clone());
        assert_eq!(spec.problems(&Egress::default()), Vec::<String>::new());
        let optional = |warning: &String| warning.ends_with("the connection pauses when they are needed");
        assert!(spec.warnings().iter().all(optional), "{:?}", spec.warnings());
        for endpoint in module.description().apis.iter().flat_map(|api| &api.endpoints) {
            // What only some settings need stands there as a comment.
            let is_named = text.contains(&format!("# \"{}\"", endpoint.scope));
            assert!(
                granted.contains(&endpoint.scope) || is_named,
                "{} is asked for and not named",
                endpoint.scope
            );
        }
    }
}
