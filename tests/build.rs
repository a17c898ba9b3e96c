//! Compiles the components that the tests load.

fn main() {
    let built = transload_guest_build::build(&[
        "transload-courier-bad-guest",
        "transload-courier-guest",
        "transload-courier-next-guest",
        "transload-ghl-labelry",
        "transload-hostile-guest",
        "transload-ledger-guest",
        "transload-mapper-guest",
        "transload-newer-guest",
        "transload-wrong-guest",
    ]);
    transload_guest_build::constants(&built);
}
