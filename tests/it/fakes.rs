//! The sandbox's fakes as a connection sees them: where each API of a manifest is, what it is asked with, and how its webhooks
//! are proved. A connector with another vendor needs its arm in [`Fakes::part`], and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;
use transload::contract::{Api, Description, Origin, Signature};
use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::ConnectionSpec;
use transload::webhook::WebhookConfig;
use transload_sandbox::{Offline, Sandbox, SandboxOptions};

/// The name of the connection in every scene.
pub(crate) const SHOP: &str = "shop";

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(EngineOptions { instances_max: 64, ..EngineOptions::default() }).unwrap())
}

fn component(name: &str) -> &'static [u8] {
    transload_bundle::find(name).unwrap_or_else(|| panic!("{name} is not bundled")).component
}

/// The bundled connector of this name, compiled once for all tests.
pub(crate) async fn bundled(name: &str) -> Module {
    static MODULES: Mutex<BTreeMap<String, Arc<OnceCell<Module>>>> = Mutex::new(BTreeMap::new());
    let module = Arc::clone(MODULES.lock().unwrap().entry(name.to_owned()).or_default());
    module.get_or_init(async || engine().load(component(name)).await.unwrap()).await.clone()
}

/// Another build of the bundled connector of this name: it does the same, and is another module.
pub(crate) async fn rebuilt(name: &str) -> Module {
    // A custom section, which nothing reads: its id, its size, and the length of its name, which is all that is in it.
    let section = b"\0\x08\x07rebuilt";
    engine().load([component(name), section.as_slice()].concat()).await.unwrap()
}

/// The fakes of one sandbox.
pub(crate) struct Fakes<'a> {
    options: &'a SandboxOptions,
    /// What the paths of all fakes are below.
    base_url: String,
    private_addresses: Vec<String>,
    ghl_public_key: String,
    track_pod_secret: String,
    rankr_secret: String,
    /// What the operator's workflows in GoHighLevel send, if there are any.
    workflow_token: Option<&'static str>,
}

/// One vendor's fake.
struct Part {
    credential: String,
    webhook: WebhookConfig,
}

impl<'a> Fakes<'a> {
    /// Those that listen.
    pub(crate) fn listening(sandbox: &'a Sandbox) -> Fakes<'a> {
        Fakes {
            options: sandbox.options(),
            base_url: format!("http://{}", sandbox.address()),
            private_addresses: vec![sandbox.address().to_string()],
            ghl_public_key: sandbox.ghl_public_key_pem(),
            track_pod_secret: sandbox.track_pod_secret(),
            rankr_secret: sandbox.rankr_secret(),
            workflow_token: None,
        }
    }

    /// Those that are called, behind a host that is none.
    pub(crate) fn offline(fakes: &'a Offline) -> Fakes<'a> {
        Fakes {
            options: fakes.options(),
            base_url: "https://sandbox.invalid".to_owned(),
            private_addresses: Vec::new(),
            ghl_public_key: fakes.ghl_public_key_pem(),
            track_pod_secret: fakes.track_pod_secret(),
            rankr_secret: fakes.rankr_secret(),
            workflow_token: None,
        }
    }

    /// The same, with workflows in GoHighLevel that send this token.
    pub(crate) fn with_workflows(self, token: &'static str) -> Fakes<'a> {
        Fakes { workflow_token: Some(token), ..self }
    }

    /// A connection on `module` that may do all that its manifest asks for except for the scopes `without`, and polls every
    /// trigger as often as said. The location is put into the settings.
    pub(crate) fn connection(
        &self,
        module: Module,
        mut settings: Value,
        every: Duration,
        without: &[&str],
    ) -> ConnectionSpec {
        settings["location_id"] = Value::from(self.options.ghl_location.as_str());
        let description = module.description();
        let apis = || description.apis.iter();
        ConnectionSpec {
            name: SHOP.to_owned(),
            grants: apis().map(|api| (api.name.clone(), self.grant(api, without))).collect(),
            settings: settings.to_string(),
            webhooks: apis().map(|api| (api.name.clone(), self.part(&api.name).webhook)).collect(),
            polls: polled(description).map(|trigger| (trigger, every)).collect(),
            read_only: false,
            module,
        }
    }

    fn grant(&self, api: &Api, without: &[&str]) -> Grant {
        let scopes: BTreeSet<&str> = api.endpoints.iter().map(|endpoint| endpoint.scope.as_str()).collect();
        let granted = scopes.into_iter().filter(|scope| !without.contains(scope));
        Grant {
            base_url: Some(format!("{}/{}", self.base_url, api.name).parse().unwrap()),
            credential: Some(Secret::new(self.part(&api.name).credential)),
            scopes: granted.map(str::to_owned).collect(),
            private_addresses: self.private_addresses.clone(),
            read_only: false,
        }
    }

    fn part(&self, api: &str) -> Part {
        match api {
            "ghl" => Part {
                credential: self.options.ghl_token.clone(),
                webhook: WebhookConfig {
                    public_keys: Some(vec![self.ghl_public_key.clone()]),
                    secrets: self.workflow_token.into_iter().map(Secret::new).collect(),
                    signatures: None,
                },
            },
            "track-pod" => Part {
                credential: self.options.track_pod_key.clone(),
                webhook: WebhookConfig {
                    public_keys: None,
                    secrets: vec![Secret::new(self.track_pod_secret.clone())],
                    signatures: Some(vec![Signature::HmacSha256(
                        self.options.track_pod_signature_header.clone(),
                    )]),
                },
            },
            "rankr" => Part {
                credential: self.options.rankr_token.clone(),
                webhook: WebhookConfig {
                    public_keys: None,
                    secrets: vec![Secret::new(self.rankr_secret.clone())],
                    signatures: None,
                },
            },
            other => panic!("the sandbox plays no {other}"),
        }
    }
}

/// The triggers that are polled.
fn polled(description: &Description) -> impl Iterator<Item = String> {
    let polled = description.triggers.iter().filter(|trigger| matches!(trigger.origin, Origin::Poll(_)));
    polled.map(|trigger| trigger.name.clone())
}
