//! Tests of paths that settings put in place of the manifest's.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method as Verb, Uri};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Grant;
use crate::manifest::{Credential, InDoubt, Method};
use crate::plan::Plan;
use crate::policy::Policy;

fn keys() -> Keys {
    Keys::Tables("main".into())
}

fn read(path: &str, scope: &str, setting: &str) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path: path.to_owned(),
        path_setting: Some(setting.to_owned()),
        scope: scope.to_owned(),
        access: Access::Read,
        in_doubt: InDoubt::Resend,
    }
}

fn write(path: &str, scope: &str, setting: &str) -> Endpoint {
    Endpoint { method: Method::Post, access: Access::Write, ..read(path, scope, setting) }
}

fn api(name: &str, base_url: &str, endpoints: Vec<Endpoint>) -> Api {
    Api {
        name: name.to_owned(),
        base_url: base_url.to_owned(),
        credential: Credential::Bearer,
        endpoints,
        rates: Vec::new(),
        idempotency_header: None,
        webhook: None,
    }
}

/// Orders that can be moved, a search among them that is a POST, and an API below the first one's base URL.
fn apis() -> Vec<Api> {
    let search = Endpoint { access: Access::Read, ..write("/orders/search", "read", "/paths/search") };
    let orders = vec![
        read("/orders/{id}", "read", "/paths/get"),
        read("/orders", "read", "/paths/list"),
        read("/orders/{id}/lines/{line}", "lines", "/paths/line"),
        write("/orders", "write", "/paths/create"),
        search,
        Endpoint { path_setting: None, ..read("/fixed", "fixed", "") },
    ];
    let inner = vec![Endpoint { path_setting: None, ..read("/orders/{id}", "inner", "") }];
    vec![
        api("shop", "https://shop.example/api", orders),
        api("inner", "https://shop.example/api/inner", inner),
    ]
}

/// The paths of the first API when `paths` are set.
fn paths(paths: &serde_json::Value) -> Result<Vec<String>, PolicyError> {
    let apis = apis();
    let apis = set(&keys(), &apis, &json!({ "paths": paths }).to_string())?;
    Ok(apis[0].endpoints.iter().map(|endpoint| endpoint.path.clone()).collect())
}

fn refusal(paths: &serde_json::Value) -> String {
    self::paths(paths).unwrap_err().to_string()
}

fn policy(paths: &serde_json::Value, scopes: &[&str]) -> Policy {
    let apis = apis();
    let apis = set(&keys(), &apis, &json!({ "paths": paths }).to_string()).unwrap();
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    let grants = BTreeMap::from([("shop".to_owned(), Grant { scopes, ..Grant::default() })]);
    Policy::new(keys(), Arc::new(Plan::new(&apis).unwrap()), &grants).unwrap()
}

fn decide(policy: &Policy, method: &Verb, path: &str) -> Result<Access, String> {
    let uri: Uri = format!("https://shop.example/api{path}").parse().unwrap();
    policy.decide(method, &uri).map(|permit| permit.access).map_err(|denial| denial.reason)
}

const ALL: [&str; 4] = ["read", "lines", "write", "fixed"];

#[test]
fn a_set_path_is_permitted_and_the_one_it_replaces_is_not() {
    let policy = policy(&json!({"get": "/v2/sales/{id}", "create": "/v2/sales"}), &ALL);
    assert_eq!(decide(&policy, &Verb::GET, "/v2/sales/7"), Ok(Access::Read));
    assert_eq!(decide(&policy, &Verb::POST, "/v2/sales"), Ok(Access::Write));
    assert_eq!(decide(&policy, &Verb::GET, "/orders"), Ok(Access::Read), "it is where it was");
    for (method, path) in [(Verb::GET, "/orders/7"), (Verb::POST, "/orders")] {
        let reason = decide(&policy, &method, path).unwrap_err();
        let expected = "the connector's manifest of shop, with its paths as connections.main.settings has them, \
                        describes no such call";
        assert_eq!(reason, expected, "{method} {path}");
    }
}

