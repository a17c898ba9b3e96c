//! How far a transfer is: a bar on a terminal, and nothing on a pipe, which has the result.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style;

/// How often the bar is drawn when nothing comes.
const INTERVAL: Duration = Duration::from_millis(200);

/// A transfer that is under way. The bar goes when this is dropped.
pub struct Transfer(Option<ProgressBar>);

impl Transfer {
    /// Shows that `what` is transferred.
    pub fn of(what: &impl Display) -> Transfer {
        if !std::io::stderr().is_terminal() {
            return Transfer(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let template = "{spinner} {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}";
        if let Ok(look) = ProgressStyle::with_template(template) {
            bar.set_style(look);
        }
        bar.enable_steady_tick(INTERVAL);
        bar.set_message(style::plain(&what.to_string()).into_owned());
        Transfer(Some(bar))
    }

    /// Shows how many bytes of how many are through.
    pub fn at(&self, done: u64, all: Option<u64>) {
        if let Some(bar) = &self.0 {
            if let Some(all) = all {
                bar.set_length(all);
            }
            bar.set_position(done);
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
