//! Compiled modules on disk, so that a start need not compile what an earlier one did.
//!
//! ```text
//! file name   SHA-256 of the module, and of the engine's settings with the runtime's version
//! content     MAGIC | SHA-256 of the file's name and the code | the code
//! ```

use std::fs::{self, File, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::EngineError;
use crate::shelf::Shelf;

/// How a file of ours begins; the number is that of the format.
const MAGIC: &[u8; 16] = b"transload code 1";

/// Bytes before the code: the magic and a SHA-256.
const HEADER_BYTES: usize = MAGIC.len() + 32;

/// The ending of our files' names. Files with another one are nobody's business here.
const EXTENSION: &str = "compiled";

/// The largest file, in bytes. Native code is about four times the module, which has 32 MiB at most; twice that again.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// A directory of compiled modules, for one engine.
pub(super) struct Cache {
    shelf: Shelf,
    /// SHA-256 of the engine's settings, in hex.
    settings: String,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not a file")]
    NotAFile,
    #[error("{0}")]
    Exposed(String),
    #[error("it has {0} bytes, more than the limit of {FILE_BYTES_MAX}")]
    TooLarge(u64),
    #[error("it is damaged")]
    Damaged,
    #[error("the runtime refuses it: {0:#}")]
    Refused(wasmtime::Error),
}

impl Cache {
    /// Use `directory`, which is created if need be. One that others may write to is refused: its files are run as part
    /// of the host.
    pub(super) fn open(directory: &Path, engine: &wasmtime::Engine) -> Result<Cache, EngineError> {
        let refuse = |reason| EngineError::Cache { directory: directory.to_owned(), reason };
        let shelf = Shelf::open(directory, EXTENSION).map_err(|error| refuse(error.to_string()))?;
        let metadata = fs::metadata(directory).map_err(|error| refuse(error.to_string()))?;
        check_private(&metadata).map_err(refuse)?;
        Ok(Cache { shelf, settings: settings_of(engine) })
    }

    /// The component made from a module with this digest: from its file, or else by `compile`, whose outcome is kept.
    /// `engine` is the one that the cache was opened for. Reads and writes files, so it may block.
    pub(super) fn component(
        &self,
        engine: &wasmtime::Engine,
        digest: &[u8; 32],
        compile: impl FnOnce() -> wasmtime::Result<Component>,
    ) -> wasmtime::Result<Component> {
        let name = self.name(digest);
        let path = self.shelf.path(&name);
        match read(&path, &name).and_then(|found| found.map(|file| load(engine, &file)).transpose()) {
            Ok(Some(component)) => return Ok(component),
            Ok(None) => {}
            Err(reason) => {
                tracing::warn!(
                    "cannot use the compiled module {}: {reason}; compiling it again",
                    path.display()
                );
            }
        }
        let component = compile()?;
        if let Err(error) = self.keep(&name, &component) {
            tracing::warn!(
                "cannot keep the compiled module {}: {error:#}; the next start compiles it again",
                path.display()
            );
        }
        Ok(component)
    }

    fn name(&self, digest: &[u8; 32]) -> String {
        format!("{}-{}.{EXTENSION}", hex::encode(digest), self.settings)
    }

    fn keep(&self, name: &str, component: &Component) -> wasmtime::Result<()> {
        let code = component.serialize()?;
        let bytes = code.len() as u64 + HEADER_BYTES as u64;
        if bytes > FILE_BYTES_MAX {
            return Err(Unusable::TooLarge(bytes).into());
        }
        self.shelf.keep(name, &[MAGIC, &checksum(name, &code), &code])?;
        Ok(())
    }
}

/// Collects what the engine feeds into it. Rust's own hashers have 64 bits and may change between releases.
struct Collector(Sha256);

impl Hasher for Collector {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not asked for: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}

/// The settings that decide what code comes of a module: target, processor features, tunables, and the runtime's whole
/// version. The runtime's own check when code is loaded only compares its major version.
fn settings_of(engine: &wasmtime::Engine) -> String {
    let mut collector = Collector(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut collector);
    hex::encode(collector.0.finalize())
}

/// Over the name too, so that a file copied over another's name is found out.
fn checksum(name: &str, code: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(name).chain_update(code).finalize().into()
}

/// The whole file at `path`, if there is one and it is as it was written.
fn read(path: &Path, name: &str) -> Result<Option<Vec<u8>>, Unusable> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unusable::NotAFile);
    }
    check_private(&metadata).map_err(Unusable::Exposed)?;
    if metadata.len() > FILE_BYTES_MAX {
        return Err(Unusable::TooLarge(metadata.len()));
    }
    let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    Read::by_ref(&mut file).take(FILE_BYTES_MAX).read_to_end(&mut content)?;
    let (magic, rest) = content.split_at_checked(MAGIC.len()).ok_or(Unusable::Damaged)?;
    let (sum, code) = rest.split_at_checked(HEADER_BYTES - MAGIC.len()).ok_or(Unusable::Damaged)?;
    if magic != MAGIC || sum != checksum(name, code) {
        return Err(Unusable::Damaged);
    }
    Shelf::used(&file);
    Ok(Some(content))
}

/// Make a component of a file that [`read`] has found whole.
#[expect(unsafe_code, reason = "native code is only as good as its source, and the runtime cannot check it")]
fn load(engine: &wasmtime::Engine, file: &[u8]) -> Result<Component, Unusable> {
    let code = file.get(HEADER_BYTES..).ok_or(Unusable::Damaged)?;
    // SAFETY: the code must come from `Component::serialize` unchanged. Only `Cache::keep` writes these files; the
    // directory and the file belong to the host's user (or the superuser) and nobody else may write to them, which is
    // checked when the cache is opened and the file read; and the checksum, which `read` has compared, finds damage.
    // It does not find malice: whoever can write here as the host's user can already do what the host can.
    unsafe { Component::deserialize(engine, code) }.map_err(Unusable::Refused)
}

/// Whether nobody but the host's user, and the superuser, can change what this is the metadata of; else why not.
#[cfg(unix)]
fn check_private(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != 0 {
        return Err(format!(
            "it belongs to user {owner}, who could run code in this host, which runs as user {user}; use one that \
             belongs to user {user}"
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "its group or others may write to it (mode {:o}) and could run code in this host; remove their permission \
             with chmod go-w",
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

/// Elsewhere the directory's place has to protect it: a user's own directories are closed to others there.
#[cfg(not(unix))]
fn check_private(_metadata: &Metadata) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
