//! Tests of sources.

use proptest::prelude::*;

use super::*;

fn reference(text: &str) -> OciReference {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_source_is_told_by_how_it_begins() {
    let digest = Digest::of(b"");
    for (text, source) in [
        ("bundled:x", ModuleSource::Bundled("x".to_owned())),
        ("own.wasm", ModuleSource::File("own.wasm".into())),
        ("./a:b/c.wasm", ModuleSource::File("./a:b/c.wasm".into())),
        (
            "https://h.example/x.wasm",
            ModuleSource::Remote(Remote::Http("https://h.example/x.wasm".parse().unwrap())),
        ),
        ("oci://h.example/x:1", ModuleSource::Remote(Remote::Oci(reference("oci://h.example/x:1")))),
    ] {
        assert_eq!(text.parse(), Ok(source), "{text}");
    }
    for (text, said) in [
        ("", "write a path"),
        ("ftp://h.example/x.wasm", "do not come from ftp://"),
        ("docker://h.example/x:1", "do not come from docker://"),
        ("https://", "is not a URL"),
        ("https://me:secret@h.example:8443/x.wasm", "use [registries.\"h.example:8443\"]"),
        ("https://h.example/x.wasm#top", "goes on after a `#`"),
        (&format!("https://h.example/{}", "x".repeat(4 << 10)), "more than 4096"),
        (&format!("oci://h.example/x@{digest}x"), "after the @"),
    ] {
        let error = text.parse::<ModuleSource>().unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("me:secret"), "{text}: {error}");
    }
}

#[test]
fn a_reference_has_a_host_a_repository_and_a_tag_or_digest() {
    let digest = Digest::of(b"manifest");
    let full = reference(&format!("oci://ghcr.io/acme/shop-x:v1.2_3@{digest}"));
    assert_eq!((full.registry(), full.repository()), ("ghcr.io", "acme/shop-x"));
    assert_eq!((full.tag(), full.manifest()), (Some("v1.2_3"), Some(digest)));
    assert_eq!(reference("oci://localhost/x:1").registry(), "localhost");
    assert_eq!(reference("oci://127.0.0.1:5000/x:1").registry(), "127.0.0.1:5000");
    assert_eq!(reference(&format!("oci://h:1/x@{digest}")).tag(), None);
    for wrong in [
        "oci://x:1",
        "oci://acme/x:1",
        "oci:///x:1",
        "oci://h.example/:1",
        "oci://h.example/X:1",
        "oci://h.example/a//b:1",
        "oci://h.example/a/../b:1",
        "oci://h.example/a___b:1",
        "oci://h.example/a.-b:1",
        "oci://h.example/-a:1",
        "oci://H.example/a:1",
        "oci://h..example/a:1",
        "oci://h.example:0/a:1",
        "oci://h.example:99999/a:1",
        "oci://user@h.example/a:1",
        "oci://h.example/a:",
        "oci://h.example/a:.1",
        "oci://h.example/a:1?x=y",
        "oci://h.example/a:1#x",
        &format!("oci://h.example/a:{}", "t".repeat(129)),
        &format!("oci://h.example/{}:1", "a".repeat(255)),
    ] {
        assert!(wrong.parse::<OciReference>().is_err(), "{wrong}");
    }
    let error = "oci://h.example/a".parse::<OciReference>().unwrap_err().to_string();
    assert!(error.contains("write \"oci://h.example/a:TAG\""), "{error}");
}

#[test]
fn only_this_machine_is_spoken_to_in_plain_http_unless_the_file_says_so() {
    let with = |plain_http| {
        let config = RegistryConfig { plain_http, ..RegistryConfig::default() };
        BTreeMap::from([("10.0.0.1:5000".to_owned(), config.clone()), ("localhost:5000".to_owned(), config)])
    };
    let none = BTreeMap::new();
    for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"] {
        assert!(RegistryConfig::may_be_plain(&none, host), "{host}");
    }
    for host in ["10.0.0.1:5000", "ghcr.io", "localhost.example", "127.0.0.1.example", "[::2]", "0.0.0.0"] {
        assert!(!RegistryConfig::may_be_plain(&none, host), "{host}");
    }
    assert!(RegistryConfig::may_be_plain(&with(Some(true)), "10.0.0.1:5000"));
    assert!(!RegistryConfig::may_be_plain(&with(Some(true)), "10.0.0.1:5001"));
    assert!(!RegistryConfig::may_be_plain(&with(None), "10.0.0.1:5000"));
    assert!(!RegistryConfig::may_be_plain(&with(Some(false)), "localhost:5000"));
}

#[test]
fn a_signed_address_is_not_shown_whole() {
    let source: ModuleSource = "https://h.example/x.wasm?signature=opens".parse().unwrap();
    assert_eq!(source.to_string(), "https://h.example/x.wasm?…");
}

/// References as the specification of OCI distribution has them.
fn valid() -> impl Strategy<Value = String> {
    let part = "[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}";
    let host = "[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z0-9]{1,8}){1,2}(:[1-9][0-9]{0,3})?";
    let tag = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}";
    (host, prop::collection::vec(part, 1..4), tag, any::<Option<[u8; 4]>>()).prop_map(
        |(host, parts, tag, seed)| {
            let digest = seed.map(|seed| format!("@{}", Digest::of(&seed))).unwrap_or_default();
            format!("oci://{host}/{}:{tag}{digest}", parts.join("/"))
        },
    )
}

proptest! {
    #[test]
    fn a_reference_prints_as_it_was_written(text in valid()) {
        prop_assert_eq!(reference(&text).to_string(), text);
    }

    #[test]
    fn no_text_panics(text in "(oci://|https://|bundled:|)\\PC{0,60}") {
        if let Ok(source) = text.parse::<ModuleSource>() {
            prop_assert!(!source.to_string().is_empty());
        }
    }

    #[test]
    fn nothing_but_a_reference_is_one(text in "oci://[a-zA-Z0-9.:/@_ -]{0,40}") {
        if let Ok(reference) = text.parse::<OciReference>() {
            // An accepted one has no second reading: it prints as it was written.
            prop_assert_eq!(reference.to_string(), text);
        }
    }

    /// The registry's client reads them in the same way.
    #[cfg(feature = "registry")]
    #[test]
    fn the_client_agrees(text in valid()) {
        let ours = reference(&text);
        let theirs: oci_client::Reference = text.trim_start_matches("oci://").parse().unwrap();
        prop_assert_eq!((theirs.registry(), theirs.repository(), theirs.tag()), (ours.registry(), ours.repository(), ours.tag()));
    }
}
