//! The conformance kit: whether a connector keeps the contract, from its manifest, from recorded calls, and from faults.
//!
//! ```text
//! bytes ─► load ─► manifest ─► scenarios: samples × vendors with little to say, fixtures
//!                                  └─► as it is · again · later · each write's answer lost · each request gone wrong
//! ```
//!
//! It knows no vendor and needs no network. A connector runs as it does under a host: the same limits, the same judgement of
//! what it may request, the same write record. `docs/conformance.md` says what each check holds, and how it decides.

mod contract;
mod disturbed;
mod fixture;
mod honesty;
mod ledger;
mod limits;
mod manifest;
mod objects;
mod report;
mod rerun;
mod samples;
mod scenario;
mod settings;
mod shelf;
mod vendor;

use std::sync::Arc;

use self::report::Findings;
use self::scenario::{Run, Scenario, writes};
use self::vendor::Manner;
use crate::contract::Description;
use crate::engine::{Engine, Module};
use crate::runtime::{Outcome, all_lines};

pub use self::fixture::{Call, FIXTURE_BYTES_MAX, FORMAT, Fixture, FixtureError};
pub use self::report::{Check, Checked, FINDINGS_PER_CHECK_MAX, Finding, Played, Report, Weight};

/// Requests of one scenario that are disturbed, each in some twenty ways. What an order takes is about ten.
pub const CALLS_PER_SCENARIO_MAX: usize = 40;

/// What a connector is tested with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Settings for what is played from samples, a JSON object; the connector's first ready-made ones, or its schema's
    /// examples, if there are none.
    pub settings: Option<String>,
    /// Recorded calls.
    pub fixtures: Vec<Fixture>,
}

/// Test the module in `bytes`. Takes a second or so, and the time to compile it; `engine` gives the limits.
pub async fn test(engine: &Engine, bytes: impl Into<Arc<[u8]>>, options: Options) -> Report {
    let mut kit = Kit { findings: Findings::new(), scenarios: Vec::new(), gaps: Vec::new() };
    kit.findings.apply(Check::Loads);
    let module = match engine.load(bytes).await {
        Ok(module) => module,
        Err(error) => {
            kit.findings.fault(Check::Loads, "the module", error.to_string());
            kit.gaps.push("everything but loading it, since it does not load".to_owned());
            return kit.end(None);
        }
    };
    kit.test(&module, options).await;
    kit.end(Some(module.description()))
}

/// A test under way.
struct Kit {
    findings: Findings,
    scenarios: Vec<Played>,
    gaps: Vec<String>,
}

impl Kit {
    async fn test(&mut self, module: &Module, options: Options) {
        let description = module.description();
        contract::check(module, &mut self.findings).await;
        manifest::check(description, &mut self.findings);
        self.samples(module, options.settings).await;
        for fixture in &options.fixtures {
            self.fixture(module, fixture).await;
        }
        if options.fixtures.is_empty() {
            let gap = "what it does with real answers: there are no fixtures; record some (`transload replay ID --fixture FILE`)";
            self.gaps.push(gap.to_owned());
        } else if !self.scenarios.iter().any(|played| played.writes > 0) {
            self.gaps.push("writes: no scenario makes one; record a fixture that does".to_owned());
        }
    }

    async fn samples(&mut self, module: &Module, given: Option<String>) {
        let description = module.description();
        let (settings, origin) = match given {
            Some(settings) => (Arc::from(settings), "the settings that were given".to_owned()),
            None => settings::likely(description),
        };
        let policy = match vendor::everything(description, &settings) {
            Ok(policy) => policy,
            Err(error) => {
                self.findings.apply(Check::Apis);
                self.findings.fault(
                    Check::Apis,
                    "the manifest",
                    format!("no connection can be made of it: {error}"),
                );
                self.gaps.push(format!("every scenario of samples, with {origin}: {error}"));
                return;
            }
        };
        let scenarios = samples::scenarios(description, &settings, &policy);
        if let Some(like) = scenarios.first() {
            honesty::unknown(module, like, &mut self.findings).await;
            for api in description.apis.iter().filter(|api| api.webhook.is_some()) {
                limits::deliveries(module, like, api, &mut self.findings).await;
            }
        }
        for scenario in &scenarios {
            // The other manners show whether it copes; what it asks for is much the same.
            self.play(module, scenario, scenario.manner == Manner::Empty).await;
        }
        self.gaps.extend(idle(&self.scenarios, &origin));
    }

    async fn fixture(&mut self, module: &Module, fixture: &Fixture) {
        self.findings.apply(Check::Fixtures);
        let policy = match vendor::everything(module.description(), fixture.settings.get()) {
            Ok(policy) => policy,
            Err(error) => {
                let message = format!("no connection can be made of its settings: {error}; record it anew");
                return self.findings.fault(Check::Fixtures, &fixture.title, message);
            }
        };
        let scenario = Scenario::of(fixture, policy);
        let run = self.play(module, &scenario, true).await;
        let (was, is) = (all_lines(&fixture.trace), all_lines(&run.trace));
        if was != is {
            let message = format!(
                "it does something else than was recorded; if that is right, record it anew\n{}",
                rerun::shown(&was, &is)
            );
            self.findings.fault(Check::Fixtures, &fixture.title, message);
        } else if let Some(unknown) = run.unknown.first() {
            let message = format!("it asks for {unknown}, which is not on record; record it anew");
            self.findings.fault(Check::Fixtures, &fixture.title, message);
        }
    }

    async fn play(&mut self, module: &Module, scenario: &Scenario, disturb: bool) -> Run {
        let run = scenario.play(module).await;
        self.scenarios.push(Played {
            name: scenario.name.clone(),
            calls: run.calls().count(),
            writes: run.calls().filter(|call| writes(call)).count(),
            outcome: run.outcome().map_or("none", Outcome::name),
        });
        let findings = &mut self.findings;
        if let Some(reason) = run.crash() {
            findings.apply(Check::JunkAnswers);
            findings.fault(Check::JunkAnswers, &scenario.name, format!("{reason}: answer a failure"));
        }
        honesty::check(scenario, &run, module.description(), findings);
        limits::pages(module, scenario, findings).await;
        if disturb {
            rerun::same(module, scenario, &run, findings).await;
            rerun::later(module, scenario, &run, findings).await;
            rerun::lost(module, scenario, &run, findings).await;
            disturbed::errors(module, scenario, &run, findings).await;
            disturbed::junk_answers(module, scenario, &run, findings).await;
        }
        run
    }

    fn end(self, description: Option<&Description>) -> Report {
        let connector = description.map(|it| (it.name.clone(), it.version.clone()));
        Report { connector, checks: self.findings.end(), scenarios: self.scenarios, gaps: self.gaps }
    }
}

/// What of the samples made no request, and so was not disturbed.
fn idle(scenarios: &[Played], origin: &str) -> Option<String> {
    let idle = scenarios.iter().filter(|played| played.calls == 0).count();
    (idle > 0).then(|| {
        let all = scenarios.len();
        format!("answers of vendors in {idle} of {all} scenarios of samples, which made no request (with {origin})")
    })
}
