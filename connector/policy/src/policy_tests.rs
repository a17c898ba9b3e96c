//! Tests of the policy: what is allowed, what is not, and what each denial says.

use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;
use crate::manifest::{self, Api, Credential, Endpoint};

fn endpoint(method: manifest::Method, path: &str, scope: &str, access: Access) -> Endpoint {
    let (path, scope, in_doubt) = (path.to_owned(), scope.to_owned(), InDoubt::Resend);
    Endpoint { method, path, path_setting: None, scope, access, in_doubt }
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

/// An API with orders, and another whose base URL lies below the first one's.
fn apis() -> Vec<Api> {
    use manifest::Method::{Get, Post};
    let orders = vec![
        endpoint(Get, "/orders/{id}", "orders.read", Access::Read),
        endpoint(Get, "/orders/search", "orders.search", Access::Read),
        endpoint(Post, "/orders/{id}/notes", "orders.write", Access::Write),
    ];
    let nested = vec![endpoint(Get, "/orders/{id}", "v2.read", Access::Read)];
    vec![api("shop", "https://api.shop.example", orders), api("v2", "https://api.shop.example/v2", nested)]
}

fn grant(scopes: &[&str]) -> Grant {
    Grant { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..Grant::default() }
}

fn plan() -> Arc<Plan> {
    Arc::new(Plan::new(&apis()).unwrap())
}

fn policy(grants: &[(&str, Grant)]) -> Result<Policy, PolicyError> {
    let grants = grants.iter().map(|(name, grant)| ((*name).to_owned(), grant.clone())).collect();
    Policy::new(Keys::Tables("main".into()), plan(), &grants)
}

fn generous() -> Policy {
    let shop = grant(&["orders.read", "orders.search", "orders.write"]);
    policy(&[("shop", shop), ("v2", grant(&["v2.read"]))]).unwrap()
}

fn decide(policy: &Policy, method: &str, url: &str) -> Result<String, String> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let uri = url.parse::<Uri>().map_err(|error| format!("not a URL: {error}"))?;
    let decision = policy.decide(&method, &uri);
    decision.map(|permit| permit.target.to_string()).map_err(|denial| denial.reason)
}

#[test]
fn what_is_granted_is_permitted_as_it_is() {
    for (method, url) in [
        ("GET", "https://api.shop.example/orders/42"),
        ("GET", "https://api.shop.example/orders/42?a=b&c=%2F"),
        ("GET", "https://api.shop.example/orders/a%20b"),
        ("GET", "https://api.shop.example/orders/a;b"),
        ("GET", "https://api.shop.example/orders/search"),
        ("POST", "https://api.shop.example/orders/42/notes"),
        ("GET", "https://api.shop.example/v2/orders/42"),
    ] {
        assert_eq!(decide(&generous(), method, url).as_deref(), Ok(url), "{method} {url}");
    }
    let same = decide(&generous(), "GET", "HTTPS://API.Shop.example:443/orders/42");
    assert_eq!(same.as_deref(), Ok("https://api.shop.example/orders/42"));
}

#[test]
fn another_place_is_another_place() {
    for url in [
        "http://api.shop.example/orders/42",
        "https://api.shop.example:8443/orders/42",
        "https://api.shop.example.evil.example/orders/42",
        "https://evil.example/https://api.shop.example/orders/42",
        "https://shop.example/orders/42",
        "https://api.shop.example./orders/42",
        "https://user@api.shop.example/orders/42",
        "https://api.shop.example@evil.example/orders/42",
        "https://api.shop.example:443@evil.example/orders/42",
        "https://169.254.169.254/latest/meta-data",
        "ftp://api.shop.example/orders/42",
        "/orders/42",
        "api.shop.example:443",
        "*",
    ] {
        let decision = decide(&generous(), "GET", url);
        assert!(decision.is_err(), "{url}: {decision:?}");
    }
}

