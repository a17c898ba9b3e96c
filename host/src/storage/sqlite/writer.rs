//! The one thread that writes.
//!
//! Syncing the disk takes far longer than a write, so writes that arrive while one group is being synced share the next
//! group's sync; none is waited for. A write that fails leaves the others of its group alone: one that fails half-way, which
//! is rare, has the group rolled back and run again, each write in a savepoint of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::super::{StorageError, WorkSink};
use super::{Signal, Written, deliveries, events, open};

/// Writes that share one transaction. At about 20 µs each, a full group takes as long as the sync that it waits for.
const GROUP_MAX: usize = 256;

/// Writes that wait for the thread; beyond these, callers wait for room.
const WAITING_MAX: usize = 1_024;

/// Where writes are handed to.
pub(super) enum Writer {
    /// The thread. Dropping it ends the thread after what was handed to it.
    Thread(WriterThread),
    /// No thread: each caller writes on its own, one after another.
    Inline(Mutex<Worker>),
}

/// The handle of the writing thread.
pub(super) struct WriterThread {
    sender: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        path: &Path,
        connection: Connection,
        lock: File,
        inline: bool,
    ) -> Result<Writer, StorageError> {
        let worker = Worker { path: path.to_owned(), connection, sink: None, _lock: lock };
        if inline {
            return Ok(Writer::Inline(Mutex::new(worker)));
        }
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("transload-storage".to_owned())
            .spawn(move || worker.run(receiver))
            .map_err(|error| StorageError::Open { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Writer::Thread(WriterThread { sender: Some(sender), thread: Some(thread) }))
    }

    /// Run `operation` in the next group and answer when that is on the disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&Connection) -> Result<Written<T>, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (answer, answered) = oneshot::channel();
        let write = Write { operation, outcome: None, sink: None, answer };
        self.send(Box::new(write), answered).await
    }

    /// Hand unfinished and all later work to `sink`.
    pub(super) async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(Attach { sink, outcome: None, answer }), answered).await
    }

    async fn send<T>(
        &self,
        job: Box<dyn Job>,
        mut answered: oneshot::Receiver<Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        match self {
            Writer::Thread(thread) => {
                let sender = thread.sender.as_ref().ok_or(StorageError::Stopped)?;
                sender.send(job).await.map_err(|_| StorageError::Stopped)?;
                answered.await.map_err(|_| StorageError::Stopped)?
            }
            Writer::Inline(worker) => {
                // A write that panicked has stopped the storage, as it stops the thread.
                worker.lock().map_err(|_| StorageError::Stopped)?.serve(&mut vec![job]);
                answered.try_recv().map_err(|_| StorageError::Stopped)?
            }
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by its hook, and its callers have been answered `Stopped`.
            let _ = thread.join();
        }
    }
}

/// How the writes of a group are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Not at all.
    None,
    /// Each can be taken back alone. SQLite copies every page for that before it changes it, so it is only done when one
    /// has to be.
    Savepoints,
}

/// What a write did to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It did all that it does, or failed before it changed anything.
    Whole,
    /// It failed half-way, and what it changed has to be taken back.
    Torn,
}

/// One caller's part of a group.
pub(super) trait Job: Send {
    /// Do it, within the group's transaction; also once more, when that was rolled back. Fails only when the transaction
    /// is broken.
    fn run(&mut self, worker: &mut Worker, isolation: Isolation) -> Result<Fate, StorageError>;
    /// Answer the caller, now that the group is on the disk or is not.
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

/// Who writes.
pub(super) struct Worker {
    path: PathBuf,
    connection: Connection,
    sink: Option<Arc<dyn WorkSink>>,
    /// Held as long as the thread may write.
    _lock: File,
}

impl Worker {
    fn run(mut self, mut receiver: mpsc::Receiver<Box<dyn Job>>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while receiver.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            self.serve(&mut group);
        }
    }

