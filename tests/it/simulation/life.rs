//! One run: its script, and the lives in which the host works through it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tempfile::TempDir;
use tokio::time::sleep;
use transload::egress::{Egress, EgressOptions, Grant, Secret};
use transload::runtime::{
    Clock, ConnectionSpec, DeliveryOutcome, Host, HostLimits, HostOptions, SwapRequest,
};
use transload::storage::{
    EventFilter, Sequence, SqliteOptions, SqliteStorage, State, Storage, StorageError, WorkId,
};
use transload::webhook::WebhookConfig;

use super::courier::Job;
use super::facts::Facts;
use super::modules::Modules;
use super::storage::FaultyStorage;
use super::story::{Kind, Story};
use super::transport::FaultyTransport;
use super::world::{MORNING, World};
use super::{COURIER, SHOP, judge};
use crate::fakes::Fakes;

/// How often the shop's triggers are polled. The manifests say five minutes and more; less often, more happens in between.
const POLL: Duration = Duration::from_mins(20);

/// Longer than any event waits before it is tried again.
const HORIZON: Duration = Duration::from_hours(3);

/// Rounds of waiting in which everything must come to rest, of a little more than [`POLL`] each.
const ROUNDS_MAX: u32 = 60;

/// Lives of one run: one for each crash, and those in which the host could not start because the storage failed.
const LIVES_MAX: u32 = 60;

/// How long a forked child may hold a lock that is not its own: ten seconds, of which a loaded machine needs a fraction.
const LOCK_TRIES_MAX: u32 = 2_000;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// What happens in a run by itself.
#[derive(Debug, Clone, Copy)]
enum Act {
    Place,
    Order(usize),
    Job(usize),
    Swap,
    Retry,
    Kill,
}

/// How a life ended.
enum End {
    /// The process died, or did not come up.
    Died,
    /// Everything has come to rest.
    Settled(Box<Facts>),
}

/// One run.
pub(super) struct Run {
    pub(super) world: Arc<World>,
    pub(super) modules: &'static Modules,
    pub(super) story: Box<dyn Story>,
    pub(super) jobs: Vec<Job>,
    /// The deliveries that were acknowledged, each with what it was.
    pub(super) accepted: Vec<(Sequence, String)>,
    kind: &'static Kind,
    rng: Rng,
    script: BTreeMap<(u64, u64), Act>,
    number: u64,
    /// Which of two modules the configuration names, for the shop and the courier.
    configured: [usize; 2],
    directory: TempDir,
}

/// What came of a run.
pub(super) struct Outcome {
    pub(super) seed: u64,
    pub(super) violations: Vec<String>,
    pub(super) timeline: String,
    pub(super) counts: BTreeMap<&'static str, u64>,
}

/// Run a seed from its first life to its judgement.
pub(super) fn run(seed: u64, kind: &'static Kind) -> Outcome {
    let mut run = Run::new(seed, kind);
    let mut time = MORNING;
    let mut violations = vec![format!("did not come to rest within {LIVES_MAX} lives")];
    for life in 0..LIVES_MAX {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        // What the host draws by chance: delays, seeds of its calls.
        fastrand::seed(seed.wrapping_mul(1_000) + u64::from(life));
        let (end, now) = runtime.block_on(run.life(time));
        drop(runtime);
        run.world.rest(now);
        if let End::Settled(facts) = end {
            violations = judge::judge(&run, &facts);
            break;
        }
        time = now + run.rng.u64(1_000..600_000);
    }
    let world = &run.world;
    for violation in &violations {
        world.say(format!("VIOLATION {violation}"));
    }
    let counts = world.counts.lock().unwrap().clone();
    Outcome { seed, violations, timeline: world.timeline(), counts }
}