#[test]
fn paths_that_could_be_read_in_two_ways_are_refused() {
    for path in [
        "/orders/..",
        "/orders/.",
        "/orders/../admin",
        "/orders/%2e%2e",
        "/orders/%2E%2e/notes",
        "/orders/.%2e",
        "/orders/%252e%252e",
        "/orders/..;x",
        "/orders/a%2fb",
        "/orders/a%2Fb",
        "/orders/a%5cb",
        "/orders/a%252fb",
        "/orders/a%25252fb",
        "/orders/a%0d%0aHost:evil",
        "/orders/%00",
        "/orders/",
        "/orders//",
        "//orders/42",
        "/orders/42/",
        "/orders",
        "/",
        "",
        "/orderss/42",
        "/Orders/42",
        "/%6frders/42",
        "/v2",
        "/v2orders/42",
    ] {
        let decision = decide(&generous(), "GET", &format!("https://api.shop.example{path}"));
        assert!(decision.is_err(), "{path}: {decision:?}");
    }
}

#[test]
fn the_most_specific_endpoint_decides() {
    let readable = policy(&[("shop", grant(&["orders.read"]))]).unwrap();
    let search = decide(&readable, "GET", "https://api.shop.example/orders/search");
    let expected =
        "GET /orders/search is not granted; add \"orders.search\" to connections.main.apis.shop.scopes";
    assert_eq!(search, Err(expected.to_owned()));
    assert!(decide(&readable, "GET", "https://api.shop.example/orders/1").is_ok());
}

#[test]
fn an_endpoint_in_disguise_is_no_value_of_a_placeholder() {
    // Servers that decode, fold case or cut parameters before they look would run the search, which is not granted.
    let readable = policy(&[("shop", grant(&["orders.read"]))]).unwrap();
    for segment in ["%73earch", "%2573earch", "SEARCH", "Search", "search;x=1", "search%3Bx", "%53earch;"] {
        for policy in [&readable, &generous()] {
            let decision = decide(policy, "GET", &format!("https://api.shop.example/orders/{segment}"));
            assert!(decision.is_err(), "{segment}: {decision:?}");
        }
    }
    for segment in ["researched", "searches", "search.", "%C3%A9", "1%2D2"] {
        let url = format!("https://api.shop.example/orders/{segment}");
        assert_eq!(decide(&readable, "GET", &url).as_deref(), Ok(url.as_str()));
    }
}

