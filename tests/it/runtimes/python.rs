//! Python runs the component (`examples/python`).

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Process, Stand};
use crate::tools::{python, root};

/// Starts the example's platform with this configuration.
fn serve(stand: &Stand, python: &Path, config: &Value) -> (Process, String) {
    let path = stand.directory.path().join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let mut command = Command::new(python);
    command.arg(root().join("examples/python/serve.py")).arg(path);
    stand.start(command)
}

#[tokio::test]
async fn python_ends_an_orders_story_as_the_host_does() {
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    let (_platform, url) = serve(&stand, &python, &stand.config().await);
    stand.play(&url).await;
}
