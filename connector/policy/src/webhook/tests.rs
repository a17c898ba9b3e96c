//! Expected signatures come from published test vectors (RFC 8032, RFC 4231, Standard Webhooks) and from OpenSSL.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::manifest::DeliveryId;

/// Signed below by `openssl pkeyutl -sign -rawin`, `openssl dgst -sha256 -sign` and `openssl dgst -sha256 -hmac`.
const BODY: &[u8] = br#"{"type":"OrderCreate","locationId":"loc-1","webhookId":"4f1c"}"#;

const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAKYwuKt0bCY3DAAspl1de+dHCxeuWf8bH8MBJpYEE46o=
-----END PUBLIC KEY-----";
const ED25519_SIGNATURE: &str =
    "vxJPo9IjYokvjYyi/Woy1F0XRdZeLKzSmzHNPtczlnCWv+MjAQeykZ2DbA4x6moLnVER54Uw2/4zPme7EyYxDw==";

const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAn14NVYxGwXNNzmw0Uxj6
ro1KTUmPaT37KdLiHKj0eWv9CAky3sg/XU7kIFifpQIlvAUBR6t7cCRl/xp1Z60Q
o7fG3C9mf22Mq+HVPGPXdERswLzqrKMxl0QumVcqzqJOgHDC2JZm+1A/2yiaflP4
Olxyy/guA8JjnXeVlv8aNDOPkOSW3+u15HXe0Fwtvvf06cm6PuF5p/ukz4BgxS5z
s2KnR21uwKBKkOWNktMSxyRXZDCOljH/yxU1HwgLrVKtp6KhWo5rJlkAiHqspskH
W9hkW4drX5QAzK41KGRgygc/K3WJOXfFqQovmeZ2hMvix0XDL93F+bNcrIHOLH/I
mwIDAQAB
-----END PUBLIC KEY-----";
const RSA_SIGNATURE: &str = "\
    V1Yt917xa06ErM5MQqJS69Llnt2id4rObRbNEvTVVyVpzQiVd33rujv85bZCbpHvZmjd9z430aF7qKVXfzyfvsuS5yVlrKe+\
    mDQwGdkOqRMdjT1RRwBk1VYGARgm+zhnnrJUk8O9DnqpH6+5Dt3xRa43Fj5bQOTenBrlheyTjrY3OMv2VsUy86bryxfS5jIB\
    ST3l2AUvUVlNpO9wQBvL62/LunbYyqYe/e/xcu7SvhBn8on+P/tC4hBlqMQk3ZfxPzx+PQ1svYVyiemLyWp2IiOVLz3wbuK8\
    uEip7ZQaKdhil50d4PX8NaSolF9JGajyNyznQETOoTQrR9R0o5rQDA==";

/// 1024 bits.
const WEAK_RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdZdv77Vjzw5Hbs/qNwWu6LXBL
pya33579VsJJTtY5j53kKKWcfh8xIcwrQcHAu/JvfiTl2DXayNaEdWhFGbFif0W5
KOLkJsRNDfh1oJieTO8zTUjwWuADwqmY67VOePNbYsNrDAOMoR6XBt1TnQ9tL0ET
Hn/8v4hiRddA8GFWCwIDAQAB
-----END PUBLIC KEY-----";

const SECRET: &str = "signing-secret";
const HMAC_HEX: &str = "b9eb8fec7884403d922580ec70d2603fc6687c59f4c46f95e2fce0ffbf00cbba";
const HMAC_BASE64: &str = "ueuP7HiEQD2SJYDscNJgP8ZofFn0xG+V4vzg/78Ay7o=";

/// The key that GoHighLevel publishes in its webhook integration guide.
const VENDOR_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----";

const TABLE: &str = "connections.shop.apis.ghl.webhook";
const NOW: u64 = 1_614_265_330;

fn ed25519() -> Signature {
    Signature::Ed25519("X-GHL-Signature".to_owned())
}

