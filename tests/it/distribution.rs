//! Modules from files, HTTP and registries: `transload push` and `pull`.
