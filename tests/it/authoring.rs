//! `transload new`: for each language, the new project's README followed literally, up to a note in the sandbox.

mod project;

use serde_json::{Value, json};
use transload_sandbox::{Json, PlaceOrder};

use crate::program::{answer, said};
use crate::tools::{program, python, tool};
use project::Project;

/// What every project's README promises: an order is noted once, whoever asks for it and however often.
async fn followed(project: Project) {
    let mut project = project;
    let outputs = project.follow().await;
    let [placed, listed, notes] = outputs.as_slice() else { panic!("{outputs:#?}") };
    let id = serde_json::from_str::<Value>(placed).unwrap()["id"].as_str().unwrap().to_owned();
    assert!(listed.contains(&format!("New order {id}: 150.1 USD")), "{listed}");
    let noted = format!("New order {id}: 150.1 USD\n[order-notes {id}]");
    let notes: Value = serde_json::from_str(notes).unwrap();
    assert_eq!((notes.as_array().unwrap().len(), &notes[0]["body"]), (1, &json!(noted)), "{notes:#}");

    // By hand, for an order that has its note.
    let again = answer(project.directory(), &["action", "shop", "note-order", "--input", &input(&id)], 0);
    assert!(again.to_string().contains("true"), "{again:#}");
    // 9.99 is below the 10 of transload.toml.
    let small = json!({"contactId": "c9", "currency": "USD", "amount": 9.99}).to_string();
    let small = PlaceOrder { order: Some(Json::parse(&small).unwrap()), webhook: true };
    project.control().place_order(&small).await.unwrap();
    let events = project.ended(2).await;
    let states: Vec<&Value> = events.iter().map(|event| &event["state"]).collect();
    assert_eq!(states, ["skipped", "done"], "{events:#?}");
    assert_eq!(project.notes().await, [noted]);
}

fn input(order_id: &str) -> String {
    json!({"order_id": order_id}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connector_in_rust_does_what_its_readme_says() {
    let project = Project::new("rust").variable("CARGO_NET_OFFLINE", "true");
    // The crates that it depends on are compiled once, not in every run.
    project.share("target");
    followed(project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connector_in_python_does_what_its_readme_says() {
    let (Some(_), Some(wheels)) = (python(), tool("wheels")) else { return };
    let project = Project::new("python").variable("PIP_NO_INDEX", "1").variable("PIP_FIND_LINKS", wheels);
    followed(project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connector_in_javascript_does_what_its_readme_says() {
    let (Some(_), Some(cache)) = (program("npm"), tool("npm-cache")) else { return };
    let project =
        Project::new("js").variable("npm_config_offline", "true").variable("npm_config_cache", cache);
    followed(project).await;
}

#[test]
fn nothing_is_overwritten_and_no_name_is_taken_that_a_manifest_cannot_have() {
    let directory = tempfile::tempdir().unwrap();
    let new = |arguments: &[&str], code| said(directory.path(), &[&["new"], arguments].concat(), code);
    assert!(new(&["Order_Notes", "--lang", "rust"], 2).contains("lower-case letters, digits and `-`"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    new(&["order-notes", "--lang", "python", "--dir", "mine"], 0);
    let readme = directory.path().join("mine/README.md");
    std::fs::write(&readme, "changed").unwrap();
    let refused = new(&["order-notes", "--lang", "python", "--dir", "mine"], 2);
    assert!(refused.contains("mine is not empty; name another directory with --dir"), "{refused}");
    assert_eq!(std::fs::read_to_string(readme).unwrap(), "changed");
}
