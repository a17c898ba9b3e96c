//! Tests of one connection's requests, over a transport that only remembers.

use std::sync::{Mutex, PoisonError};

use http::header;
use http::{HeaderMap, HeaderValue, Method};

use super::*;
use crate::contract::{self, Access, Credential, Description, Endpoint, InDoubt, Rate};
use crate::egress::{Egress, EgressOptions, Secret, Transport};

const TOKEN: &str = "pit-1f0c/secret";
const NOTE: &str = "https://api.example/notes/1";

/// Answers what it is told to, and keeps what it was asked.
#[derive(Default)]
struct Memory {
    seen: Mutex<Vec<(Method, String, HeaderMap)>>,
    answers: Mutex<Vec<Result<Response<Bytes>, HttpError>>>,
    delay: Duration,
}

impl Memory {
    fn seen(&self) -> Vec<(Method, String, HeaderMap)> {
        self.seen.lock().unwrap().clone()
    }

    /// Answer the next request so, after those that were named before.
    fn next(&self, answer: Result<Response<Bytes>, HttpError>) {
        self.answers.lock().unwrap().insert(0, answer);
    }

    fn next_with(&self, status: u16, headers: &[(&'static str, &str)]) {
        let response = Response::builder().status(status);
        let response =
            headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
        self.next(Ok(response.body(Bytes::from_static(b"ok")).unwrap()));
    }
}

#[async_trait]
impl Transport for Memory {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let seen = (request.method().clone(), request.uri().to_string(), request.headers().clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        tokio::time::sleep(self.delay).await;
        self.answers.lock().unwrap().pop().unwrap_or_else(|| Ok(Response::new(Bytes::from_static(b"ok"))))
    }
}

fn description(rates: &[(u32, u64)]) -> Description {
    let endpoint = |method, access, in_doubt| Endpoint {
        method,
        path: "/notes/{id}".to_owned(),
        path_setting: Some("/paths/note".to_owned()),
        scope: "notes".to_owned(),
        access,
        in_doubt,
    };
    let api = |name: &str, idempotency_header: Option<&str>| Api {
        name: name.to_owned(),
        title: String::new(),
        base_url: format!("https://{name}.example"),
        credential: Credential::Bearer,
        version_header: None,
        endpoints: vec![
            endpoint(contract::Method::Get, Access::Read, InDoubt::Resend),
            endpoint(contract::Method::Post, Access::Write, InDoubt::Never),
        ],
        rates: rates.iter().map(|(requests, per_ms)| Rate { requests: *requests, per_ms: *per_ms }).collect(),
        idempotency_header: idempotency_header.map(str::to_owned),
        webhook: None,
    };
    Description {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        title: String::new(),
        summary: String::new(),
        apis: vec![api("api", Some("idempotency-key")), api("other", None)],
        triggers: Vec::new(),
        actions: Vec::new(),
        settings_schema: "{}".to_owned(),
        templates: Vec::new(),
    }
}

fn grant(token: &str) -> Grant {
    Grant { credential: Some(Secret::new(token)), scopes: vec!["notes".to_owned()], ..Grant::default() }
}

fn grants(token: &str) -> BTreeMap<String, Grant> {
    BTreeMap::from([("api".to_owned(), grant(token))])
}

/// An egress whose requests go to the memory beside it.
fn remembered() -> (Egress, Arc<Memory>) {
    let memory = Arc::new(Memory::default());
    (Egress::with_transport(EgressOptions::default(), Arc::clone(&memory) as _), memory)
}

fn connection(egress: &Egress, rates: &[(u32, u64)], token: &str) -> ConnectionEgress {
    egress.connection("main", &description(rates), "{}", grants(token)).unwrap()
}

fn request(method: Method, url: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(Bytes::new()).unwrap()
}

async fn get(egress: &ConnectionEgress) -> Response<Bytes> {
    Http::send(egress, request(Method::GET, NOTE)).await.unwrap()
}

async fn status(egress: &ConnectionEgress) -> u16 {
    get(egress).await.status().as_u16()
}

async fn admit(egress: &ConnectionEgress, method: Method, url: &str) -> Admitted {
    match egress.admit(request(method, url)).await {
        Ok(Admission::Admitted(admitted)) => admitted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_admitted_says_what_it_is_and_holds_no_credential() {
    let (egress, memory) = remembered();
    let connection = connection(&egress, &[], TOKEN);
    let read = admit(&connection, Method::GET, NOTE).await;
    assert_eq!((read.api(), read.access(), read.in_doubt()), ("api", Access::Read, InDoubt::Resend));
    let mut write = admit(&connection, Method::POST, NOTE).await;
    assert_eq!((write.access(), write.in_doubt()), (Access::Write, InDoubt::Never));
    assert_eq!(write.idempotency_header().unwrap(), "idempotency-key");
    write.set_idempotency_key("event-7.2");
    assert!(!format!("{write:?}").contains(TOKEN), "{write:?}");
    assert!(!write.request().headers().contains_key("authorization"));
    assert!(memory.seen().is_empty(), "nothing leaves before it is sent");

    assert_eq!(Outbound::send(&connection, write).await.unwrap().body(), "ok");
    let (method, url, headers) = memory.seen().remove(0);
    assert_eq!((method, url.as_str()), (Method::POST, NOTE));
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}").as_str());
    assert_eq!(headers["idempotency-key"], "event-7.2");
    assert_eq!(headers["accept-encoding"], "identity");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_names_its_api_and_costs_nothing() {
    let (egress, memory) = remembered();
    let connection = connection(&egress, &[(1, 60_000)], TOKEN);
    let mut keyed = request(Method::POST, NOTE);
    keyed.headers_mut().insert("idempotency_key", HeaderValue::from_static("mine"));
    for (request, api) in [
        (request(Method::DELETE, NOTE), Some("api")),
        (request(Method::GET, "https://other.example/notes/1"), Some("other")),
        (request(Method::GET, "https://evil.example/notes/1"), None),
        (keyed, Some("api")),
    ] {
        let refusal = connection.admit(request).await.unwrap_err();
        assert_eq!(refusal.api.as_deref(), api, "{refusal}");
        assert!(matches!(refusal.error, HttpError::Denied(_)), "{refusal}");
    }
    assert!(memory.seen().is_empty());
    assert_eq!(status(&connection).await, 200);
}

#[tokio::test(start_paused = true)]
async fn only_what_a_connection_admitted_itself_gets_its_credential() {
    let (egress, memory) = remembered();
    let (mine, theirs) = (connection(&egress, &[], TOKEN), connection(&egress, &[], "other"));
    let foreign = admit(&theirs, Method::GET, NOTE).await;
    let made =
        Admitted::new("api", Access::Read, InDoubt::Resend, request(Method::GET, "https://evil.example/"));
    for admitted in [foreign, made] {
        let error = Outbound::send(&mine, admitted).await.unwrap_err();
        assert!(matches!(error, HttpError::Denied(_)), "{error}");
    }
    assert!(memory.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_connections_with_one_credential_share_its_rate() {
    let (egress, memory) = remembered();
    // 100 requests in 10 seconds and 200,000 a day.
    let rates = [(100, 10_000), (200_000, 86_400_000)];
    let (one, two) = (connection(&egress, &rates, TOKEN), connection(&egress, &rates, TOKEN));
    let stranger = connection(&egress, &rates, "other");
    for _ in 0..50 {
        assert_eq!((status(&one).await, status(&two).await), (200, 200));
    }
    let start = Instant::now();
    // The window and its 64th, 10,156.25 ms, from the first request on.
    let until = start + Duration::from_micros(10_156_250);
    assert_eq!((one.closed_until(), two.closed_until()), (Some(until), Some(until)));
    assert_eq!(stranger.closed_until(), None);
    let busy = get(&two).await;
    assert_eq!((busy.status().as_u16(), &busy.headers()[header::RETRY_AFTER]), (429, &HeaderValue::from(11)));
    assert_eq!(start.elapsed(), Duration::ZERO, "one that would wait for too long does not wait at all");
    assert_eq!(status(&stranger).await, 200);
    assert_eq!(memory.seen().len(), 101);

    tokio::time::advance(Duration::from_secs(6)).await;
    // Five seconds or less are waited for.
    assert_eq!(status(&one).await, 200);
    assert!((10_156..=10_158).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(one.closed_until(), None);
}

#[tokio::test(start_paused = true)]
async fn an_api_that_asks_for_a_pause_gets_it_from_all_with_the_credential() {
    let (egress, memory) = remembered();
    let (one, two) = (connection(&egress, &[], TOKEN), connection(&egress, &[], TOKEN));
    memory.next_with(429, &[("retry-after", "120")]);
    let start = Instant::now();
    assert_eq!(status(&one).await, 429);
    assert_eq!(two.closed_until(), Some(start + Duration::from_secs(120)));
    let busy = get(&two).await;
    assert_eq!(
        (busy.status().as_u16(), &busy.headers()[header::RETRY_AFTER]),
        (429, &HeaderValue::from(121))
    );
    assert_eq!(memory.seen().len(), 1);
    tokio::time::advance(Duration::from_secs(120)).await;
    assert_eq!(two.closed_until(), None);
    assert_eq!(status(&two).await, 200);

    // A short pause is waited out: a 429 that says nothing is a second.
    memory.next_with(429, &[]);
    assert_eq!(status(&one).await, 429);
    let start = Instant::now();
    assert_eq!(status(&two).await, 200);
    assert!((1_000..=1_001).contains(&start.elapsed().as_millis()));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_took_the_last_of_a_window_closes_it() {
    let (egress, memory) = remembered();
    let connection = connection(&egress, &[], TOKEN);
    memory.next_with(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-interval-milliseconds", "10000")]);
    let start = Instant::now();
    assert_eq!(status(&connection).await, 200);
    assert_eq!(connection.closed_until(), Some(start + Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn the_latest_of_several_apis_counts() {
    let (egress, memory) = remembered();
    let both = BTreeMap::from([("api".to_owned(), grant(TOKEN)), ("other".to_owned(), grant("other"))]);
    let connection = egress.connection("main", &description(&[]), "{}", both).unwrap();
    let start = Instant::now();
    for (url, seconds, until) in [(NOTE, "30", 30), ("https://other.example/notes/1", "60", 60)] {
        memory.next_with(503, &[("retry-after", seconds)]);
        Http::send(&connection, request(Method::GET, url)).await.unwrap();
        assert_eq!(connection.closed_until(), Some(start + Duration::from_secs(until)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_of_ones_own_stays_under_the_policy() {
    let memory = Arc::new(Memory { delay: Duration::from_secs(2), ..Memory::default() });
    let options =
        EgressOptions { timeout: Duration::from_secs(3), response_bytes: 4, ..EgressOptions::default() };
    let egress = Egress::with_transport(options.clone(), Arc::clone(&memory) as _);
    let connection = connection(&egress, &[], TOKEN);
    let send = || Http::send(&connection, request(Method::GET, NOTE));

    // The cap, on both of its sides.
    memory.next(Ok(Response::new(Bytes::from_static(b"1234"))));
    assert_eq!(send().await.unwrap().body(), "1234");
    memory.next(Ok(Response::new(Bytes::from_static(b"12345"))));
    assert_eq!(send().await.unwrap_err(), HttpError::TooLarge { what: "response", limit: 4 });
    // A body that could hide an echo, an error that quotes the credential, and cookies.
    memory.next_with(200, &[("content-encoding", "gzip")]);
    assert!(matches!(send().await.unwrap_err(), HttpError::Broken { .. }));
    let reason = format!("sent Bearer {TOKEN}");
    memory.next(Err(HttpError::Broken { host: "api.example".to_owned(), reason }));
    let reason = "sent Bearer [redacted]".to_owned();
    assert_eq!(send().await.unwrap_err(), HttpError::Broken { host: "api.example".to_owned(), reason });
    memory.next_with(200, &[("set-cookie", "session=1"), ("x-echo", TOKEN)]);
    let response = send().await.unwrap();
    assert!(!response.headers().contains_key(header::SET_COOKIE));
    assert_eq!(response.headers()["x-echo"], "[redacted]");

    let slow = Arc::new(Memory { delay: Duration::from_secs(4), ..Memory::default() });
    let egress = Egress::with_transport(options, slow);
    let connection = self::connection(&egress, &[], TOKEN);
    let error = Http::send(&connection, request(Method::GET, NOTE)).await.unwrap_err();
    assert_eq!(error, HttpError::Timeout { after_ms: 3_000 });
}

#[tokio::test(start_paused = true)]
async fn a_pause_counts_though_the_body_is_refused() {
    let memory = Arc::new(Memory::default());
    let options = EgressOptions { response_bytes: 1, ..EgressOptions::default() };
    let egress = Egress::with_transport(options, Arc::clone(&memory) as _);
    let connection = connection(&egress, &[], TOKEN);
    memory.next_with(429, &[("retry-after", "60")]);
    Http::send(&connection, request(Method::GET, NOTE)).await.unwrap_err();
    assert_eq!(connection.closed_until(), Some(Instant::now() + Duration::from_secs(60)));
}

#[test]
fn echoes_of_any_credential_are_removed() {
    let (egress, _) = remembered();
    let both = BTreeMap::from([("api".to_owned(), grant(TOKEN)), ("other".to_owned(), grant("hunter22"))]);
    let connection = egress.connection("main", &description(&[]), "{}", both).unwrap();
    assert_eq!(connection.redact(format!("{TOKEN} hunter22 x")), "[redacted] [redacted] x");
}

#[tokio::test(start_paused = true)]
async fn a_budget_outlives_a_swap() {
    let (egress, _) = remembered();
    let before = connection(&egress, &[(3, 60_000)], TOKEN);
    assert_eq!((status(&before).await, status(&before).await), (200, 200));
    let after =
        egress.connection_after("main", &description(&[(3, 60_000)]), "{}", grants(TOKEN), &before).unwrap();
    drop(before);
    assert_eq!((status(&after).await, status(&after).await), (200, 429));
}

#[tokio::test(start_paused = true)]
async fn the_background_waits_for_its_portion_where_others_are_turned_away() {
    let (egress, _) = remembered();
    let rates = [(100, 640_000)];
    let (live, job) = (connection(&egress, &rates, TOKEN), connection(&egress, &rates, TOKEN));
    let begun = Instant::now();
    let admitted = async |count| {
        let mut admitted = 0;
        for _ in 0..count {
            let request = Request::get(NOTE).body(Bytes::new()).unwrap();
            let admission = job.admit_portion(request, Portion::QUARTER).await.unwrap();
            admitted += usize::from(matches!(admission, Admission::Admitted(_)));
        }
        admitted
    };
    assert_eq!(admitted(25).await, 25);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // The next would fit in 650 seconds, which is longer than anybody waits.
    assert_eq!(admitted(1).await, 0);
    assert_eq!((begun.elapsed(), live.closed_until()), (Duration::ZERO, None));
    tokio::time::sleep(Duration::from_secs(400)).await;
    // In 250 seconds is soon enough.
    assert_eq!(admitted(1).await, 1);
    assert_eq!(begun.elapsed(), Duration::from_secs(650));
    for _ in 0..99 {
        assert_eq!(status(&live).await, 200);
    }
    assert_eq!(status(&live).await, 429);
}
