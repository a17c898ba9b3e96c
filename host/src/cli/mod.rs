//! The command line: one file a command.
//!
//! Exit codes are a contract: 0 done, 1 it failed, 2 the usage or the configuration is wrong.

/// Writes a line to standard output. A reader that has left (`transload demo | head`) ends the program quietly; a full
/// disk ends it with an error.
macro_rules! say {
    ($($argument:tt)*) => {
        $crate::cli::write_line(format_args!($($argument)*))
    };
}

mod access;
mod action;
mod backfill;
mod changes;
mod check;
mod decide;
mod demo;
mod desk;
mod discard;
mod door;
mod events;
mod findings;
mod inspect;
mod journal;
mod modules;
mod new;
mod notices;
mod offline;
mod outbox;
mod preview;
mod progress;
mod receivers;
mod reconcile;
mod remote;
mod replay;
mod resume;
mod retry;
mod rollback;
mod run;
mod sandbox;
mod select;
mod setup;
mod span;
mod style;
mod swap;
mod test;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Carries orders, fulfilments and payments between business systems, by sandboxed WebAssembly connectors.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  transload demo                               see it work, with nothing set up\n  \
                  transload inspect bundled:ghl-track-pod      what a connector is and asks for\n  \
                  transload check --config transload.toml      is everything in order?\n  \
                  transload run --config transload.toml        run it\n  \
                  transload events --state dead                what could not be handled\n  \
                  transload retry 12                           have event 12 run again\n  \
                  transload reconcile shop --from 2026-11-01 --to 2026-11-30    do the systems agree?\n\n\
                  Exit codes: 0 done, 1 it failed, 2 the usage or the configuration is wrong.\n\
                  Set TRANSLOAD_LOG (error, warn, info, debug; warn if it is not set) for more or fewer log lines."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Check(check::Check),
    Inspect(inspect::Inspect),
    New(new::New),
    Test(test::Test),
    Events(events::Events),
    Retry(retry::Retry),
    Discard(discard::Discard),
    Replay(replay::Replay),
    Preview(preview::Preview),
    Swap(swap::Swap),
    Rollback(rollback::Rollback),
    Resume(resume::Resume),
    Reconcile(reconcile::Reconcile),
    Findings(findings::Findings),
    Decide(decide::Decide),
    Backfill(backfill::Backfill),
    Action(action::Action),
    Notices(notices::Notices),
    Outbox(outbox::Outbox),
    Receivers(receivers::Receivers),
    Sandbox(sandbox::Sandbox),
}

/// Why a command did not do what it is for.
enum Failed {
    /// The usage or the configuration is wrong: exit 2.
    Usage(anyhow::Error),
    /// It was tried and failed: exit 1.
    Operation(anyhow::Error),
    /// It has said so itself: exit with this code.
    Said(u8),
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Operation(error)
    }
}

/// Marks an error as one of usage or configuration.
fn usage(error: impl Into<anyhow::Error>) -> Failed {
    Failed::Usage(error.into())
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // The demo's timeline shows what it does on purpose, forged webhooks among it.
    log_to_stderr(if matches!(cli.command, Command::Demo(_)) { "error" } else { "warn" });
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(execute(cli.command)),
        Err(error) => Err(Failed::Operation(anyhow::Error::new(error).context("cannot start the runtime"))),
    };
    let (error, code) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failed::Said(code)) => return ExitCode::from(code),
        Err(Failed::Usage(error)) => (error, 2),
        Err(Failed::Operation(error)) => (error, 1),
    };
    eprintln!("{} {}", style::bad("error:"), style::plain(&format!("{error:#}")));
    ExitCode::from(code)
}

async fn execute(command: Command) -> Result<(), Failed> {
    match command {
        Command::Demo(demo) => demo.run().await,
        Command::Run(run) => run.run().await,
        Command::Check(check) => check.run().await,
        Command::Inspect(inspect) => inspect.run().await,
        Command::New(new) => new.run().await,
        Command::Test(test) => test.run().await,
        Command::Events(events) => events.run().await,
        Command::Retry(retry) => retry.run().await,
        Command::Discard(discard) => discard.run().await,
        Command::Replay(replay) => replay.run().await,
        Command::Preview(preview) => preview.run().await,
        Command::Swap(swap) => swap.run().await,
        Command::Rollback(rollback) => rollback.run().await,
        Command::Resume(resume) => resume.run().await,
        Command::Reconcile(reconcile) => reconcile.run().await,
        Command::Findings(findings) => findings.run().await,
        Command::Decide(decide) => decide.run().await,
        Command::Backfill(backfill) => backfill.run().await,
        Command::Action(action) => action.run().await,
        Command::Notices(notices) => notices.run().await,
        Command::Outbox(outbox) => outbox.run().await,
        Command::Receivers(receivers) => receivers.run().await,
        Command::Sandbox(sandbox) => sandbox.run().await,
    }
}

/// Log lines go to standard error, so that standard output is what was asked for and nothing else.
fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env("TRANSLOAD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// What [`say!`] does.
fn write_line(line: std::fmt::Arguments<'_>) {
    use std::io::Write;
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        let left = error.kind() == std::io::ErrorKind::BrokenPipe;
        std::process::exit(if left { 0 } else { 1 });
    }
}

/// Writes `value` as JSON to standard output.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failed::Operation(error.into()))?;
    say!("{text}");
    Ok(())
}
