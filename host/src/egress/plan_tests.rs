//! Tests of sharing what manifests say.

use super::*;
use transload_policy::manifest::{Access, Credential, Endpoint, InDoubt, Method};

fn api(base_url: &str) -> Api {
    Api {
        name: "api".to_owned(),
        base_url: base_url.to_owned(),
        credential: Credential::Header("x-api-key".to_owned()),
        endpoints: Vec::new(),
        rates: Vec::new(),
        idempotency_header: None,
        webhook: None,
    }
}

#[test]
fn one_manifest_is_taken_apart_once() {
    let plans = Plans::default();
    let (one, other) = ([api("https://one.example")], [api("https://other.example")]);
    let first = plans.of(&one).unwrap();
    assert!(Arc::ptr_eq(&first, &plans.of(&one.clone()).unwrap()));
    assert!(!Arc::ptr_eq(&first, &plans.of(&other).unwrap()));
    // One API more is another manifest, though the first is the same.
    let more = [one[0].clone(), other[0].clone()];
    assert_eq!(plans.of(&more).unwrap().apis.len(), 2);
}

#[test]
fn few_manifests_are_remembered() {
    let plans = Plans::default();
    let kept: Vec<_> =
        (0..=PLANS_MAX).map(|n| plans.of(&[api(&format!("https://a{n}.example"))]).unwrap()).collect();
    assert_eq!(plans.0.lock().unwrap().len(), PLANS_MAX);
    assert!(!Arc::ptr_eq(&kept[0], &plans.of(&[api("https://a0.example")]).unwrap()));
    drop(kept);
    let last = plans.of(&[api("https://last.example")]).unwrap();
    assert_eq!(plans.0.lock().unwrap().len(), 1);
    drop(last);
}

#[test]
fn connections_with_the_same_paths_share_what_is_made_of_them() {
    let plans = Plans::default();
    let at = |path: &str| {
        let endpoint = Endpoint {
            method: Method::Get,
            path: path.to_owned(),
            path_setting: None,
            scope: "read".to_owned(),
            access: Access::Read,
            in_doubt: InDoubt::Resend,
        };
        plans.of(&[Api { endpoints: vec![endpoint], ..api("https://shop.example") }]).unwrap()
    };
    let (usual, moved) = (at("/orders"), at("/all"));
    assert!(Arc::ptr_eq(&usual, &at("/orders")));
    assert!(Arc::ptr_eq(&moved, &at("/all")));
    assert!(!Arc::ptr_eq(&usual, &moved));
}
