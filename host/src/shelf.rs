//! A directory of files that can be had again: bounded, each written whole, shared by several processes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The ending of a file that is still being written.
const PARTIAL: &str = "partial";

/// Files of one kind that are kept: a few modules of each connector, with some versions to go back to.
pub(crate) const FILES_MAX: usize = 64;

/// Bytes of all files of one kind that are kept.
pub(crate) const DIRECTORY_BYTES_MAX: u64 = 1 << 30;

/// How old a half-written file must be, for its writer to be taken for dead. Writing one takes less than a second.
const ABANDONED_AFTER: Duration = Duration::from_secs(3_600);

/// Files of one kind in a directory. Those of other kinds there are nobody's business here.
pub(crate) struct Shelf {
    directory: PathBuf,
    /// The ending of the files' names.
    extension: &'static str,
}

impl Shelf {
    /// Use `directory`, which is created if need be, for the user alone.
    pub(crate) fn open(directory: &Path, extension: &'static str) -> io::Result<Shelf> {
        create(directory)?;
        Ok(Shelf { directory: directory.to_owned(), extension })
    }

    /// Where the file called `name` is, if it is kept. `name` has the shelf's ending.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Keep `parts` as the file called `name`: written beside its place and moved there, so that nobody sees half of one.
    /// It is not synced: whoever reads it has to compare its checksum, which finds what is missing after a power cut.
    pub(crate) fn keep(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let mut file =
            tempfile::Builder::new().suffix(&format!(".{PARTIAL}")).tempfile_in(&self.directory)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.persist(self.path(name))?;
        if let Err(error) = self.evict(name) {
            tracing::warn!(
                "cannot remove old files from {}: {error}; remove *.{} there by hand",
                self.directory.display(),
                self.extension
            );
        }
        Ok(())
    }

    /// Note that a file was used. Where the system does not let that be set, files go by the time they were written.
    pub(crate) fn used(file: &File) {
        let _ = file.set_modified(SystemTime::now());
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
                Some(extension) if extension == self.extension => {
                    kept.push((entry.file_name() == newest, used, metadata.len(), path));
                }
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

#[cfg(unix)]
fn create(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}
