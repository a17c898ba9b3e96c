//! Sources of modules as a person writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::{Host, Url};

use crate::egress::Secret;
use crate::engine::Digest;

/// What starts the name of a module that came with the program.
const BUNDLED: &str = "bundled:";

/// What starts a reference to a registry.
const OCI: &str = "oci://";

/// The longest source, in bytes. References have 255 at most and a digest; addresses with signed queries some more.
const SOURCE_BYTES_MAX: usize = 4 << 10;

/// The longest name of a repository with its registry, in bytes, that registries and their clients agree on.
const NAME_BYTES_MAX: usize = 255;

/// The longest tag, in bytes, by the OCI distribution specification.
const TAG_BYTES_MAX: usize = 128;

/// Where a connector comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleSource {
    /// One that came with the program: `bundled:NAME`.
    Bundled(String),
    /// A file.
    File(PathBuf),
    /// Something that has to be fetched.
    Remote(Remote),
}

/// A source in a network. What comes from there is used only under a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remote {
    /// A file on a server: `https://HOST/PATH`.
    Http(Url),
    /// An artifact in a registry: `oci://HOST/REPOSITORY:TAG`.
    Oci(OciReference),
}

/// An artifact in an OCI registry: `oci://HOST[:PORT]/REPOSITORY[:TAG][@sha256:MANIFEST]`, with a tag or a manifest's
/// digest, or both, of which the digest counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OciReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    manifest: Option<Digest>,
}

/// How one registry or server is spoken to, by its `HOST` or `HOST:PORT`.
#[derive(Debug, Clone, Default)]
pub struct RegistryConfig {
    /// Who asks.
    pub username: Option<String>,
    /// What proves it: a password or an access token.
    pub password: Option<Secret>,
    /// Whether it is spoken to in plain HTTP; none: only if it is on this machine.
    pub plain_http: Option<bool>,
}

/// A text that is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(String);

fn wrong<T>(message: String) -> Result<T, SourceError> {
    Err(SourceError(message))
}

impl FromStr for ModuleSource {
    type Err = SourceError;

    /// Relative paths are left as they are; whether there is such a file or bundled module is not looked at.
    fn from_str(text: &str) -> Result<ModuleSource, SourceError> {
        if text.trim().is_empty() {
            return wrong("is empty: write a path".to_owned());
        }
        if text.len() > SOURCE_BYTES_MAX {
            return wrong(format!("it has {} bytes, more than {SOURCE_BYTES_MAX}: shorten it", text.len()));
        }
        if let Some(name) = text.strip_prefix(BUNDLED) {
            return Ok(ModuleSource::Bundled(name.to_owned()));
        }
        match text.split_once("://") {
            Some(("oci", _)) => Ok(ModuleSource::Remote(Remote::Oci(text.parse()?))),
            Some(("https" | "http", _)) => Ok(ModuleSource::Remote(Remote::Http(address(text)?))),
            Some((scheme, _)) if is_scheme(scheme) => wrong(format!(
                "modules do not come from {scheme}://: write a path, \"{BUNDLED}NAME\", \"https://…\" or \
                 \"{OCI}HOST/REPOSITORY:TAG\""
            )),
            _ => Ok(ModuleSource::File(PathBuf::from(text))),
        }
    }
}

