//! Compiled modules on disk, so that a start need not compile what an earlier one did.
//!
//! ```text
//! file name   SHA-256 of the module, and of the engine's settings with the runtime's version
//! content     MAGIC | SHA-256 of the file's name and the code | the code
//! ```

use std::fs::{self, File, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::EngineError;

/// How a file of ours begins; the number is that of the format.
const MAGIC: &[u8; 16] = b"transload code 1";

/// Bytes before the code: the magic and a SHA-256.
const HEADER_BYTES: usize = MAGIC.len() + 32;

/// The ending of our files' names. Files with another one are nobody's business here.
const EXTENSION: &str = "compiled";

/// The ending of a file that is still being written.
const PARTIAL: &str = "partial";

/// The largest file, in bytes. Native code is about four times the module, which has 32 MiB at most; twice that again.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Files that are kept: a few modules of each connector, with some versions to go back to.
const FILES_MAX: usize = 64;

/// Bytes of all files that are kept.
const DIRECTORY_BYTES_MAX: u64 = 1 << 30;

/// How old a half-written file must be, for its writer to be taken for dead. Writing one takes less than a second.
const ABANDONED_AFTER: Duration = Duration::from_secs(3_600);

/// A directory of compiled modules, for one engine.
pub(super) struct Cache {
    directory: PathBuf,
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
        create(directory).map_err(|error| refuse(error.to_string()))?;
        let metadata = fs::metadata(directory).map_err(|error| refuse(error.to_string()))?;
        check_private(&metadata).map_err(refuse)?;
        Ok(Cache { directory: directory.to_owned(), settings: settings_of(engine) })
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
        let path = self.directory.join(&name);
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
        } else if let Err(error) = self.evict(&name) {
            tracing::warn!(
                "cannot remove old compiled modules from {}: {error}; remove *.{EXTENSION} there by hand",
                self.directory.display()
            );
        }
        Ok(component)
    }

    fn name(&self, digest: &[u8; 32]) -> String {
        format!("{}-{}.{EXTENSION}", hex::encode(digest), self.settings)
    }

    /// Write a file beside its place and move it there, so that nobody sees half of one. It is not synced: after a power
    /// cut the checksum finds what is missing.
    fn keep(&self, name: &str, component: &Component) -> wasmtime::Result<()> {
        let code = component.serialize()?;
        let bytes = code.len() as u64 + HEADER_BYTES as u64;
        if bytes > FILE_BYTES_MAX {
            return Err(Unusable::TooLarge(bytes).into());
        }
        let mut file =
            tempfile::Builder::new().suffix(&format!(".{PARTIAL}")).tempfile_in(&self.directory)?;
        file.write_all(MAGIC)?;
        file.write_all(&checksum(name, &code))?;
        file.write_all(&code)?;
        file.persist(self.directory.join(name))?;
        Ok(())
    }

    /// Remove what was used least recently, until the rest is within bounds; never the file called `newest`.
    fn evict(&self, newest: &str) -> io::Result<()> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // Another host may be evicting too: what is gone needs no removal.
            let Ok(metadata) = entry.metadata() else { continue };
            let (path, used) = (entry.path(), metadata.modified()?);
            match path.extension().and_then(|it| it.to_str()) {
                Some(EXTENSION) => kept.push((entry.file_name() == newest, used, metadata.len(), path)),
                Some(PARTIAL) if is_abandoned(used) => remove(&path)?,
                _ => {}
            }
        }
        // The newest file first, then by their last use.
        kept.sort_by_key(|(newest, used, ..)| std::cmp::Reverse((*newest, *used)));
        let mut total = 0_u64;
        for (index, (newest, _, bytes, path)) in kept.iter().enumerate() {
            total = total.saturating_add(*bytes);
            if !newest && (index >= FILES_MAX || total > DIRECTORY_BYTES_MAX) {
                remove(path)?;
            }
        }
        Ok(())
    }
}

fn is_abandoned(written: SystemTime) -> bool {
    written.elapsed().is_ok_and(|age| age > ABANDONED_AFTER)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
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
    // Its last use. Where the system does not let it be set, files go by the time they were written.
    let _ = file.set_modified(SystemTime::now());
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

#[cfg(unix)]
fn create(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
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
