//! A component's requests on their way out: what it may reach, and what it may see of what comes back.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use transload::contract::{Description, Rate};
use transload::egress::{
    CallObserver, CallRecord, ConnectionEgress, Egress, EgressError, EgressOptions, Grant, PolicyError,
    Secret,
};
use transload::engine::HttpError;

use crate::guests::{Lines, hostile, ports};

const TOKEN: &str = "pit-1f0c/secret+token";
const THING: &str = "https://target.example/things/1";

/// One request as the server saw it.
#[derive(Debug)]
struct Request {
    /// Counts connections, from 0.
    socket: usize,
    line: String,
    headers: HeaderMap,
}

type Seen = Arc<Mutex<Vec<Request>>>;

/// An API on loopback that answers by the last segment of the path.
async fn server() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        for socket in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let log = Arc::clone(&log);
            let service = service_fn(move |request: http::Request<Incoming>| {
                let line = format!("{} {}", request.method(), request.uri());
                log.lock().unwrap().push(Request { socket, line, headers: request.headers().clone() });
                let response = respond(request.uri().path(), request.headers());
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, seen)
}

fn respond(path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let echo =
        headers.get("authorization").map_or(Bytes::new(), |value| Bytes::copy_from_slice(value.as_bytes()));
    let response = Response::builder();
    let response = match path.rsplit('/').next().unwrap() {
        "echo" => response.header("x-echo", &echo[..]).body(Full::new(echo)),
        "large" => response.body(Full::new(Bytes::from(vec![b'x'; 100_001]))),
        "fitting" => response.body(Full::new(Bytes::from(vec![b'x'; 100_000]))),
        "moved" => response
            .status(StatusCode::FOUND)
            .header("location", "http://169.254.169.254/latest/meta-data")
            .body(Full::default()),
        "zipped" => response.header("content-encoding", "gzip").body(Full::default()),
        _ => response.body(Full::new(Bytes::from_static(b"hello"))),
    };
    response.unwrap()
}

#[derive(Default)]
struct Calls(Mutex<Vec<CallRecord>>);

impl CallObserver for Calls {
    fn called(&self, record: CallRecord) {
        self.0.lock().unwrap().push(record);
    }
}

fn sandboxed(address: SocketAddr) -> Grant {
    Grant {
        base_url: Some(format!("http://{address}/api").parse().unwrap()),
        credential: Some(Secret::new(TOKEN)),
        scopes: vec!["things.read".to_owned()],
        private_addresses: vec![address.to_string()],
        read_only: false,
    }
}

async fn egress(grant: Grant) -> Result<ConnectionEgress, EgressError> {
    connect(hostile().await.description(), "{}", grant)
}

fn connect(description: &Description, settings: &str, grant: Grant) -> Result<ConnectionEgress, EgressError> {
    let options = EgressOptions { response_bytes: 100_000, ..EgressOptions::default() };
    let grants = BTreeMap::from([("target".to_owned(), grant)]);
    Egress::new(options).connection("main", description, settings, grants)
}

/// Have the component request something, and answer what it saw.
async fn run(grant: Grant, behaviour: &str, input: &str, log: &Arc<Lines>) -> String {
    run_over(egress(grant).await.unwrap(), behaviour, input, log).await
}

