//! Single values: secrets, files, addresses, durations. Failures are messages that say what to write instead.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::Sources;
use crate::egress::Secret;

/// The largest file that a `file:` value may name, in bytes. Keys and tokens take a few thousand.
const SECRET_FILE_BYTES_MAX: u64 = 64 << 10;

/// The longest name of a connection, in bytes: it is part of the address of its webhooks.
const NAME_BYTES_MAX: usize = 64;

/// The shortest time between two polls. Vendors count calls; ten a second is what a sandbox stands.
const POLL_INTERVAL_MIN: Duration = Duration::from_millis(100);

/// The longest time between two polls.
const POLL_INTERVAL_MAX: Duration = Duration::from_hours(7 * 24);

/// The shortest time for which records are kept. With less, what failed last night is gone in the morning.
const KEEP_MIN: Duration = Duration::from_hours(24);

/// The longest time for which records are kept: a hundred years, which is for ever.
const KEEP_MAX: Duration = Duration::from_hours(36_500 * 24);

/// Where values that lie outside the file are looked up.
pub(super) struct Lookup<'s> {
    pub(super) sources: &'s Sources<'s>,
    /// The directory that relative paths start from.
    pub(super) directory: PathBuf,
}

impl Lookup<'_> {
    /// A secret: `env:NAME` or `file:PATH`. The text itself is not repeated in the message; it may be the secret.
    pub(super) fn secret(&self, text: &str) -> Result<Secret, String> {
        match self.reference(text)? {
            Some(value) => Ok(Secret::new(value)),
            None => {
                Err("a secret does not belong in this file: write \"env:NAME\" or \"file:PATH\"".to_owned())
            }
        }
    }

    /// A public key: `file:PATH`, `env:NAME`, or the PEM itself.
    pub(super) fn public_key(&self, text: &str) -> Result<String, String> {
        match self.reference(text)? {
            Some(value) => Ok(value),
            None if text.contains("-----BEGIN PUBLIC KEY-----") => Ok(text.to_owned()),
            None => {
                Err("this is no public key: write \"file:PATH\", or PEM that starts with -----BEGIN PUBLIC \
                         KEY-----"
                    .to_owned())
            }
        }
    }

    /// What `env:` or `file:` leads to; none for any other text.
    pub(super) fn reference(&self, text: &str) -> Result<Option<String>, String> {
        if let Some(name) = text.strip_prefix("env:") {
            return self.variable(name).map(Some);
        }
        if let Some(path) = text.strip_prefix("file:") {
            return self.file(path).map(Some);
        }
        Ok(None)
    }

    fn variable(&self, name: &str) -> Result<String, String> {
        match (self.sources.variable)(name) {
            Some(value) if !value.trim().is_empty() => Ok(value),
            Some(_) => Err(format!("the environment variable {name} is empty: give it the value")),
            None => {
                Err(format!("the environment variable {name} is not set: set it, as in `export {name}=…`"))
            }
        }
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let path = self.path(path);
        let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let length = fs::metadata(&path).map_err(cannot)?.len();
        if length > SECRET_FILE_BYTES_MAX {
            return Err(format!(
                "{} has {length} bytes, more than the {SECRET_FILE_BYTES_MAX} of a key or token: name another file",
                path.display()
            ));
        }
        let text = fs::read_to_string(&path).map_err(cannot)?;
        // Editors end a file with a line break, which is no part of what it holds.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Err(format!("{} is empty: write the value into it", path.display()));
        }
        Ok(text.to_owned())
    }

    /// A path; relative ones start at the configuration file.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The directory of a configuration file.
    pub(super) fn directory_of(file: &Path) -> PathBuf {
        file.parent().map(Path::to_owned).unwrap_or_default()
    }
}

/// A name that can stand in an address and in a table's header.
pub(super) fn name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(allowed) {
        return Err(format!(
            "names have 1 to {NAME_BYTES_MAX} lower-case letters, digits and `-`: rename it"
        ));
    }
    Ok(text.to_owned())
}

/// An address to listen on.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not ip:port: write \"127.0.0.1:8787\", or \"0.0.0.0:8787\" for all")
    })
}

/// `host:port`, with a port above 0.
pub(super) fn host_port(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not host:port: write it as in \"127.0.0.1:4010\"");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let known = url::Host::parse(host).is_ok() && !bare.is_empty();
    match port.parse::<u16>() {
        Ok(port) if port > 0 && known => Ok(text.to_owned()),
        _ => Err(wrong()),
    }
}

/// A registry or server, `HOST` or `HOST:PORT`, as sources name it.
pub(super) fn registry_host(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is no host: write it as in [registries.\"ghcr.io\"], without https://");
    let url = Url::parse(&format!("http://{text}/")).map_err(|_| wrong())?;
    let bare = url.host_str().unwrap_or_default();
    // What the parser has to change, a source could not say either. Port 80 is left out of an address, and may be named.
    let named =
        text == bare || text.strip_prefix(bare).and_then(|rest| rest.strip_prefix(':')).is_some_and(is_port);
    if named { Ok(text.to_owned()) } else { Err(wrong()) }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The base URL of an API: `http` or `https`, and nothing after the path.
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{text:?} is not a URL ({error}): write \"https://…\""))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?} is not http or https: write \"https://…\""));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user or password: use `credential` for that".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{text:?} goes on after its path: end it before the `?` or `#`"));
    }
    Ok(url)
}

/// Where something is posted: `http` or `https`, perhaps with a query.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{text:?} is not a URL ({error}): write \"https://…\""))?;
    if !matches!(url.scheme(), "http" | "https") || url.fragment().is_some() {
        return Err(format!("{text:?} is not http or https, or goes on after a `#`: write \"https://…\""));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user or password, which receivers of webhooks do not ask for".to_owned());
    }
    Ok(url)
}

/// The time between two polls: a whole number and `ms`, `s`, `m` or `h`.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let interval = duration(text, &units).ok_or_else(|| {
        format!("{text:?} is not a duration: write a whole number and ms, s, m or h, as in \"30s\"")
    })?;
    if !(POLL_INTERVAL_MIN..=POLL_INTERVAL_MAX).contains(&interval) {
        return Err(format!("{text:?} is out of range: write 100ms to 168h"));
    }
    Ok(interval)
}

/// How long records are kept: a whole number and `d` or `h`.
pub(super) fn keep(text: &str) -> Result<Duration, String> {
    let keep = duration(text, &[("h", 3_600_000), ("d", 86_400_000)])
        .ok_or_else(|| format!("{text:?} is no number of days: write a whole number and d, as in \"30d\""))?;
    if !(KEEP_MIN..=KEEP_MAX).contains(&keep) {
        return Err(format!("{text:?} is out of range: write 1d to 36500d"));
    }
    Ok(keep)
}

/// A whole number and one of `units`, each of so many milliseconds.
fn duration(text: &str, units: &[(&str, u64)]) -> Option<Duration> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let count: u64 = count.parse().ok()?;
    let (_, unit_ms) = units.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(count.saturating_mul(*unit_ms)))
}
