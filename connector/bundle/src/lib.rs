//! The connectors that come with Transload, and the adapter for other runtimes, compiled to components.

mod components {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// A connector that comes with Transload.
#[derive(Debug, Clone, Copy)]
pub struct Connector {
    /// What configuration calls it, behind `bundled:`.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
}

/// All of them.
pub const CONNECTORS: &[Connector] = &[
    Connector { name: "ghl-track-pod", component: components::GHL_TRACK_POD },
    Connector { name: "ghl-rankr", component: components::GHL_RANKR },
];

/// The connector called `name`.
pub fn find(name: &str) -> Option<&'static Connector> {
    CONNECTORS.iter().find(|connector| connector.name == name)
}

/// What makes a standard HTTP component of a connector: two components, one on either side of it.
#[derive(Debug, Clone, Copy)]
pub struct Adapter {
    /// The version of the contract that it speaks.
    pub contract: &'static str,
    /// What the connector imports.
    pub shell: &'static [u8],
    /// What imports the connector.
    pub front: &'static [u8],
}

/// One for each version of the contract.
pub const ADAPTERS: &[Adapter] =
    &[Adapter { contract: "0.1.0", shell: components::ADAPTER_SHELL, front: components::ADAPTER_FRONT }];
