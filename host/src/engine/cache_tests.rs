//! Tests of the cache of compiled modules.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::*;

/// A component with nothing in it: its header alone.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

const DIGEST: [u8; 32] = [7; 32];

fn engine(epochs: bool) -> wasmtime::Engine {
    wasmtime::Engine::new(wasmtime::Config::new().epoch_interruption(epochs)).unwrap()
}

/// A directory with a cache in it that counts how often it has to compile.
struct Counting {
    directory: tempfile::TempDir,
    compiled: Cell<u32>,
}

impl Counting {
    fn new() -> Counting {
        Counting { directory: tempfile::tempdir().unwrap(), compiled: Cell::new(0) }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("cache")
    }

    /// Ask for a module in a new engine, as after a restart, and answer how many were compiled so far.
    fn after_asking(&self, digest: [u8; 32], epochs: bool) -> u32 {
        let engine = engine(epochs);
        let cache = Cache::open(&self.path(), &engine).unwrap();
        self.ask(&cache, &engine, digest);
        self.compiled.get()
    }

    fn ask(&self, cache: &Cache, engine: &wasmtime::Engine, digest: [u8; 32]) {
        let made = cache.component(engine, &digest, || {
            self.compiled.set(self.compiled.get() + 1);
            Component::new(engine, EMPTY)
        });
        assert!(made.is_ok(), "{:?}", made.err());
    }

    /// The files in the directory, by name.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn only_file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

#[test]
fn what_was_compiled_is_not_compiled_again() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    assert_eq!(cache.after_asking([8; 32], true), 2, "another module is another file");
    assert_eq!(cache.files().len(), 2);
}

#[test]
fn other_settings_are_another_file() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    assert_eq!(cache.after_asking(DIGEST, false), 2);
    assert_eq!(cache.files().len(), 2);
    assert_eq!(cache.after_asking(DIGEST, true), 2);
    assert_eq!(cache.after_asking(DIGEST, false), 2);
}

/// Damages the file, asks twice, and expects that it was compiled and kept afresh the first time.
fn recovers_from(what: &str, damage: impl FnOnce(&Path)) {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    let path = cache.only_file();
    let good = fs::read(&path).unwrap();
    damage(&path);
    assert_eq!(cache.after_asking(DIGEST, true), 2, "{what}: the file was used");
    assert_eq!(fs::read(&path).unwrap(), good, "{what}: the file was not replaced");
    assert_eq!(cache.after_asking(DIGEST, true), 2, "{what}: the new file was not used");
}

fn with_byte_changed(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_file_is_compiled_again() {
    recovers_from("a changed magic", |path| with_byte_changed(path, 0));
    recovers_from("a changed checksum", |path| with_byte_changed(path, MAGIC.len()));
    recovers_from("changed code", |path| with_byte_changed(path, HEADER_BYTES + 100));
    recovers_from("a byte too many", |path| {
        let mut bytes = fs::read(path).unwrap();
        bytes.push(0);
        fs::write(path, bytes).unwrap();
    });
    recovers_from("a file over the limit", |path| {
        File::options().write(true).open(path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    });
}

#[test]
fn a_truncated_file_is_compiled_again() {
    for length in [0, 1, MAGIC.len(), HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1] {
        recovers_from(&format!("{length} bytes"), |path| {
            File::options().write(true).open(path).unwrap().set_len(length as u64).unwrap();
        });
    }
}

/// Whole, and by its checksum what was written, but not code of this runtime.
#[test]
fn what_the_runtime_refuses_is_compiled_again() {
    recovers_from("no code", |path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let code = b"no code at all";
        fs::write(path, [MAGIC.as_slice(), &checksum(name, code), code].concat()).unwrap();
    });
}

#[test]
fn a_file_under_another_name_is_not_used() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    let first = cache.only_file();
    assert_eq!(cache.after_asking([8; 32], true), 2);
    let second = cache.files().into_iter().find(|path| *path != first).unwrap();
    fs::copy(&first, &second).unwrap();
    assert_eq!(cache.after_asking([8; 32], true), 3);
}

#[test]
fn a_directory_in_the_files_place_does_no_harm() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    let path = cache.only_file();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(cache.after_asking(DIGEST, true), 2);
}

/// A file in the directory's place takes no file, whoever asks; permissions would not stop the superuser.
#[test]
fn a_cache_that_cannot_be_written_stops_no_load() {
    let counting = Counting::new();
    let engine = engine(true);
    let cache = Cache::open(&counting.path(), &engine).unwrap();
    fs::remove_dir(counting.path()).unwrap();
    fs::write(counting.path(), b"").unwrap();
    counting.ask(&cache, &engine, DIGEST);
    counting.ask(&cache, &engine, DIGEST);
    assert_eq!(counting.compiled.get(), 2);
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = Cache::open(&path, &engine(true)).err().unwrap();
        assert!(matches!(&error, EngineError::Cache { directory, .. } if *directory == path), "{error}");
    }
}

