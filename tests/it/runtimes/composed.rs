//! `wasmtime serve` and wasmCloud run what `transload compose` makes of the component.
