//! A sink that remembers.

use std::sync::Mutex;

use super::*;

/// Notes the work that it is handed, what is withdrawn, and which notices there are for whom.
#[derive(Default)]
pub(crate) struct Notes(
    pub(super) Mutex<Vec<Work>>,
    pub(super) Mutex<Vec<(String, Option<String>, WorkId)>>,
    pub(super) Mutex<Vec<(Sequence, Vec<String>)>>,
);

impl WorkSink for Notes {
    fn accept(&self, work: Work) {
        self.0.lock().unwrap().push(work);
    }

    fn withdraw(&self, connection: &str, subject: Option<&str>, id: WorkId) {
        self.1.lock().unwrap().push((connection.to_owned(), subject.map(str::to_owned), id));
    }

    fn noticed(&self, sequence: Sequence, receivers: &[String]) {
        self.2.lock().unwrap().push((sequence, receivers.to_vec()));
    }
}

impl Notes {
    pub(crate) fn ids(&self) -> Vec<WorkId> {
        self.0.lock().unwrap().iter().map(|work| work.id).collect()
    }
}