fn sized(directory: &Path, name: &str, bytes: u64, age: Duration) -> PathBuf {
    let path = directory.join(name);
    let file = File::create(&path).unwrap();
    // Without content, so that it takes no room.
    file.set_len(bytes).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
    path
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn more_files_than_the_limit_lose_the_least_recently_used() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    let first = cache.only_file();
    // The first is the oldest now; with it, the directory has as many files as it may.
    File::open(&first).unwrap().set_modified(SystemTime::now() - 100 * MINUTE).unwrap();
    let others: Vec<PathBuf> =
        (1..64).map(|age| sized(&cache.path(), &format!("other-{age}.compiled"), 1, age * MINUTE)).collect();
    // Using it makes it the newest.
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    assert_eq!(cache.files().len(), 64);
    // One more, and the oldest of the others goes.
    assert_eq!(cache.after_asking([8; 32], true), 2);
    assert_eq!(cache.files().len(), 64);
    assert!(first.exists());
    let gone: Vec<&PathBuf> = others.iter().filter(|path| !path.exists()).collect();
    assert_eq!(gone, [&cache.path().join("other-63.compiled")]);
}

#[test]
fn more_bytes_than_the_limit_lose_the_least_recently_used() {
    let cache = Counting::new();
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    let new = cache.only_file();
    let room = (1 << 30) - new.metadata().unwrap().len();
    fs::remove_file(&new).unwrap();
    let younger = sized(&cache.path(), "younger.compiled", room / 2, MINUTE);
    let older = sized(&cache.path(), "older.compiled", room - room / 2, 2 * MINUTE);
    // All three together have 1 GiB to the byte.
    assert_eq!(cache.after_asking(DIGEST, true), 2);
    assert!(younger.exists() && older.exists() && new.exists());
    File::options().write(true).open(&older).unwrap().set_len(room - room / 2 + 1).unwrap();
    File::open(&older).unwrap().set_modified(SystemTime::now() - 2 * MINUTE).unwrap();
    fs::remove_file(&new).unwrap();
    assert_eq!(cache.after_asking(DIGEST, true), 3);
    assert!(younger.exists() && !older.exists() && new.exists());
}

#[test]
fn only_our_own_files_are_removed() {
    let cache = Counting::new();
    fs::create_dir(cache.path()).unwrap();
    let long = 10_000 * MINUTE;
    let foreign: Vec<PathBuf> =
        (0..70).map(|number| sized(&cache.path(), &format!("{number}.txt"), 1 << 30, long)).collect();
    let abandoned = sized(&cache.path(), "a.partial", 1, 61 * MINUTE);
    let in_progress = sized(&cache.path(), "b.partial", 1, 59 * MINUTE);
    assert_eq!(cache.after_asking(DIGEST, true), 1);
    assert!(foreign.iter().all(|path| path.exists()));
    assert!(!abandoned.exists() && in_progress.exists());
    assert_eq!(cache.files().len(), 72);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_cache_is_the_users_alone() {
        let cache = Counting::new();
        assert_eq!(cache.after_asking(DIGEST, true), 1);
        assert_eq!(mode(&cache.path()), 0o700);
        assert_eq!(mode(&cache.only_file()), 0o600);
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for (bits, accepted) in
            [(0o700, true), (0o755, true), (0o775, false), (0o757, false), (0o777, false), (0o1777, false)]
        {
            set_mode(directory.path(), bits);
            let outcome = Cache::open(directory.path(), &engine(true)).map(drop);
            assert_eq!(outcome.is_ok(), accepted, "{bits:o}: {outcome:?}");
            if let Err(error) = outcome {
                assert!(error.to_string().contains(&format!("mode {bits:o}")), "{error}");
            }
        }
    }

    /// Left from a time when the directory was open to others.
    #[test]
    fn a_file_that_others_may_write_to_is_not_used() {
        recovers_from("mode 666", |path| set_mode(path, 0o666));
        recovers_from("mode 620", |path| set_mode(path, 0o620));
    }

    /// Only the superuser can give a file away, so only there can this be tried.
    #[test]
    fn what_belongs_to_another_user_is_not_used() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        recovers_from("another's file", |path| std::os::unix::fs::chown(path, Some(12_345), None).unwrap());
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(directory.path(), Some(12_345), None).unwrap();
        let error = Cache::open(directory.path(), &engine(true)).err().unwrap();
        assert!(error.to_string().contains("belongs to user 12345"), "{error}");
    }
}
