//! Where a story plays: a sandbox, a host on it, and one who is told of alerts.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use transload::contract::Failure;
use transload::egress::Portion;
use transload::runtime::{Clock, Host, HostOptions, JobRequest, RequestError};
use transload::storage::{JobKind, JobRecord, PostingFilter, PostingState, SqliteStorage};
use transload_sandbox::{
    Control, Delivery, Fault, FaultKind, PlaceOrder, Sandbox, SandboxOptions, System, Tamper,
};

use super::receiver::Receiver;
use super::timeline;
use crate::cli::sandbox::config::{Connector, Setup};
use crate::cli::{Failed, setup, style};

/// How long a scene may take until everything has come to rest. Retries of the faults take a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the timeline, which is printed by a task of its own, takes to catch up.
const CATCH_UP: Duration = Duration::from_millis(30);

/// The pause before a poll that brought nothing is made again, where nobody says how long.
const POLL_AGAIN: Duration = Duration::from_millis(500);

/// The story polls when it wants to, so that the timeline is not full of polls that bring nothing.
const POLL: &str = "1h";

/// Times that a refused webhook is tried: twice shows that it stays refused.
const WEBHOOK_ATTEMPTS: u32 = 2;

/// What the story acts on.
pub struct Stage {
    /// The sandbox's control API.
    pub control: Control,
    /// The host.
    pub host: Host,
    /// Who is told of alerts.
    pub receiver: Receiver,
    connection: &'static str,
    sandbox: Sandbox,
    server: JoinHandle<()>,
    /// Prints what happens, if it is to be said.
    timeline: Option<JoinHandle<()>>,
}

impl Stage {
    /// Sets up everything for `connector`, with configuration and database in `directory`. With `loud`, which is since when
    /// time is counted, what happens is printed.
    pub async fn set(connector: Connector, directory: &Path, loud: Option<Instant>) -> Result<Self, Failed> {
        let options = SandboxOptions {
            webhook_attempts: WEBHOOK_ATTEMPTS,
            // Rankr tells of what its own people do. What is written to it fills no timeline.
            rankr_echoes: false,
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.context("cannot start the sandbox")?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        let made = Setup { sandbox: &sandbox, host: address, connectors: &[connector], poll: POLL };
        let config = made.write(directory)?;
        let (receiver, secret) = Receiver::start().await?;
        receiver.configure(&secret, directory, &config)?;
        made.point_webhooks(&sandbox.control()).await?;
        let prepared = setup::prepare(&config).await?;
        let storage = SqliteStorage::open(&prepared.database).context("cannot create the database")?;
        let options = HostOptions { receivers: prepared.receivers, ..HostOptions::new(Arc::new(storage)) };
        let host = Host::start(options, prepared.connections).await.context("cannot start the host")?;
        let server = tokio::spawn({
            let host = host.clone();
            async move { host.serve(listener, std::future::pending()).await }
        });
        let timeline = loud.map(|since| tokio::spawn(timeline::show(host.observe(), since)));
        let (control, connection) = (sandbox.control(), connector.connection());
        Ok(Self { control, host, receiver, connection, sandbox, server, timeline })
    }

    /// Ends all of it.
    pub async fn strike(self) {
        self.host.shutdown().await;
        self.server.abort();
        self.receiver.stop();
        if let Some(timeline) = self.timeline {
            tokio::time::sleep(CATCH_UP).await;
            timeline.abort();
        }
        self.sandbox.shutdown().await;
    }

    /// Says what comes next.
    pub async fn scene(&self, text: &str) {
        if self.timeline.is_some() {
            tokio::time::sleep(CATCH_UP).await;
            say!("\n{}", style::bold(text));
        }
    }

    /// Places an order in GoHighLevel; its id.
    pub async fn place(&self, order: &PlaceOrder) -> anyhow::Result<String> {
        let placed = self.control.place_order(order).await?;
        self.settle().await?;
        Ok(placed.id)
    }

    /// The next `times` requests with `method` below `path` meet a fault.
    pub async fn fault(
        &self,
        system: System,
        (method, path): (&str, &str),
        times: u64,
        kind: FaultKind,
    ) -> anyhow::Result<()> {
        let (method, path) = (Some(method.to_owned()), path.to_owned());
        Ok(self.control.add_fault(&Fault { system, method, path, skip: 0, times, kind }).await?)
    }

    /// Fails if a fault waits that nothing ran into.
    pub async fn faults_met(&self) -> anyhow::Result<()> {
        ensure!(self.control.faults().await?.is_empty(), "a fault was set that nothing ran into");
        Ok(())
    }

    /// The first webhook that was sent for `event`.
    pub async fn webhook(&self, event: &str) -> anyhow::Result<Delivery> {
        let all = self.control.webhooks().await?.deliveries;
        let found = all.into_iter().find(|delivery| delivery.event == event);
        found.ok_or_else(|| anyhow!("the sandbox sent no {event}"))
    }

    /// Sends a webhook again, tampered with in each of these ways, one after the other.
    pub async fn forge(&self, webhook: &Delivery, tampers: &[Tamper]) -> anyhow::Result<()> {
        for tamper in tampers {
            self.control.resend(webhook.id, 1, *tamper).await?;
        }
        self.settle().await
    }

    /// Asks for what no webhook tells now instead of at its next turn. Waits where the vendor's rate demands it.
    pub async fn poll(&self, trigger: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let polled = self.host.poll_now(self.connection, trigger).await;
            match polled {
                Err(RequestError::Failure(Failure::Retry(retry))) if Instant::now() < deadline => {
                    let asked = retry.after_ms.map_or(POLL_AGAIN, Duration::from_millis);
                    tokio::time::sleep(asked.min(PATIENCE)).await;
                }
                polled => {
                    polled.with_context(|| format!("cannot poll {trigger}"))?;
                    return self.settle().await;
                }
            }
        }
    }

    /// Has the connector compare what both systems hold of the last `days` days.
    pub async fn compare(&self, days: u64) -> anyhow::Result<JobRecord> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let now = Clock::system().now();
        let request = JobRequest {
            kind: JobKind::Reconcile,
            from: now.saturating_sub(days.saturating_mul(DAY_MS)),
            to: now.saturating_add(DAY_MS),
            names: Vec::new(),
            share: Portion::WHOLE,
            restart: false,
        };
        let started = self.host.start_job(self.connection, request).await.context("cannot compare")?;
        let left = tokio::time::timeout(PATIENCE, self.host.job_left(started.job.number)).await;
        Ok(left.map_err(|_| anyhow!("the systems were still being compared after {PATIENCE:?}"))??.job)
    }

    /// Waits until every webhook has been sent, everything that came of it is handled, and all alerts are told.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let late = |what: &str| anyhow!("{what} after {PATIENCE:?}");
        let rest = async {
            // What is handled may have Rankr or Track-POD send webhooks in turn.
            loop {
                ensure!(
                    self.control.webhooks_settled(PATIENCE).await?,
                    late("webhooks were still on their way")
                );
                self.host.idle(PATIENCE).await;
                if self.control.info().await?.counts.webhooks_waiting == 0 && self.is_told().await? {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, rest).await.map_err(|_| late("events were still being handled"))?
    }

    async fn is_told(&self) -> anyhow::Result<bool> {
        let waiting = PostingFilter { state: Some(PostingState::Waiting), ..PostingFilter::default() };
        Ok(self.host.outbox(waiting).await?.is_empty())
    }
}
