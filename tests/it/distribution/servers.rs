//! Servers that behave, and others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use transload::config::RegistryConfig;
use transload::distribution::{FetchError, Fetcher, FetcherOptions};
use transload::egress::Secret;

use super::{digest, fetch, look, said};

/// How long nothing may come, in these tests.
const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// The largest module, in these tests.
const BYTES_MAX: usize = 1_000;

/// A body of which the second half never comes.
fn stalling() -> Response {
    let half = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]);
    Body::from_stream(futures_util::StreamExt::chain(half, futures_util::stream::pending())).into_response()
}

/// A body without a length that does not end.
fn endless() -> Response {
    Body::from_stream(futures_util::stream::repeat_with(|| {
        Ok::<_, Infallible>(Bytes::from_static(&[0; 100]))
    }))
    .into_response()
}

fn closed(headers: &HeaderMap) -> StatusCode {
    // `someone:right` in base64.
    let right = headers.get(header::AUTHORIZATION).is_some_and(|it| it == "Basic c29tZW9uZTpyaWdodA==");
    if right { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let redirects = |number: u32| {
        let next = if number == 0 { "/module.wasm".to_owned() } else { format!("/redirect/{}", number - 1) };
        Redirect::temporary(&next)
    };
    let routes = Router::new()
        .route("/module.wasm", get(async || "module"))
        .route("/redirect/{number}", get(async move |Path(number): Path<u32>| redirects(number)))
        .route("/plain", get(async || Redirect::temporary("http://192.0.2.1/module.wasm")))
        .route("/full", get(async || vec![0; BYTES_MAX]))
        .route("/large", get(async || vec![0; BYTES_MAX + 1]))
        .route("/endless", get(async || endless()))
        .route("/stalling", get(async || stalling()))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/closed", get(async |headers: HeaderMap| closed(&headers)))
        .route(
            "/v2/two/manifests/1",
            get(async || manifest(&[("application/wasm", 2), ("application/wasm", 2)])),
        )
        .route(
            "/v2/tar/manifests/1",
            get(async || manifest(&[("application/vnd.oci.image.layer.v1.tar", 2)])),
        )
        .route("/v2/liar/manifests/1", get(async || manifest(&[("application/wasm", 2)])))
        .route("/v2/liar/blobs/{digest}", get(async || "something else"))
        .route("/v2/flood/manifests/1", get(async || manifest(&[("application/wasm", 2)])))
        .route("/v2/flood/blobs/{digest}", get(async || endless()))
        .route("/v2/junk/manifests/1", get(async || "{"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// A manifest with these layers, each of the content `{}`.
fn manifest(layers: &[(&str, u64)]) -> String {
    let descriptor =
        |(kind, size): &(&str, u64)| json!({"mediaType": kind, "digest": digest(b"{}"), "size": size});
    let layers: Vec<_> = layers.iter().map(descriptor).collect();
    json!({"schemaVersion": 2, "config": descriptor(&("application/vnd.wasm.config.v0+json", 2)), "layers": layers})
        .to_string()
}

fn fetcher() -> Fetcher {
    Fetcher::new(FetcherOptions {
        bytes_max: BYTES_MAX,
        read_timeout: READ_TIMEOUT,
        ..FetcherOptions::default()
    })
}

#[tokio::test]
async fn a_module_comes_from_a_server_by_its_digest() {
    let (fetcher, at) = (fetcher(), serve().await);
    let source = format!("http://{at}/module.wasm");
    let found = look(&fetcher, &source).await.unwrap();
    assert_eq!((found.bytes.as_slice(), found.manifest), (&b"module"[..], None));
    assert_eq!(fetch(&fetcher, &source, &digest(b"module")).await.unwrap(), b"module");
    let error = fetch(&fetcher, &source, &digest(b"another")).await.unwrap_err().to_string();
    assert!(error.contains(&digest(b"module")) && error.contains(&digest(b"another")), "{error}");
    assert_eq!(look(&fetcher, &format!("http://{at}/full")).await.unwrap().bytes.len(), BYTES_MAX);
}

#[tokio::test]
async fn redirects_are_followed_a_few_times_and_never_out_of_encryption() {
    let (fetcher, at) = (fetcher(), serve().await);
    let look = async |path: &str| look(&fetcher, &format!("http://{at}/{path}")).await;
    assert_eq!(look("redirect/4").await.unwrap().bytes, b"module", "five redirects");
    let error = look("redirect/5").await.unwrap_err().to_string();
    assert!(error.contains("more than 5 redirects"), "{error}");
    let error = look("plain").await.unwrap_err().to_string();
    assert!(error.contains("[registries.\"192.0.2.1\"]"), "{error}");
}

#[tokio::test]
async fn a_server_that_misbehaves_is_told_by_what_it_did() {
    let (fetcher, at) = (fetcher(), serve().await);
    for (source, part) in [
        (format!("http://{at}/none"), "there is no http://"),
        (format!("http://{at}/broken"), "500 Internal Server Error"),
        (format!("http://{at}/large"), "more than 1000 bytes (limits.module_bytes)"),
        (format!("http://{at}/endless"), "more than 1000 bytes"),
        (format!("http://{at}/stalling"), "timed out"),
        (format!("oci://{at}/two:1"), "it has 2 layers, not one"),
        (format!("oci://{at}/tar:1"), "not application/wasm"),
        (format!("oci://{at}/junk:1"), "its manifest cannot be read"),
        (format!("oci://{at}/liar:1"), "digest"),
        (format!("oci://{at}/flood:1"), "more than 1000 bytes"),
        (format!("oci://{at}/none:1"), "there is no oci://"),
        ("http://192.0.2.1/x.wasm".to_owned(), "plain_http = true"),
    ] {
        let error = look(&fetcher, &source).await.unwrap_err().to_string();
        assert!(error.contains(part), "{source}: {error}");
    }
    let impatient = Fetcher::new(FetcherOptions { timeout: READ_TIMEOUT, ..FetcherOptions::default() });
    let error = look(&impatient, &format!("http://{at}/stalling")).await.unwrap_err().to_string();
    assert!(error.contains("it took more than 300ms"), "{error}");
}

#[tokio::test]
async fn a_server_is_given_what_the_configuration_has_for_it() {
    let at = serve().await;
    let source = format!("http://{at}/closed");
    let with = |password: &str| {
        let config = RegistryConfig {
            username: Some("someone".to_owned()),
            password: Some(Secret::new(password)),
            plain_http: None,
        };
        let registries = [(at.to_string(), config)].into();
        Fetcher::new(FetcherOptions { registries, ..FetcherOptions::default() })
    };
    assert!(look(&with("right"), &source).await.is_ok());
    assert!(matches!(look(&with("wrong"), &source).await, Err(FetchError::Unauthorized { given: true, .. })));
    assert!(matches!(look(&fetcher(), &source).await, Err(FetchError::Unauthorized { given: false, .. })));
}

/// The program, over TLS, by the certificates that the system trusts.
#[tokio::test(flavor = "multi_thread")]
async fn https_is_by_the_certificates_of_the_system() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            let module = transload_tests::COURIER_NEXT_GUEST;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", module.len());
            let _ = tls.read(&mut [0; 4096]).await;
            let _ = tls.write_all(head.as_bytes()).await;
            let _ = tls.write_all(module).await;
            let _ = tls.shutdown().await;
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("trusted.pem");
    let encoded = BASE64_STANDARD.encode(cert.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
    std::fs::write(&trusted, pem).unwrap();
    let source = format!("https://localhost:{port}/x.wasm#{}", digest(transload_tests::COURIER_NEXT_GUEST));
    let pull = ["pull", &source, "-o", "x.wasm"];
    let trust = [("SSL_CERT_FILE", trusted.to_str().unwrap()), ("NO_PROXY", "localhost")];
    let told = said(directory.path(), &pull, &trust, 0);
    assert!(told.contains("x.wasm") && !told.contains("!!"), "what is pinned needs no warning: {told}");
    assert_eq!(std::fs::read(directory.path().join("x.wasm")).unwrap(), transload_tests::COURIER_NEXT_GUEST);
    let told = said(directory.path(), &pull, &trust[1..], 1);
    assert!(told.contains("certificate"), "{told}");
}
