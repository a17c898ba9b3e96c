//! What configuration calls things, so that a refusal names the line that would allow it.

/// How a host's configuration is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Tables of one connection: `connections.NAME.apis.API.base_url`.
    Tables(Box<str>),
    /// A flat list of strings: `api.API.base-url`.
    Flat,
}

impl Keys {
    /// The key `key` of one API, in snake case.
    pub fn api(&self, api: &str, key: &str) -> String {
        match self {
            Keys::Tables(connection) => format!("connections.{connection}.apis.{api}.{key}"),
            Keys::Flat => format!("api.{api}.{}", key.replace('_', "-")),
        }
    }

    /// What holds the keys of one API.
    pub fn table(&self, api: &str) -> String {
        match self {
            Keys::Tables(connection) => format!("connections.{connection}.apis.{api}"),
            Keys::Flat => format!("api.{api}"),
        }
    }

    /// What to do so that anything is granted of an API.
    pub fn grant(&self, api: &str) -> String {
        match self {
            Keys::Tables(connection) => format!("add a table [connections.{connection}.apis.{api}]"),
            Keys::Flat => format!("set {}", self.api(api, "scopes")),
        }
    }

    /// The key that denies writes to an API.
    pub fn read_only(&self, api: &str) -> String {
        match self {
            Keys::Tables(connection) => format!("connections.{connection}.read_only"),
            Keys::Flat => self.api(api, "read_only"),
        }
    }

    /// The key of the connector's settings.
    pub fn settings(&self) -> String {
        match self {
            Keys::Tables(connection) => format!("connections.{connection}.settings"),
            Keys::Flat => "settings".to_owned(),
        }
    }
}
