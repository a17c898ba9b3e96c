//! Compiles the connectors and the adapter. A new connector is one line here and one in `src/lib.rs`.

fn main() {
    let mut built = transload_guest_build::build(&["transload-ghl-track-pod", "transload-ghl-rankr"]);
    // By itself, so that what it uses of a crate they share is not compiled into the connectors as well.
    built.extend(transload_guest_build::build(&["transload-adapter-shell", "transload-adapter-front"]));
    transload_guest_build::constants(&built);
}
