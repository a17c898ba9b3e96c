//! `transload inspect`: what a module is, needs and offers.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use transload::contract::{Access, Api, Description, Endpoint, Method, Origin, Signature, Trigger};
use transload::distribution::ModuleSource;
use transload::engine::{Engine, EngineOptions, Module};

use super::modules::{self, Named, Supply, named};
use super::{Failed, print_json, pull, style, usage};

/// Shows a module's manifest, digest, size, imports, and the permissions it asks for
#[derive(Args)]
#[command(
    after_help = "Examples:\n  transload inspect bundled:ghl-track-pod\n  transload inspect my-connector.wasm --json\n  \
                  transload inspect oci://ghcr.io/acme/my-connector:1.2.0"
)]
pub struct Inspect {
    #[arg(value_parser = named, help = modules::HELP)]
    module: Named,
    /// The configuration file, for its [registries]; none is needed
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    digest: &'a str,
    source: String,
    /// Whether the command named the digest.
    pinned: bool,
    size_bytes: usize,
    contract_version: &'a str,
    imports: &'a [String],
    scopes: Vec<Scopes<'a>>,
    manifest: &'a Description,
}

/// The scopes that one API asks for.
#[derive(Serialize)]
struct Scopes<'a> {
    api: &'a str,
    scope: &'a str,
    writes: bool,
}

impl Inspect {
    pub async fn run(self) -> Result<(), Failed> {
        let source = &self.module.source;
        let bytes = Supply::perhaps(&self.config, &self.module)?.look(&self.module).await;
        let bytes = bytes.map_err(modules::failed)?;
        let engine = Engine::new(EngineOptions::default()).map_err(anyhow::Error::new)?;
        let module = engine
            .load(bytes)
            .await
            .map_err(|error| usage(anyhow::Error::new(error).context(format!("module {source}"))))?;
        if self.json {
            return print_json(&Report {
                digest: module.digest(),
                source: source.to_string(),
                pinned: self.module.pin.is_some(),
                size_bytes: module.size_bytes(),
                contract_version: module.contract_version(),
                imports: module.imports(),
                scopes: module.description().apis.iter().flat_map(scopes).collect(),
                manifest: module.description(),
            });
        }
        print_text(&module);
        if self.module.pin.is_none() && matches!(source, ModuleSource::Remote(_)) {
            say!("\n{}", style::bold("To run it"));
            say!("  module = \"{source}\"\n  digest = \"{}\"", module.digest());
            pull::warn_unpinned();
        }
        Ok(())
    }
}

/// Each scope of an API once, in the order of its endpoints.
fn scopes(api: &Api) -> Vec<Scopes<'_>> {
    let mut scopes: Vec<Scopes<'_>> = Vec::new();
    for endpoint in &api.endpoints {
        let writes = endpoint.access == Access::Write;
        match scopes.iter_mut().find(|known| known.scope == endpoint.scope) {
            Some(known) => known.writes |= writes,
            None => scopes.push(Scopes { api: &api.name, scope: &endpoint.scope, writes }),
        }
    }
    scopes
}

fn print_text(module: &Module) {
    let manifest = module.description();
    say!("{} {} ({})", style::bold(&manifest.title), manifest.version, manifest.name);
    say!("{}\n", manifest.summary);
    say!("digest    {}", module.digest());
    say!("size      {} bytes", module.size_bytes());
    say!("contract  {}", module.contract_version());
    for api in &manifest.apis {
        print_api(api);
    }
    print_offers(manifest);
    say!("\n{}", style::bold("Imports"));
    for import in module.imports() {
        say!("  {import}");
    }
}

fn print_api(api: &Api) {
    say!("\n{} ({}) {}", style::bold(&api.title), api.name, style::dim(&api.base_url));
    say!("  asks for");
    for scope in scopes(api) {
        let access = if scope.writes { style::warn("writes") } else { "reads ".to_owned() };
        say!("    {access} {}", scope.scope);
    }
    if let Some(webhook) = &api.webhook {
        let signatures: Vec<String> = webhook.signatures.iter().map(signature).collect();
        say!("  proves its webhooks by {}", signatures.join(", else "));
    }
    say!("  calls");
    for endpoint in &api.endpoints {
        say!("    {:<6} {}{}", method(endpoint.method), endpoint.path, movable(endpoint));
    }
}

/// The setting that puts another path in place of an endpoint's, if there is one.
fn movable(endpoint: &Endpoint) -> String {
    let key = endpoint.path_setting.as_ref().map(|pointer| pointer.replace('/', "."));
    key.map_or_else(String::new, |key| format!("  {}", style::dim(&format!("(or as settings{key} says)"))))
}

/// Its name, and what it tells of and how.
fn trigger(trigger: &Trigger) -> (&str, String) {
    let origin = match &trigger.origin {
        Origin::Webhook(api) => format!("webhook of {api}"),
        Origin::Poll(every_ms) => format!("polled every {} s", every_ms / 1000),
    };
    (&trigger.name, format!("{} {}", trigger.title, style::dim(&format!("({origin})"))))
}

fn print_offers(manifest: &Description) {
    print_list("Triggers", manifest.triggers.iter().map(trigger).collect());
    let actions = manifest.actions.iter().map(|action| (action.name.as_str(), action.title.clone()));
    print_list("Actions", actions.collect());
    let templates = manifest.templates.iter().map(|ready| (ready.name.as_str(), ready.title.clone()));
    print_list("Ready-made settings (--json has them in full)", templates.collect());
    say!("\n{}", style::bold("Settings"));
    say!("{}", manifest.settings_schema.trim());
}

/// Names and what they stand for, in two columns.
fn print_list(heading: &str, rows: Vec<(&str, String)>) {
    if rows.is_empty() {
        return;
    }
    say!("\n{}", style::bold(heading));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, title) in rows {
        say!("  {name:<width$}  {title}");
    }
}

fn signature(signature: &Signature) -> String {
    match signature {
        Signature::Ed25519(header) => format!("Ed25519 in {header}"),
        Signature::RsaSha256(header) => format!("RSA in {header}"),
        Signature::HmacSha256(header) => format!("HMAC-SHA256 in {header}"),
        Signature::StandardWebhooks => "Standard Webhooks".to_owned(),
        Signature::SharedToken(header) => format!("a shared token in {header}"),
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

#[cfg(test)]
mod tests {
    use transload::contract::InDoubt;

    use super::*;

    #[test]
    fn an_endpoint_names_the_setting_that_moves_it() {
        let endpoint = |path_setting: Option<&str>| Endpoint {
            method: Method::Get,
            path: "/orders".to_owned(),
            path_setting: path_setting.map(str::to_owned),
            scope: "orders.read".to_owned(),
            access: Access::Read,
            in_doubt: InDoubt::Resend,
        };
        assert_eq!(movable(&endpoint(None)), "");
        let said = movable(&endpoint(Some("/rankr/paths/list_orders")));
        assert!(said.contains("(or as settings.rankr.paths.list_orders says)"), "{said}");
    }
}