#[test]
fn what_an_endpoint_needs_moves_with_it_and_refusals_name_its_path() {
    let policy = policy(&json!({"create": "/v2/sales"}), &["read"]);
    let reason = decide(&policy, &Verb::POST, "/v2/sales").unwrap_err();
    assert_eq!(reason, "POST /v2/sales is not granted; add \"write\" to connections.main.apis.shop.scopes");
}

#[test]
fn absent_and_null_settings_leave_the_manifest_as_it_is() {
    let default =
        ["/orders/{id}", "/orders", "/orders/{id}/lines/{line}", "/orders", "/orders/search", "/fixed"];
    for value in
        [json!({}), json!({"get": null}), json!({"get": "/orders/{id}"}), json!({"other": "/x"}), json!(7)]
    {
        assert_eq!(paths(&value).unwrap(), default, "{value}");
    }
    let fixed = vec![api(
        "shop",
        "https://shop.example",
        vec![Endpoint { path_setting: None, ..read("/orders", "read", "") }],
    )];
    assert!(matches!(set(&keys(), &fixed, "not even JSON"), Ok(Cow::Borrowed(_))));
}

#[test]
fn a_path_that_could_lead_elsewhere_is_refused_with_its_key() {
    for path in [
        "",
        "orders/{id}",
        "https://evil.example/{id}",
        "//evil.example/{id}",
        "/",
        "/{id}/",
        "/orders//{id}",
        "/../{id}",
        "/./{id}",
        "/%2e%2e/{id}",
        "/a%2f..%2f/{id}",
        "/..;x/{id}",
        "/orders;x/{id}",
        "/orders/{id}?admin=1",
        "/orders/{id}#x",
        "/a\\b/{id}",
        "/a b/{id}",
        "/a\r\nHost:evil/{id}",
        "/caf\u{e9}/{id}",
        "/\u{ff0e}\u{ff0e}/{id}",
        "/@evil.example/{id}",
        "/x{id}",
        "/{id}x",
        "/{{id}}",
        "/{}",
        "/{ID}",
        "/orders",
        "/{id}/{id}",
        "/{id}/{line}",
    ] {
        let reason = refusal(&json!({ "get": path }));
        assert!(reason.starts_with("connections.main.settings.paths.get: "), "{path:?}: {reason}");
        assert!(reason.contains(&format!("{path:?}")), "{path:?}: {reason}");
    }
    for value in [json!(7), json!({}), json!(["/orders/{id}"]), json!(true)] {
        let reason = refusal(&json!({ "get": value }));
        assert_eq!(reason, "connections.main.settings.paths.get: it is not a text");
    }
}

#[test]
fn the_names_of_a_path_stay_and_stay_in_order() {
    assert_eq!(paths(&json!({"line": "/{id}/l.1/{line}/~x_-"})).unwrap()[2], "/{id}/l.1/{line}/~x_-");
    let reason = refusal(&json!({"line": "/lines/{line}/of/{id}"}));
    let expected = "connections.main.settings.paths.line: \"/lines/{line}/of/{id}\" must have {id}, {line}, as \
                    \"/orders/{id}/lines/{line}\" has, in this order";
    assert_eq!(reason, expected);
    let reason = refusal(&json!({"list": "/{everything}"}));
    assert!(reason.contains("must have no name in braces"), "{reason}");
}

#[test]
fn a_path_has_a_thousand_bytes_at_most() {
    let of = |bytes: usize| json!({ "list": format!("/{}", "x".repeat(bytes - 1)) });
    assert!(paths(&of(1_000)).is_ok());
    assert!(refusal(&of(1_001)).ends_with("the path has 1001 bytes; 1000 are the most"));
}

#[test]
fn a_write_does_not_hide_behind_a_read() {
    for (paths, key, what) in [
        (json!({"search": "/orders"}), "search", "\"/orders\", which writes, and this reads"),
        (json!({"search": "/ORDERS"}), "search", "\"/orders\", which writes, and this reads"),
        (json!({"create": "/orders/search"}), "create", "\"/orders/search\", which reads, and this writes"),
        (json!({"create": "/x", "search": "/x"}), "create", "\"/x\", which reads, and this writes"),
    ] {
        let reason = refusal(&paths);
        assert!(reason.starts_with(&format!("connections.main.settings.paths.{key}: ")), "{reason}");
        assert!(reason.ends_with(&format!("takes requests that are for {what}")), "{reason}");
    }
}