async fn run_over(http: ConnectionEgress, behaviour: &str, input: &str, log: &Arc<Lines>) -> String {
    let mut instance = hostile().await.instance(ports(http, log)).await.unwrap();
    instance.run_action(behaviour, input).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_host_adds_the_credential_and_the_component_never_sees_it() {
    let (address, seen) = server().await;
    let answer = run(sandboxed(address), "get", "https://target.example/things/echo", &Arc::default()).await;
    assert!(answer.starts_with("200 ") && answer.ends_with(" Bearer [redacted]"), "{answer}");
    assert!(answer.contains(r#""x-echo": "Bearer [redacted]""#), "{answer}");
    assert!(!answer.contains("pit-"), "{answer}");
    let seen = seen.lock().unwrap();
    let Request { line, headers, .. } = &seen[0];
    assert_eq!(line, "GET /api/things/echo");
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}").as_str());
    assert_eq!(headers["host"], address.to_string().as_str());
    assert_eq!(headers["accept-encoding"], "identity");
}

#[tokio::test]
async fn what_is_not_granted_is_not_sent() {
    let (address, seen) = server().await;
    for (behaviour, input, reason) in [
        ("get", "https://evil.example/things/1", "no API of the connector's manifest is at this address"),
        ("get", "https://target.example/admin", "describes no such call"),
        (
            "post",
            "https://target.example/things 3",
            "add \"things.write\" to connections.main.apis.target.scopes",
        ),
        (
            "get",
            &format!("http://{address}/api/things/1"),
            "no API of the connector's manifest is at this address",
        ),
    ] {
        let log = Arc::default();
        let answer = run(sandboxed(address), behaviour, input, &log).await;
        assert!(answer.starts_with("error: ") && answer.contains("HttpRequestDenied"), "{input}: {answer}");
        assert!(log.contain(reason), "{:?} lacks: {reason}", log.all());
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_path_that_settings_move_is_reached_where_they_say_and_nowhere_else() {
    let (address, seen) = server().await;
    let module = hostile().await;
    let settings = r#"{"paths":{"thing":"/v2/{id}/thing"}}"#;
    let http = connect(module.description(), settings, sandboxed(address)).unwrap();
    let log = Arc::default();
    let answer = run_over(http.clone(), "get", "https://target.example/v2/1/thing", &log).await;
    assert!(answer.starts_with("200 "), "{answer}");
    for path in ["/things/1", "/v2/1", "/v2//thing", "/v2/../thing", "/v2/1%2f2/thing", "/v2/%2e%2e/thing"] {
        let answer = run_over(http.clone(), "get", &format!("https://target.example{path}"), &log).await;
        assert!(answer.contains("HttpRequestDenied"), "{path}: {answer}");
    }
    assert!(log.contain("with its paths as connections.main.settings has them"), "{:?}", log.all());
    let seen = seen.lock().unwrap();
    let lines: Vec<&str> = seen.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, ["GET /api/v2/1/thing"]);
}

#[tokio::test]
async fn a_path_that_leaves_the_base_url_is_refused_at_the_start() {
    let module = hostile().await;
    for path in
        ["/../{id}", "//evil.example/{id}", "https://evil.example/{id}", "/%2e%2e/{id}", "/{id}?x=", "/all"]
    {
        let settings = format!(r#"{{"paths":{{"thing":"{path}"}}}}"#);
        let grant = sandboxed(SocketAddr::from(([127, 0, 0, 1], 9)));
        let error = connect(module.description(), &settings, grant).err().unwrap();
        assert!(error.to_string().starts_with("connections.main.settings.paths.thing: "), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_component_cannot_set_a_credential() {
    let (address, seen) = server().await;
    let answer = run(sandboxed(address), "get-as-someone", THING, &Arc::default()).await;
    assert!(answer.starts_with("error: "), "{answer}");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_private_address_needs_its_exception() {
    // TLS, so that only the address is in question; nothing is listening, and nothing must be tried.
    let grant = Grant {
        base_url: Some("https://127.0.0.1:9/api".parse().unwrap()),
        private_addresses: Vec::new(),
        ..sandboxed(SocketAddr::from(([127, 0, 0, 1], 9)))
    };
    let log = Arc::default();
    let answer = run(grant, "get", THING, &log).await;
    assert!(answer.contains("HttpRequestDenied"), "{answer}");
    let reason = "an address that is loopback; if that is right, add \"127.0.0.1:9\" to \
                  connections.main.apis.target.allow_private";
    assert!(log.contain(reason), "{:?}", log.all());
}

#[tokio::test]
async fn a_name_is_judged_by_where_it_leads() {
    // Resolves to loopback on every system, as a rebinding name would after its first answer.
    let grant = Grant {
        base_url: Some("https://localhost:9".parse().unwrap()),
        ..sandboxed(SocketAddr::from(([127, 0, 0, 1], 9)))
    };
    let log = Arc::default();
    run(grant, "get", THING, &log).await;
    assert!(log.contain("an address that is loopback"), "{:?}", log.all());
}

#[tokio::test]
async fn a_response_has_a_limit() {
    let (address, _) = server().await;
    let fitting =
        run(sandboxed(address), "get", "https://target.example/things/fitting", &Arc::default()).await;
    assert!(fitting.starts_with("200 ") && fitting.len() > 100_000);
    let log = Arc::default();
    let answer = run(sandboxed(address), "get", "https://target.example/things/large", &log).await;
    assert!(answer.contains("HttpResponseBodySize"), "{answer}");
    assert!(log.contain("the response body is larger than 100000 bytes"), "{:?}", log.all());
}

#[tokio::test]
async fn a_redirect_is_handed_over_and_not_followed() {
    let (address, seen) = server().await;
    let answer = run(sandboxed(address), "get", "https://target.example/things/moved", &Arc::default()).await;
    assert!(answer.starts_with("302 ") && answer.contains("169.254.169.254"), "{answer}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_that_could_hide_an_echo_is_refused() {
    let (address, _) = server().await;
    let log = Arc::default();
    let answer = run(sandboxed(address), "get", "https://target.example/things/zipped", &log).await;
    assert!(answer.starts_with("error: "), "{answer}");
    assert!(log.contain("compressed body"), "{:?}", log.all());
}

#[tokio::test]
async fn every_call_is_observed_and_no_record_holds_the_credential() {
    let (address, _) = server().await;
    let calls = Arc::new(Calls::default());
    let http =
        egress(sandboxed(address)).await.unwrap().observed(Arc::clone(&calls) as Arc<dyn CallObserver>);
    let mut instance = hostile().await.instance(ports(http, &Arc::default())).await.unwrap();
    let leaking = format!("{THING}?key={}", TOKEN.replace('/', "%2F").replace('+', "%2B"));
    for url in [leaking.as_str(), "https://evil.example/"] {
        instance.run_action("get", url).await.unwrap().unwrap();
    }
    let calls = calls.0.lock().unwrap();
    assert_eq!(calls[0].api.as_deref(), Some("target"));
    assert_eq!(calls[0].url, format!("{THING}?key=[redacted]"));
    assert_eq!(calls[0].outcome, Ok(StatusCode::OK));
    assert_eq!(calls[1].api, None);
    assert!(matches!(calls[1].outcome, Err(HttpError::Denied(_))));
}

#[tokio::test]
async fn connections_are_kept() {
    let (address, seen) = server().await;
    let http = egress(sandboxed(address)).await.unwrap();
    let mut instance = hostile().await.instance(ports(http, &Arc::default())).await.unwrap();
    assert_eq!(instance.run_action("flood-http", THING).await, Ok(Ok("10".to_owned())));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 10);
    assert!(seen.iter().all(|request| request.socket == 0), "{seen:?}");
}

#[tokio::test]
async fn a_used_up_rate_is_answered_as_the_api_would() {
    let (address, seen) = server().await;
    let module = hostile().await;
    let mut description = module.description().clone();
    description.apis[0].rates = vec![Rate { requests: 2, per_ms: 64_000 }];
    let http = connect(&description, "{}", sandboxed(address)).unwrap();
    let mut instance = module.instance(ports(http, &Arc::default())).await.unwrap();
    for expected in ["200 ", "200 ", "429 "] {
        let answer = instance.run_action("get", THING).await.unwrap().unwrap();
        assert!(answer.starts_with(expected), "{answer}");
        // The window, and the 64th of it that counts are kept by; rounded up to whole seconds.
        assert_eq!(answer.contains(r#""retry-after": "65""#), expected == "429 ", "{answer}");
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_unreachable_api_is_an_error_of_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let log = Arc::default();
    let answer = run(sandboxed(address), "get", THING, &log).await;
    assert!(answer.contains("ConnectionRefused"), "{answer}");
    assert!(log.contain(&format!("cannot connect to {address}")), "{:?}", log.all());
}

#[tokio::test]
async fn a_missing_credential_is_found_at_the_start() {
    let grant = Grant { credential: None, ..sandboxed(SocketAddr::from(([127, 0, 0, 1], 9))) };
    let error = egress(grant).await.err().unwrap();
    let setting = "connections.main.apis.target.credential".to_owned();
    assert_eq!(
        error,
        EgressError::Policy(PolicyError::CredentialMissing { api: "target".to_owned(), setting })
    );
}
