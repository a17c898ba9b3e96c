//! How registries and servers that modules come from are spoken to.

use std::collections::BTreeMap;

use super::error::Problems;
use super::table::{Located, Table, table};
use super::value::{Lookup, registry_host};
use crate::distribution::RegistryConfig;

/// The registries of the file, by their `HOST` or `HOST:PORT`.
pub(super) fn registries(
    root: &mut Table<'_>,
    lookup: &Lookup<'_>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, RegistryConfig> {
    let mut registries = BTreeMap::new();
    for (host, value) in root.table("registries", problems).into_iter().flat_map(Table::named) {
        let host = value.with(host).parse(problems, registry_host);
        let content = table(value, problems).map(|table| registry(table, lookup, problems));
        if let (Some(host), Some(content)) = (host, content) {
            registries.insert(host, content);
        }
    }
    registries
}

fn registry(mut table: Table<'_>, lookup: &Lookup<'_>, problems: &mut Problems<'_>) -> RegistryConfig {
    let here = table.here();
    let username = table.string("username", problems);
    let password = table.string("password", problems);
    if let (Some(one), None) | (None, Some(one)) = (&username, &password) {
        let Located { key, span, .. } = one;
        problems.add(span, key, format!("{} needs both username and password: set the other, too", here.key));
    }
    // A name is no secret, and may stand here.
    let name = |text: &str| lookup.reference(text).map(|found| found.unwrap_or_else(|| text.to_owned()));
    let username = username.and_then(|text| text.parse(problems, name));
    let password = password.and_then(|text| text.parse(problems, |text| lookup.secret(text)));
    let plain_http = table.boolean("plain_http", problems);
    table.end(problems);
    RegistryConfig { username, password, plain_http }
}
