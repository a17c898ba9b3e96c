//! Whatever happens to an order, in whatever order it is heard of, and however often an answer is lost: no cent and no unit
//! appears, vanishes or counts twice.

mod world;

use proptest::prelude::*;
use transload_flows::{progress, revenue};
use transload_model::{Fulfillment, Move, Progress};
use transload_sdk::{Context, Failure, Receipt};
use transload_track_pod::Order as Present;

use crate::settings::Connection;
use crate::{fulfillments, messages, transactions};
use world::{ORDERED, TOTAL, World, dollars};

/// Something that happens, and is heard of.
#[derive(Debug, Clone)]
enum Step {
    /// The customer pays by card.
    Card(i64),
    /// Some of a payment is given back.
    Refund { payment: usize, cents: i64 },
    /// The driver comes, and this many more are accepted, and this much more is collected.
    Drive { status: u8, accepted: [i64; 2], collected: i64 },
    /// The delivery is planned anew.
    Reschedule,
    /// A webhook comes once more, or a poll finds what it had found.
    Again { payment: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..=TOTAL).prop_map(Step::Card),
        2 => (0_usize..6, 1..=TOTAL).prop_map(|(payment, cents)| Step::Refund { payment, cents }),
        6 => (prop_oneof![1 => 1_u8..=5, 4 => Just(4_u8), 1 => Just(3_u8)], [0_i64..=2, 0_i64..=2], prop_oneof![Just(0), 1..=TOTAL / 3])
            .prop_map(|(status, accepted, collected)| Step::Drive { status, accepted, collected }),
        1 => Just(Step::Reschedule),
        1 => (0_usize..6).prop_map(|payment| Step::Again { payment }),
    ]
}

fn happen(world: &World, step: &Step) {
    let pick = |payment: usize| payment.checked_rem(world.payments.borrow().len());
    match step {
        // GoHighLevel takes no more than is due.
        Step::Card(cents) => {
            let due = (TOTAL - world.captured()).min(*cents);
            if due > 0 {
                world.pays_by_card(due);
            }
        }
        Step::Refund { payment, cents } => {
            if let Some(index) = pick(*payment) {
                let mut payments = world.payments.borrow_mut();
                let payment = &mut payments[index];
                payment.refunded = (payment.refunded + cents).min(payment.cents);
            }
        }
        Step::Drive { status, accepted, collected } => {
            let mut delivery = world.delivery.borrow_mut();
            delivery.status = Some(*status);
            delivery.minute += 1;
            if matches!(status, 3 | 4) {
                for (kept, more) in delivery.accepted.iter_mut().zip(accepted) {
                    *kept += more;
                }
                delivery.collected += collected;
            }
        }
        Step::Reschedule => {
            let asked = (TOTAL - world.captured()).max(0);
            let mut delivery = world.delivery.borrow_mut();
            delivery.attempt += 1;
            delivery.status = None;
            delivery.minute += 1;
            delivery.asked = asked;
        }
        Step::Again { .. } => {}
    }
}

fn hear(world: &World, step: &Step) {
    match step {
        Step::Drive { .. } | Step::Reschedule => hear_delivery(world),
        Step::Card(_) | Step::Refund { .. } | Step::Again { .. } => {
            let count = world.payments.borrow().len();
            for index in 0..count {
                world.run(|cx| flow(cx, |it| transactions::record(it, &format!("t{index}"))));
            }
            if let Step::Again { payment } = step
                && payment % 2 == 0
            {
                hear_delivery(world);
            }
        }
    }
}

/// A delivery's event, and those that follow.
fn hear_delivery(world: &World) {
    if let Receipt::Done(report) = world.run(|cx| flow(cx, |it| fulfillments::push(it, "o1"))) {
        for event in report.follow_ups {
            world.run(|cx| flow(cx, |it| messages::send(it, &event.id)));
        }
    }
}

fn flow(cx: &Context, run: impl Fn(&Connection) -> Result<Receipt, Failure>) -> Result<Receipt, Failure> {
    let settings = cx.settings()?;
    run(&Connection::new(cx, &settings))
}

/// The delivery as the vendor's crate reads it.
fn seen(world: &World) -> Fulfillment {
    let cx = world.context();
    match transload_track_pod::Client::new(cx.http).order("o1").unwrap() {
        transload_track_pod::Lookup::Found(present) => Present::fulfillment(&present, None),
        other => panic!("{other:?}"),
    }
}

