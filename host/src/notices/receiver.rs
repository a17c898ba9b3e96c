//! Who is told.

use url::Url;

use super::rule::Rule;
use crate::egress::Secret;
use crate::storage::NewNotice;

/// Somebody who is told by webhook.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Its name, unique in the host.
    pub name: String,
    /// Where notices are posted.
    pub url: Url,
    /// What they are signed with, each as [`Signer`](super::Signer) takes it; several while one takes another's place.
    pub secrets: Vec<Secret>,
    /// `host:port` pairs that may lie in a private network, on this machine, or be spoken to without TLS.
    pub allow_private: Vec<String>,
    /// What it gets: what any of these means. Without a rule, nothing.
    pub rules: Vec<Rule>,
}

impl Receiver {
    /// Whether it gets a notice.
    pub fn wants(&self, notice: &NewNotice) -> bool {
        self.rules.iter().any(|rule| rule.matches(notice))
    }
}
