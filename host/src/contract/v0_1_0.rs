//! Version 0.1.0, whose types are the host's own.

#![expect(missing_docs, reason = "generated from wit/, where undocumented fields explain themselves")]

wasmtime::component::bindgen!({
    path: "../wit/0.1.0",
    world: "connector",
    imports: { "transload:connector/store": async },
    exports: { default: async },
    additional_derives: [PartialEq, Eq, Clone, serde::Serialize, serde::Deserialize],
});
