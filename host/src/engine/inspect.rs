//! Reading a module's imports and exports, before anything of it is compiled.

use wasmparser::{Encoding, Parser, Payload};

use super::module::ModuleError;
use crate::contract::{self, Version};

/// WASI packages of the 0.2 series whose interfaces are linked. None of them gives access to anything: there are no
/// files, no sockets, no arguments and no environment behind them, and HTTP goes through the host's egress.
const WASI_PACKAGES: [&str; 7] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:http", "wasi:io", "wasi:random", "wasi:sockets"];

/// What a component says of itself on its outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Names of its imports, in its order.
    pub(super) imports: Vec<String>,
    /// Names of its exports, in its order.
    pub(super) exports: Vec<String>,
    /// The version of the contract that it exports.
    pub(super) version: Version,
}

/// Read the shape of the component `bytes`, and refuse one that this host cannot run.
pub(super) fn inspect(bytes: &[u8]) -> Result<Shape, ModuleError> {
    let (imports, exports) = surface(bytes)?;
    if let Some(import) = imports.iter().find(|name| !import_allowed(name)) {
        return Err(ModuleError::ImportRefused { import: import.clone() });
    }
    Ok(Shape { version: contract_version(&exports)?, imports, exports })
}

/// Names of the outermost component's imports and exports.
fn surface(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), ModuleError> {
    let malformed =
        |error: wasmparser::BinaryReaderError| ModuleError::Malformed { reason: first_line(error.message()) };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(ModuleError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// Split `package/interface@version`.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (path, version) = name.split_once('@')?;
    let (package, interface) = path.split_once('/')?;
    Some((package, interface, version))
}

fn import_allowed(name: &str) -> bool {
    let Some((package, interface, version)) = split(name) else { return false };
    if package == contract::PACKAGE {
        return contract::IMPORTS.contains(&interface) && Version::from_name(version).is_some();
    }
    WASI_PACKAGES.contains(&package) && version.strip_prefix("0.2.").is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The newest supported version of which every interface is exported.
fn contract_version(exports: &[String]) -> Result<Version, ModuleError> {
    let missing = |version: &str| {
        contract::EXPORTS.into_iter().find(|interface| {
            let name = format!("{}/{interface}@{version}", contract::PACKAGE);
            !exports.contains(&name)
        })
    };
    let mut found: Vec<&str> = exports
        .iter()
        .filter_map(|name| split(name))
        .filter_map(|(package, _, version)| (package == contract::PACKAGE).then_some(version))
        .collect();
    found.dedup();
    if let Some(version) = Version::ALL.iter().find(|version| missing(version.name()).is_none()) {
        return Ok(*version);
    }
    match found.iter().find(|version| Version::from_name(version).is_some()) {
        Some(version) => Err(ModuleError::ExportMissing {
            export: format!("{}/{}@{version}", contract::PACKAGE, missing(version).unwrap_or_default()),
        }),
        None if found.is_empty() => Err(ModuleError::NotAConnector),
        None => Err(ModuleError::UnsupportedVersion { found: found.join(", ") }),
    }
}

/// The message without the bytes that some of wasmparser's go on to list.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn all(version: &str) -> Vec<String> {
        contract::EXPORTS.map(|interface| format!("transload:connector/{interface}@{version}")).to_vec()
    }

    #[test]
    fn imports_outside_the_set_are_refused() {
        for allowed in [
            "wasi:http/outgoing-handler@0.2.2",
            "wasi:io/streams@0.2.12",
            "wasi:sockets/tcp@0.2.0",
            "transload:connector/store@0.1.0",
            "transload:connector/types@0.1.0",
        ] {
            assert!(import_allowed(allowed), "{allowed}");
        }
        for refused in [
            "wasi:http/handler@0.3.0",
            "wasi:http/types@0.2.0-rc-2023-11-10",
            "wasi:http/types@0.2.",
            "wasi:http/types",
            "wasi:keyvalue/store@0.2.0",
            "wasi:httpx/types@0.2.0",
            "transload:connector/store@9.0.0",
            "transload:connector/actions@0.1.0",
            "env",
            "",
        ] {
            assert!(!import_allowed(refused), "{refused}");
        }
    }

    #[test]
    fn the_version_is_read_from_the_exports() {
        for version in Version::ALL {
            assert_eq!(contract_version(&all(version.name())).unwrap(), *version);
        }
        let both = [all("0.1.0"), all("0.2.0")].concat();
        assert_eq!(contract_version(&both).unwrap(), Version::V0_2_0, "the newer is preferred");
        let half = [all("0.2.0")[..3].to_vec(), all("0.1.0")].concat();
        assert_eq!(contract_version(&half).unwrap(), Version::V0_1_0, "one of them is whole");

        let error = contract_version(&all("9.0.0")).unwrap_err();
        assert!(matches!(&error, ModuleError::UnsupportedVersion { found } if found == "9.0.0"), "{error}");

        let error = contract_version(&all("0.1.0")[..4]).unwrap_err();
        let expected = "transload:connector/reconciliation@0.1.0";
        assert!(matches!(&error, ModuleError::ExportMissing { export } if export == expected), "{error}");

        let error = contract_version(&names(&["wasi:cli/run@0.2.3"])).unwrap_err();
        assert!(matches!(error, ModuleError::NotAConnector), "{error}");
    }

    #[test]
    fn bytes_that_are_no_component_are_told_apart() {
        // The eight bytes every core module starts with: "\0asm", version 1, layer 0.
        let error = inspect(b"\0asm\x01\0\0\0").unwrap_err();
        assert!(matches!(error, ModuleError::CoreModule), "{error}");
        for garbage in [&b""[..], b"\0asm", b"PK\x03\x04", b"(component)", b"\0asm\x0d\0\x01\0\xff\xff\xff"] {
            let error = inspect(garbage).unwrap_err();
            assert!(matches!(error, ModuleError::Malformed { .. }), "{garbage:?}: {error}");
        }
        // An empty component is well formed, and is no connector.
        let error = inspect(b"\0asm\x0d\0\x01\0").unwrap_err();
        assert!(matches!(error, ModuleError::NotAConnector), "{error}");
    }
}
