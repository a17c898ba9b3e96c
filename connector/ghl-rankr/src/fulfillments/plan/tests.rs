//! Which is the same as which, and what is missing; then with both sides at work, in any order, and a memory that is lost.

use proptest::prelude::*;
use transload_model::{Decimal, FulfilledLine, Fulfillment, Line, Money, OrderStatus, Tracking};
use transload_rankr::ORIGIN;
use transload_sdk::fakes::Fakes;

use super::*;
use FulfillmentState::*;

const ACCEPTED: &Accepted = &[OutForDelivery, PartiallyDelivered, Delivered, Collected];

fn quantities(list: &[(&str, i64)]) -> Vec<LineQuantity> {
    list.iter().map(|&(id, quantity)| LineQuantity::new(id, Decimal::from(quantity))).collect()
}

fn order(lines: &[(&str, i64)]) -> Order {
    let line = |&(id, quantity): &(&str, i64)| Line {
        id: id.to_owned(),
        sku: None,
        name: id.to_owned(),
        quantity: Decimal::from(quantity),
        unit_price: None,
        physical: None,
    };
    Order {
        id: "o1".to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: Money::zero("USD".parse().unwrap()),
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: lines.iter().map(line).collect(),
        note: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}

fn tracked(number: Option<&str>) -> Vec<Tracking> {
    number.iter().map(|&number| Tracking { number: Some(number.to_owned()), ..Tracking::default() }).collect()
}

fn ours(id: &str, number: Option<&str>, lines: &[(&str, i64)]) -> PostedFulfillment {
    let lines = quantities(lines);
    PostedFulfillment { id: id.to_owned(), tracking: tracked(number), lines, created_at: None }
}

fn theirs(id: &str, state: FulfillmentState, number: Option<&str>, lines: &[(&str, i64)]) -> SinkFulfillment {
    let line = |line: LineQuantity| FulfilledLine {
        line_id: line.line_id,
        ordered: None,
        fulfilled: line.quantity,
        reason: None,
    };
    SinkFulfillment {
        fulfillment: Fulfillment {
            id: id.to_owned(),
            order_id: "o1".to_owned(),
            state,
            attempt: 1,
            lines: quantities(lines).into_iter().map(line).collect(),
            tracking: tracked(number),
            proof: None,
            cash_collected: None,
            reason: None,
            happened_at: None,
            estimated_at: None,
        },
        origin: None,
        notify_customer: false,
        updated_at: None,
    }
}

fn no_links() -> Links {
    Links::load(&Fakes::new("{}", 0).context(), "o1").unwrap()
}

/// The plan in short: what is the same, what goes to Rankr, and what to GoHighLevel.
type Short = (Vec<(String, String)>, Vec<String>, Vec<(String, Vec<LineQuantity>)>);

fn short(order: &Order, ours: &[PostedFulfillment], theirs: &[SinkFulfillment]) -> Short {
    let plan = plan(order, ours, theirs, &no_links(), ACCEPTED).unwrap();
    (
        plan.same.into_iter().map(|(ghl, rankr)| (ghl.to_owned(), rankr.to_owned())).collect(),
        plan.to_rankr.into_iter().map(|ours| ours.id.clone()).collect(),
        plan.to_ghl.into_iter().map(|to| (to.theirs.fulfillment.id.clone(), to.lines)).collect(),
    )
}

fn same(ghl: &str, rankr: &str) -> Short {
    (vec![(ghl.to_owned(), rankr.to_owned())], Vec::new(), Vec::new())
}

#[test]
fn what_one_side_has_goes_to_the_other() {
    let order = order(&[("a", 2), ("b", 1)]);
    let (g, r) = (ours("g1", None, &[("a", 1)]), theirs("r1", OutForDelivery, None, &[("b", 1)]));
    let expected = (Vec::new(), vec!["g1".to_owned()], vec![("r1".to_owned(), quantities(&[("b", 1)]))]);
    assert_eq!(short(&order, &[g], &[r]), expected);
}

#[test]
fn a_fulfilment_is_recognised_by_its_id_or_by_its_number_and_lines() {
    let order = order(&[("a", 4)]);
    let g = ours("g1", Some("T1"), &[("a", 1)]);
    for r in [
        SinkFulfillment { origin: Some(ORIGIN.to_owned()), ..theirs("g1", Cancelled, None, &[("a", 2)]) },
        theirs("r1", OutForDelivery, Some("T1"), &[("a", 1)]),
        // Its own id stands in for the number that it did not have when it was written.
        theirs("T1", Delivered, Some("T9"), &[("a", 1)]),
        // GoHighLevel was told of as much as was left.
        theirs("r1", OutForDelivery, Some("T1"), &[("a", 3)]),
        theirs("r1", OutForDelivery, Some("T1"), &[]),
        // It was called off after it had been written.
        theirs("r1", Cancelled, Some("T1"), &[("a", 1)]),
    ] {
        let id = r.fulfillment.id.clone();
        assert_eq!(short(&order, std::slice::from_ref(&g), &[r]), same("g1", &id));
    }
    let (other_lines, other_number) =
        (theirs("r1", Scheduled, Some("T1"), &[("b", 1)]), theirs("r1", Scheduled, Some("T2"), &[("a", 1)]));
    for r in [other_lines, other_number] {
        let (same, to_rankr, _) = short(&order, std::slice::from_ref(&g), &[r]);
        assert_eq!((same, to_rankr), (Vec::new(), vec!["g1".to_owned()]));
    }
}

#[test]
fn of_two_with_one_number_the_one_with_the_same_lines_is_meant() {
    let order = order(&[("a", 3), ("b", 1)]);
    let g = ours("g1", Some("T1"), &[("a", 1)]);
    let (more, exact) = (
        theirs("r2", OutForDelivery, Some("T1"), &[("a", 2), ("b", 1)]),
        theirs("r1", OutForDelivery, Some("T1"), &[("a", 1)]),
    );
    let (same, to_rankr, to_ghl) = short(&order, &[g], &[more, exact]);
    assert_eq!((same, to_rankr), (vec![("g1".to_owned(), "r1".to_owned())], Vec::new()));
    assert_eq!(to_ghl, [("r2".to_owned(), quantities(&[("a", 2), ("b", 1)]))]);
}

#[test]
fn the_same_goods_do_not_leave_twice() {
    let order = order(&[("a", 1), ("b", 2)]);
    let all = [("a", 1), ("b", 2)];
    for r in [theirs("r1", Delivered, Some("T9"), &all), theirs("r1", Delivered, None, &[])] {
        assert_eq!(short(&order, &[ours("g1", Some("T1"), &all)], &[r]), same("g1", "r1"));
    }
    // What Rankr has only planned has not left: it is to hear that it has.
    let planned = theirs("r1", Scheduled, Some("T9"), &all);
    let (_, to_rankr, to_ghl) = short(&order, &[ours("g1", Some("T1"), &all)], &[planned]);
    assert_eq!((to_rankr, to_ghl.len()), (vec!["g1".to_owned()], 0));
    // Two parcels of one piece each are two, as long as there are two pieces.
    let (one, other) =
        (ours("g1", Some("T1"), &[("b", 1)]), theirs("r1", Delivered, Some("T9"), &[("b", 1)]));
    let (same, to_rankr, to_ghl) = short(&order, &[one], &[other]);
    assert_eq!((same.len(), to_rankr.len(), to_ghl.len()), (0, 1, 1));
}

#[test]
fn what_has_not_left_is_not_fulfilled() {
    let order = order(&[("a", 1)]);
    for state in [Created, Scheduled, Loaded, AttemptFailed, Rejected, Cancelled, Other("lost".to_owned())] {
        assert_eq!(short(&order, &[], &[theirs("r1", state, None, &[("a", 1)])]).2, Vec::new());
    }
    // One of ours that GoHighLevel does not know is nobody's.
    let ghost =
        SinkFulfillment { origin: Some(ORIGIN.to_owned()), ..theirs("g9", Delivered, None, &[("a", 1)]) };
    assert_eq!(short(&order, &[], &[ghost]).2, Vec::new());
}

#[test]
fn no_more_is_written_than_is_left_of_the_order() {
    let order = order(&[("a", 3), ("b", 1)]);
    let g = [ours("g1", Some("T1"), &[("a", 2)])];
    let r = [
        theirs("r1", Delivered, Some("T2"), &[("a", 2), ("x", 1)]),
        theirs("r2", Delivered, Some("T3"), &[]),
        theirs("r3", Delivered, Some("T4"), &[("b", 1)]),
    ];
    let plan = plan(&order, &g, &r, &no_links(), ACCEPTED).unwrap();
    let to: Vec<_> = plan.to_ghl.iter().map(|to| (to.lines.clone(), to.excess.clone())).collect();
    assert_eq!(
        to,
        [
            (quantities(&[("a", 1)]), quantities(&[("a", 1), ("x", 1)])),
            (quantities(&[("b", 1)]), Vec::new()),
            (Vec::new(), quantities(&[("b", 1)])),
        ]
    );
}

/// Both sides, and what is known of them.
#[derive(Clone)]
struct World {
    order: Order,
    ours: Vec<PostedFulfillment>,
    theirs: Vec<SinkFulfillment>,
    links: Links,
    made: u32,
}

impl World {
    /// Does what the plan says, and answers how much that was.
    fn settle(&mut self) -> usize {
        for theirs in &self.theirs {
            self.links.of(theirs).reach(theirs);
        }
        let before = self.clone();
        let plan = plan(&self.order, &before.ours, &before.theirs, &self.links, ACCEPTED).unwrap();
        let mut done = plan.to_rankr.len();
        for (ghl, rankr) in plan.same {
            self.links.link(ghl, rankr);
        }
        for to in plan.to_ghl.into_iter().filter(|to| !to.lines.is_empty()) {
            self.made += 1;
            done += 1;
            let id = format!("g{}", self.made);
            self.links.link(&id, &to.theirs.fulfillment.id);
            let tracking = tracked(Some(number(to.theirs)));
            self.ours.push(PostedFulfillment { id, tracking, lines: to.lines, created_at: None });
        }
        assert_eq!(self.excess(), before.excess(), "written beyond the order");
        for ours in plan.to_rankr {
            assert!(self.theirs.iter().all(|theirs| theirs.fulfillment.id != ours.id), "posted twice");
            let lines: Vec<_> =
                ours.lines.iter().map(|line| (line.line_id.as_str(), line.quantity)).collect();
            let mut posted = theirs(&ours.id, OutForDelivery, None, &[]);
            posted.fulfillment.tracking = ours.tracking.clone();
            posted.fulfillment.lines = lines
                .into_iter()
                .map(|(id, fulfilled)| FulfilledLine {
                    line_id: id.to_owned(),
                    ordered: None,
                    fulfilled,
                    reason: None,
                })
                .collect();
            posted.origin = Some(ORIGIN.to_owned());
            self.links.of(&posted);
            self.links.link(&ours.id, &ours.id);
            self.theirs.push(posted);
        }
        done
    }

    /// What GoHighLevel has beyond the order.
    fn excess(&self) -> Vec<LineQuantity> {
        let written: Vec<_> = self.ours.iter().flat_map(|ours| ours.lines.clone()).collect();
        newly_fulfilled(&ordered(&self.order), &written, &[]).unwrap().excess
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// A person in GoHighLevel fulfils.
    Shop { numbered: bool, lines: Vec<(u8, i64)> },
    /// Rankr makes a fulfilment.
    Sink { state: usize, numbered: bool, lines: Vec<(u8, i64)> },
    /// One of Rankr's moves on.
    Moves { which: usize, state: usize },
    /// Both are brought together.
    Settle,
    /// The store is lost, as with a new connection.
    Forget,
}

fn lines() -> impl Strategy<Value = Vec<(u8, i64)>> {
    prop::collection::vec((0..2_u8, 1..3_i64), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), lines()).prop_map(|(numbered, lines)| Step::Shop { numbered, lines }),
        3 => (0..10_usize, any::<bool>(), lines())
            .prop_map(|(state, numbered, lines)| Step::Sink { state, numbered, lines }),
        3 => (0..8_usize, 0..10_usize).prop_map(|(which, state)| Step::Moves { which, state }),
        4 => Just(Step::Settle),
        1 => Just(Step::Forget),
    ]
}

