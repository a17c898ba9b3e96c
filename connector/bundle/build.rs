//! Compiles the connectors and the adapter. A new connector is one line here and one in `src/lib.rs`.

fn main() {
    let built = transload_guest_build::build(&[
        "transload-ghl-track-pod",
        "transload-ghl-rankr",
        "transload-adapter-shell",
        "transload-adapter-front",
    ]);
    transload_guest_build::constants(&built);
}
