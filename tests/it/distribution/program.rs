//! The program with a real registry: push, pull, run, swap.

use serde_json::Value;

use super::{NOTHING, Registry, configure, digest, json, remarked, said, transload, wash};
use crate::operate::Station;

#[test]
fn what_is_pushed_is_pulled_by_this_and_other_programs() {
    let Some(registry) = Registry::start(None) else { return };
    let directory = tempfile::tempdir().unwrap();
    let module = transload_tests::COURIER_NEXT_GUEST;
    std::fs::write(directory.path().join("next.wasm"), module).unwrap();
    let (source, file) = (registry.reference("acme/next:1"), |name: &str| directory.path().join(name));

    let pushed = json(directory.path(), &["push", "next.wasm", &source]);
    assert_eq!((&pushed["digest"], &pushed["reference"]), (&digest(module).into(), &source.as_str().into()));
    let lines = format!("module = \"{source}\"\ndigest = \"{}\"\n", digest(module));
    let told = said(directory.path(), &["push", "next.wasm", &source], &[], 0);
    assert!(told.ends_with(&lines), "the lines to paste: {told}");

    let by_manifest = format!("{source}@{}", pushed["manifest"].as_str().unwrap());
    let pulled = json(directory.path(), &["pull", &by_manifest, "-o", "pulled.wasm"]);
    assert_eq!((&pulled["digest"], &pulled["pinned"]), (&digest(module).into(), &Value::Bool(false)));
    assert_eq!(std::fs::read(file("pulled.wasm")).unwrap(), module);
    let looked = said(directory.path(), &["inspect", &source], &[], 0);
    assert!(looked.contains(&digest(module)) && looked.contains("nobody has vouched for it"), "{looked}");

    // Only what a host would run.
    std::fs::write(file("not.wasm"), "no module").unwrap();
    let refused = said(directory.path(), &["push", "not.wasm", &source], &[], 2);
    assert!(refused.contains("not a WebAssembly component"), "{refused}");
    let refused = said(directory.path(), &["push", "next.wasm", &by_manifest], &[], 1);
    assert!(refused.contains("names a tag and no digest"), "{refused}");

    if let Some(wash) = wash() {
        let bare = source.trim_start_matches("oci://");
        let output = std::process::Command::new(wash)
            .args(["oci", "pull", "--insecure", bare, "washed.wasm"])
            .current_dir(directory.path())
            .env("HOME", directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(std::fs::read(file("washed.wasm")).unwrap(), module);
    }
}

#[test]
fn a_push_says_who_is_not_let_in_and_takes_credentials_from_three_places() {
    let Some(registry) = Registry::start(Some(("someone", "right-password"))) else { return };
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("next.wasm"), transload_tests::COURIER_NEXT_GUEST).unwrap();
    let source = registry.reference("closed:1");
    let push = ["push", "next.wasm", &source];
    let line = format!("[registries.\"{}\"]", registry.address());
    let told = said(directory.path(), &push, &[], 2);
    assert!(told.contains("a request without credentials") && told.contains(&line), "{told}");

    let variables =
        |password| [("TRANSLOAD_REGISTRY_USERNAME", "someone"), ("TRANSLOAD_REGISTRY_PASSWORD", password)];
    let told = said(directory.path(), &push, &variables("wrong-password"), 2);
    assert!(told.contains("the credentials that it was given") && !told.contains("wrong-password"), "{told}");
    said(directory.path(), &push, &variables("right-password"), 0);

    let look = ["pull", &source, "-o", "x.wasm"];
    said(directory.path(), &look, &[], 2);
    // What `docker login` writes: `someone:right-password` in base64.
    let login = format!(
        "{{\"auths\": {{\"{}\": {{\"auth\": \"c29tZW9uZTpyaWdodC1wYXNzd29yZA==\"}}}}}}",
        registry.address()
    );
    std::fs::write(directory.path().join("config.json"), login).unwrap();
    said(directory.path(), &look, &[], 0);

    std::fs::remove_file(directory.path().join("config.json")).unwrap();
    let config = format!("{line}\nusername = \"someone\"\npassword = \"env:REGISTRY\"\n");
    std::fs::write(directory.path().join("transload.toml"), config).unwrap();
    said(directory.path(), &look, &[("REGISTRY", "right-password")], 0);
    let told = said(directory.path(), &look, &[], 2);
    assert!(told.contains("password") && told.contains("REGISTRY is not set"), "{told}");
}

