//! Tests of sharing what manifests say.

use super::*;
use crate::manifest::Rate;

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
fn an_idempotency_key_cannot_take_the_place_of_anything_else() {
    for name in ["authorization", "x-api-key", "x_api_key", "host", "content-length", "cookie", "no name", ""]
    {
        let api = Api { idempotency_header: Some(name.to_owned()), ..api("https://a.example") };
        let error = Plan::new(&[api]).err().unwrap();
        assert!(error.to_string().contains("idempotency header"), "{name}: {error}");
    }
    let api = Api { idempotency_header: Some("Idempotency-Key".to_owned()), ..api("https://a.example") };
    let plan = Plan::new(&[api]).unwrap();
    assert_eq!(plan.apis[0].idempotency_header, Some(HeaderName::from_static("idempotency-key")));
}

#[test]
fn a_manifest_names_a_few_rates() {
    let with = |count: u32| {
        let rates = (0..count).map(|n| Rate { requests: n, per_ms: 1_000 }).collect();
        Plan::new(&[Api { rates, ..api("https://a.example") }]).map(|plan| plan.apis.len())
    };
    assert_eq!(with(16), Ok(1));
    assert!(with(17).unwrap_err().to_string().contains("names 17 rates"));
}