#[test]
fn denials_name_what_would_allow_it() {
    let url = "https://api.shop.example/orders/42/notes";
    let readable = policy(&[("shop", grant(&["orders.read"]))]).unwrap();
    for (policy, method, url, expected) in [
        (&readable, "POST", url, "add \"orders.write\" to connections.main.apis.shop.scopes"),
        (&readable, "GET", "https://api.shop.example/v2/orders/1", "add a table [connections.main.apis.v2]"),
        (&readable, "DELETE", url, "manifest of shop describes no such call"),
        (
            &readable,
            "GET",
            "https://evil.example/",
            "it has https://api.shop.example, https://api.shop.example/v2",
        ),
    ] {
        let reason = decide(policy, method, url).unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn read_only_denies_writes_alone() {
    let grant = Grant { read_only: true, ..grant(&["orders.read", "orders.write"]) };
    let policy = policy(&[("shop", grant)]).unwrap();
    assert!(decide(&policy, "GET", "https://api.shop.example/orders/42").is_ok());
    let reason = decide(&policy, "POST", "https://api.shop.example/orders/42/notes").unwrap_err();
    assert_eq!(reason, "POST /orders/{id}/notes writes, and connections.main.read_only is true");
}

#[test]
fn without_grants_nothing_is_permitted() {
    let policy = policy(&[]).unwrap();
    assert!(decide(&policy, "GET", "https://api.shop.example/orders/42").is_err());
    let empty = self::policy(&[("shop", grant(&[]))]).unwrap();
    assert!(empty.target(0).is_none());
    assert!(decide(&empty, "GET", "https://api.shop.example/orders/42").is_err());
}

fn redirected(url: &str, private: &[&str]) -> Result<Policy, PolicyError> {
    let grant = Grant {
        base_url: Some(url.to_owned()),
        private_addresses: private.iter().map(|entry| (*entry).to_owned()).collect(),
        ..grant(&["orders.read"])
    };
    policy(&[("shop", grant)])
}

#[test]
fn an_operator_can_point_an_api_elsewhere() {
    for base in ["http://127.0.0.1:4010/ghl", "http://127.0.0.1:4010/ghl/"] {
        let policy = redirected(base, &["127.0.0.1:4010"]).unwrap();
        let target = decide(&policy, "GET", "https://api.shop.example/orders/42?x=1");
        assert_eq!(target.as_deref(), Ok("http://127.0.0.1:4010/ghl/orders/42?x=1"));
        assert!(
            decide(&policy, "GET", "http://127.0.0.1:4010/ghl/orders/42").is_err(),
            "guests do not know of it"
        );
    }
}

#[test]
fn unusable_grants_say_which_key_is_wrong() {
    let message = |outcome: Result<Policy, PolicyError>| outcome.err().unwrap().to_string();
    for (message, expected) in [
        (message(policy(&[("erp", grant(&[]))])), "connections.main.apis.erp: the connector talks to no API"),
        (
            message(policy(&[("shop", grant(&["*"]))])),
            "connections.main.apis.shop.scopes: the API has no scope \"*\"",
        ),
        (
            message(redirected("http://10.0.0.1/x", &[])),
            "add \"10.0.0.1:80\" to connections.main.apis.shop.allow_private",
        ),
        (
            message(redirected("https://u:p@host/x", &[])),
            "connections.main.apis.shop.base_url: it has a user name",
        ),
        (message(redirected("https://host/x?y", &[])), "connections.main.apis.shop.base_url: it has a query"),
        (message(redirected("ftp://host/x", &[])), "connections.main.apis.shop.base_url: it is not https"),
        (
            message(redirected("https://host/x", &["host"])),
            "connections.main.apis.shop.allow_private: \"host\" is not",
        ),
    ] {
        assert!(message.contains(expected), "{message}\nlacks: {expected}");
    }
}

proptest! {
    /// Whatever is permitted goes to the API's own host, below its base path, with no way up.
    #[test]
    fn permits_stay_below_the_base(url in "https://(api\\.shop\\.example|[a-z.@:]{1,12})/[a-zA-Z0-9/.%;\\\\@:2eEfF5cC?-]{0,40}") {
        if let Ok(target) = decide(&generous(), "GET", &url) {
            let path = target.strip_prefix("https://api.shop.example/").unwrap().split('?').next().unwrap();
            prop_assert!(path.starts_with("orders/") || path.starts_with("v2/orders/"), "{target}");
            let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
            prop_assert!(!decoded.contains("..") || decoded.split('/').all(|segment| segment != ".."), "{target}");
            prop_assert!(!decoded.contains('\\'), "{target}");
        }
    }

    #[test]
    fn any_path_is_judged_without_a_panic(path in "\\PC{0,60}") {
        let _ = decide(&generous(), "GET", &format!("https://api.shop.example/{path}"));
    }
}

#[test]
fn a_permit_says_what_the_call_is() {
    let mut apis = apis();
    apis[0].endpoints[2].in_doubt = InDoubt::Never;
    let plan = Arc::new(Plan::new(&apis).unwrap());
    let grants = BTreeMap::from([("shop".to_owned(), grant(&["orders.read", "orders.write"]))]);
    let policy = Policy::new(Keys::Tables("main".into()), plan, &grants).unwrap();
    let url = "https://api.shop.example/orders/42";
    let read = policy.decide(&Method::GET, &url.parse().unwrap()).unwrap();
    assert_eq!((read.access, read.in_doubt), (Access::Read, InDoubt::Resend));
    let write = policy.decide(&Method::POST, &format!("{url}/notes").parse().unwrap()).unwrap();
    assert_eq!((write.access, write.in_doubt), (Access::Write, InDoubt::Never));
}
