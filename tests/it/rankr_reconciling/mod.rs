//! A month between GoHighLevel and Rankr: taken in as history, compared, and compared again with every kind of difference
//! planted in it.

mod kinds;
mod plot;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use transload::contract::Certainty;
use transload::egress::Portion;
use transload::runtime::Host;
use transload::storage::{Decision, FindingRecord, JobKind, JobRecord, State};
use transload_sandbox::{Json, Offline, Seed, Seeded, System};

use crate::fakes::SHOP;
use crate::reconciling::audit::{Audit, DAY_MS, FIRST_DAY, at_rest, deliver, found, job, reconcile};
use crate::reconciling::sums;
use plot::{Plot, Sides, Told, sides, told};

const ORDERS: usize = 1_000;

/// The day after the last of those that are taken in and compared.
const LAST_DAY: &str = "2026-01-31";

/// Subscriptions, each with an order of its own.
const SUBSCRIPTIONS: usize = 6;

/// Invoices, each paid, that bill no order.
const INVOICES: usize = 10;

/// GoHighLevel's calls in ten seconds, of which a comparison has half.
const RATE: usize = 100;

/// Kinds of difference that are planted: all but `too-many-left-over`, which takes more than a thousand payments without an order.
const KINDS: usize = 26;

#[test]
fn a_month_of_a_thousand_orders_is_taken_in_compared_and_every_difference_in_it_is_found() {
    let mut audit = Audit::of("ghl-rankr", &[]);
    let line = audit.line();
    let seeded = audit.seed(Seed::new(ORDERS, "2026-01-01"));
    let plot = Plot::new(&line.offline, &[], FIRST_DAY);
    let subscribed: Vec<[String; 3]> = (0..SUBSCRIPTIONS)
        .map(|number| {
            plot.subscribe(&format!("subscriber-{number}"), FIRST_DAY + (15 + number as u64) * DAY_MS)
        })
        .collect();
    for number in 0..INVOICES {
        plot.bill(
            &format!("subscriber-{}", number % SUBSCRIPTIONS),
            FIRST_DAY + (number as u64 + 2) * DAY_MS,
        );
    }
    line.offline.take_webhooks();
    audit.die_after(3_000, async |host| {
        job(host, JobKind::Backfill, Portion::QUARTER).await;
        std::future::pending::<()>().await;
    });
    audit.live(async |host| {
        let (_, resumed) = job(host, JobKind::Backfill, Portion::QUARTER).await;
        assert!(resumed, "it goes on where it was killed");
        done(host).await;
        for [_, subscription, _] in &subscribed {
            let input = json!({"subscription_id": subscription}).to_string();
            host.run_action(SHOP, "sync-subscription", &input).await.unwrap();
        }
        done(host).await;
        each_once(&line.offline, &seeded);
        echoes_say_nothing(host, &line.offline).await;
        let (again, _) = job(host, JobKind::Backfill, Portion::QUARTER).await;
        assert_eq!(again.counters.new_events, 0);

        line.calls();
        let run = reconcile(host).await;
        assert_eq!(findings(host, &run).await, []);
        assert_eq!(sums::told(&run.tallies), sums::true_with_rankr(&line.offline));
        assert!(run.tallies.iter().all(|tally| tally.left_over.units == 0), "{:?}", run.tallies);
        let first = line.calls();
        assert_eq!(first.writes(), 0, "a comparison only reads: {first:?}");

        let mut plot = Plot::new(&line.offline, &seeded.orders, line.now());
        plot.plant_all();
        let planted = plot.planted;
        let kinds: BTreeSet<&str> = planted.keys().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds.len(), KINDS, "{kinds:?}");
        let run = reconcile(host).await;
        let again = line.calls();
        assert!(
            again.busiest("/ghl/", 10_000) <= RATE / 2,
            "half of it is left to what cannot wait: {again:?}"
        );
        assert!(again.total() * 4 < first.total(), "what has not changed is not read again: {again:?}");
        let records = found(host, &run).await;
        all_and_nothing_else(&records, &planted);
        assert_eq!(sums::told(&run.tallies), sums::true_with_rankr(&line.offline));
        let left = repair(host, &line.offline, &records).await;
        settled(host, &line.offline, left).await;
    });
}

/// Every event ended well.
async fn done(host: &Host) {
    let events = at_rest(host).await;
    let open: Vec<_> =
        events.iter().filter(|event| !matches!(event.state, State::Done | State::Skipped)).take(3).collect();
    assert!(open.is_empty(), "{open:#?}");
}

