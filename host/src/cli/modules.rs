//! Where modules come from.

use std::path::Path;

use anyhow::{Context, anyhow};
use transload::config::ModuleSource;

/// The names of the bundled connectors.
pub fn bundled() -> Vec<&'static str> {
    transload_bundle::CONNECTORS.iter().map(|connector| connector.name).collect()
}

/// What `text` on the command line names: `bundled:NAME`, or a file.
pub fn source(text: &str) -> ModuleSource {
    match text.strip_prefix("bundled:") {
        Some(name) => ModuleSource::Bundled(name.to_owned()),
        None => ModuleSource::File(Path::new(text).to_owned()),
    }
}

/// The bytes of a module.
pub fn read(source: &ModuleSource) -> anyhow::Result<Vec<u8>> {
    match source {
        ModuleSource::Bundled(name) => {
            transload_bundle::find(name).map(|connector| connector.component.to_vec()).ok_or_else(|| {
                anyhow!("no connector called {name:?} is bundled; there are: {}", bundled().join(", "))
            })
        }
        ModuleSource::File(path) => {
            let hint = || match path.to_str().filter(|name| bundled().contains(name)) {
                Some(name) => format!("cannot read the module {name} (did you mean bundled:{name}?)"),
                None => format!("cannot read the module {}", path.display()),
            };
            std::fs::read(path).with_context(hint)
        }
    }
}