fn rsa_sha256() -> Signature {
    Signature::RsaSha256("X-WH-Signature".to_owned())
}

fn hmac_sha256() -> Signature {
    Signature::HmacSha256("x-signature".to_owned())
}

fn token() -> Signature {
    Signature::SharedToken("x-token".to_owned())
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

fn verifier(signatures: &[Signature], pems: &[&str], secrets: &[&str]) -> Verifier {
    let pems: Vec<String> = pems.iter().map(|pem| (*pem).to_owned()).collect();
    let secrets: Vec<Secret> = secrets.iter().map(|text| secret(text)).collect();
    Verifier::new(TABLE, signatures.iter().cloned(), &pems, &secrets).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

fn vendor_like() -> Verifier {
    verifier(&[ed25519(), rsa_sha256()], &[VENDOR_PEM, ED25519_PEM, RSA_PEM], &[])
}

#[test]
fn an_ed25519_signature_of_any_configured_key_passes() {
    let given = headers(&[("x-ghl-signature", ED25519_SIGNATURE)]);
    assert_eq!(vendor_like().verify(&given, BODY, NOW), Ok(()));
}

#[test]
fn the_second_vector_of_rfc_8032_passes() {
    let spki = hex::decode(
        "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    )
    .unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(spki));
    let signature = hex::decode(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    )
    .unwrap();
    let given = headers(&[("x-ghl-signature", &BASE64.encode(signature))]);
    assert_eq!(verifier(&[ed25519()], &[&pem], &[]).verify(&given, &[0x72], NOW), Ok(()));
}

#[test]
fn an_rsa_signature_passes() {
    let given = headers(&[("x-wh-signature", RSA_SIGNATURE)]);
    assert_eq!(vendor_like().verify(&given, BODY, NOW), Ok(()));
}

#[test]
fn the_first_listed_signature_decides_alone() {
    let wrong = BASE64.encode([7; 64]);
    let given = headers(&[("x-ghl-signature", &wrong), ("x-wh-signature", RSA_SIGNATURE)]);
    let refusal = vendor_like().verify(&given, BODY, NOW).unwrap_err();
    assert_eq!(refusal, Refusal::Mismatch("x-ghl-signature".to_owned()));
}

#[test]
fn a_delivery_that_says_it_is_unsigned_is_refused() {
    for value in ["N/A", "n/a", "", " "] {
        let given = headers(&[("x-ghl-signature", value), ("x-wh-signature", RSA_SIGNATURE)]);
        let refusal = vendor_like().verify(&given, BODY, NOW).unwrap_err();
        assert_eq!(refusal, Refusal::Unsigned("x-ghl-signature".to_owned()), "{value:?}");
    }
}

#[test]
fn a_delivery_without_a_signature_is_refused() {
    let refusal = vendor_like().verify(&HeaderMap::new(), BODY, NOW).unwrap_err();
    assert_eq!(refusal, Refusal::NoSignature("x-ghl-signature, x-wh-signature".to_owned()));
}

#[test]
fn missing_keys_and_secrets_name_the_line_to_set() {
    let cases = [
        (ed25519(), "x-ghl-signature", ED25519_SIGNATURE, "public_keys"),
        (rsa_sha256(), "x-wh-signature", RSA_SIGNATURE, "public_keys"),
        (hmac_sha256(), "x-signature", HMAC_HEX, "secret"),
        (Signature::StandardWebhooks, "webhook-signature", "v1,AAAA", "secret"),
        (token(), "x-token", "anything", "secret"),
    ];
    for (signature, name, value, key) in cases {
        let refusal =
            verifier(&[signature], &[], &[]).verify(&headers(&[(name, value)]), BODY, NOW).unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains(&format!("set [{TABLE}] {key}")), "{text}");
    }
    let refusal = verifier(&[], &[], &[]).verify(&HeaderMap::new(), BODY, NOW).unwrap_err();
    assert!(refusal.to_string().contains(&format!("set [{TABLE}] signatures")), "{refusal}");
}

#[test]
fn hmac_tags_pass_in_hex_and_base64_with_and_without_a_prefix() {
    let verifier = verifier(&[hmac_sha256()], &[], &["older", SECRET]);
    let unpadded = HMAC_BASE64.trim_end_matches('=');
    for tag in [HMAC_HEX, &HMAC_HEX.to_uppercase(), HMAC_BASE64, unpadded] {
        for prefix in ["", "sha256="] {
            let given = headers(&[("x-signature", &format!("{prefix}{tag}"))]);
            assert_eq!(verifier.verify(&given, BODY, NOW), Ok(()), "{prefix}{tag}");
        }
    }
}

#[test]
fn the_second_vector_of_rfc_4231_passes() {
    let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let given = headers(&[("x-signature", tag)]);
    let verifier = verifier(&[hmac_sha256()], &[], &["Jefe"]);
    assert_eq!(verifier.verify(&given, b"what do ya want for nothing?", NOW), Ok(()));
}

#[test]
fn malformed_signatures_are_told_from_wrong_ones() {
    let verifier = verifier(&[hmac_sha256()], &[], &[SECRET]);
    for value in ["v0=abc", "deadbeef", "%%%%", &HMAC_HEX[..63]] {
        let refusal = verifier.verify(&headers(&[("x-signature", value)]), BODY, NOW).unwrap_err();
        assert_eq!(refusal, Refusal::Malformed("x-signature".to_owned()), "{value}");
    }
}

#[test]
fn a_header_given_twice_is_refused() {
    let verifier = verifier(&[hmac_sha256()], &[], &[SECRET]);
    let given = headers(&[("x-signature", HMAC_HEX), ("x-signature", HMAC_HEX)]);
    let refusal = verifier.verify(&given, BODY, NOW).unwrap_err();
    assert_eq!(refusal, Refusal::Malformed("x-signature".to_owned()));
}

/// The example of the Standard Webhooks reference libraries.
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;
const STANDARD_TAG: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn standard_headers(tags: &str) -> HeaderMap {
    headers(&[
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", tags),
    ])
}

#[test]
fn a_standard_webhook_passes_within_the_tolerance_only() {
    let verifier = verifier(&[Signature::StandardWebhooks], &[], &[STANDARD_SECRET]);
    let given = standard_headers(STANDARD_TAG);
    let edge = TIMESTAMP_TOLERANCE_SECONDS;
    for now in [NOW, NOW + edge, NOW - edge] {
        assert_eq!(verifier.verify(&given, STANDARD_BODY, now), Ok(()));
    }
    assert_eq!(verifier.verify(&given, STANDARD_BODY, NOW + edge + 1), Err(Refusal::Stale(edge + 1)));
    assert_eq!(verifier.verify(&given, STANDARD_BODY, NOW - edge - 1), Err(Refusal::Early(edge + 1)));
    // Of what is not genuine, nothing is believed, not even when it was made.
    let refusal = verifier.verify(&given, b"{}", NOW + edge + 1);
    assert_eq!(refusal, Err(Refusal::Mismatch("webhook-signature".to_owned())));
}

#[test]
fn a_standard_webhook_may_carry_several_tags() {
    let verifier = verifier(&[Signature::StandardWebhooks], &[], &["c29tZXRoaW5nIGVsc2U=", STANDARD_SECRET]);
    let given = standard_headers(&format!("v1a,AAAA v1,AAAA {STANDARD_TAG}"));
    assert_eq!(verifier.verify(&given, STANDARD_BODY, NOW), Ok(()));
    let other_version = standard_headers(&STANDARD_TAG.replace("v1,", "v2,"));
    assert!(verifier.verify(&other_version, STANDARD_BODY, NOW).is_err());
}

/// What a sender signs with while it changes from one secret to the other.
const SECRETS: [&str; 2] =
    ["whsec_YW4gb2xkZXIgc2VjcmV0IG9mIDI0IGIu", "whsec_dGhlIHNlY3JldCBvZiAyNCBieXRlcy4u"];

/// By each of them in turn: `printf '%s' "msg_1.1614265330.$BODY" | openssl dgst -sha256 -mac HMAC -macopt
/// hexkey:$(printf %s "${SECRET#whsec_}" | base64 -d | xxd -p -c99) -binary | base64`
const TAGS: [&str; 2] =
    ["v1,Ahc3tvl5e/MBSfjA+UQupNlJc2mZkcX9+LYbuy978nM=", "v1,XWNZqjdPvUQTZ9BdaRFbGijauUGZDveaQOH0TFmSD2I="];

const UPDATE: &[u8] = br#"{"type":"order.updated","amount":"150.10"}"#;

fn update(tags: &str) -> HeaderMap {
    headers(&[("webhook-id", "msg_1"), ("webhook-timestamp", "1614265330"), ("webhook-signature", tags)])
}

#[test]
fn a_standard_webhooks_secret_can_be_changed_while_webhooks_come() {
    let both = format!("{} {}", TAGS[0], TAGS[1]);
    for (secrets, tags, passes) in [
        (&SECRETS[..1], TAGS[0], true),
        (&SECRETS[1..], TAGS[1], true),
        (&SECRETS[..1], TAGS[1], false),
        // The sender signs with both before the receiver knows the new one, and the other way round.
        (&SECRETS[..1], both.as_str(), true),
        (&SECRETS[1..], both.as_str(), true),
        (&SECRETS[..], TAGS[0], true),
        (&SECRETS[..], TAGS[1], true),
    ] {
        let verifier = verifier(&[Signature::StandardWebhooks], &[], secrets);
        assert_eq!(verifier.verify(&update(tags), UPDATE, NOW).is_ok(), passes, "{secrets:?} {tags}");
    }
}

#[test]
fn a_standard_webhooks_tag_covers_id_time_and_body() {
    let verifier = verifier(&[Signature::StandardWebhooks], &[], &SECRETS);
    for (name, value) in [("webhook-id", "msg_2"), ("webhook-timestamp", "1614265331")] {
        let mut given = update(TAGS[1]);
        given.insert(name, HeaderValue::from_static(value));
        let refusal = verifier.verify(&given, UPDATE, NOW).unwrap_err();
        assert_eq!(refusal, Refusal::Mismatch("webhook-signature".to_owned()), "{name}");
    }
    let refusal = verifier.verify(&update(TAGS[1]), br#"{"type":"order.updated","amount":"150.1"}"#, NOW);
    assert_eq!(refusal, Err(Refusal::Mismatch("webhook-signature".to_owned())));
}

#[test]
fn a_refused_standard_webhook_says_what_is_wrong_with_it() {
    let verifier = verifier(&[Signature::StandardWebhooks], &[], &SECRETS);
    let refusal = |given: &HeaderMap| verifier.verify(given, UPDATE, NOW).unwrap_err().to_string();
    for name in ["webhook-id", "webhook-timestamp"] {
        let mut given = update(TAGS[1]);
        given.insert(name, HeaderValue::from_static(""));
        let expected = format!("it has no {name}, which its webhook-signature covers");
        assert_eq!(refusal(&given), expected);
        given.remove(name);
        assert_eq!(refusal(&given), expected);
        given.append(name, HeaderValue::from_static("1614265330"));
        given.append(name, HeaderValue::from_static("1614265330"));
        assert_eq!(refusal(&given), format!("its {name} is malformed"));
    }
    let mut given = update(TAGS[1]);
    given.insert("webhook-timestamp", HeaderValue::from_static("2021-02-25T15:02:10Z"));
    assert_eq!(refusal(&given), "its webhook-timestamp is malformed");
    for tags in ["v1a,AAAA", "v2,AAAA v3,AAAA", "AAAA", "V1,AAAA"] {
        assert!(refusal(&update(tags)).contains("no signature of version v1"), "{tags}");
    }
    for tags in ["v1,", "v1,%%%", "v1,AAAA"] {
        assert!(refusal(&update(tags)).contains("another key or for another body"), "{tags}");
    }
}

#[test]
fn blanks_around_an_id_do_not_make_it_another() {
    let rule = DeliveryId::Header("webhook-id".to_owned());
    for id in ["msg_1", " msg_1", "msg_1\t "] {
        assert_eq!(delivery_id(&rule, &headers(&[("webhook-id", id)]), UPDATE), "msg_1");
    }
}

#[test]
fn a_shared_token_passes_whole_only() {
    let verifier = verifier(&[token()], &[], &["old-token", "new-token"]);
    for value in ["old-token", "new-token"] {
        assert_eq!(verifier.verify(&headers(&[("x-token", value)]), b"", NOW), Ok(()));
    }
    for value in ["new-toke", "new-token1", "NEW-TOKEN", "old-tokennew-token"] {
        let refusal = verifier.verify(&headers(&[("x-token", value)]), b"", NOW).unwrap_err();
        assert_eq!(refusal, Refusal::Mismatch("x-token".to_owned()), "{value}");
    }
}

#[test]
fn stored_headers_hold_no_secret() {
    let given = headers(&[
        ("X-Token", "secret"),
        ("Authorization", "Bearer secret"),
        ("Cookie", "a=secret"),
        ("X-Kept", "fine"),
    ]);
    let kept = verifier(&[token()], &[], &["secret"]).public_headers(&given);
    assert_eq!(kept, [("x-kept".to_owned(), "fine".to_owned())]);
}

fn error(signature: Signature, pem: &str, text: &str) -> WebhookError {
    Verifier::new(TABLE, [signature], &[pem.to_owned()], &[secret(text)]).err().unwrap()
}

#[test]
fn unusable_keys_and_secrets_are_refused_when_configured() {
    assert_eq!(error(ed25519(), "not a key", "x"), WebhookError::Key { position: 1 });
    assert_eq!(error(rsa_sha256(), WEAK_RSA_PEM, "x"), WebhookError::WeakKey { position: 1, bits: 1024 });
    assert_eq!(error(hmac_sha256(), ED25519_PEM, ""), WebhookError::EmptySecret { position: 1 });
    let standard = Signature::StandardWebhooks;
    assert_eq!(error(standard.clone(), ED25519_PEM, "whsec_%"), WebhookError::Secret { position: 1 });
    assert_eq!(error(standard, ED25519_PEM, "whsec_"), WebhookError::EmptySecret { position: 1 });
    let unnamed = Signature::SharedToken("x token".to_owned());
    assert_eq!(error(unnamed, ED25519_PEM, "x"), WebhookError::Header("x token".to_owned()));
}

#[test]
fn a_delivery_id_comes_from_where_the_rule_says() {
    let header = DeliveryId::Header("X-Delivery".to_owned());
    assert_eq!(delivery_id(&header, &headers(&[("x-delivery", "d-1")]), BODY), "d-1");
    let body = |pointer: &str| DeliveryId::Body(pointer.to_owned());
    assert_eq!(delivery_id(&body("/webhookId"), &HeaderMap::new(), BODY), "4f1c");
    assert_eq!(delivery_id(&body("/a/0/b~1c"), &HeaderMap::new(), br#"{"a":[{"b/c":17}]}"#), "17");
}

#[test]
fn the_digest_stands_in_for_an_id_that_is_missing_or_unusable() {
    // `printf abc | sha256sum`; FIPS 180-2 has it as an example.
    let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let none = HeaderMap::new();
    assert_eq!(delivery_id(&DeliveryId::Digest, &none, b"abc"), digest);
    assert_eq!(delivery_id(&DeliveryId::Header("x-id".to_owned()), &none, b"abc"), digest);
    assert_eq!(delivery_id(&DeliveryId::Body("/id".to_owned()), &none, b"abc"), digest);
    let at_id = DeliveryId::Body("/id".to_owned());
    for body in [
        r#"{"id":""}"#,
        r#"{"id":null}"#,
        r#"{"id":[1]}"#,
        r#"{"id":123456789012345678901234}"#,
        r#"{"id":"\n"}"#,
    ] {
        assert!(delivery_id(&at_id, &none, body.as_bytes()).starts_with("sha256:"), "{body}");
    }
    let body = |length: usize| format!(r#"{{"id":"{}"}}"#, "i".repeat(length));
    assert_eq!(
        delivery_id(&at_id, &none, body(DELIVERY_ID_BYTES_MAX).as_bytes()).len(),
        DELIVERY_ID_BYTES_MAX
    );
    assert!(delivery_id(&at_id, &none, body(DELIVERY_ID_BYTES_MAX + 1).as_bytes()).starts_with("sha256:"));
}

proptest! {
    #[test]
    fn one_changed_bit_of_the_body_is_refused(position in 0..BODY.len(), bit in 0..8) {
        let mut body = BODY.to_vec();
        body[position] ^= 1_u8 << bit;
        let hmac = verifier(&[hmac_sha256()], &[], &[SECRET]);
        prop_assert!(hmac.verify(&headers(&[("x-signature", HMAC_HEX)]), &body, NOW).is_err());
        let signed = headers(&[("x-ghl-signature", ED25519_SIGNATURE)]);
        prop_assert!(vendor_like().verify(&signed, &body, NOW).is_err());
        let signed = headers(&[("x-wh-signature", RSA_SIGNATURE)]);
        prop_assert!(vendor_like().verify(&signed, &body, NOW).is_err());
    }

    #[test]
    fn one_changed_bit_of_the_signature_is_refused(position in 0..64_usize, bit in 0..8) {
        let mut signature = BASE64.decode(ED25519_SIGNATURE).unwrap();
        signature[position] ^= 1_u8 << bit;
        let given = headers(&[("x-ghl-signature", &BASE64.encode(signature))]);
        prop_assert!(vendor_like().verify(&given, BODY, NOW).is_err());
        let mut tag = hex::decode(HMAC_HEX).unwrap();
        tag[position % 32] ^= 1_u8 << bit;
        let given = headers(&[("x-signature", &hex::encode(tag))]);
        prop_assert!(verifier(&[hmac_sha256()], &[], &[SECRET]).verify(&given, BODY, NOW).is_err());
    }

    #[test]
    fn no_input_panics(value in "\\PC{0,80}", body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let all = [ed25519(), rsa_sha256(), hmac_sha256(), Signature::StandardWebhooks, token()];
        for (index, name) in
            ["x-ghl-signature", "x-wh-signature", "x-signature", "webhook-signature", "x-token"].iter().enumerate()
        {
            let Ok(value) = HeaderValue::from_str(&value) else { return Ok(()) };
            let mut given = headers(&[("webhook-id", "1"), ("webhook-timestamp", "1")]);
            given.insert(HeaderName::from_static(name), value);
            let verifier = verifier(&all[index..=index], &[ED25519_PEM, RSA_PEM], &["c2VjcmV0"]);
            prop_assert!(verifier.verify(&given, &body, NOW).is_err());
        }
        let _ = delivery_id(&DeliveryId::Body(value.clone()), &HeaderMap::new(), &body);
    }
}

#[test]
fn a_verifier_without_any_key_says_what_to_set() {
    let signatures = [Signature::Ed25519("x-a".to_owned()), Signature::SharedToken("x-b".to_owned())];
    let bare = Verifier::new("connections.shop.apis.ghl.webhook", signatures.clone(), &[], &[]).unwrap();
    assert!(
        bare.lacks().unwrap().contains("[connections.shop.apis.ghl.webhook] public_keys"),
        "{:?}",
        bare.lacks()
    );
    let one_is_enough = Verifier::new("t", signatures, &[], &[Secret::new("sesame")]).unwrap();
    assert_eq!(one_is_enough.lacks(), None);
}