impl Run {
    fn new(seed: u64, kind: &'static Kind) -> Run {
        let story = (kind.story)(seed);
        let world = Arc::new(World::new(seed, &*story));
        story.begin(&world);
        if !kind.faults {
            world.faults.lock().unwrap().close();
        }
        let mut run = Run {
            modules: Modules::get(kind.connector),
            kind,
            story,
            world,
            jobs: Vec::new(),
            accepted: Vec::new(),
            rng: Rng::with_seed(seed ^ 0x5c21),
            script: BTreeMap::new(),
            number: 0,
            configured: [0, 0],
            directory: directory(),
        };
        run.write_script();
        run
    }

    fn write_script(&mut self) {
        let (least, most) = self.kind.acts;
        for order in 0..self.rng.usize(1..=3) {
            let mut at = MORNING + self.rng.u64(0..1_200_000);
            self.plan(at, Act::Place);
            for _ in 0..self.rng.u32(least..=most) {
                at += self.pause();
                self.plan(at, Act::Order(order));
            }
        }
        let jobs = if self.kind.courier { self.rng.usize(2..=6) } else { 0 };
        for job in 0..jobs {
            let drawn = Job::draw(&mut self.rng, job);
            self.jobs.push(drawn);
            let at = MORNING + self.rng.u64(0..3_600_000);
            self.plan(at, Act::Job(job));
        }
        for (act, most) in [(Act::Swap, 3), (Act::Retry, 3), (Act::Kill, 2)] {
            for _ in 0..self.rng.u32(0..=most) {
                let at = MORNING + self.rng.u64(0..5_400_000);
                self.plan(at, act);
            }
        }
    }

    /// Between two things that happen to an order. Short ones meet what is still under way.
    fn pause(&mut self) -> u64 {
        match self.rng.u32(..3) {
            0 => self.rng.u64(50..3_000),
            1 => self.rng.u64(3_000..120_000),
            _ => self.rng.u64(120_000..1_500_000),
        }
    }

    fn plan(&mut self, at: u64, act: Act) {
        self.number += 1;
        self.script.insert((at, self.number), act);
    }

    /// One life, from `time` on. Answers how it ended, and when.
    async fn life(&mut self, time: u64) -> (End, u64) {
        let clock = Clock::starting_at(time);
        let world = Arc::clone(&self.world);
        world.begin(clock);
        let end = tokio::select! {
            biased;
            () = world.ended() => End::Died,
            end = self.live(clock) => end,
        };
        (end, clock.now())
    }

    async fn live(&mut self, clock: Clock) -> End {
        let world = Arc::clone(&self.world);
        let database = self.directory.path().join("db.sqlite");
        let options = SqliteOptions { inline: true, sync: false };
        let inner = Arc::new(open(&database, options));
        let storage = Arc::new(FaultyStorage { world: Arc::clone(&world), inner: Arc::clone(&inner) });
        let transport = Arc::new(FaultyTransport(Arc::clone(&world)));
        let options = HostOptions {
            storage: storage as Arc<dyn Storage>,
            egress: Egress::with_transport(EgressOptions::default(), transport),
            limits: HostLimits::default(),
            clock,
            keep: None,
            receivers: Vec::new(),
        };
        // A restart is when operators change what they have configured.
        for configured in &mut self.configured {
            if self.rng.u32(..6) == 0 {
                *configured = 1 - *configured;
            }
        }
        let mut specs = vec![self.shop_spec()];
        if self.kind.courier {
            specs.push(self.courier_spec());
        }
        let host = match Host::start(options, specs).await {
            Ok(host) => host,
            Err(error) => {
                world.say(format!("the host does not start: {error}"));
                world.end();
                return std::future::pending().await;
            }
        };
        self.work_through(&host).await;
        world.faults.lock().unwrap().close();
        world.say("no more faults");
        self.settle(&host).await;
        self.once_more(&host).await;
        host.shutdown().await;
        End::Settled(Box::new(Facts::read(&inner, &database).await))
    }

