//! Tests of what a manifest may say.

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
