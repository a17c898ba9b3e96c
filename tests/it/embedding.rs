//! The library in other programs: `examples/embed.rs`.