    /// Do what is in the script and deliver the webhooks, until neither is left.
    async fn work_through(&mut self, host: &Host) {
        let world = Arc::clone(&self.world);
        loop {
            world.collect_webhooks();
            let webhook_at = world.hooks.lock().unwrap().next_at();
            let act_at = self.script.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = webhook_at.into_iter().chain(act_at).min() else { return };
            let now = world.now();
            if next > now {
                // What the host writes meanwhile fires webhooks that may come sooner.
                tokio::select! {
                    biased;
                    () = world.webhooks() => {}
                    () = sleep(Duration::from_millis(next - now)) => {}
                }
                continue;
            }
            if webhook_at == Some(next) {
                self.deliver(host).await;
            } else if let Some((_, act)) = self.script.pop_first() {
                self.act(host, act).await;
            }
        }
    }

    async fn deliver(&mut self, host: &Host) {
        let world = Arc::clone(&self.world);
        let Some((key, hook)) = world.hooks.lock().unwrap().first() else { return };
        world.say(format!("{} arrives", hook.name));
        let headers = world.headers(&hook);
        let outcome = host.deliver(hook.connection, &hook.source, &headers, hook.body.clone()).await;
        world.say(format!("{} is answered {}", hook.name, outcome.status()));
        let mut hooks = world.hooks.lock().unwrap();
        hooks.remove(key);
        match outcome {
            DeliveryOutcome::Accepted { sequence, .. } => self.accepted.push((sequence, hook.name)),
            DeliveryOutcome::Duplicate { .. } => world.count("duplicates"),
            _ => hooks.again(hook, world.now()),
        }
    }

    async fn act(&mut self, host: &Host, act: Act) {
        let world = Arc::clone(&self.world);
        match act {
            Act::Place => self.story.place(&world),
            Act::Order(index) if index >= self.story.orders() => {}
            Act::Order(index) => {
                if let Some(later) = self.story.act(index, &world) {
                    self.plan(world.now() + later, Act::Order(index));
                }
            }
            Act::Job(index) => {
                let hook = self.jobs[index].hook(&world.vendor.lock().unwrap().hook_token);
                world.hooks.lock().unwrap().send(hook, world.now());
            }
            Act::Swap => self.swap(host).await,
            Act::Retry => self.retry(host).await,
            Act::Kill => {
                if world.faults.lock().unwrap().kill() {
                    world.crash("by a kill").await;
                }
            }
        }
    }

    /// Exchange a connection's module for its other one.
    async fn swap(&mut self, host: &Host) {
        let connection = if self.kind.courier && self.rng.u32(..3) == 0 { COURIER } else { SHOP };
        let status = host.connections();
        let present = status.iter().find(|it| it.name == connection).map(|it| it.module.as_str());
        let other = self.modules.of(connection).iter().find(|it| Some(it.digest()) != present).unwrap();
        let request = SwapRequest { preview: self.rng.u32(..2) * 3, ..SwapRequest::default() };
        let swapped = host.swap(connection, other, request).await;
        self.world.count("swaps");
        self.world.say(format!("{connection} is swapped: {:?}", swapped.map(|it| it.module)));
    }

    /// A person has an event run again that has not ended, or that died.
    async fn retry(&mut self, host: &Host) {
        let events = host.events(EventFilter::default()).await.unwrap_or_default();
        let open: Vec<_> = events.iter().filter(|event| event.state.can_retry()).collect();
        if !open.is_empty() {
            let sequence = open[self.rng.usize(..open.len())].sequence;
            let was = host.retry(WorkId::Event(sequence)).await;
            self.world.say(format!("event {sequence} is retried by a person: {was:?}"));
        }
    }

    /// Let time pass until nothing is left to do, and rounds of all polls bring nothing.
    async fn settle(&mut self, host: &Host) {
        let (mut quiet, mut known) = (0, 0);
        for _ in 0..ROUNDS_MAX {
            self.story.insist(&self.world);
            self.work_through(host).await;
            host.idle(HORIZON).await;
            let (open, all) = self.look_after(host).await;
            self.world.collect_webhooks();
            let waiting = self.world.hooks.lock().unwrap().next_at().is_some();
            quiet = if open == 0 && !waiting && all == known { quiet + 1 } else { 0 };
            known = all;
            if quiet == 3 {
                return;
            }
            sleep(POLL + Duration::from_secs(30)).await;
        }
        self.world.journal().violations.push(format!("did not come to rest within {ROUNDS_MAX} rounds"));
    }

