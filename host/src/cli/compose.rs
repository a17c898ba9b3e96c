//! `transload compose`: a connector and the adapter as one component that other runtimes serve.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use transload::engine::{Engine, EngineOptions};
use transload_bundle::Adapter;
use wac_graph::types::{Package, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use super::modules::{self, Named, Supply, named};
use super::{Failed, style, usage};

/// The adapter's own interfaces, with which its halves talk to each other.
const SESSION: &str = "transload:adapter/";

/// What the composed component exports, whatever its version.
const HANDLER: &str = "wasi:http/incoming-handler@";

/// Makes a standard HTTP component of a connector, for `wasmtime serve`, wasmCloud and other hosts of wasi:http
#[derive(Args)]
#[command(
    after_help = "The component serves webhooks, polls and actions, keeps what the connector stores in wasi:keyvalue and takes \
                  its configuration from wasi:config. It keeps the connector from what is not granted, and its credentials \
                  from the connector. What it cannot do, a host can: connector/adapter/README.md says it.\n\n\
                  Examples:\n  transload compose bundled:ghl-track-pod -o shop.wasm\n  \
                  transload compose my-connector.wasm -o served.wasm"
)]
pub struct Compose {
    #[arg(value_parser = named, help = modules::HELP)]
    module: Named,
    /// The configuration file, for its [registries]; none is needed
    #[arg(long, value_name = "FILE", default_value = "transload.toml")]
    config: PathBuf,
    /// Where to write the component
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Compose {
    pub async fn run(self) -> Result<(), Failed> {
        let supply = Supply::perhaps(&self.config, &self.module)?;
        let bytes = supply.read(&self.module).await.map_err(modules::failed)?;
        let name = &self.module.source;
        let engine = Engine::new(EngineOptions::default()).map_err(anyhow::Error::new)?;
        let module = engine
            .load(bytes.clone())
            .await
            .map_err(|error| usage(anyhow::Error::new(error).context(format!("module {name}"))))?;
        let version = module.contract_version();
        let adapter = transload_bundle::ADAPTERS.iter().find(|adapter| adapter.contract == version);
        let adapter = adapter.ok_or_else(|| {
            usage(anyhow!(
                "module {name} speaks version {version} of the contract, for which there is no adapter"
            ))
        })?;
        let composed =
            compose(bytes, adapter).with_context(|| format!("cannot compose the module {name}"))?;
        std::fs::write(&self.output, &composed)
            .with_context(|| format!("cannot write {}", self.output.display()))?;
        report(&self.output, module.description().name.as_str(), composed.len());
        Ok(())
    }
}

fn report(output: &Path, name: &str, bytes: usize) {
    let file = output.display();
    say!("{} {name} as {file}, {} KB", style::good("composed"), bytes / 1_000);
    say!("");
    say!("Serve it, with the configuration as a JSON object in config.json:");
    say!("  export TRANSLOAD_CONFIG=\"$(cat config.json)\"");
    say!("  wasmtime serve -S cli,http,keyvalue,config --env TRANSLOAD_CONFIG {file}");
}

/// One component of the three: the shell below the connector, the front above it.
fn compose(connector: Vec<u8>, adapter: &Adapter) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let shell = Part::of(&mut graph, "transload:shell", adapter.shell.to_vec())?;
    let connector = Part::of(&mut graph, "transload:plugged", connector)?;
    let front = Part::of(&mut graph, "transload:front", adapter.front.to_vec())?;
    connect(&mut graph, &shell, &connector, "")?;
    connect(&mut graph, &shell, &front, SESSION)?;
    connect(&mut graph, &connector, &front, "")?;
    let handler = front.exports(&graph).into_iter().find(|name| name.starts_with(HANDLER));
    let handler = handler.ok_or_else(|| anyhow!("the adapter exports no {HANDLER}"))?;
    let exported = graph.alias_instance_export(front.instance, &handler)?;
    graph.export(exported, &handler)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// One of the three.
struct Part {
    package: PackageId,
    instance: NodeId,
}

impl Part {
    fn of(graph: &mut CompositionGraph, name: &str, bytes: Vec<u8>) -> anyhow::Result<Part> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        let package = graph.register_package(package)?;
        Ok(Part { package, instance: graph.instantiate(package) })
    }

    fn imports(&self, graph: &CompositionGraph) -> Vec<String> {
        graph.types()[graph[self.package].ty()].imports.keys().cloned().collect()
    }

    fn exports(&self, graph: &CompositionGraph) -> Vec<String> {
        graph.types()[graph[self.package].ty()].exports.keys().cloned().collect()
    }
}

/// Give `to` what it imports and `from` exports, as far as the names start with `prefix`. Versions need not be the same: a
/// connector says which 0.2.x its toolchain knew.
fn connect(graph: &mut CompositionGraph, from: &Part, to: &Part, prefix: &str) -> anyhow::Result<()> {
    let exports = from.exports(graph);
    let fits = |import: &String, export: &&String| *export == import || are_semver_compatible(export, import);
    for import in to.imports(graph).iter().filter(|import| import.starts_with(prefix)) {
        let Some(export) = exports.iter().find(|export| fits(import, export)) else { continue };
        let argument = graph.alias_instance_export(from.instance, export)?;
        graph
            .set_instantiation_argument(to.instance, import, argument)
            .with_context(|| format!("{import} cannot be given by {export}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of what the outermost component imports.
    fn imports(component: &[u8]) -> Vec<String> {
        let mut graph = CompositionGraph::new();
        Part::of(&mut graph, "transload:test", component.to_vec()).unwrap().imports(&graph)
    }

    #[test]
    fn nothing_of_the_contract_is_left_to_the_platform() {
        let adapter = transload_bundle::ADAPTERS[0];
        for connector in transload_bundle::CONNECTORS {
            let composed = compose(connector.component.to_vec(), &adapter).unwrap();
            let left = imports(&composed);
            let open = |name: &&String| {
                name.starts_with("transload:") && !name.starts_with("transload:connector/types@")
            };
            assert_eq!(left.iter().find(open), None, "{left:?}");
            for needed in ["wasi:keyvalue/store@0.2.0-draft", "wasi:config/store@0.2.0-rc.1"] {
                assert!(left.iter().any(|name| name == needed), "{needed}: {left:?}");
            }
        }
    }

    #[test]
    fn something_else_than_a_connector_is_not_composed() {
        let adapter = transload_bundle::ADAPTERS[0];
        assert!(compose(adapter.shell.to_vec(), &adapter).is_err());
        assert!(compose(b"nothing".to_vec(), &adapter).is_err());
    }
}
