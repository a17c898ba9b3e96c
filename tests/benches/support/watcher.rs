//! Tells who waits for an event that it is on the disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use transload::runtime::{Happening, Host};

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

/// Watches a host until it is dropped.
pub struct Watcher {
    waiting: Waiting,
    task: JoinHandle<()>,
}

impl Watcher {
    pub fn new(host: &Host) -> Watcher {
        let waiting = Waiting::default();
        Watcher { task: tokio::spawn(watch(host.clone(), Arc::clone(&waiting))), waiting }
    }

    /// Is ready when the event of this id is done. To be called before the event is handed in.
    pub fn done(&self, id: &str) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id.to_owned(), tell);
        told
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(host: Host, waiting: Waiting) {
    let (mut happenings, mut ids) = (host.observe(), HashMap::new());
    loop {
        // One that is missed would be waited for without end.
        match happenings.recv().await.expect("the bench cannot keep up with what happens").happening {
            Happening::EventStarted { sequence, id, .. } => {
                ids.insert(sequence, id);
            }
            Happening::EventFinished { sequence, .. } => {
                let tell = ids.remove(&sequence).and_then(|id| waiting.lock().unwrap().remove(&id));
                if let Some(tell) = tell {
                    let _ = tell.send(());
                }
            }
            Happening::Dead { work, reason } => panic!("{work}: {reason}"),
            _ => {}
        }
    }
}
