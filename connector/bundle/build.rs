//! Compiles the connectors. A new one is one line here and one in `src/lib.rs`.

fn main() {
    let built = transload_guest_build::build(&["transload-ghl-track-pod", "transload-ghl-rankr"]);
    transload_guest_build::constants(&built);
}
