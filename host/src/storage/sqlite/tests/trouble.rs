//! A full disk, a failing disk, a locked file, a damaged file: each says what it is, nothing that was acknowledged is
//! lost, and work goes on when the trouble is over.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::super::conformance::delivery;
use super::super::super::{Acceptance, DeliveryFilter, NewDelivery, Sequence, Storage, StorageError};
use super::super::{SqliteStorage, Written};
use super::open;

/// Has the storage fill its file up to so many pages.
async fn limit(storage: &SqliteStorage, pages: u32) {
    let set = move |connection: &Connection| {
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        Ok(Written::quietly(()))
    };
    storage.write(set).await.unwrap();
}

fn large(number: u32) -> NewDelivery {
    NewDelivery { body: vec![7; 20_000], ..delivery(&format!("d-{number}")) }
}

/// Check that each of these is kept whole.
async fn check_kept(storage: &SqliteStorage, acknowledged: &[Sequence]) {
    for sequence in acknowledged {
        let kept = storage.delivery(*sequence).await.unwrap().unwrap();
        assert_eq!(kept.delivery.body, vec![7; 20_000], "{}", kept.id);
    }
}

#[tokio::test]
async fn a_full_database_refuses_the_write_and_goes_on_when_there_is_room() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let limit = async |pages: u32| {
        let set = move |connection: &Connection| {
            connection.pragma_update(None, "max_page_count", pages).unwrap();
            Ok(Written::quietly(()))
        };
        storage.write(set).await.unwrap();
    };
    limit(1).await;
    let large = NewDelivery { body: vec![7; 1 << 20], ..delivery("d-1") };
    let refusal = storage.accept(large.clone()).await.unwrap_err();
    assert!(matches!(refusal, StorageError::Full { .. }), "{refusal}");
    limit(1 << 20).await;
    assert!(matches!(storage.accept(large).await, Ok(Acceptance::New(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_the_disk_was_full_stays() {
    let directory = TempDir::new().unwrap();
    let storage = Arc::new(open(&directory).unwrap());
    // 2 MB: room for some of the hundred deliveries, which arrive at once and share commits.
    limit(&storage, 500).await;
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move { storage.accept(large(number)).await })
        })
        .collect();
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(Acceptance::New(sequence)) => acknowledged.push(sequence),
            Err(StorageError::Full { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused > 0, "the disk was never full");
    let kept =
        async |storage: &SqliteStorage| storage.deliveries(DeliveryFilter::default()).await.unwrap().len();
    assert_eq!(kept(&storage).await, acknowledged.len());
    check_kept(&storage, &acknowledged).await;
    limit(&storage, 1 << 20).await;
    for number in 0..100 {
        storage.accept(large(number)).await.unwrap();
    }
    assert_eq!(kept(&storage).await, 100);
    drop(storage);
    let storage = open(&directory).unwrap();
    assert_eq!(kept(&storage).await, 100);
    check_kept(&storage, &acknowledged).await;
}

#[tokio::test]
async fn a_locked_file_refuses_writes_answers_reads_and_goes_on() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let Acceptance::New(sequence) = storage.accept(large(1)).await.unwrap() else { panic!("not new") };
    let impatient = |connection: &Connection| {
        connection.busy_timeout(Duration::from_millis(50)).unwrap();
        Ok(Written::quietly(()))
    };
    storage.write(impatient).await.unwrap();
    let other = Connection::open(directory.path().join("test.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refusal = storage.accept(large(2)).await.unwrap_err();
    assert!(matches!(refusal, StorageError::Locked { .. }), "{refusal}");
    check_kept(&storage, &[sequence]).await;
    other.execute_batch("COMMIT").unwrap();
    assert!(matches!(storage.accept(large(2)).await, Ok(Acceptance::New(_))));
}

#[tokio::test]
async fn a_backup_that_ends_in_time_is_waited_for() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let other = Connection::open(directory.path().join("test.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        other.execute_batch("COMMIT").unwrap();
    });
    assert!(matches!(storage.accept(large(1)).await, Ok(Acceptance::New(_))));
    release.join().unwrap();
}

/// Overwrite a part of the file, in pages of 4,096 bytes.
fn damage(path: &Path, pages: std::ops::Range<usize>) {
    let mut bytes = std::fs::read(path).unwrap();
    let end = (pages.end * 4096).min(bytes.len());
    bytes[pages.start * 4096..end].fill(0xA5);
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_reported_as_damaged() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    for id in 0..50 {
        storage.accept(delivery(&format!("d-{id}"))).await.unwrap();
    }
    drop(storage);
    let path = directory.path().join("test.sqlite");
    // The header is kept; the pages after the first are overwritten.
    damage(&path, 1..usize::MAX / 4096);
    let refusal = match open(&directory) {
        Ok(storage) => storage.accept(delivery("new")).await.err().unwrap(),
        Err(error) => error,
    };
    assert!(matches!(refusal, StorageError::Corrupt { .. }), "{refusal}");
}

#[tokio::test]
async fn damage_in_the_middle_is_found_where_it_is_read_and_nothing_wrong_is_read() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let mut sequences = Vec::new();
    for number in 0..100 {
        let small = NewDelivery { body: vec![7; 2_000], ..delivery(&format!("d-{number}")) };
        let Acceptance::New(sequence) = storage.accept(small).await.unwrap() else { panic!("not new") };
        sequences.push(sequence);
    }
    drop(storage);
    let path = directory.path().join("test.sqlite");
    let pages = std::fs::metadata(&path).unwrap().len() as usize / 4096;
    damage(&path, pages * 2 / 3..pages * 2 / 3 + 5);
    let storage = open(&directory).unwrap();
    let (mut whole, mut damaged) = (0, 0);
    for sequence in sequences {
        match storage.delivery(sequence).await {
            Ok(Some(kept)) => {
                assert_eq!(kept.delivery.body, vec![7; 2_000]);
                whole += 1;
            }
            Err(StorageError::Corrupt { .. }) => damaged += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(whole > 50 && damaged > 0, "{whole} whole, {damaged} damaged");
}

/// Set in the child process of the test below: the directory of the database.
const FAILING_DISK_DIRECTORY: &str = "TRANSLOAD_TEST_FAILING_DISK_DIRECTORY";

/// Not a test by itself: accepts deliveries until the system refuses to make a file longer.
#[tokio::test]
async fn accept_until_the_disk_fails() {
    let Some(directory) = std::env::var_os(FAILING_DISK_DIRECTORY) else { return };
    let directory = std::path::PathBuf::from(directory);
    let storage = SqliteStorage::open(&directory.join("test.sqlite")).unwrap();
    let mut acknowledged = String::new();
    for number in 0..100 {
        match storage.accept(large(number)).await {
            Ok(Acceptance::New(sequence)) => writeln!(acknowledged, "{sequence}").unwrap(),
            Err(StorageError::Disk { .. }) => {
                std::fs::write(directory.join("acknowledged"), acknowledged).unwrap();
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the disk never failed");
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_acknowledged_before_the_disk_failed_stays() {
    let directory = TempDir::new().unwrap();
    // 1,000 blocks of 512 or 1,024 bytes, by the shell. Without the trap, the limit would end the process.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "storage::sqlite::tests::trouble::accept_until_the_disk_fails"])
        .env(FAILING_DISK_DIRECTORY, directory.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let acknowledged = std::fs::read_to_string(directory.path().join("acknowledged")).unwrap();
    let acknowledged: Vec<Sequence> = acknowledged.lines().map(|line| line.parse().unwrap()).collect();
    assert!(!acknowledged.is_empty());
    let storage = open(&directory).unwrap();
    check_kept(&storage, &acknowledged).await;
    assert!(matches!(storage.accept(large(999)).await, Ok(Acceptance::New(_))));
}
