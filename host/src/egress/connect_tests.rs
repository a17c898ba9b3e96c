//! Tests of connections in TLS, against a server of our own on loopback.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::contract::{Access, Api, Credential, Description, Endpoint, InDoubt, Method};
use crate::egress::{ConnectionEgress, Egress, EgressOptions, Grant, Via};
use crate::engine::Http;

/// A server for `localhost` that offers `protocols` and answers with the version it was spoken to in.
async fn server(protocols: &[&str]) -> (SocketAddr, RootCertStore) {
    mortal_server(protocols, Duration::MAX).await
}

/// The same; each connection falls silent, without ending, when it is `lifetime` old.
async fn mortal_server(protocols: &[&str], lifetime: Duration) -> (SocketAddr, RootCertStore) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(tls) = acceptor.accept(tcp).await else { continue };
            let service = service_fn(|request: Request<Incoming>| async move {
                let version = format!("{:?}", request.version());
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(version))))
            });
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(tls), service));
                match tokio::time::timeout(lifetime, connection.as_mut()).await {
                    Ok(outcome) => outcome.unwrap(),
                    Err(_) => std::future::pending().await,
                }
            });
        }
    });
    (address, roots)
}

fn description() -> Description {
    let endpoint = Endpoint {
        method: Method::Get,
        path: "/{id}".to_owned(),
        path_setting: None,
        scope: "read".to_owned(),
        access: Access::Read,
        in_doubt: InDoubt::Resend,
    };
    let api = Api {
        name: "api".to_owned(),
        title: String::new(),
        base_url: "https://api.example".to_owned(),
        credential: Credential::None,
        version_header: None,
        endpoints: vec![endpoint],
        rates: Vec::new(),
        idempotency_header: None,
        webhook: None,
    };
    Description {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        title: String::new(),
        summary: String::new(),
        apis: vec![api],
        triggers: Vec::new(),
        actions: Vec::new(),
        settings_schema: "{}".to_owned(),
        templates: Vec::new(),
    }
}

async fn get(address: SocketAddr, host: &str, roots: RootCertStore) -> Result<Bytes, HttpError> {
    get_by(&egress(address, host, roots)).await
}

async fn get_by(egress: &ConnectionEgress) -> Result<Bytes, HttpError> {
    let request = Request::get("https://api.example/1").body(Bytes::new()).unwrap();
    egress.send(request).await.map(Response::into_body)
}

fn egress(address: SocketAddr, host: &str, roots: RootCertStore) -> ConnectionEgress {
    let authority = format!("{host}:{}", address.port());
    let grant = Grant {
        base_url: Some(format!("https://{authority}").parse().unwrap()),
        scopes: vec!["read".to_owned()],
        private_addresses: vec![authority],
        ..Grant::default()
    };
    let trust = Trust::of(roots);
    let grants = BTreeMap::from([("api".to_owned(), grant)]);
    let egress = Egress::via(EgressOptions::default(), Via::Pools(Arc::new(trust)));
    egress.connection("main", &description(), "{}", grants).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_fell_silent_is_replaced() {
    let (address, roots) = mortal_server(&["h2"], Duration::from_secs(1)).await;
    let egress = egress(address, "localhost", roots);
    assert_eq!(get_by(&egress).await.unwrap(), "HTTP/2.0");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let error = get_by(&egress).await.unwrap_err();
    assert!(matches!(error, HttpError::Broken { .. }), "{error}");
    assert_eq!(get_by(&egress).await.unwrap(), "HTTP/2.0");
}

#[tokio::test]
async fn the_protocol_is_negotiated() {
    for (offered, spoken) in
        [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        let (address, roots) = server(offered).await;
        assert_eq!(get(address, "localhost", roots).await.unwrap(), spoken, "{offered:?}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_name_the_host() {
    let (address, _) = server(&["h2"]).await;
    let (_, foreign) = server(&["h2"]).await;
    let error = get(address, "localhost", foreign).await.unwrap_err();
    assert!(matches!(&error, HttpError::Tls { .. }), "{error}");

    let (address, roots) = server(&["h2"]).await;
    let error = get(address, "127.0.0.1", roots).await.unwrap_err();
    assert!(matches!(&error, HttpError::Tls { .. }), "{error}");
}

fn sockets(addresses: &[&str]) -> Vec<SocketAddr> {
    addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443)).collect()
}

#[test]
fn a_name_that_resolves_to_both_reaches_the_public_one_only() {
    let found = sockets(&["169.254.169.254", "1.1.1.1", "::ffff:10.0.0.1"]);
    assert_eq!(screen(found.clone(), false), Ok(sockets(&["1.1.1.1"])));
    assert_eq!(screen(found.clone(), true), Ok(found));
    let inside = sockets(&["10.0.0.1", "::1"]);
    assert_eq!(screen(inside, false), Err(Some(("10.0.0.1".parse().unwrap(), "private"))));
    assert_eq!(screen([], true), Err(None));
    assert_eq!(screen(sockets(&["1.1.1.1"; 17]), false).map(|kept| kept.len()), Ok(16));
}