fn named(lines: &[(u8, i64)]) -> Vec<(&'static str, i64)> {
    lines.iter().map(|&(id, quantity)| (["a", "b"][usize::from(id)], quantity)).collect()
}

proptest! {
    /// Whatever both sides do: everything is carried once, nothing is carried back, nothing is written to GoHighLevel beyond
    /// the order, and a second look does nothing.
    #[test]
    fn each_fulfilment_is_carried_once(steps in prop::collection::vec(step(), 0..14)) {
        let order = order(&[("a", 4), ("b", 2)]);
        let mut world =
            World { order, ours: Vec::new(), theirs: Vec::new(), links: no_links(), made: 0 };
        for (at, step) in steps.into_iter().enumerate() {
            let number = format!("T{at}");
            let number = |numbered: bool| numbered.then_some(number.as_str());
            match step {
                Step::Shop { numbered, lines } => {
                    world.ours.push(ours(&format!("p{at}"), number(numbered), &named(&lines)));
                }
                Step::Sink { state, numbered, lines } => {
                    let state = FulfillmentState::KNOWN[state].clone();
                    world.theirs.push(theirs(&format!("r{at}"), state, number(numbered), &named(&lines)));
                }
                Step::Moves { which, state } => {
                    if let Some(theirs) = world.theirs.get_mut(which) {
                        theirs.fulfillment.state = FulfillmentState::KNOWN[state].clone();
                    }
                }
                Step::Settle => {
                    world.settle();
                }
                Step::Forget => world.links = no_links(),
            }
        }
        world.settle();
        prop_assert_eq!(world.settle(), 0);
        for ours in &world.ours {
            prop_assert!(world.links.has_ghl(&ours.id), "{} is unknown", ours.id);
        }
        // Nothing of Rankr's comes back to it as GoHighLevel's.
        let carried = world.theirs.iter().filter(|theirs| theirs.is_ours());
        prop_assert!(carried.clone().all(|theirs| theirs.fulfillment.id.starts_with('p')));
    }
}
