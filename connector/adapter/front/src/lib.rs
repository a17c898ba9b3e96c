//! A connector as an HTTP service: each request becomes one or more calls of it, and is answered when they are done.

#![cfg(target_family = "wasm")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit/0.1.0", "../wit"],
        world: "transload:adapter/front",
        generate_all,
        additional_derives: [Clone, serde::Serialize, serde::Deserialize],
        additional_derives_ignore: ["stream-error"],
    });
}

mod answer;
mod call;
mod config;
mod door;
mod events;
mod hooks;
mod routes;

use bindings::exports::wasi::http::incoming_handler::{Guest, IncomingRequest, ResponseOutparam};

struct Front;

impl Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = door::Request::read(request).and_then(|request| routes::route(&request));
        answer.unwrap_or_else(|problem| problem.into()).send(out);
    }
}

#[expect(unsafe_code, reason = "what the component exports is generated, and reads the caller's memory")]
const _: () = {
    bindings::export!(Front with_types_in bindings);
};
