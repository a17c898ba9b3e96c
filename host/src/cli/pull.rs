//! `transload pull`: a module into a file.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use transload::distribution::ModuleSource;
use transload::engine::{Digest, Limits, admit};

use super::modules::{self, Named, Supply, named};
use super::{Failed, print_json, style, usage};

/// Fetches a module into a file
#[derive(Args)]
#[command(
    after_help = "Without #sha256:DIGEST it fetches whatever is there now, and says so. Credentials come from \
                  [registries.\"HOST\"] of the configuration, from `docker login`, or from TRANSLOAD_REGISTRY_USERNAME and \
                  TRANSLOAD_REGISTRY_PASSWORD.\n\nExamples:\n  \
                  transload pull oci://ghcr.io/acme/my-connector:1.2.0 -o my-connector.wasm\n  \
                  transload pull https://example.com/my-connector.wasm#sha256:… -o my-connector.wasm --json"
)]
pub struct Pull {
    #[arg(value_parser = named, help = modules::HELP)]
    source: Named,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The configuration file, for its [registries]; none is needed
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    source: String,
    digest: String,
    /// Whether the command named the digest.
    pinned: bool,
    size_bytes: usize,
    output: PathBuf,
}

impl Pull {
    pub async fn run(self) -> Result<(), Failed> {
        let Named { source, pin } = &self.source;
        let bytes = Supply::perhaps(&self.config, &self.source)?.look(&self.source).await;
        let bytes = bytes.map_err(modules::failed)?;
        let admitted = admit(Arc::from(bytes), pin.as_ref(), Limits::default().module_bytes);
        let admitted = admitted.with_context(|| source.to_string()).map_err(usage)?;
        write(&self.output, admitted.bytes())
            .with_context(|| format!("cannot write {}", self.output.display()))?;
        let digest = admitted.digest();
        let size_bytes = admitted.bytes().len();
        if self.json {
            return print_json(&Report {
                source: source.to_string(),
                digest: digest.to_string(),
                pinned: pin.is_some(),
                size_bytes,
                output: self.output,
            });
        }
        say!("{}  {}, {size_bytes} bytes", style::good("ok"), self.output.display());
        print_pin(source, &digest);
        if pin.is_none() && matches!(source, ModuleSource::Remote(_)) {
            warn_unpinned();
        }
        Ok(())
    }
}

/// Beside its place and then there: a host that watches the file sees all of it or nothing.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// The lines that pin a module.
pub fn print_pin(source: &ModuleSource, digest: &Digest) {
    say!("module = \"{source}\"");
    say!("digest = \"{digest}\"");
}

/// Says that nobody has said yet that this is the right module.
pub fn warn_unpinned() {
    say!(
        "{}  this digest is of what is there now, and nobody has vouched for it: compare it with its author's before you \
         pin it",
        style::warn("!!")
    );
}