#[test]
fn a_value_cannot_turn_one_kind_of_write_into_another() {
    let doubtful = |path: &str, in_doubt| Endpoint { in_doubt, ..write(path, "write", "/paths/note") };
    let apis = [api(
        "shop",
        "https://shop.example",
        vec![
            doubtful("/notes/{id}", InDoubt::Never),
            Endpoint { path_setting: None, ..doubtful("/people/tags", InDoubt::Resend) },
        ],
    )];
    let reason = set(&keys(), &apis, r#"{"paths":{"note":"/people/{id}"}}"#).unwrap_err().to_string();
    assert!(reason.ends_with("which is treated otherwise when its outcome is unknown"), "{reason}");
}

#[test]
fn paths_that_meet_are_fine_where_the_more_specific_can_decide() {
    // Both lead to the same, with the same permission.
    assert!(paths(&json!({"list": "/all", "get": "/all/{id}"})).is_ok());
    assert!(
        paths(&json!({"list": "/orders/all"})).is_ok(),
        "as /orders/search beside /orders/{{id}} in a manifest"
    );
    let policy = policy(&json!({"get": "/{id}"}), &["read"]);
    let reason = decide(&policy, &Verb::GET, "/fixed").unwrap_err();
    assert!(reason.contains("GET /fixed is not granted"), "the fixed path needs its own scope: {reason}");
    let reason = refusal(&json!({"list": "/fixed"}));
    assert!(reason.ends_with("\"/fixed\", which needs another scope"), "{reason}");
}

#[test]
fn a_set_path_opens_no_other_api() {
    // What lies below another API's base URL is that one's, under its grants alone.
    let policy = policy(&json!({"get": "/inner/orders/{id}"}), &ALL);
    let reason = decide(&policy, &Verb::GET, "/inner/orders/7").unwrap_err();
    assert_eq!(reason, "nothing is granted for inner; add a table [connections.main.apis.inner]");
}

#[test]
fn a_path_setting_that_is_no_pointer_is_the_connectors_fault() {
    for pointer in ["", "paths/get", "/paths/~", "/paths/~2", "/~0/~"] {
        let apis = [api("shop", "https://shop.example", vec![read("/orders", "read", pointer)])];
        let error = set(&keys(), &apis, "{}").unwrap_err();
        assert!(matches!(&error, PolicyError::Manifest { api, .. } if api == "shop"), "{pointer}: {error}");
    }
    let apis = [api("shop", "https://shop.example", vec![read("/orders", "read", "/a~1b/m~0n")])];
    assert_eq!(set(&keys(), &apis, r#"{"a/b":{"m~n":"/x"}}"#).unwrap()[0].endpoints[0].path, "/x");
    assert!(
        set(&keys(), &apis, "{").unwrap_err().to_string().starts_with("connections.main.settings: not JSON")
    );
}

proptest! {
    /// Whatever is set, it is refused, or what it permits lies below the base URL and is what the endpoint is.
    #[test]
    fn no_setting_reaches_outside_the_base(path in "/?([a-zA-Z0-9.%;:@?#\\\\{}~/ _-]|\\{id\\}|\\.\\.|%2[eEfF]|\\PC){0,12}") {
        let Ok(paths) = paths(&json!({ "get": path })) else { return Ok(()) };
        prop_assert_eq!(&paths[0], &path);
        let policy = policy(&json!({ "get": path }), &["read"]);
        let uri: Uri = format!("https://shop.example/api{}", path.replace("{id}", "7")).parse().unwrap();
        let target = policy.decide(&Verb::GET, &uri).map(|permit| permit.target);
        // The inner API has what is below it, and nothing of that is granted.
        if path.starts_with("/inner/") {
            return Ok(());
        }
        let target = target.unwrap();
        prop_assert_eq!(target.authority().unwrap().as_str(), "shop.example");
        prop_assert!(target.path().starts_with("/api/") && !target.path().contains(".."), "{}", target);
    }
}
