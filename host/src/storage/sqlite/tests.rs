//! SQLite passes the suite, survives what kills its process, and says clearly what is wrong with a file.

mod groups;
mod migration;
mod options;
mod trouble;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::super::conformance::{Bed, Notes, conformance, delivery, event};
use super::super::{Acceptance, EventFilter, Finish, Intake, Origin, Storage, WorkId};
use super::*;

struct SqliteBed {
    directory: TempDir,
    storage: Option<Arc<SqliteStorage>>,
}

impl SqliteBed {
    fn new() -> SqliteBed {
        let mut bed = SqliteBed { directory: TempDir::new().unwrap(), storage: None };
        bed.open();
        bed
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("test.sqlite")
    }

    fn open(&mut self) {
        self.storage = Some(Arc::new(until_let_in(|| SqliteStorage::open(&self.path()))));
    }
}

/// Opens what was closed just now. A process that another test starts meanwhile has a copy of every open file, locks among them,
/// until it runs its own program; that takes a moment.
fn until_let_in(open: impl Fn() -> Result<SqliteStorage, StorageError>) -> SqliteStorage {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        match open() {
            Err(StorageError::InUse { .. }) if std::time::Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            outcome => return outcome.unwrap(),
        }
    }
}

impl Bed for SqliteBed {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(self.storage.as_ref().unwrap()) as _
    }

    async fn reopen(&mut self) {
        // A case may still hold a handle; only the last one gone frees the file.
        let closed = self.storage.take().map(|storage| Arc::downgrade(&storage));
        assert!(closed.is_none_or(|handle| handle.upgrade().is_none()), "the case holds the storage");
        self.open();
    }
}

conformance!(SqliteBed::new());

fn open(directory: &TempDir) -> Result<SqliteStorage, StorageError> {
    SqliteStorage::open(&directory.path().join("test.sqlite"))
}

fn submission(id: &str) -> Intake {
    Intake {
        connection: "shop".to_owned(),
        origin: Origin::Submission,
        events: vec![event(id, "order-1")],
        writes: Vec::new(),
        attempt: None,
        at: 1,
    }
}

#[test]
fn a_second_process_is_kept_out_and_let_in_after_the_first() {
    let directory = TempDir::new().unwrap();
    let first = open(&directory).unwrap();
    let refusal = open(&directory).err().unwrap();
    assert!(matches!(refusal, StorageError::InUse { .. }), "{refusal}");
    drop(first);
    assert!(open(&directory).is_ok());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("test.sqlite");
    let content = "not a database, but someone's notes\n".repeat(100);
    std::fs::write(&path, &content).unwrap();
    assert_eq!(open(&directory).err().unwrap(), StorageError::Foreign { path: path.clone() });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
}

#[test]
fn another_programs_database_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("test.sqlite");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert_eq!(open(&directory).err().unwrap(), StorageError::Foreign { path });
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory).unwrap());
    let path = directory.path().join("test.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = StorageError::Newer { path: path.clone(), found: 99, known: 4 };
    assert_eq!(open(&directory).err().unwrap(), newer);
    assert_eq!(SqliteStorage::open_reading(&path).err().unwrap(), newer);
}

#[test]
fn a_missing_directory_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("absent").join("test.sqlite");
    let refusal = SqliteStorage::open(&path).err().unwrap();
    assert!(matches!(refusal, StorageError::Open { .. }), "{refusal}");
    assert!(refusal.to_string().contains("absent"), "{refusal}");
}

#[tokio::test]
async fn a_reader_looks_on_while_the_host_works_but_writes_nothing() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let reader = SqliteStorage::open_reading(&directory.path().join("test.sqlite")).unwrap();
    storage.take_in(submission("a")).await.unwrap();
    assert_eq!(reader.events(EventFilter::default()).await.unwrap().len(), 1);
    let refusal = reader.accept(delivery("d-1")).await.unwrap_err();
    assert!(matches!(refusal, StorageError::ReadOnly { .. }), "{refusal}");
}

#[test]
fn reading_needs_a_database_that_exists() {
    let directory = TempDir::new().unwrap();
    let refusal = SqliteStorage::open_reading(&directory.path().join("test.sqlite")).err().unwrap();
    assert!(matches!(refusal, StorageError::Open { .. }), "{refusal}");
}

