//! The tables of the file, one function each.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeTable;

use super::error::Problems;
use super::receivers::receivers;
use super::table::{Located, Table, suggest, table, text};
use super::value::{Lookup, base_url, host_port, interval, keep, listen, name};
use super::{ApiConfig, Config, ConfigErrors, ConnectionConfig, ModuleSource, Places, Sources, settings};
use crate::contract::Signature;
use crate::egress::Secret;
use crate::webhook::WebhookConfig;

/// Where the host listens when nothing is configured: this machine only.
const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8787));

/// The database when nothing is configured, beside the configuration file.
const DATABASE: &str = "transload.sqlite";

/// The directory for compiled modules when nothing is configured, beside the database.
const CACHE: &str = "transload-cache";

/// What starts the name of a module that came with the program.
const BUNDLED: &str = "bundled:";

pub(super) fn config(file: &str, path: &Path, sources: &Sources<'_>) -> Result<Config, ConfigErrors> {
    let mut problems = Problems::new(path, file);
    let Some(entries) = parsed(file, &mut problems) else { return Err(problems.into_errors()) };
    let lookup = Lookup { sources, directory: Lookup::directory_of(path) };
    let mut root = Table::root(entries.get_ref());
    let host = root.table("host", &mut problems);
    let host = host_table(host, &lookup.directory, &mut problems);
    let connections = root.table("connections", &mut problems);
    let connections =
        named(connections, &mut problems, |table, problems| connection(table, &lookup, problems));
    // Also those with problems: what names them is no problem of its own.
    let named = entries.get_ref().get("connections").and_then(|table| table.get_ref().as_table());
    let named: Vec<&str> =
        named.into_iter().flat_map(|table| table.keys()).map(|key| &**key.get_ref()).collect();
    let receivers = receivers(&mut root, &named, &lookup, &mut problems);
    root.end(&mut problems);
    let HostTable { listen, database, cache, keep } = host;
    problems.settle(Config { listen, database, cache, keep, connections, receivers })
}

pub(super) fn places(file: &str, path: &Path) -> Result<Places, ConfigErrors> {
    let mut problems = Problems::new(path, file);
    let Some(entries) = parsed(file, &mut problems) else { return Err(problems.into_errors()) };
    let mut root = Table::root(entries.get_ref());
    let host = root.table("host", &mut problems);
    let host = host_table(host, &Lookup::directory_of(path), &mut problems);
    let connections = root.table("connections", &mut problems);
    let connections = connections.into_iter().flat_map(Table::named).map(|(name, _)| name.to_owned());
    let connections = connections.collect();
    problems.settle(Places { database: host.database, cache: host.cache, connections })
}

/// The file as TOML. What a file with mistakes in its syntax means is a guess; judging its values would add noise.
fn parsed<'t>(file: &'t str, problems: &mut Problems<'_>) -> Option<Spanned<DeTable<'t>>> {
    let (entries, mistakes) = DeTable::parse_recoverable(file);
    for mistake in &mistakes {
        let span = mistake.span().unwrap_or_default();
        problems.add(&span, "", format!("not TOML: {}", mistake.message()));
    }
    mistakes.is_empty().then_some(entries)
}

/// What `[host]` says.
struct HostTable {
    listen: SocketAddr,
    database: PathBuf,
    cache: Option<PathBuf>,
    keep: Option<Duration>,
}

fn host_table(table: Option<Table<'_>>, directory: &Path, problems: &mut Problems<'_>) -> HostTable {
    let database = directory.join(DATABASE);
    let cache = Some(cache_beside(&database));
    let mut host = HostTable { listen: LISTEN, database, cache, keep: None };
    let Some(mut table) = table else { return host };
    if let Some(address) = table.string("listen", problems).and_then(|text| text.parse(problems, listen)) {
        host.listen = address;
    }
    if let Some(path) = table.string("database", problems).and_then(|text| text.parse(problems, not_empty)) {
        host.database = directory.join(path);
    }
    host.cache = match table.string_or_off("cache", problems) {
        None => Some(cache_beside(&host.database)),
        Some(path) => path.and_then(|path| path.parse(problems, not_empty)).map(|path| directory.join(path)),
    };
    host.keep = table.string("keep", problems).and_then(|text| text.parse(problems, keep));
    table.end(problems);
    host
}

