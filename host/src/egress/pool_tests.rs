//! Tests of what a pool is kept for, against a server of our own on loopback.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::contract::{Access, Api, Credential, Description, Endpoint, InDoubt, Method, Rate};
use crate::egress::{ConnectionEgress, Egress, EgressOptions, Grant, Secret};
use crate::engine::Http;

/// A server on loopback, and how many connections it has taken.
async fn server() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let service =
                service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::new()))) });
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, taken)
}

fn description(version: &str, requests: u32) -> Description {
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
        credential: Credential::Bearer,
        version_header: None,
        endpoints: vec![endpoint],
        rates: vec![Rate { requests, per_ms: 60_000 }],
        idempotency_header: None,
        webhook: None,
    };
    Description {
        name: "test".to_owned(),
        version: version.to_owned(),
        title: String::new(),
        summary: String::new(),
        apis: vec![api],
        triggers: Vec::new(),
        actions: Vec::new(),
        settings_schema: "{}".to_owned(),
        templates: Vec::new(),
    }
}

fn grants(address: SocketAddr, path: &str, token: &str, others: &[&str]) -> BTreeMap<String, Grant> {
    let private = others.iter().map(|other| (*other).to_owned()).chain([address.to_string()]);
    let grant = Grant {
        base_url: Some(format!("http://{address}{path}").parse().unwrap()),
        credential: Some(Secret::new(token)),
        scopes: vec!["read".to_owned()],
        private_addresses: private.collect(),
        read_only: false,
    };
    BTreeMap::from([("api".to_owned(), grant)])
}

async fn get(egress: &ConnectionEgress) {
    let request = Request::get("https://api.example/1").body(Bytes::new()).unwrap();
    assert_eq!(egress.send(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_swap_keeps_open_connections_where_nothing_changed() {
    let (address, taken) = server().await;
    let egress = Egress::new(EgressOptions::default());
    let first = egress
        .connection("main", &description("1.0.0", 100), "{}", grants(address, "", "token", &[]))
        .unwrap();
    get(&first).await;
    assert_eq!(taken.load(Ordering::SeqCst), 1);

    // Another module, with another rate.
    let swapped = description("2.0.0", 90);
    let second =
        egress.connection_after("main", &swapped, "{}", grants(address, "", "token", &[]), &first).unwrap();
    drop(first);
    get(&second).await;
    assert_eq!(taken.load(Ordering::SeqCst), 1, "the connection is warm");

    // Another credential, place or exception may not meet sockets of before, nor may another egress.
    let mut expected = 1;
    for changed in [
        grants(address, "", "other", &[]),
        grants(address, "/v2", "token", &[]),
        grants(address, "", "token", &["10.0.0.1:80"]),
    ] {
        get(&egress.connection_after("main", &swapped, "{}", changed, &second).unwrap()).await;
        expected += 1;
        assert_eq!(taken.load(Ordering::SeqCst), expected);
    }
    let elsewhere = Egress::new(EgressOptions::default());
    get(&elsewhere
        .connection_after("main", &swapped, "{}", grants(address, "", "token", &[]), &second)
        .unwrap())
    .await;
    assert_eq!(taken.load(Ordering::SeqCst), expected + 1);
}

#[tokio::test]
async fn a_connection_that_never_calls_makes_no_client() {
    let trust = Arc::new(Trust::system());
    let (address, _) = server().await;
    let exceptions = Exceptions::parse(&[address.to_string()], "x.allow_private").unwrap();
    let pool = Pool::new(trust, Duration::from_secs(1), exceptions, "x.allow_private");
    assert!(pool.client.get().is_none());
    pool.send(Request::get(format!("http://{address}/1")).body(Bytes::new()).unwrap()).await.unwrap();
    assert!(pool.client.get().is_some());
}