    /// What is at rest stays so: ask for everything once more, and deliver what is told of it.
    async fn once_more(&mut self, host: &Host) {
        let world = Arc::clone(&self.world);
        let (_, before) = self.look_after(host).await;
        let sent = world.journal().sent();
        for trigger in self.story.polls() {
            let new = host.poll_now(SHOP, trigger).await;
            if !matches!(new, Ok(0)) {
                world.journal().violations.push(format!("at rest, {trigger} brings something new: {new:?}"));
            }
        }
        host.idle(HORIZON).await;
        self.work_through(host).await;
        host.idle(HORIZON).await;
        let (open, after) = self.look_after(host).await;
        if open > 0 || after != before {
            let what = format!("at rest, {} events came of nothing, {open} have not ended", after - before);
            world.journal().violations.push(what);
        }
        if world.journal().sent() != sent {
            world.journal().violations.push("at rest, something was written".to_owned());
        }
    }

    /// What a person does with events that the host cannot help. Answers how many have not ended, and how many there are.
    async fn look_after(&mut self, host: &Host) -> (usize, usize) {
        let events = host.events(EventFilter::default()).await.unwrap();
        let mut open = 0;
        for event in events.iter().rev() {
            let reason = event.reason.as_deref().unwrap_or_default();
            let id = WorkId::Event(event.sequence);
            match event.state {
                State::Parked if reason.contains("without having looked") => {
                    self.world.count("writes that nobody repeats");
                    host.discard(id, "looked at by hand").await.unwrap();
                    open += 1;
                }
                state => open += usize::from(state.is_open()),
            }
        }
        (open, events.len())
    }

    fn shop_spec(&self) -> ConnectionSpec {
        let fakes = Fakes::offline(&self.world.offline);
        let module = self.modules.of(SHOP)[self.configured[0]].clone();
        let mut spec = fakes.connection(module, self.story.settings(), POLL, &[]);
        let polls = self.story.polls();
        spec.polls.retain(|trigger, _| polls.contains(&trigger.as_str()));
        spec
    }

    fn courier_spec(&self) -> ConnectionSpec {
        let vendor = self.world.vendor.lock().unwrap();
        let target = ["things.read", "things.write", "messages.write"];
        let grants = [
            ("target", grant("https://courier.invalid/target", &vendor.token, &target)),
            ("keyed", grant("https://courier.invalid/keyed", &vendor.token, &["payments.write"])),
        ];
        let secrets = vec![Secret::new(vendor.hook_token.clone())];
        let webhook = WebhookConfig { secrets, ..WebhookConfig::default() };
        ConnectionSpec {
            name: COURIER.to_owned(),
            module: self.modules.of(COURIER)[self.configured[1]].clone(),
            grants: grants.map(|(name, grant)| (name.to_owned(), grant)).into(),
            settings: "{}".to_owned(),
            webhooks: [("target".to_owned(), webhook)].into(),
            polls: [("polled".to_owned(), Duration::from_hours(24))].into(),
            read_only: false,
        }
    }
}

/// Open the database of the life before. Its lock goes with the last copy of the file's handle, and another test of this
/// process that starts a program copies all handles: until that child has become its program, it holds the lock too.
fn open(database: &Path, options: SqliteOptions) -> SqliteStorage {
    for _ in 0..LOCK_TRIES_MAX {
        match SqliteStorage::open_with(database, options) {
            // The thread waits, and not its runtime: virtual time must not go on because of other tests.
            Err(StorageError::InUse { .. }) => std::thread::sleep(LOCK_PAUSE),
            opened => return opened.unwrap(),
        }
    }
    panic!("{} stays locked", database.display())
}

fn grant(base_url: &str, credential: &str, scopes: &[&str]) -> Grant {
    Grant {
        base_url: Some(base_url.parse().unwrap()),
        credential: Some(Secret::new(credential)),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        private_addresses: Vec::new(),
        read_only: false,
    }
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}
