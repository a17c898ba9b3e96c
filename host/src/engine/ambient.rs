//! A connector's wall clock and randomness. Both come from the call's ports, so that a replay can give the same again.

use std::time::Duration;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use wasmtime_wasi::{HostWallClock, WasiCtxBuilder};

use crate::contract::Instant;

/// What the wall clock says of its precision: a call's time is recorded in milliseconds.
const WALL_CLOCK_RESOLUTION: Duration = Duration::from_millis(1);

/// The ChaCha stream behind `wasi:random/random`. The numbers are part of what a recorded seed means: a replay under a
/// later version of the host has to draw from the same streams.
const RANDOM_STREAM: u64 = 1;

/// The ChaCha stream behind `wasi:random/insecure`.
const INSECURE_STREAM: u64 = 2;

/// The ChaCha stream behind `wasi:random/insecure-seed`, from which a connector in Rust keys its hash maps.
const INSECURE_SEED_STREAM: u64 = 3;

/// Give a connector the time `now` and randomness made from `seed`.
///
/// The monotonic clock stays the system's: one that stands still would hang a connector that waits for a deadline. What
/// a connector makes of measured time is therefore not the same from run to run.
pub(super) fn give(builder: &mut WasiCtxBuilder, now: Instant, seed: u64) {
    builder
        .wall_clock(Stopped(Duration::from_millis(now)))
        .secure_random(stream(seed, RANDOM_STREAM))
        .insecure_random(stream(seed, INSECURE_STREAM))
        .insecure_random_seed(hash_seed(seed));
}

/// A wall clock that shows one time for the whole call, since 1970.
struct Stopped(Duration);

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        WALL_CLOCK_RESOLUTION
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// One of the independent sequences that a seed stands for. ChaCha20 by its own name, and not the `StdRng` of rand,
/// which may become another generator in any release and would then change every recorded run.
fn stream(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut key = [0; 32];
    for (into, byte) in key.iter_mut().zip(seed.to_le_bytes()) {
        *into = byte;
    }
    let mut generator = ChaCha20Rng::from_seed(key);
    generator.set_stream(stream);
    generator
}

fn hash_seed(seed: u64) -> u128 {
    let mut bytes = [0; 16];
    stream(seed, INSECURE_SEED_STREAM).fill_bytes(&mut bytes);
    u128::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, number: u64) -> String {
        let mut bytes = [0; 32];
        stream(seed, number).fill_bytes(&mut bytes);
        hex::encode(bytes)
    }

    /// What a recorded seed means must not change with a dependency.
    #[test]
    fn a_seed_is_the_key_and_a_stream_the_nonce_of_chacha20() {
        // draft-agl-tls-chacha20poly1305-04, section 7: the key all zero, the nonces 0 and 01 00 00 00 00 00 00 00.
        assert_eq!(first(0, 0), "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
        assert_eq!(first(0, 1), "ef3fdfd6c61578fbf5cf35bd3dd33b8009631634d21e42ac33960bd138e50d32");
    }

    #[test]
    fn streams_and_seeds_differ() {
        let mut all: Vec<String> = [0, 1, u64::MAX]
            .into_iter()
            .flat_map(|seed| (1..=3).map(move |number| first(seed, number)))
            .collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 9);
        assert_ne!(hash_seed(0), hash_seed(1));
    }
}
