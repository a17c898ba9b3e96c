//! `transload test`: whether a module keeps the contract.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use transload::conformance::{
    self, Check, Checked, FIXTURE_BYTES_MAX, Finding, Fixture, Options, Report, Weight,
};
use transload::engine::{Engine, EngineOptions};

use super::modules::{self, Named, Supply, named};
use super::{Failed, print_json, style, usage};

/// Files of one directory of fixtures. Each takes some hundred runs.
const FIXTURES_MAX: usize = 500;

/// Tests whether a module keeps the contract: its manifest, what it does with samples and recorded calls, and with faults
#[derive(Args)]
#[command(after_help = "Nothing is sent anywhere. docs/conformance.md explains each check.\n\n\
                  Exit codes: 0 it passes, 1 it does not, 2 usage.\n\nExamples:\n  transload test my-connector.wasm\n  \
                  transload test my-connector.wasm --fixtures fixtures\n  \
                  transload test bundled:ghl-rankr --settings settings.json --json\n  transload test --list")]
pub struct Test {
    #[arg(required_unless_present = "list", value_parser = named, help = modules::HELP)]
    module: Option<Named>,
    /// The configuration file, for its [registries]; none is needed
    #[arg(long, value_name = "FILE", default_value = "transload.toml")]
    config: PathBuf,
    /// A file with settings, a JSON object, to play samples with; else the connector's first ready-made ones
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A directory of recorded calls: files that end with .json, as `transload replay ID --fixture FILE` writes them
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// List the checks
    #[arg(long, conflicts_with_all = ["settings", "fixtures"])]
    list: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Whole<'a> {
    passed: bool,
    #[serde(flatten)]
    report: &'a Report,
}

/// What `--list --json` prints of each check.
#[derive(Serialize)]
struct Listed {
    check: Check,
    holds: &'static str,
}

impl Test {
    pub async fn run(self) -> Result<(), Failed> {
        let Some(named) = self.module.as_ref().filter(|_| !self.list) else { return list(self.json) };
        let supply = Supply::perhaps(&self.config, named)?;
        let bytes = supply.read(named).await.map_err(modules::failed)?;
        let settings = self.settings.as_deref().map(read_settings).transpose().map_err(usage)?;
        let fixtures = self.fixtures.as_deref().map(read_fixtures).transpose().map_err(usage)?;
        let options = Options { settings, fixtures: fixtures.unwrap_or_default() };
        let engine = Engine::new(EngineOptions::default()).map_err(anyhow::Error::new)?;
        let report = conformance::test(&engine, bytes, options).await;
        match self.json {
            true => print_json(&Whole { passed: report.passed(), report: &report })?,
            false => print(&report),
        }
        if report.passed() { Ok(()) } else { Err(Failed::Said(1)) }
    }
}

fn list(json: bool) -> Result<(), Failed> {
    let all = Check::ALL.map(|check| Listed { check, holds: check.holds() });
    if json {
        return print_json(&all);
    }
    for Listed { check, holds } in all {
        say!("{:<24} {holds}", check.name());
    }
    Ok(())
}

fn read_settings(path: &Path) -> anyhow::Result<String> {
    let file = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{file} is no JSON"))?;
    if value.is_object() { Ok(text) } else { Err(anyhow!("{file} is no JSON object")) }
}

fn read_fixtures(directory: &Path) -> anyhow::Result<Vec<Fixture>> {
    let there =
        std::fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut paths = Vec::new();
    for entry in there {
        let path = entry.with_context(|| format!("cannot read {}", directory.display()))?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    match paths.len() {
        0 => Err(anyhow!("{} has no file that ends with .json", directory.display())),
        count if count > FIXTURES_MAX => {
            Err(anyhow!("{} has {count} fixtures; {FIXTURES_MAX} are the most", directory.display()))
        }
        _ => paths.iter().map(|path| read_fixture(path)).collect(),
    }
}

fn read_fixture(path: &Path) -> anyhow::Result<Fixture> {
    let bytes = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if bytes > FIXTURE_BYTES_MAX {
        return Err(anyhow!("{} has {bytes} bytes; {FIXTURE_BYTES_MAX} are the most", path.display()));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Fixture::read(&text).with_context(|| path.display().to_string())
}

fn print(report: &Report) {
    if let Some((name, version)) = &report.connector {
        say!("{} {version}\n", style::bold(name));
    }
    for checked in &report.checks {
        print_check(checked);
    }
    let calls: usize = report.scenarios.iter().map(|played| played.calls).sum();
    say!("\n{} scenarios, {calls} requests undisturbed", report.scenarios.len());
    for gap in &report.gaps {
        say!("{} {}", style::warn("not exercised:"), style::plain(gap));
    }
    let count =
        |weight| report.checks.iter().flat_map(|it| &it.findings).filter(|it| it.weight == weight).count();
    let (faults, warnings) = (count(Weight::Fault), count(Weight::Warning));
    match report.passed() {
        true => say!("{}, {warnings} warnings", style::good("passed")),
        false => say!("{}: {faults} faults, {warnings} warnings", style::bad("failed")),
    }
}

fn print_check(checked: &Checked) {
    let Checked { check, applied, findings, more } = checked;
    let mark = match (checked.failed(), findings.is_empty(), applied) {
        (true, ..) => style::bad("FAIL"),
        (false, false, _) => style::warn("warn"),
        (false, true, 0) => style::dim("-   "),
        (false, true, _) => style::good("ok  "),
    };
    say!("{mark} {:<24} {}", check.name(), style::dim(check.holds()));
    for Finding { weight, object, message } in findings {
        let mark = match weight {
            Weight::Fault => style::bad("✗"),
            Weight::Warning => style::warn("!"),
        };
        say!("     {mark} {}", style::plain(object));
        for line in message.lines() {
            say!("       {}", style::plain(line));
        }
    }
    if *more > 0 {
        say!("     and {more} more");
    }
}
