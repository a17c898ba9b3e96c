//! Tests of requests between deciding and sending.

use super::*;

fn admitted(header: Option<&'static str>) -> Admitted {
    let request = Request::post("https://api.example/notes").body(Bytes::from_static(b"{}")).unwrap();
    Admitted::new("api", Access::Write, InDoubt::Resend, request)
        .with_idempotency_header(header.map(HeaderName::from_static))
}

#[test]
fn a_key_goes_where_the_api_takes_it() {
    let mut with = admitted(Some("idempotency-key"));
    with.set_idempotency_key("first");
    with.set_idempotency_key("event-7.2");
    let sent: Vec<_> = with.request().headers().get_all("idempotency-key").iter().collect();
    assert_eq!(sent, ["event-7.2"]);
    let mut without = admitted(None);
    without.set_idempotency_key("event-7.2");
    assert!(without.request().headers().is_empty());
}

#[test]
fn a_key_that_no_header_carries_is_hashed() {
    // SHA-256 of "a\nb" and of nothing, as `sha256sum` prints them.
    for (key, sent) in [
        ("a\nb", "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78"),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ] {
        let mut admitted = admitted(Some("idempotency-key"));
        admitted.set_idempotency_key(key);
        assert_eq!(admitted.request().headers()["idempotency-key"], sent);
    }
}