    /// Write a group and answer its callers.
    fn serve(&mut self, group: &mut Vec<Box<dyn Job>>) {
        let committed = self.commit(group);
        for job in group.drain(..) {
            job.answer(committed.clone());
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), StorageError> {
        let sink = self.sink.clone();
        let mut outcome = self.transact(group, Isolation::None);
        if matches!(outcome, Ok(Fate::Torn)) && group.len() > 1 {
            self.sink.clone_from(&sink);
            outcome = self.transact(group, Isolation::Savepoints);
        }
        if outcome.is_err() {
            self.sink = sink;
        }
        outcome.map(drop)
    }

    /// Run a group in one transaction. If it is torn or fails, nothing of it is written.
    fn transact(&mut self, group: &mut [Box<dyn Job>], isolation: Isolation) -> Result<Fate, StorageError> {
        self.execute("BEGIN IMMEDIATE")?;
        let outcome = self.run_all(group, isolation);
        if !self.connection.is_autocommit() {
            // What made the group fail is the error to tell.
            let _ = self.execute("ROLLBACK");
        }
        outcome
    }

    fn run_all(&mut self, group: &mut [Box<dyn Job>], isolation: Isolation) -> Result<Fate, StorageError> {
        for job in group {
            if let Fate::Torn = job.run(self, isolation)? {
                return Ok(Fate::Torn);
            }
        }
        self.execute("COMMIT").map(|()| Fate::Whole)
    }

    fn execute(&self, sql: &str) -> Result<(), StorageError> {
        let run = || self.connection.prepare_cached(sql)?.execute([]).map(drop);
        run().map_err(|error| open::translate(&self.path, &error))
    }
}

struct Write<T, F> {
    operation: F,
    outcome: Option<Result<Written<T>, StorageError>>,
    /// Who was attached when the write was made.
    sink: Option<Arc<dyn WorkSink>>,
    answer: oneshot::Sender<Result<T, StorageError>>,
}

impl<T, F> Write<T, F>
where
    F: Fn(&Connection) -> Result<Written<T>, StorageError>,
{
    /// Run it as far as it goes; an error is its outcome.
    fn run_bare(&mut self, connection: &Connection) -> Result<Fate, StorageError> {
        let before = connection.total_changes();
        let outcome = (self.operation)(connection);
        if let Err(error) = &outcome
            && connection.is_autocommit()
        {
            // SQLite gave up the whole transaction, as it does when the disk is full.
            return Err(error.clone());
        }
        let torn = outcome.is_err() && connection.total_changes() != before;
        self.outcome = Some(outcome);
        Ok(if torn { Fate::Torn } else { Fate::Whole })
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<Written<T>, StorageError> + Send,
{
    fn run(&mut self, worker: &mut Worker, isolation: Isolation) -> Result<Fate, StorageError> {
        self.sink = worker.sink.clone();
        match isolation {
            Isolation::None => self.run_bare(&worker.connection),
            Isolation::Savepoints => {
                worker.execute("SAVEPOINT write")?;
                if let Fate::Torn = self.run_bare(&worker.connection)? {
                    worker.execute("ROLLBACK TO write")?;
                }
                worker.execute("RELEASE write").map(|()| Fate::Whole)
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let Write { outcome, sink, answer, .. } = *self;
        let outcome = committed.and_then(|()| outcome.unwrap_or(Err(StorageError::Stopped)));
        let outcome = outcome.map(|written| {
            if let Some(sink) = sink {
                written.signals.into_iter().for_each(|signal| signal.tell(&*sink));
            }
            written.answer
        });
        // The caller may have stopped waiting; the write stands.
        let _ = answer.send(outcome);
    }
}

struct Attach {
    sink: Arc<dyn WorkSink>,
    outcome: Option<Result<Vec<Signal>, StorageError>>,
    answer: oneshot::Sender<Result<(), StorageError>>,
}

impl Job for Attach {
    fn run(&mut self, worker: &mut Worker, _: Isolation) -> Result<Fate, StorageError> {
        let unfinished = || {
            let mut work = deliveries::unfinished(&worker.connection)?;
            work.extend(events::unfinished(&worker.connection)?);
            Ok(work.into_iter().map(Signal::Ready).collect())
        };
        self.outcome = Some(unfinished());
        // From here on writes of this group hand over their own work.
        worker.sink = Some(Arc::clone(&self.sink));
        Ok(Fate::Whole)
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let Attach { sink, outcome, answer } = *self;
        let outcome = committed.and_then(|()| outcome.unwrap_or(Err(StorageError::Stopped)));
        let outcome = outcome.map(|work| work.into_iter().for_each(|signal| signal.tell(&*sink)));
        let _ = answer.send(outcome);
    }
}
