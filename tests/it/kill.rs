//! `kill -9` at any moment costs nothing: the real program, killed over and over while orders are placed, driven, paid
//! and refunded, loses no webhook that it acknowledged and does nothing twice.
//!
//! `TRANSLOAD_KILLS=500` kills more often and shows its progress; `TRANSLOAD_KILL_SEED` repeats the moments and the
//! orders of a run that failed, as far as two programs and a network let themselves be repeated.

mod child;
mod shop;
mod verdict;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use transload_sandbox::{Control, Sandbox, SandboxOptions, System, Tamper, Target};

use child::Running;
use shop::{Shop, Story};
use verdict::Evidence;

/// Kills unless `TRANSLOAD_KILLS` says otherwise. About one in eight hits a host that has not come up yet.
const KILLS: usize = 60;

/// Orders that come in for each kill: enough that every kill meets some, and about what the host can handle in a life, so
/// that little is left to do at the end.
const ORDERS_PER_KILL: usize = 2;

/// Open work at which no more orders come in. A host takes up to 32 pieces at once; on a busy machine none of so many may
/// end in a life of 200 ms, and all of them begin again in the next.
const BACKLOG_MAX: u64 = 24;

/// How often payments are asked for.
const POLL: Duration = Duration::from_secs(1);

/// How long the last host may take over what is left. It keeps to GoHighLevel's 100 requests in 10 seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// A variable of the environment that is a number.
fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_host_loses_nothing_and_doubles_nothing() {
    let seed = variable("TRANSLOAD_KILL_SEED").unwrap_or_else(|| fastrand::u64(..));
    let kills = variable("TRANSLOAD_KILLS").unwrap_or(KILLS);
    let directory = tempfile::tempdir().unwrap();
    if let Err(faults) = run(directory.path(), seed, kills).await {
        panic!(
            "{faults}\nTRANSLOAD_KILL_SEED={seed} TRANSLOAD_KILLS={kills} repeats it\nthe host said:\n{}",
            child::last_words(directory.path())
        );
    }
}

/// Kill the host `kills` times, let it finish, and answer what does not hold.
async fn run(directory: &Path, seed: u64, kills: usize) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let sandbox = Sandbox::start(SandboxOptions {
        pacing: false,
        // Until the host lives and has taken it.
        webhook_attempts: u32::MAX,
        webhook_pause: Duration::from_millis(25),
        seed: Some(seed),
        ..SandboxOptions::default()
    })
    .await
    .unwrap();
    let (control, address) = (sandbox.control(), child::port().await);
    child::configure(directory, &sandbox, address, &format!("{}s", POLL.as_secs()));
    point_webhooks(&control, address).await;

    // The first start compiles the connector and keeps it; the test is about the others.
    let mut host = Running::start(directory, address);
    host.up().await?;
    host.stop().await?;
    let shop = Shop::open(control.clone(), rng.u64(..));
    let interrupted = kill_often(directory, address, &control, &shop, &mut rng, kills).await?;

    let mut host = Running::start(directory, address);
    host.up().await?;
    let stories = shop.close().await;
    settle(&control, &stories, directory).await?;
    host.stop().await?;
    judge(&control, &stories, directory).await?;
    // Work takes milliseconds and lives are hundreds of them, so most kills find some under way. If hardly any did, the
    // test would show nothing.
    if interrupted.len() * 4 < kills {
        return Err(format!("only {} of {kills} kills interrupted work", interrupted.len()));
    }
    sandbox.shutdown().await;
    Ok(())
}

async fn point_webhooks(control: &Control, address: SocketAddr) {
    for system in [System::Ghl, System::TrackPod] {
        let url = format!("http://{address}/hooks/shop/{}", system.name());
        control.set_target(system, Some(&Target { url, events: Vec::new() })).await.unwrap();
    }
}

/// Start and kill hosts, and answer what those left behind that were interrupted.
async fn kill_often(
    directory: &Path,
    address: SocketAddr,
    control: &Control,
    shop: &Shop,
    rng: &mut Rng,
    kills: usize,
) -> Result<Vec<verdict::Left>, String> {
    let (mut interrupted, began) = (Vec::new(), Instant::now());
    let mut backlog = 0;
    for kill in 1..=kills {
        if backlog < BACKLOG_MAX {
            shop.restock(ORDERS_PER_KILL);
        }
        let mut host = Running::start(directory, address);
        if rng.u8(..8) == 0 {
            // While it starts.
            tokio::time::sleep(Duration::from_millis(rng.u64(..150))).await;
        } else {
            host.up().await?;
            tokio::time::sleep(Duration::from_millis(rng.u64(20..400))).await;
        }
        host.kill();
        let left = verdict::left(&directory.join(child::DATABASE));
        backlog = left.open;
        if left.open > 0 {
            interrupted.push(left);
        }
        if rng.u8(..5) == 0 {
            send_one_again(control, rng).await;
        }
        if kill % 25 == 0 {
            let unknown = interrupted.iter().filter(|left| left.intended > 0).count();
            eprintln!(
                "{kill} of {kills} kills in {:.0?}: {} interrupted work, {unknown} of them a write under way",
                began.elapsed(),
                interrupted.len(),
            );
        }
    }
    Ok(interrupted)
}

/// A vendor sends one of its webhooks again, as they do.
async fn send_one_again(control: &Control, rng: &mut Rng) {
    let webhooks = control.webhooks().await.unwrap().deliveries;
    if let Some(webhook) = rng.choice(&webhooks) {
        control.resend(webhook.id, 1, Tamper::None).await.unwrap();
    }
}

/// Wait until every webhook is taken, nothing is open, and every payment has been found.
async fn settle(control: &Control, stories: &[Story], directory: &Path) -> Result<(), String> {
    let database = directory.join(child::DATABASE);
    let deadline = Instant::now() + PATIENCE;
    // A payment is found by a poll, and brings further events: it has to be quiet over more than one round.
    let mut quiet = 0;
    while quiet < 3 {
        let waiting = control.info().await.unwrap().counts.webhooks_waiting;
        let open = verdict::open_work(&database);
        let unrecorded = verdict::unrecorded(stories, &database);
        let settled = waiting == 0 && open == 0 && unrecorded.is_empty();
        quiet = if settled { quiet + 1 } else { 0 };
        if Instant::now() >= deadline {
            let unrecorded = unrecorded.join("\n");
            return Err(format!(
                "after {PATIENCE:?} {waiting} webhooks wait and {open} pieces of work are open\n{unrecorded}"
            ));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

async fn judge(control: &Control, stories: &[Story], directory: &Path) -> Result<(), String> {
    let (snapshot, webhooks) = (control.snapshot().await.unwrap(), control.webhooks().await.unwrap());
    let database = directory.join(child::DATABASE);
    let evidence = Evidence { stories, snapshot: &snapshot, webhooks: &webhooks, database: &database };
    let faults = verdict::faults(&evidence);
    eprintln!("{} orders, {} webhooks, {} faults", stories.len(), webhooks.deliveries.len(), faults.len());
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
