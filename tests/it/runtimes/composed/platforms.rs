//! The two runtimes, started with the files of their examples.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{Process, Stand};
use super::root;
use crate::tools::tool;

/// How long a runtime may take until it listens: `wash dev` compiles for fifteen seconds where nothing else runs.
const COMPILING: Duration = Duration::from_mins(4);

/// What wasmtime says when it listens, before the address.
const WASMTIME_LISTENS: &str = "Serving HTTP on ";

/// What `wash dev` says when it listens, before the address.
const WASH_LISTENS: &str = "listening for HTTP requests address=";

/// `examples/serve/serve`, at an address of the system's choice.
pub(super) fn wasmtime(stand: &Stand, component: PathBuf, config: &Value) -> Option<(Process, String)> {
    let program = package("wasmtime_cli/wasmtime")?;
    let path = stand.directory.path().join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let mut command = Command::new(root().join("examples/serve/serve"));
    command.arg(component).arg(path).arg("127.0.0.1:0").env("WASMTIME", program);
    Some(listening(stand, command, WASMTIME_LISTENS))
}

/// `wash dev` with `examples/wasmcloud/.wash/config.yaml`, which is moved to a free port and may reach the sandbox.
pub(super) fn wasmcloud(stand: &Stand, _: PathBuf, config: &Value) -> Option<(Process, String)> {
    let program = package("wash_cli/wash")?;
    let directory = stand.directory.path();
    let example = std::fs::read_to_string(root().join("examples/wasmcloud/.wash/config.yaml")).unwrap();
    // wash says "port 0" where it was given none.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let example = replaced(&example, "127.0.0.1:8000", &free.to_string());
    let example = replaced(&example, "services.leadconnectorhq.com", "127.0.0.1");
    std::fs::create_dir(directory.join(".wash")).unwrap();
    std::fs::write(directory.join(".wash/config.yaml"), example).unwrap();
    let mut command = Command::new(program);
    command.args(["--non-interactive", "dev"]).current_dir(directory).env("HOME", directory);
    command.env("TRANSLOAD_CONFIG", config.to_string());
    Some(listening(stand, command, WASH_LISTENS))
}

fn package(program: &str) -> Option<PathBuf> {
    let packages = tool("python/lib")?.read_dir().unwrap().next().unwrap().unwrap().path();
    tool(&format!(
        "{}/site-packages/{program}",
        packages.strip_prefix(root().join("target/tools")).unwrap().display()
    ))
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the example has no {from}");
    text.replace(from, to)
}

/// Starts `command` with what it says in a file, and waits until it says where it listens.
fn listening(stand: &Stand, mut command: Command, before: &str) -> (Process, String) {
    let path = stand.directory.path().join("said");
    let said = File::create(&path).unwrap();
    command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
    let process = Process(command.spawn().unwrap());
    let started = Instant::now();
    while started.elapsed() < COMPILING {
        let said = std::fs::read_to_string(&path).unwrap();
        let url = said.split_once(before).and_then(|(_, rest)| rest.split_once('\n'));
        if let Some((url, _)) = url {
            let url = url.trim().trim_end_matches('/').to_owned();
            TcpStream::connect(url.trim_start_matches("http://")).unwrap();
            return (process, url);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not listen: {}", std::fs::read_to_string(&path).unwrap());
}
