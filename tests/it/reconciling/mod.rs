//! Comparisons and backfills of a whole month by the bundled connector.

mod audit;
mod sums;

use transload::contract::Decimal;
use transload::egress::Portion;
use transload::runtime::Host;
use transload::storage::JobKind;

use audit::{Audit, found, job, reconcile};

#[test]
fn a_month_of_ten_thousand_orders_is_compared_and_every_difference_in_it_is_found() {
    let begun = std::time::Instant::now();
    let (mut audit, seeded) = Audit::new(10_000);
    eprintln!("seeded {:?}", begun.elapsed());
    audit.die_after(5_000, async |host| drop(reconcile(host).await));
    eprintln!("died {:?} {:?}", begun.elapsed(), audit.calls());
    let line = audit.line();
    audit.live(async |host| {
        let (run, resumed) = job(host, JobKind::Reconcile, Portion::HALF).await;
        assert!(resumed);
        eprintln!("first {:?} {:?}", begun.elapsed(), run);
        for finding in found(host, &run).await { eprintln!("{} {:?}", finding.finding.message, finding.finding.id); }
        assert_eq!(sums::told(&run.tallies), sums::true_of(&line.offline));
        let run = reconcile(host).await;
        eprintln!("second {:?} {:?}", begun.elapsed(), run.counters);
    });
    eprintln!("calls {:?}", audit.calls());
    drop(seeded);
}
