//! Faults of vendors, and what is on record of them: through the real component and the sandbox.

use std::time::Duration;

use transload::contract::Receipt;
use transload::storage::{State, WorkId, WriteState};
use transload_sandbox::{Deliver, FaultKind, Pay, Step, System};

use crate::stage::{Stage, order};

const TWO_LINES: [(&str, &str, &str); 2] = [("price-mug", "3", "12.5"), ("price-cup", "1", "8.25")];

fn two_lines(contact: &str) -> String {
    order(contact, "EUR", "45.75", &TWO_LINES)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_made_once() {
    let stage = Stage::new().await;
    for (system, path) in [(System::TrackPod, "/Order"), (System::Ghl, "/contacts")] {
        stage.fault(system, "POST", path, FaultKind::DropAfter).await;
    }
    stage.fault(System::Ghl, "POST", "/payments/orders", FaultKind::HalfBody).await;
    let id = stage.place(&two_lines("contact-lost")).await;
    stage.drive(&id, Step::Deliver(Deliver::default())).await;
    assert_eq!(stage.writes(System::TrackPod, "POST", "/Order").await.len(), 1);
    let fulfillments = format!("/payments/orders/{id}/fulfillments");
    assert_eq!(stage.writes(System::Ghl, "POST", &fulfillments).await.len(), 1);
    // One that the delivery is planned, one that it is done.
    assert_eq!(stage.writes(System::Ghl, "POST", "/contacts/contact-lost/notes").await.len(), 2);
    let mut in_doubt = 0;
    for event in stage.events().await {
        assert!(matches!(event.state, State::Done | State::Skipped), "{event:?}");
        let history = stage.host.history(event.sequence).await.unwrap().unwrap();
        // Nothing was asked for twice, since the connector looked: the lost writes stay as they were.
        in_doubt += history.writes.iter().filter(|write| write.state == WriteState::InDoubt).count();
    }
    assert_eq!(in_doubt, 3);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_pauses_and_the_connection_goes_on_by_itself() {
    let stage = Stage::new().await;
    stage
        .fault(System::Ghl, "GET", "/payments/orders", FaultKind::Status { status: 401, retry_after: None })
        .await;
    let id = stage.place(&two_lines("contact-parked")).await;
    assert!(stage.host.is_paused("shop").unwrap());
    let event = stage.events().await.remove(0);
    assert_eq!((event.state, event.attempts), (State::Parked, 0));
    let done = async {
        while stage.host.event(event.sequence).await.unwrap().unwrap().state != State::Done {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.unwrap();
    assert!(!stage.host.is_paused("shop").unwrap());
    assert_eq!(stage.writes(System::TrackPod, "POST", "/Order").await.len(), 1, "{id}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_comes_out_the_same_offline() {
    let stage = Stage::new().await;
    stage
        .fault(System::TrackPod, "POST", "/Order", FaultKind::Status { status: 500, retry_after: None })
        .await;
    let id = stage.place(&two_lines("contact-replayed")).await;
    stage.control.pay(&id, &Pay::default()).await.unwrap();
    stage.host.poll_now("shop", "transactions").await.unwrap();
    stage.settle().await;
    stage.drive(&id, Step::Deliver(Deliver::default())).await;
    let writes = stage.control.ledger(0).await.unwrap().entries.len();
    let events = stage.events().await;
    assert!(events.len() >= 5, "{events:#?}");
    for event in &events {
        let replay = stage.host.replay(WorkId::Event(event.sequence), None).await.unwrap();
        assert!(replay.identical && replay.unknown.is_empty(), "{replay:#?}");
    }
    for delivery in stage.host.deliveries(Default::default()).await.unwrap() {
        let replay = stage.host.replay(WorkId::Delivery(delivery.sequence), None).await.unwrap();
        assert!(replay.identical && replay.unknown.is_empty(), "{replay:#?}");
    }
    assert_eq!(stage.control.ledger(0).await.unwrap().entries.len(), writes, "a replay sends nothing");
    assert!(events.iter().any(|event| matches!(event.receipt, Some(Receipt::Done(_)))));
    stage.end().await;
}