/// Rankr has every order, payment, invoice and fulfilment, each written once.
fn each_once(offline: &Offline, seeded: &Seeded) {
    let (ghl, held) = (offline.snapshot().ghl, offline.effects().rankr);
    assert_eq!(held.orders.len(), ORDERS + SUBSCRIPTIONS);
    // What a driver collected for the last orders was recorded a day later, which nobody asked for.
    let is_asked_for = |payment: &&Json| plot::text(payment, "createdAt") < LAST_DAY;
    assert_eq!(held.transactions.len(), ghl.transactions.iter().filter(is_asked_for).count());
    assert_eq!((held.invoices.len(), held.subscriptions.len()), (ghl.invoices.len(), SUBSCRIPTIONS));
    for (name, records) in [
        ("order", &held.orders),
        ("transaction", &held.transactions),
        ("invoice", &held.invoices),
        ("subscription", &held.subscriptions),
    ] {
        let twice: Vec<_> = records.iter().filter(|(_, record)| record.writes != 1).take(3).collect();
        assert!(twice.is_empty(), "{name}: {twice:#?}");
    }
    for order in &seeded.orders {
        let (ours, theirs) = (offline.fulfillments(&order.id), &held.fulfillments[&order.id]);
        assert_eq!(ours.len(), theirs.len(), "{}", order.id);
        assert!(theirs.iter().all(|one| one.origin.as_deref() == Some("ghl")), "{theirs:?}");
    }
}

/// Rankr's lists tell of all that was written to it. Of that comes nothing.
async fn echoes_say_nothing(host: &Host, offline: &Offline) {
    let writes = offline.write_counts();
    for trigger in ["sink-orders", "sink-invoices"] {
        assert_eq!(host.poll_now(SHOP, trigger).await.unwrap(), 0, "{trigger}");
    }
    done(host).await;
    assert_eq!(offline.write_counts(), writes);
    offline.take_webhooks();
}

async fn findings(host: &Host, run: &JobRecord) -> Vec<(Told, Sides)> {
    let records = found(host, run).await;
    records.iter().map(|record| (told(&record.finding), sides(&record.finding))).collect()
}

/// Each difference is found, once, with both sides as they are; and no other.
fn all_and_nothing_else(records: &[FindingRecord], planted: &BTreeMap<Told, Option<Sides>>) {
    let all: BTreeMap<Told, Sides> =
        records.iter().map(|record| (told(&record.finding), sides(&record.finding))).collect();
    let unknown: Vec<_> = all.iter().filter(|(told, _)| !planted.contains_key(*told)).collect();
    let missed: Vec<_> = planted.iter().filter(|(told, _)| !all.contains_key(*told)).collect();
    let otherwise: Vec<_> = planted
        .iter()
        .filter_map(|(told, sides)| Some((told, sides.as_ref()?, all.get(told)?)))
        .filter(|(_, sides, found)| sides != found)
        .collect();
    assert!(
        unknown.is_empty() && missed.is_empty() && otherwise.is_empty(),
        "{unknown:#?} are none; {missed:#?} are not found; {otherwise:#?} are other than they were planted"
    );
    assert_eq!(all.len(), records.len(), "none is told twice");
}

/// A person decides about what is for nobody to repair, and the rest is repaired. Answers what is left.
async fn repair(host: &Host, offline: &Offline, records: &[FindingRecord]) -> BTreeSet<Told> {
    let all: BTreeSet<Told> = records.iter().map(|record| told(&record.finding)).collect();
    // No payment's currency changes once it was recorded.
    let is_ignored = |record: &&FindingRecord| {
        let (kind, subject) = told(&record.finding);
        kind == "payment-currency-differs" && all.contains(&("currency-differs".to_owned(), subject))
    };
    let ignored: Vec<&FindingRecord> = records.iter().filter(is_ignored).collect();
    for record in &ignored {
        host.decide(SHOP, &record.finding.id, Decision::Ignore, "written off").await.unwrap();
    }
    let can_be = records.iter().filter(|record| record.finding.repair.is_some()).count() - ignored.len();
    let repairs = host.repair(SHOP, None).await.unwrap();
    assert_eq!((repairs.submitted, repairs.known), (can_be as u64, 0));
    done(host).await;
    assert_eq!(offline.webhooks_refused(), 0);
    let suggested = records.iter().filter(|record| record.finding.certainty == Certainty::Suggested);
    assert!(suggested.count() > 0, "some are told as likely only");
    let left = records.iter().filter(|record| record.finding.repair.is_none()).chain(ignored);
    left.map(|record| told(&record.finding)).collect()
}

/// What cannot be repaired is found again, nothing else is, and neither the webhooks of the repairs nor further repairs
/// write anything.
async fn settled(host: &Host, offline: &Offline, left: BTreeSet<Told>) {
    let writes = offline.write_counts();
    // Those of Rankr are hours old by now, and refused.
    for webhook in offline.take_webhooks().into_iter().filter(|hook| hook.system == System::Ghl) {
        deliver(host, webhook).await;
    }
    done(host).await;
    let run = reconcile(host).await;
    let again: BTreeSet<Told> = findings(host, &run).await.into_iter().map(|(told, _)| told).collect();
    assert_eq!(again, left);
    assert_eq!((run.counters.new_findings, run.counters.findings), (0, left.len() as u64));
    assert_eq!(host.repair(SHOP, None).await.unwrap().submitted, 0);
    assert_eq!(offline.write_counts(), writes, "nothing is done twice");
    assert_eq!(sums::told(&run.tallies), sums::true_with_rankr(offline));
}
