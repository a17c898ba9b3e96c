//! The connectors that come with Transload, compiled to components.

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
