//! A module as a Wasm OCI artifact, by the CNCF's specification: one layer, which is the component, and a configuration that
//! says what it imports and exports, so that registries can be searched.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::engine::{Digest, Module};

/// What the layer is.
pub(super) const LAYER: &str = "application/wasm";

/// What older tools call the layer.
pub(super) const LAYER_BEFORE: &str = "application/vnd.wasm.content.layer.v1+wasm";

/// What the configuration is.
pub(super) const CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// A module that can be pushed.
#[derive(Debug, Clone)]
pub struct Artifact {
    bytes: Arc<[u8]>,
    digest: Digest,
    imports: Vec<String>,
    exports: Vec<String>,
    target: String,
    annotations: BTreeMap<String, String>,
}

/// The configuration's content.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    /// When the artifact was made.
    created: String,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [String; 1],
    component: Component<'a>,
}

#[derive(Serialize)]
struct Component<'a> {
    exports: &'a [String],
    imports: &'a [String],
    /// The world that it was built for.
    target: &'a str,
}

impl Artifact {
    /// The artifact of a module, described by its manifest.
    pub fn of(module: &Module) -> Artifact {
        let manifest = module.description();
        let version = module.contract_version();
        let annotations = [
            ("org.opencontainers.image.title", &*manifest.title),
            ("org.opencontainers.image.version", &*manifest.version),
            ("org.opencontainers.image.description", &*manifest.summary),
            ("transload.connector.name", &*manifest.name),
            ("transload.connector.contract", version),
        ];
        Artifact {
            bytes: Arc::clone(module.bytes()),
            digest: Digest::of(module.bytes()),
            imports: module.imports().to_vec(),
            exports: module.exports().to_vec(),
            target: format!("{}/connector@{version}", crate::contract::PACKAGE),
            annotations: annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        }
    }

    /// The layer's content: the module's file.
    pub(super) fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The digest of that.
    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// What the artifact's manifest says of it.
    pub(super) fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The configuration, for an artifact that is made at `created`, in RFC 3339.
    pub(super) fn config(&self, created: String) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Config {
            created,
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [self.digest.to_string()],
            component: Component { exports: &self.exports, imports: &self.imports, target: &self.target },
        })
    }
}