#[test]
fn a_file_can_be_pinned_as_well() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("next.wasm"), transload_tests::COURIER_NEXT_GUEST).unwrap();
    let right = format!("next.wasm#{}", digest(transload_tests::COURIER_NEXT_GUEST));
    assert_eq!(json(directory.path(), &["inspect", &right])["pinned"], true);
    let told = said(directory.path(), &["inspect", &format!("next.wasm#{NOTHING}")], &[], 2);
    assert!(told.contains(NOTHING) && told.contains(&digest(transload_tests::COURIER_NEXT_GUEST)), "{told}");
    let told = said(directory.path(), &["inspect", "next.wasm#sha256:12"], &[], 2);
    assert!(told.contains("64 hexadecimal digits"), "{told}");
    // As large as no module may be: 32 MiB and a byte, without content.
    let large = std::fs::File::create(directory.path().join("large.wasm")).unwrap();
    large.set_len((32 << 20) + 1).unwrap();
    let told = said(directory.path(), &["inspect", "large.wasm"], &[], 2);
    assert!(told.contains("more than the limit of 33554432"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_host_runs_what_is_pinned_with_the_registry_and_without() {
    let Some(registry) = Registry::start(None) else { return };
    let (first, second) = (remarked(1), remarked(2));
    registry.put("shop", "1", &first).await;
    registry.put("shop", "2", &second).await;
    let (source, next) = (registry.reference("shop:1"), registry.reference("shop:2"));
    let (pin, next_pin) = (digest(&first), digest(&second));
    let mut station = Station::new("bundled:ghl-track-pod").await;

    configure(&station, &source, None, "");
    let refused = station.said(&["run"], 2);
    for part in ["connections.shop.digest", "add to [connections.shop]", &format!("digest = \"{pin}\"")] {
        assert!(refused.contains(part), "{part:?} is missing in {refused}");
    }
    configure(&station, &source, Some(NOTHING), "");
    let refused = station.said(&["check"], 2);
    assert!(refused.contains("connections.shop.module") && refused.contains(NOTHING), "{refused}");
    assert!(refused.contains(&pin), "{refused}");

    configure(&station, &source, Some(&pin), "");
    station.start().await;
    assert_eq!(station.place("c1", "done").await["module"], pin.as_str());

    let refused = station.said(&["swap", "shop", &next], 2);
    assert!(refused.contains(&format!("name it as {next}#{next_pin}")), "{refused}");
    let refused = station.said(&["swap", "shop", &format!("{next}#{NOTHING}")], 2);
    assert!(refused.contains(NOTHING) && refused.contains(&next_pin), "{refused}");
    let swap = station.json(&["swap", "shop", &format!("{next}#{next_pin}")], 0);
    assert_eq!((&swap["module"], &swap["was"]), (&next_pin.as_str().into(), &pin.as_str().into()));
    assert_eq!(station.place("c2", "done").await["module"], next_pin.as_str());
    station.json(&["rollback", "shop"], 0);
    station.kill();

    registry.stop();
    station.start().await;
    assert_eq!(station.place("c3", "done").await["module"], pin.as_str());
    station.kill();
    let kept = station.path(&format!("transload-cache/{}.wasm", &pin["sha256:".len()..]));
    let mut damaged = std::fs::read(&kept).unwrap();
    damaged[1_000] ^= 1;
    std::fs::write(&kept, damaged).unwrap();
    let refused = transload(station.path("").as_path(), &["run"], &[]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("it is damaged") && told.contains("connections.shop.module"), "{told}");
}
