//! Exchanging the connector, and going back.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Swap, SwapError, SwapRequest};
use super::fake::{Fake, Reply, Setup, start};
use crate::contract::Failure;
use crate::storage::State;

const OLD: &str = "sha256:fake";
const NEW: &str = "sha256:new";

impl Setup {
    async fn swap(&self, fake: &Arc<Fake>, request: SwapRequest) -> Result<Swap, SwapError> {
        // What can go forth must be able to come back.
        self.storage.keep_module(OLD, Arc::from(OLD.as_bytes())).await.unwrap();
        fake.siblings.lock().unwrap().push(Arc::clone(&self.fake));
        self.fake.siblings.lock().unwrap().push(Arc::clone(fake));
        let connection = Arc::clone(self.host.shared.connection("shop").unwrap());
        if self.storage.activations("shop", 1).await.unwrap().is_empty() {
            let first = crate::storage::Activation {
                connection: "shop".to_owned(),
                module: OLD.to_owned(),
                configured: OLD.to_owned(),
                by: "config".to_owned(),
                reason: String::new(),
                at: 1,
            };
            self.storage.activate(first, Vec::new()).await.unwrap();
        }
        self.host.shared.swap(&connection, Arc::clone(fake) as _, request).await
    }

    async fn module(&self, id: &str) -> String {
        self.record(id).await.module.unwrap()
    }

    fn runs_on(&self) -> String {
        self.host.connections().remove(0).module
    }
}

fn new() -> Arc<Fake> {
    Arc::new(Fake { version: NEW, ..Fake::default() })
}

fn rejected() -> Reply {
    Reply::Fail(Failure::Rejected("what is that?".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn an_event_ends_on_the_module_that_it_began_on_and_the_next_begins_on_the_new() {
    let setup = start().await;
    setup.fake.script("a", &[Reply::Slow(Duration::from_secs(5))]);
    setup.submit("a", "order-1").await;
    while setup.fake.ids().is_empty() {
        tokio::task::yield_now().await;
    }
    let new = new();
    let swap = setup.swap(&new, SwapRequest::default()).await.unwrap();
    assert_eq!((swap.was.as_str(), swap.module.as_str()), (OLD, NEW));
    setup.submit("b", "order-1").await;
    setup.settle().await;
    assert_eq!((setup.module("a").await.as_str(), setup.module("b").await.as_str()), (OLD, NEW));
    assert_eq!((setup.fake.ids(), new.ids()), (vec!["a".to_owned()], vec!["b".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_module_that_crashes_is_taken_off_and_its_victims_run_again() {
    let setup = start().await;
    let new = new();
    for id in ["a", "b", "c"] {
        new.script(id, &vec![Reply::Trap; 30]);
    }
    setup.swap(&new, SwapRequest::default()).await.unwrap();
    for id in ["a", "b", "c", "d"] {
        setup.submit(id, id).await;
    }
    setup.settle().await;
    assert_eq!(setup.runs_on(), OLD);
    for id in ["a", "b", "c", "d"] {
        assert_eq!(setup.state(id).await, State::Done, "{id}");
    }
    let activations = setup.storage.activations("shop", 10).await.unwrap();
    assert_eq!(activations[0].by, "rollback");
    assert!(activations[0].reason.contains("crashed on 3 events"), "{}", activations[0].reason);
}

#[tokio::test(start_paused = true)]
async fn what_a_bad_module_gave_up_is_not_lost() {
    let setup = start().await;
    let new = new();
    for id in ["a", "b", "c", "d", "e"] {
        new.script(id, &[rejected()]);
    }
    setup.swap(&new, SwapRequest::default()).await.unwrap();
    for id in ["a", "b", "c", "d", "e"] {
        setup.submit(id, id).await;
    }
    setup.settle().await;
    assert_eq!(setup.runs_on(), OLD);
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!((setup.state(id).await, setup.module(id).await.as_str()), (State::Done, OLD), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_module_that_pauses_the_connection_is_taken_off_and_the_connection_goes_on() {
    let setup = start().await;
    let new = new();
    new.script("a", &[Reply::Fail(Failure::NeedsAttention("scope missing".to_owned()))]);
    setup.swap(&new, SwapRequest::default()).await.unwrap();
    setup.submit("a", "order-1").await;
    while setup.state("a").await != State::Done {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(setup.runs_on(), OLD);
    assert!(!setup.host.is_paused("shop").unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_person_can_go_back_and_forth() {
    let setup = start().await;
    let error = setup.host.rollback("shop", "command", "").await.unwrap_err();
    assert!(matches!(error, SwapError::NothingBefore(_)), "{error}");
    let new = new();
    setup.swap(&new, SwapRequest::default()).await.unwrap();
    assert_eq!(setup.host.rollback("shop", "command", "worse").await.unwrap().module, OLD);
    assert_eq!(setup.runs_on(), OLD);
    assert_eq!(setup.host.rollback("shop", "command", "better after all").await.unwrap().module, NEW);
    let last = setup.host.activations("shop", 1).await.unwrap().remove(0);
    assert_eq!((last.module.as_str(), last.reason.as_str()), (NEW, "better after all"));
}

#[tokio::test(start_paused = true)]
async fn a_module_that_fails_on_recorded_events_is_refused_unless_forced() {
    let setup = start().await;
    setup.submit("a", "order-1").await;
    setup.submit("b", "order-2").await;
    setup.settle().await;
    let new = new();
    new.script("a", &[rejected(), rejected()]);
    let careful = SwapRequest { preview: 10, ..SwapRequest::default() };
    let SwapError::Fails(preview) = setup.swap(&new, careful.clone()).await.unwrap_err() else { panic!() };
    assert_eq!((preview.events(), preview.different(), preview.broken()), (2, 1, 1));
    assert_eq!(preview.replays[1].diff, ["- done", "+ rejected: what is that?"]);
    assert_eq!(setup.runs_on(), OLD);
    setup.swap(&new, SwapRequest { force: true, ..careful }).await.unwrap();
    assert_eq!(setup.runs_on(), NEW);
}

#[tokio::test(start_paused = true)]
async fn a_swap_to_the_same_module_does_nothing() {
    let setup = start().await;
    let same = Arc::new(Fake::default());
    let swap = setup.swap(&same, SwapRequest::default()).await.unwrap();
    assert_eq!(swap.was, swap.module);
    assert_eq!(setup.storage.activations("shop", 10).await.unwrap().len(), 1);
}
