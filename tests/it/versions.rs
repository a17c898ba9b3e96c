//! Versions of the contract, side by side.
