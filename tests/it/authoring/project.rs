//! A new project, and a person who follows its README.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use transload_sandbox::{Control, Json};

use crate::program::{answer, said};
use crate::tools::root;

/// What every project of these tests is called.
const NAME: &str = "order-notes";

/// How long anything but a build may take. A first start compiles the component, Python's 19 MB as well.
const PATIENCE: Duration = Duration::from_secs(300);

/// A new project. Its directory is the same in every run, so that what was built for it can be used again; another run at the
/// same time waits.
pub(super) struct Project {
    directory: PathBuf,
    sandbox: String,
    host: String,
    variables: Vec<(&'static str, OsString)>,
    terminals: Vec<Terminal>,
    _alone: File,
}

/// A step of the README.
struct Step {
    command: String,
    /// Whether it keeps a terminal to itself.
    stays: bool,
}

/// A command that goes on. It ends with its test.
struct Terminal(Child);

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Project {
    /// Makes one. The ports are not those of the README, since other tests run beside this one.
    pub(super) fn new(language: &str) -> Project {
        let shelf = root().join("target/authoring").join(language);
        let directory = shelf.join(NAME);
        std::fs::create_dir_all(&shelf).unwrap();
        let alone = File::create(shelf.join("lock")).unwrap();
        alone.lock().unwrap();
        if directory.exists() {
            std::fs::remove_dir_all(&directory).unwrap();
        }
        let told = said(&shelf, &["new", NAME, "--lang", language], 0);
        let project = Project {
            sandbox: free_address(),
            host: free_address(),
            directory,
            variables: Vec::new(),
            terminals: Vec::new(),
            _alone: alone,
        };
        let told: Vec<&str> = told.lines().map(str::trim).collect();
        for step in project.steps() {
            let said = told.iter().any(|line| line.split("    #").next() == Some(step.command.as_str()));
            assert!(said, "{told:#?} has no {}", step.command);
        }
        for file in ["README.md", "transload.toml"] {
            let path = project.directory.join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            let moved =
                text.replace("127.0.0.1:4010", &project.sandbox).replace("127.0.0.1:8787", &project.host);
            assert_ne!(text, moved);
            std::fs::write(path, moved).unwrap();
        }
        project
    }

    /// Sets a variable for the README's commands.
    pub(super) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Project {
        self.variables.push((name, value.into()));
        self
    }

    /// Keeps a directory of the project for later runs.
    pub(super) fn share(&self, name: &str) {
        let kept = self.directory.with_file_name(format!("{NAME}.{name}"));
        std::fs::create_dir_all(&kept).unwrap();
        std::os::unix::fs::symlink(kept, self.directory.join(name)).unwrap();
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn control(&self) -> Control {
        Control::new(&format!("http://{}/control", self.sandbox))
    }

    fn steps(&self) -> Vec<Step> {
        let readme = std::fs::read_to_string(self.directory.join("README.md")).unwrap();
        let (mut steps, mut block) = (Vec::new(), None);
        for line in readme.lines() {
            match block {
                None => block = line.strip_prefix("```"),
                Some(_) if line == "```" => block = None,
                Some("sh" | "sh terminal") => {
                    steps.push(Step { command: line.to_owned(), stays: block == Some("sh terminal") });
                }
                Some(_) => {}
            }
        }
        steps
    }

    /// Runs the README's commands, and answers what those said that come after the host's start. A person would wait a moment
    /// after placing the order.
    pub(super) async fn follow(&mut self) -> Vec<String> {
        let mut outputs = Vec::new();
        for step in self.steps() {
            if step.stays {
                self.open(&step.command);
                outputs.clear();
                continue;
            }
            outputs.push(self.run(&step.command));
            if step.command.starts_with("curl -X POST") {
                self.ended(1).await;
            }
        }
        assert_eq!(self.terminals.len(), 2, "the README starts the sandbox and the host");
        outputs
    }

    fn shell(&self, command: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_transload")).parent().unwrap();
        let mut path = OsString::from(program);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(&self.directory).env("PATH", path);
        // The outer cargo's own would move the project's build.
        shell.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_BUILD_DIR");
        shell.envs(self.variables.iter().map(|(name, value)| (name, value)));
        shell
    }

    fn run(&self, command: &str) -> String {
        let output = self.shell(command).output().unwrap();
        let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{command}:\n{said}\n{complained}");
        said.into_owned()
    }

    /// Starts a command that goes on, and waits until it says that it runs.
    fn open(&mut self, command: &str) {
        let elsewhere = match command.starts_with("transload sandbox") {
            true => format!(" --listen {} --host {}", self.sandbox, self.host),
            false => String::new(),
        };
        let mut shell = self.shell(&format!("exec {command}{elsewhere}"));
        let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        self.terminals.push(Terminal(child));
        let (first, started) = mpsc::channel();
        std::thread::spawn(move || lines.for_each(|line| drop(first.send(line))));
        let line = started.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert!(line.contains("run"), "{command}: {line}");
    }

    /// The events, once there are so many and all of them have ended.
    pub(super) async fn ended(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let list = answer(&self.directory, &["events"], 0);
            let events = list["events"].as_array().unwrap();
            let over = |event: &Value| event["state"] == "done" || event["state"] == "skipped";
            if events.len() == count && events.iter().all(over) {
                return events.clone();
            }
            assert!(Instant::now() < deadline, "{list:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The bodies of all notes.
    pub(super) async fn notes(&self) -> Vec<String> {
        let contacts = self.control().snapshot().await.unwrap().ghl.contacts;
        let read = |json: &Json| serde_json::from_str::<Value>(&json.to_string()).unwrap();
        let notes = contacts.iter().flat_map(|found| &found.notes);
        notes.map(|note| read(note)["body"].as_str().unwrap().to_owned()).collect()
    }
}