#[tokio::test]
async fn effects_and_alerts_can_be_queried() {
    use crate::contract::{Alert, Decimal, Effect, Money, Receipt, Report, Severity, Verb};
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    storage.take_in(submission("a")).await.unwrap();
    let amount = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
    let effect = Effect {
        verb: Verb::Created,
        system: "track-pod".to_owned(),
        kind: "order".to_owned(),
        id: "tp-1".to_owned(),
        summary: "created a delivery".to_owned(),
        amount: Some(amount),
        link: None,
    };
    let alert = Alert {
        severity: Severity::Warning,
        kind: "goods-rejected".to_owned(),
        message: "refused at the door".to_owned(),
        subject: "order-1".to_owned(),
    };
    let receipt =
        Receipt::Done(Report { effects: vec![effect], follow_ups: Vec::new(), alerts: vec![alert] });
    let (connection, module) = ("shop".to_owned(), "sha256:00".to_owned());
    let finish = Finish {
        sequence: 1,
        connection,
        receipt,
        writes: Vec::new(),
        module,
        attempt: None,
        notices: Vec::new(),
        at: 2,
    };
    storage.finish(finish).await.unwrap();
    let path = directory.path().join("test.sqlite");
    let database = Connection::open(path).unwrap();
    let query = "SELECT verb || ' ' || system || ' ' || kind || ' ' || id || ' ' || amount_units || ' ' || currency FROM effects";
    let row: String = database.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(row, "Created track-pod order tp-1 15010 USD");
    let query = "SELECT severity || ' ' || kind || ' ' || subject FROM alerts";
    let row: String = database.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(row, "Warning goods-rejected order-1");
}

/// Set in the child process of the test below: the directory of the database.
const CRASH_DIRECTORY: &str = "TRANSLOAD_TEST_CRASH_DIRECTORY";

/// Not a test by itself: accepts a delivery and an event, says so, and dies without closing anything.
#[tokio::test]
async fn crash_after_accepting() {
    let Some(directory) = std::env::var_os(CRASH_DIRECTORY) else { return };
    let storage = SqliteStorage::open(&PathBuf::from(directory).join("test.sqlite")).unwrap();
    storage.accept(delivery("d-1")).await.unwrap();
    storage.take_in(submission("a")).await.unwrap();
    std::process::abort();
}

#[tokio::test]
async fn what_was_accepted_survives_a_process_that_dies() {
    let directory = TempDir::new().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "storage::sqlite::tests::crash_after_accepting"])
        .env(CRASH_DIRECTORY, directory.path())
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the child should have died");
    let storage = open(&directory).unwrap();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(storage.accept(delivery("d-1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(storage.take_in(submission("a")).await, Ok(0));
    assert_eq!(notes.ids(), [WorkId::Delivery(1), WorkId::Event(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_share_a_few_connections() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let running = Arc::new(AtomicUsize::new(0));
    let reads: Vec<_> = (0..100)
        .map(|_| {
            let (readers, running) = (storage.readers.clone(), Arc::clone(&running));
            tokio::spawn(async move {
                let query = move |_: &Connection| {
                    let at_once = running.fetch_add(1, Ordering::SeqCst) + 1;
                    std::thread::sleep(Duration::from_millis(5));
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(at_once)
                };
                readers.read(query).await.unwrap()
            })
        })
        .collect();
    for read in reads {
        let at_once = read.await.unwrap();
        assert!(at_once <= 8, "{at_once} reads at once");
    }
}

#[tokio::test]
async fn a_record_that_does_not_fit_is_no_failure_of_the_storage() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let mut intake = submission("a");
    intake.events[0].occurred_at = Some(u64::MAX);
    let error = storage.take_in(intake).await.unwrap_err();
    assert!(matches!(&error, StorageError::Record { .. }), "{error}");
    assert_eq!(storage.take_in(submission("a")).await, Ok(1));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    storage.take_in(submission("a")).await.unwrap();
    for name in ["test.sqlite", "test.sqlite-wal", "test.sqlite-shm"] {
        let mode = directory.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}