/// The directory for compiled modules that belongs to a database.
pub(super) fn cache_beside(database: &Path) -> PathBuf {
    database.with_file_name(CACHE)
}

/// The tables below `tables`, by their names. One with problems is left out; the problems are noted.
fn named<T>(
    tables: Option<Table<'_>>,
    problems: &mut Problems<'_>,
    read: impl Fn(Table<'_>, &mut Problems<'_>) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (key, value) in tables.into_iter().flat_map(Table::named) {
        let name = value.with(key).parse(problems, name);
        let content = table(value, problems).and_then(|table| read(table, problems));
        if let (Some(name), Some(content)) = (name, content) {
            all.insert(name, content);
        }
    }
    all
}

fn connection(
    mut table: Table<'_>,
    lookup: &Lookup<'_>,
    problems: &mut Problems<'_>,
) -> Option<ConnectionConfig> {
    let here = table.here();
    let named_module = table.string("module", problems);
    if !table.has("module") {
        problems.add(
            &here.span,
            &here.key,
            "has no module: set module = \"bundled:NAME\" or the path of a .wasm file",
        );
    }
    let module = named_module.and_then(|text| text.parse(problems, |text| module(text, lookup)));
    let read_only = table.boolean("read_only", problems).unwrap_or(false);
    let settings = match table.table("settings", problems) {
        Some(table) => table.here().with(table.entries()).parse(problems, settings::to_json),
        None => Some("{}".to_owned()),
    };
    let apis = table.table("apis", problems);
    let apis = named(apis, problems, |table, problems| Some(api(table, lookup, problems)));
    let polls = polls(table.table("polls", problems), problems);
    table.end(problems);
    Some(ConnectionConfig { module: module?, read_only, settings: settings?, apis, polls })
}

fn module(text: &str, lookup: &Lookup<'_>) -> Result<ModuleSource, String> {
    let bundled = lookup.sources.bundled;
    match text.strip_prefix(BUNDLED) {
        Some(name) if bundled.contains(&name) => Ok(ModuleSource::Bundled(name.to_owned())),
        Some(name) => Err(format!("no module {name:?} came with this program; {}", suggest(name, bundled))),
        None => {
            let path = lookup.path(not_empty(text)?);
            if path.is_file() {
                return Ok(ModuleSource::File(path));
            }
            Err(format!("there is no file {}: name a .wasm file, or \"{BUNDLED}NAME\"", path.display()))
        }
    }
}

fn api(mut table: Table<'_>, lookup: &Lookup<'_>, problems: &mut Problems<'_>) -> ApiConfig {
    let here = table.here();
    let credential = table.string("credential", problems);
    let credential = credential.and_then(|text| text.parse(problems, |text| lookup.secret(text)));
    let scopes = table.strings("scopes", problems);
    let unreadable = scopes.is_none() && table.has("scopes");
    if !unreadable && scopes.as_ref().is_none_or(|scopes| scopes.value.is_empty()) {
        let at = scopes.as_ref().map_or(here, |scopes| scopes.with(()));
        let message = "grants no scope, so that every call would be denied: list the scopes to grant in `scopes`; \
                       `transload inspect MODULE` prints what the connector asks for";
        problems.add(&at.span, &at.key, message);
    }
    let scopes = scopes.map(|scopes| parse_each(scopes.value, problems, scope)).unwrap_or_default();
    let base_url = table.string("base_url", problems).and_then(|text| text.parse(problems, base_url));
    let allow_private = table.strings("allow_private", problems);
    let allow_private =
        allow_private.map(|list| parse_each(list.value, problems, host_port)).unwrap_or_default();
    let webhook = table.table("webhook", problems).map(|table| webhook(table, lookup, problems));
    table.end(problems);
    ApiConfig { credential, scopes, base_url, allow_private, webhook: webhook.unwrap_or_default() }
}