/// A path may have `://` in it, too; it is then no scheme that stands before.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn address(text: &str) -> Result<Url, SourceError> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return wrong(format!("{text:?} is not a URL ({error}): write \"https://HOST/PATH\"")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let host = host_of(&url);
        return wrong(format!(
            "the address holds a user or password: use [registries.\"{host}\"] username and password"
        ));
    }
    if url.fragment().is_some() {
        return wrong("the address goes on after a `#`: end it there".to_owned());
    }
    Ok(url)
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl FromStr for OciReference {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<OciReference, SourceError> {
        let shape = || {
            SourceError(format!(
                "{text:?} is no reference: write \"{OCI}HOST/REPOSITORY:TAG\", in lower case but for the tag"
            ))
        };
        let named = text.strip_prefix(OCI).ok_or_else(shape)?;
        let (named, manifest) = match named.split_once('@') {
            Some((named, digest)) => {
                (named, Some(digest.parse().map_err(|error| SourceError(format!("after the @: {error}")))?))
            }
            None => (named, None),
        };
        let (registry, path) = named.split_once('/').ok_or_else(shape)?;
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        let whole = registry.len() + 1 + repository.len() <= NAME_BYTES_MAX;
        if !whole || !is_host(registry) || !repository.split('/').all(is_component) || !tag.is_none_or(is_tag)
        {
            return Err(shape());
        }
        if tag.is_none() && manifest.is_none() {
            return wrong(format!("{text:?} names no tag: write \"{text}:TAG\""));
        }
        let (registry, repository, tag) =
            (registry.to_owned(), repository.to_owned(), tag.map(str::to_owned));
        Ok(OciReference { registry, repository, tag, manifest })
    }
}

/// A host, perhaps with a port, as it may stand in a reference.
fn is_host(text: &str) -> bool {
    // Docker's rule for what is a host and not the first part of a repository's name; without it `shop/x:1` would be one.
    let bare = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let told = text.contains(['.', ':']) || text == "localhost";
    let plain =
        bare.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte));
    let labels =
        bare.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let port = text.rsplit_once(':').is_none_or(|(_, port)| port.parse().is_ok_and(|port: u16| port > 0));
    told && plain && labels && port
}

/// A part of a repository's name: lower-case letters and digits, between them `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut separators = text.split(|character: char| character.is_ascii_alphanumeric());
    let separated =
        separators.all(|it| matches!(it, "" | "." | "_" | "__") || it.bytes().all(|byte| byte == b'-'));
    let ends = [text.bytes().next(), text.bytes().last()];
    text.bytes().all(|byte| alphanumeric(byte) || b"._-".contains(&byte))
        && ends.iter().all(|end| end.is_some_and(alphanumeric))
        && separated
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= TAG_BYTES_MAX
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

impl OciReference {
    /// The registry's `HOST` or `HOST:PORT`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in it.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if there is one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the artifact's manifest, if the reference is by that. It is not the digest of the module.
    pub fn manifest(&self) -> Option<Digest> {
        self.manifest
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OCI}{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.manifest {
            Some(manifest) => write!(f, "@{manifest}"),
            None => Ok(()),
        }
    }
}

impl Remote {
    /// The `HOST` or `HOST:PORT` that is asked, as `[registries]` names it.
    pub fn host(&self) -> String {
        match self {
            Remote::Http(url) => host_of(url),
            Remote::Oci(reference) => reference.registry.clone(),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A query may hold a signature that opens the file to whoever has it.
            Remote::Http(url) if url.query().is_some() => {
                let bare = Url::parse(url.as_str()).map(|mut url| {
                    url.set_query(None);
                    url
                });
                write!(f, "{}?…", bare.as_ref().map_or("https://", Url::as_str))
            }
            Remote::Http(url) => f.write_str(url.as_str()),
            Remote::Oci(reference) => reference.fmt(f),
        }
    }
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleSource::Bundled(name) => write!(f, "{BUNDLED}{name}"),
            ModuleSource::File(path) => path.display().fmt(f),
            ModuleSource::Remote(remote) => remote.fmt(f),
        }
    }
}

impl RegistryConfig {
    /// Whether `host`, a `HOST` or `HOST:PORT`, may be spoken to in plain HTTP. By default only this machine may.
    pub fn may_be_plain(registries: &BTreeMap<String, RegistryConfig>, host: &str) -> bool {
        registries.get(host).and_then(|registry| registry.plain_http).unwrap_or_else(|| is_loopback(host))
    }
}

/// Whether a `HOST` or `HOST:PORT` is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    // A URL's own parser, so that no other spelling of an address is taken for a name.
    let url = Url::parse(&format!("http://{host}/"));
    match url.as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost",
        Ok(Some(Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
