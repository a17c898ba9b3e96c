//! Reconciliations, backfills and actions by the real program, with a connector that makes its books up.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use transload::storage::{EventFilter, JobFilter, JobRecord, SqliteStorage, State, Storage as _};

use crate::program::{self, json, transload};

/// How long anything may take to happen. A first start compiles the connector.
const PATIENCE: Duration = Duration::from_secs(60);

/// The month that is looked at.
const NOVEMBER: [&str; 4] = ["--from", "2026-11-01", "--to", "2026-11-30"];

/// A configuration for the ledger, and perhaps a host that runs on it.
struct Office {
    directory: TempDir,
    host: Option<Child>,
}

impl Office {
    /// With these settings of the connector, as lines of TOML.
    fn new(settings: &str) -> Office {
        let office = Office { directory: tempfile::tempdir().unwrap(), host: None };
        std::fs::write(office.path("ledger.wasm"), transload_tests::LEDGER_GUEST).unwrap();
        std::fs::write(office.path("token"), "secret-token").unwrap();
        office.configure(settings);
        office
    }

    fn configure(&self, settings: &str) {
        let config = format!(
            r#"
[host]
listen = "127.0.0.1:0"
database = "transload.sqlite"

[connections.shop]
module = "ledger.wasm"

[connections.shop.settings]
{settings}

[connections.shop.apis.books]
base_url = "http://127.0.0.1:9"
allow_private = ["127.0.0.1:9"]
credential = "file:token"
scopes = ["rows.read", "rows.write"]
"#
        );
        std::fs::write(self.path("transload.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start(&mut self) {
        let mut child = self.spawn(&["run"], Stdio::piped());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.host = Some(child);
        let said: Vec<String> =
            lines.map(Result::unwrap).take_while(|line| !line.contains("Webhooks go to")).collect();
        assert_eq!(said, Vec::<String>::new());
    }

    fn stop(&mut self) {
        let mut host = self.host.take().unwrap();
        interrupt(&host);
        assert!(host.wait().unwrap().success());
    }

    fn spawn(&self, arguments: &[&str], stdout: Stdio) -> Child {
        Command::new(env!("CARGO_BIN_EXE_transload"))
            .args(arguments)
            .current_dir(self.directory.path())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        transload(self.directory.path(), arguments)
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        program::answer(self.directory.path(), arguments, code)
    }

    fn said(&self, arguments: &[&str], code: i32) -> String {
        program::said(self.directory.path(), arguments, code)
    }

    fn storage(&self) -> Option<SqliteStorage> {
        SqliteStorage::open_reading(&self.path("transload.sqlite")).ok()
    }

    /// Waits until the latest job has this many pages.
    async fn pages(&self, pages: u64) -> JobRecord {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let jobs = match self.storage() {
                Some(storage) => storage.jobs(JobFilter::default()).await.unwrap(),
                None => Vec::new(),
            };
            match jobs.into_iter().next().filter(|job| job.counters.pages >= pages) {
                Some(job) => return job,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            assert!(Instant::now() < deadline, "no job has {pages} pages");
        }
    }

    /// Waits until this many events are done, and no other is left.
    async fn done(&self, events: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let states = self.states().await;
            if states.iter().all(|state| *state == State::Done) {
                assert_eq!(states.len(), events);
                return;
            }
            assert!(Instant::now() < deadline, "{states:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The states of all events.
    async fn states(&self) -> Vec<State> {
        let (storage, mut states, mut before) = (self.storage().unwrap(), Vec::new(), None);
        loop {
            let page = storage.events(EventFilter { before, ..EventFilter::default() }).await.unwrap();
            states.extend(page.iter().map(|event| event.state));
            match page.last() {
                Some(last) => before = Some(last.sequence),
                None => return states,
            }
        }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(mut host) = self.host.take() {
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

/// What Ctrl-C sends.
fn interrupt(child: &Child) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
}

fn with_november<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &NOVEMBER].concat()
}

fn ids(list: &Value) -> Vec<&str> {
    list["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_are_compared_and_what_differs_is_decided_and_repaired() {
    let mut office = Office::new("planted = 6");
    let reconcile = with_november(&["reconcile", "shop"]);
    // On the database alone, which is made for it.
    let report = office.json(&reconcile, 0);
    let job = &report["job"];
    assert_eq!(
        (&job["state"], &job["live"], &job["kind"]),
        (&"done".into(), &false.into(), &"reconcile".into())
    );
    assert_eq!((&job["pages"], &job["checked"], &job["findings"]), (&10.into(), &1000.into(), &6.into()));
    assert_eq!(job["from"]["time"], "2026-11-01T00:00:00.000Z");
    assert_eq!(job["to"]["time"], "2026-12-01T00:00:00.000Z", "the last day belongs to it");
    // 1,000 rows of 1.50, six of which have no counterpart.
    let tally = &job["tallies"][0];
    assert_eq!(
        (&tally["total"], &tally["matched"], &tally["left_over"]),
        (&"1500.00".into(), &"1491.00".into(), &"9.00".into())
    );
    assert_eq!(
        (&report["resumed"], &report["repairs"], &report["next"]),
        (&false.into(), &Value::Null, &Value::Null)
    );
    let first = report["findings"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&first["id"], &first["severity"], &first["certainty"], &first["state"]),
        (&"row-0/missing".into(), &"critical".into(), &"confirmed".into(), &"open".into())
    );
    assert_eq!((&first["left"]["amount"], &first["left"]["currency"]), (&"1.50".into(), &"USD".into()));
    assert_eq!(first["repair"]["event"], "repair-0");

    let said = office.said(&["findings", "shop"], 0);
    assert_eq!(said.lines().count(), 6, "a pipe gets a line for each: {said}");
    assert!(said.starts_with("row-0/missing\tcritical\tmissing\torder-0\tbooks row-0 1.50 USD\t"), "{said}");
    let ignored = office.json(&["decide", "shop", "row-1/amount", "ignore", "--reason", "a test row"], 0);
    assert_eq!(
        (&ignored["state"], &ignored["decision"]["reason"]),
        (&"ignored".into(), &"a test row".into())
    );
    assert_eq!(ids(&office.json(&["findings", "shop"], 0)).len(), 5);
    assert_eq!(ids(&office.json(&["findings", "shop", "--state", "ignored"], 0)), ["row-1/amount"]);

    let repair = [reconcile.as_slice(), &["--repair"]].concat();
    let said = office.said(&repair, 0);
    assert!(
        said.contains("books USD: 1000 rows, total 1500.00 = matched 1491.00 + left over 9.00"),
        "{said}"
    );
    assert!(said.contains("1000 compared in 10 pages: 6 findings, 0 of them new"), "{said}");
    assert!(said.contains("3 repairs were handed in") && said.contains("no host is running"), "{said}");
    assert_eq!(office.json(&repair, 0)["repairs"]["submitted"], 0, "each is handed in once");

    office.start();
    office.done(3).await;
    let report = office.json(&repair, 0);
    assert_eq!(ids(&report), ["row-5/amount", "row-3/amount", "row-1/amount"]);
    assert_eq!((&report["job"]["resolved"], &report["repairs"]["submitted"]), (&3.into(), &0.into()));
    assert_eq!(office.json(&["findings", "shop", "row-0/missing"], 0)["state"], "resolved");
    office.json(&["decide", "shop", "row-3/amount", "accept", "--reason", "theirs"], 0);
    let said = office.said(&repair, 0);
    assert!(said.contains("1 repairs were handed in") && !said.contains("no host"), "{said}");
    office.done(4).await;
    let one = office.said(&["findings", "shop", "row-3/amount"], 0);
    for part in ["row 3 differs", "repairing", "event repair-3", "accept at", "theirs"] {
        assert!(one.contains(part), "{part:?} is missing in {one}");
    }
    assert!(
        office
            .said(&["decide", "shop", "row-9", "split", "--reason", "x"], 1)
            .contains("there is no finding")
    );
    assert!(office.said(&["findings", "shop", "row-9"], 1).contains("there is no finding"));
    let of_kind = office.json(&[reconcile.as_slice(), &["--kind", "amount"]].concat(), 0);
    assert_eq!(ids(&of_kind), ["row-5/amount", "row-1/amount"]);
    let unknown = office.json(&[reconcile.as_slice(), &["--kind", "colour"]].concat(), 1);
    assert!(unknown["job"]["reason"].as_str().unwrap().contains("there are: missing, amount"), "{unknown:#}");
    office.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_goes_on_after_its_process_is_killed() {
    let mut office = Office::new("pause_ms = 100");
    let backfill = with_november(&["backfill", "shop"]);
    let mut child = office.spawn(&backfill, Stdio::null());
    let job = office.pages(3).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let output = office.run(&[backfill.as_slice(), &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("goes on after page"), "{said}");
    let report = json(&output);
    let done = &report["job"];
    assert_eq!(
        (&report["resumed"], &done["number"], &done["state"]),
        (&true.into(), &job.number.into(), &"done".into())
    );
    // 1,000 in ten pages, and three notes in another.
    assert_eq!(
        (&done["pages"], &done["events"], &done["new_events"]),
        (&11.into(), &1003.into(), &1003.into())
    );
    assert_eq!(done["names"], serde_json::json!(["entries", "notes"]));
    assert_eq!(office.states().await.len(), 1003);
    let again = office.said(&backfill, 0);
    assert!(
        again.contains("1003 events in 11 pages, 0 of them new"),
        "what is known is not taken in twice: {again}"
    );
    let notes = [backfill.as_slice(), &["--trigger", "notes", "--json"]].concat();
    assert_eq!(json(&office.run(&notes))["job"]["events"], 3);
    office.start();
    office.done(1003).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_stops_a_job_on_a_running_host_and_a_killed_command_does_not() {
    let mut office = Office::new("pause_ms = 100");
    office.start();
    let backfill = with_november(&["backfill", "shop"]);
    let child = office.spawn(&backfill, Stdio::null());
    let job = office.pages(2).await;
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("was stopped; the same command goes on after page"), "{said}");
    let storage = office.storage().unwrap();
    assert_eq!(storage.job(job.number).await.unwrap().unwrap().state.name(), "cancelled");

    let mut child = office.spawn(&backfill, Stdio::null());
    office.pages(4).await;
    child.kill().unwrap();
    child.wait().unwrap();
    // The host is still at it: the command watches it to its end.
    let report = office.json(&backfill, 0);
    assert_eq!((&report["resumed"], &report["job"]["number"]), (&true.into(), &job.number.into()));
    assert_eq!((&report["job"]["state"], &report["job"]["new_events"]), (&"done".into(), &1003.into()));
    let anew = office.json(&[backfill.as_slice(), &["--restart", "--trigger", "notes"]].concat(), 0);
    assert_eq!(anew["resumed"], false);
    office.done(1003).await;
    office.stop();
}

#[test]
fn sums_that_do_not_add_up_fail_the_run() {
    let office = Office::new("bad_sums = true");
    let reconcile = with_november(&["reconcile", "shop"]);
    let said = office.said(&reconcile, 1);
    for part in [
        "the sums of books in USD do not add up",
        "total is 150.00, but 140.99 is matched and 9.00",
        "--restart",
    ] {
        assert!(said.contains(part), "{part:?} is missing in {said}");
    }
    assert_eq!(ids(&office.json(&["findings", "shop"], 0)), [""; 0], "nothing of such a page is kept");
    office.configure("bad_sums = false");
    let report = office.json(&reconcile, 0);
    assert_eq!((&report["resumed"], &report["job"]["state"]), (&true.into(), &"done".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_are_listed_and_run_by_hand() {
    let mut office = Office::new("");
    for running in [false, true] {
        if running {
            office.start();
        }
        let list = office.json(&["action", "shop"], 0);
        assert_eq!(
            (&list["actions"][0]["name"], &list["actions"][0]["access"]),
            (&"sum".into(), &"read".into())
        );
        assert!(office.said(&["action", "shop"], 0).contains(r#"{"a":1,"b":2}"#));
        let sum = office.said(&["action", "shop", "sum", "--input", r#"{"a":20,"b":22}"#], 0);
        assert_eq!(sum.trim(), r#"{"sum":42}"#);
        std::fs::write(office.path("input.json"), r#"{"a":-1,"b":1}"#).unwrap();
        assert_eq!(
            office.said(&["action", "shop", "sum", "--input", "@input.json"], 0).trim(),
            r#"{"sum":0}"#
        );
        assert!(office.said(&["action", "shop", "sum"], 1).contains("missing field `a`"));
        assert!(office.said(&["action", "shop", "add"], 2).contains("it has: sum"));
    }
}

#[test]
fn what_is_wrong_with_a_jobs_usage_is_said() {
    let office = Office::new("");
    let wrong = |arguments: &[&str], part: &str| {
        let said = office.said(arguments, 2);
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing in {said}");
    };
    wrong(&["reconcile", "shop", "--from", "2026-11-31", "--to", "2026-12-01"], "write a day as");
    wrong(&["reconcile", "shop", "--from", "2026-11-02", "--to", "2026-11-01"], "is before --from");
    wrong(&["backfill", "shop", "--from", "2026-11-02"], "--to");
    wrong(&with_november(&["backfill", "shop", "--share", "1.5"]), "a number from 0.01 to 1");
    wrong(&with_november(&["backfill", "shoe"]), "there are: shop");
    wrong(&with_november(&["reconcile", "shop", "--database", "gone.sqlite"]), "cannot open gone.sqlite");
    wrong(&["action", "shop", "sum", "--input", "{"], "--input is not JSON");
    wrong(&["action", "shop", "sum", "--input", "@gone.json"], "cannot read gone.json");
    wrong(&["findings", "shop"], "transload.sqlite");
    assert!(!office.path("transload.sqlite").exists(), "looking makes no database");
    assert!(
        office
            .said(&with_november(&["backfill", "shop", "--trigger", "news"]), 1)
            .contains("it tells that of: entries, notes")
    );
    wrong(&["findings", "shoe"], "there are: shop");
    wrong(&["findings", "shop", "--state", "dead"], "the states are open, repairing, resolved, ignored, all");
    wrong(&["decide", "shop", "f", "perhaps", "--reason", "x"], "the decisions are accept, split, ignore");
    wrong(&["decide", "shop", "f", "accept"], "--reason");
    wrong(&["decide", "shop", "f", "accept", "--reason", &"x".repeat(1001)], "1001 bytes, more than 1000");
    wrong(
        &[
            "reconcile",
            "shop",
            "--from",
            "2026-11-01",
            "--to",
            "2026-11-30",
            "--database",
            "transload.sqlite",
        ],
        "use --config",
    );
}
