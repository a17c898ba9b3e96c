//! Comparisons of a whole month by the bundled connector: a month in which all is in order, and one in which every kind of
//! difference was planted.

pub(crate) mod audit;
mod backfill;
mod garden;
mod kinds;
pub(crate) mod program;
pub(crate) mod sums;

use std::collections::BTreeSet;

use transload::contract::Certainty;
use transload::egress::Portion;
use transload::runtime::Host;
use transload::storage::{Decision, FindingRecord, FindingState, JobKind, JobRecord, State};
use transload_sandbox::Offline;

use crate::fakes::SHOP;
use audit::{Audit, at_rest, deliver, found, job, reconcile};
use garden::{Garden, Planted};

/// Kinds of difference that are planted: all but `too-many-left-over`, which takes more than a thousand payments without an order.
const KINDS: usize = 19;

/// GoHighLevel's calls in ten seconds, of which a comparison has half.
const RATE: usize = 100;

#[test]
fn a_month_of_ten_thousand_orders_is_compared_and_every_difference_in_it_is_found() {
    let (mut audit, seeded) = Audit::new(10_000);
    let line = audit.line();
    audit.die_after(15_000, async |host| drop(reconcile(host).await));
    audit.live(async |host| {
        let (run, resumed) = job(host, JobKind::Reconcile, Portion::HALF).await;
        assert!(resumed, "it goes on where it was killed");
        assert_eq!(found(host, &run).await, []);
        assert_eq!(sums::told(&run.tallies), sums::true_of(&line.offline));
        assert!(run.tallies.iter().all(|tally| tally.left_over.units == 0), "{:?}", run.tallies);
        let first = line.calls();
        assert_eq!(first.writes(), 0, "a comparison only reads: {first:?}");
        let mut garden = Garden::new(&line.offline, seeded.orders, line.now());
        garden.plant_all();
        let planted = garden.planted;
        let kinds: BTreeSet<&str> = planted.iter().map(|planted| planted.kind.as_str()).collect();
        assert_eq!(kinds.len(), KINDS);
        let run = reconcile(host).await;
        let again = line.calls();
        assert!(
            again.busiest("/ghl/", 10_000) <= RATE / 2,
            "half of it is left to what cannot wait: {again:?}"
        );
        assert!(again.total() * 10 < first.total(), "what has not changed is not read again: {again:?}");
        let findings = found(host, &run).await;
        all_and_nothing_else(&findings, &planted);
        assert_eq!(sums::told(&run.tallies), sums::true_of(&line.offline));
        let left = decide_and_repair(host, &line.offline, &findings, planted).await;
        settled(host, &line.offline, left, run).await;
    });
}

/// Each difference is found, once, with both sides as they are; and no other.
fn all_and_nothing_else(findings: &[FindingRecord], planted: &BTreeSet<Planted>) {
    let told: Vec<Planted> = findings.iter().map(|record| Planted::of(&record.finding)).collect();
    let unknown: Vec<&FindingRecord> =
        findings.iter().filter(|record| !planted.contains(&Planted::of(&record.finding))).collect();
    let missed: Vec<&Planted> = planted.iter().filter(|planted| !told.contains(planted)).collect();
    assert!(unknown.is_empty() && missed.is_empty(), "{unknown:#?} are none; {missed:#?} are not found");
    assert_eq!(told.len(), planted.len(), "none is told twice");
}

/// A person decides about some, and the rest is repaired. Answers what cannot be.
async fn decide_and_repair(
    host: &Host,
    offline: &Offline,
    findings: &[FindingRecord],
    mut planted: BTreeSet<Planted>,
) -> BTreeSet<Planted> {
    let of = |kind: &str, certainty: Certainty| {
        let is =
            |record: &&FindingRecord| record.finding.kind == kind && record.finding.certainty == certainty;
        findings.iter().find(is).unwrap()
    };
    let ignored = of("order-without-delivery", Certainty::Confirmed);
    host.decide(SHOP, &ignored.finding.id, Decision::Ignore, "a test order").await.unwrap();
    let accepted = of("unmatched-payment", Certainty::Suggested);
    host.decide(SHOP, &accepted.finding.id, Decision::Accept, "seen at the bank").await.unwrap();
    // What the planting would have told, had it not been lost.
    offline.take_webhooks();
    let repairs = host.repair(SHOP, None).await.unwrap();
    let ignored = Planted::of(&ignored.finding);
    let can_be = planted.iter().filter(|planted| planted.can_be_repaired && **planted != ignored).count();
    assert_eq!((repairs.submitted, repairs.known), (can_be as u64, 0));
    let events = at_rest(host).await;
    let dead: Vec<_> = events.iter().filter(|event| event.state != State::Done).collect();
    assert!(dead.is_empty(), "{dead:#?}");
    planted.retain(|planted| !planted.can_be_repaired || *planted == ignored);
    planted.remove(&Planted::of(&accepted.finding));
    planted
}

/// What cannot be repaired is found again, nothing else is, and neither the webhooks of the repairs nor further repairs
/// write anything.
async fn settled(host: &Host, offline: &Offline, left: BTreeSet<Planted>, before: JobRecord) {
    let writes = offline.write_counts();
    for webhook in offline.take_webhooks() {
        deliver(host, webhook).await;
    }
    at_rest(host).await;
    let run = reconcile(host).await;
    let findings = found(host, &run).await;
    all_and_nothing_else(&findings, &left);
    assert_eq!((run.counters.new_findings, run.counters.findings), (0, left.len() as u64));
    assert_eq!(run.counters.resolved, before.counters.findings - left.len() as u64);
    let ignored: Vec<&FindingRecord> =
        findings.iter().filter(|record| record.state == FindingState::Ignored).collect();
    assert_eq!(ignored.len(), 1, "{ignored:#?}");
    assert_eq!(host.repair(SHOP, None).await.unwrap().submitted, 0);
    assert_eq!(offline.write_counts(), writes, "nothing is done twice");
    assert_eq!(sums::told(&run.tallies), sums::true_of(offline));
}
