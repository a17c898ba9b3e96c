//! The connector in JavaScript (`examples/ghl-labelry-js`) takes over from the one in Rust.
