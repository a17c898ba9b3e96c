//! What a composed connector imports, on WASI's interfaces: the policy and the credentials stand here, between the connector
//! and the platform's `wasi:http`, and the connector sees neither.

#![cfg(target_family = "wasm")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit/0.1.0", "../wit"],
        world: "transload:adapter/shell",
        generate_all,
        merge_structurally_equal_types: true,
    });
}

mod config;
mod fields;
mod ports;
mod request;
mod response;
mod rules;
mod session;
mod store;

/// All that the component exports.
struct Shell;

#[expect(unsafe_code, reason = "what the component exports is generated, and reads the caller's memory")]
const _: () = {
    bindings::export!(Shell with_types_in bindings);
};