fn webhook(mut table: Table<'_>, lookup: &Lookup<'_>, problems: &mut Problems<'_>) -> WebhookConfig {
    let keys = table.strings("public_keys", problems);
    let public_keys = keys.map(|keys| parse_each(keys.value, problems, |text| lookup.public_key(text)));
    let one = table.string("secret", problems);
    let several = table.strings("secrets", problems);
    if let (Some(one), Some(_)) = (&one, &several) {
        problems.add(&one.span, &one.key, "is set beside `secrets`: write all of them into `secrets`");
    }
    let secrets: Vec<_> = one.into_iter().chain(several.into_iter().flat_map(|list| list.value)).collect();
    let secrets: Vec<Secret> = parse_each(secrets, problems, |text| lookup.secret(text));
    let signatures = signatures(&mut table, problems);
    table.end(problems);
    WebhookConfig { public_keys, secrets, signatures }
}

fn signatures(webhook: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Vec<Signature>> {
    let list = webhook.array("signatures", problems)?;
    if list.value.is_empty() {
        let message =
            "is empty, so that every delivery would be refused: list a signature, or leave the key out";
        problems.add(&list.span, &list.key, message);
    }
    let tables = list.value.into_iter().filter_map(|value| table(value, problems)).collect::<Vec<_>>();
    Some(tables.into_iter().filter_map(|table| signature(table, problems)).collect())
}

fn signature(mut table: Table<'_>, problems: &mut Problems<'_>) -> Option<Signature> {
    let here = table.here();
    let kind = table.string("kind", problems);
    let header = table.string("header", problems);
    table.end(problems);
    let Some(kind) = kind else {
        problems.add(
            &here.span,
            &here.key,
            "has no kind: write it as in { kind = \"hmac-sha256\", header = \"x-signature\" }",
        );
        return None;
    };
    let with_header: fn(String) -> Signature = match kind.value {
        "ed25519" => Signature::Ed25519,
        "rsa-sha256" => Signature::RsaSha256,
        "hmac-sha256" => Signature::HmacSha256,
        "shared-token" => Signature::SharedToken,
        "standard-webhooks" if header.is_none() => return Some(Signature::StandardWebhooks),
        "standard-webhooks" => {
            problems.add(
                &here.span,
                &here.key,
                "names a header, but standard-webhooks has its own: leave `header` out",
            );
            return None;
        }
        other => {
            let kinds = ["ed25519", "rsa-sha256", "hmac-sha256", "shared-token", "standard-webhooks"];
            problems.add(
                &kind.span,
                &kind.key,
                format!("there is no kind {other:?}; {}", suggest(other, &kinds)),
            );
            return None;
        }
    };
    let Some(header) = header else {
        problems.add(&here.span, &here.key, "has no header: name the one that carries the signature");
        return None;
    };
    header.parse(problems, header_name).map(with_header)
}

fn polls(table: Option<Table<'_>>, problems: &mut Problems<'_>) -> BTreeMap<String, Duration> {
    let mut polls = BTreeMap::new();
    for (trigger, value) in table.into_iter().flat_map(Table::named) {
        if let Some(interval) = text(value, problems).and_then(|text| text.parse(problems, interval)) {
            polls.insert(trigger.to_owned(), interval);
        }
    }
    polls
}

/// Each of several texts; failures become problems.
pub(super) fn parse_each<'t, T>(
    items: Vec<Located<&'t str>>,
    problems: &mut Problems<'_>,
    parse: impl Fn(&'t str) -> Result<T, String>,
) -> Vec<T> {
    items.into_iter().filter_map(|item| item.parse(problems, &parse)).collect()
}

fn not_empty(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() { Err("is empty: write a path".to_owned()) } else { Ok(text) }
}

fn scope(text: &str) -> Result<String, String> {
    match text {
        "" => Err("is an empty scope: name it, or leave it out".to_owned()),
        "*" => {
            Err("`*` is no scope: name each one, so that an update of the connector cannot widen them"
                .to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

fn header_name(text: &str) -> Result<String, String> {
    match http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(_) => Err(format!("{text:?} is not a header's name: write the name alone, such as x-signature")),
    }
}
