//! Copies of modules that were fetched, each under its digest, so that a host starts when the registry is gone.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::engine::Digest;
use crate::shelf::Shelf;

/// The ending of the files' names.
const EXTENSION: &str = "wasm";

/// A directory of modules. Several hosts may share it.
pub(super) struct Cache {
    shelf: Shelf,
}

impl Cache {
    /// Use `directory`, which is created if need be.
    pub(super) fn open(directory: &Path) -> io::Result<Cache> {
        Ok(Cache { shelf: Shelf::open(directory, EXTENSION)? })
    }

    /// The module with this digest, if it is here and of at most `bytes_max` bytes. The file is checked each time: one that
    /// was damaged, or put there by somebody, is as good as none.
    pub(super) fn get(&self, digest: &Digest, bytes_max: usize) -> Option<Vec<u8>> {
        let path = self.shelf.path(&name(digest));
        let unusable = match read(&path, bytes_max) {
            Ok(bytes) if Digest::of(&bytes) == *digest => return Some(bytes),
            Ok(_) => "it is damaged".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => error.to_string(),
        };
        tracing::warn!("cannot use the kept module {}: {unusable}; fetching it again", path.display());
        None
    }

    /// Keep a module. What goes wrong is told and does no harm: it is fetched again next time.
    pub(super) fn keep(&self, digest: &Digest, bytes: &[u8]) {
        if let Err(error) = self.shelf.keep(&name(digest), &[bytes]) {
            tracing::warn!("cannot keep the module {digest}: {error}; the next start fetches it again");
        }
    }
}

fn name(digest: &Digest) -> String {
    format!("{}.{EXTENSION}", hex::encode(digest.as_bytes()))
}

fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(bytes_max as u64).read_to_end(&mut bytes)?;
    Shelf::used(&file);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::FILES_MAX;

    #[test]
    fn what_is_kept_is_had_again_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        let (digest, other) = (Digest::of(b"module"), Digest::of(b"another"));
        assert_eq!(cache.get(&digest, 6), None);
        cache.keep(&digest, b"module");
        assert_eq!(cache.get(&digest, 6).as_deref(), Some(&b"module"[..]));
        assert_eq!(cache.get(&digest, 5), None, "over the limit");
        // Whoever copies a module over another's name has it checked by that name.
        std::fs::copy(directory.path().join(name(&digest)), directory.path().join(name(&other))).unwrap();
        assert_eq!(cache.get(&other, 6), None);
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none_and_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        let digest = Digest::of(b"module");
        let path = directory.path().join(name(&digest));
        for damaged in [&b"Module"[..], b"modul", b"module ", b""] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(cache.get(&digest, 100), None, "{damaged:?}");
        }
        cache.keep(&digest, b"module");
        assert_eq!(cache.get(&digest, 100).as_deref(), Some(&b"module"[..]));
    }

    #[test]
    fn only_so_many_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        for number in 0..=FILES_MAX {
            cache.keep(&Digest::of(number.to_string().as_bytes()), number.to_string().as_bytes());
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), FILES_MAX);
        assert!(cache.get(&Digest::of(FILES_MAX.to_string().as_bytes()), 9).is_some(), "the newest stays");
    }
}