/// What was paid by card, and in cash.
fn paid(world: &World) -> (i64, i64) {
    world.payments.borrow().iter().fold((0, 0), |(card, cash), payment| {
        if payment.by_card { (card + payment.cents, cash) } else { (card, cash + payment.cents) }
    })
}

/// What is written down of money is what GoHighLevel has.
fn money_adds_up(world: &World) {
    let payments = world.payments.borrow();
    let (captured, refunded): (i64, i64) =
        payments.iter().fold((0, 0), |sum, payment| (sum.0 + payment.cents, sum.1 + payment.refunded));
    let record = revenue::load(&world.context(), "revenue/o1").unwrap();
    if payments.is_empty() {
        return assert!(record.revenue.totals().unwrap().is_empty());
    }
    let totals = record.revenue.totals().unwrap()[0];
    assert_eq!(totals.captured.to_string(), format!("{} USD", dollars(captured)));
    assert_eq!(totals.refunded.to_string(), format!("{} USD", dollars(refunded)));
    assert_eq!(totals.net.to_string(), format!("{} USD", dollars(captured - refunded)));
    assert!(captured <= TOTAL, "more than the order costs");
    let (_, cash) = paid(world);
    assert!(cash <= world.delivery.borrow().collected, "more than was collected");
}

/// The texts begin with state and attempt.
fn the_customer_is_told_once(world: &World) {
    let told = world.messages.borrow();
    let mut states: Vec<&str> = told.iter().filter_map(|text| text.split(" 2024").next()).collect();
    states.sort_unstable();
    states.dedup();
    assert_eq!(states.len(), told.len(), "{told:?}");
}

fn each_note_is_there_once(world: &World) {
    let notes = world.notes.borrow();
    let mut marks: Vec<&str> = notes.iter().filter_map(|note| note.rsplit("[transload ").next()).collect();
    let count = marks.len();
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), count, "{notes:?}");
    assert!(
        world.tags.get() as usize <= world.payments.borrow().len() * 3,
        "a tag is added once a payment and lost answer"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_cent_and_no_unit_is_lost_or_doubled(
        steps in proptest::collection::vec((step(), proptest::option::of(0_u32..4)), 1..14),
    ) {
        let world = World::new();
        let mut most = [0_i64; 2];
        for (step, lost_after) in &steps {
            happen(&world, step);
            let before = progress::load(&world.context(), "o1").unwrap();
            let reported = seen(&world);
            let (_, cash_before) = paid(&world);
            let moved = before.moved_by(&Progress::of(&reported));
            world.lost_after.set(*lost_after);
            hear(&world, step);
            world.lost_after.set(None);
            // Payments that the last flow itself made are found by the next poll.
            hear(&world, &Step::Again { payment: 1 });
            money_adds_up(&world);
            each_note_is_there_once(&world);
            the_customer_is_told_once(&world);

            let after = progress::load(&world.context(), "o1").unwrap();
            if let (Some(then), Some(now)) = (&before.progress, &after.progress) {
                prop_assert!(matches!(then.moved_by(now), Move::Same | Move::Forward), "{then:?} to {now:?}");
            }
            let heard = matches!(step, Step::Drive { .. } | Step::Reschedule | Step::Again { payment: 0 | 2 | 4 });
            if heard && matches!(moved, Move::Same | Move::Forward) && reported.state.has_delivered() {
                let ((card, cash), collected) = (paid(&world), world.delivery.borrow().collected);
                prop_assert_eq!(cash, cash_before.max(collected.min(TOTAL - card)), "all cash that is due is recorded");
                let told = format!("{} {} ", reported.state.describe(), reported.attempt);
                prop_assert!(world.messages.borrow().iter().any(|text| text.starts_with(&told)), "nobody is told {told}");
                let accepted = world.delivery.borrow().accepted;
                for (most, (accepted, (_, ordered))) in most.iter_mut().zip(accepted.iter().zip(ORDERED)) {
                    *most = (*most).max(*accepted.min(&ordered));
                }
            }
            let fulfilled = world.fulfilled.borrow();
            for (most, (price, _)) in most.iter().zip(ORDERED) {
                prop_assert_eq!(fulfilled.get(price).copied().unwrap_or(0), *most, "{}", price);
            }
        }
        prop_assert!(world.context().store.get("progress/o1").unwrap().is_some() || world.fulfilled.borrow().is_empty());
    }
}
