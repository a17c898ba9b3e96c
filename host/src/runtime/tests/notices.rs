//! What is told, to whom, and that it arrives: once, signed, in order, and later if not now.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tower_service::Service as _;

use super::super::{HostError, HostOptions};
use super::fake::{Fake, Reply, Setup, start_as};
use crate::contract::*;
use crate::egress::{Egress, EgressOptions, Secret, Transport};
use crate::engine::HttpError;
use crate::notices::{ATTEMPTS_MAX, Pattern, Receiver, Rule};
use crate::runtime::Clock;
use crate::storage::{NoticeFilter, PostingFilter, PostingRecord, PostingState};

/// The keys behind the receivers' secrets.
const KEYS: [[u8; 32]; 2] = [[1; 32], [2; 32]];

/// 2026-11-22 08:00 UTC.
const NOW: u64 = 1_795_334_400_000;

/// What came to receivers, and what they answer.
#[derive(Default)]
pub(super) struct Post {
    /// Host, `webhook-id` and body of each.
    came: Mutex<Vec<(String, String, Value)>>,
    /// What the next are answered; 204 when there is nothing here. A status of 0 is no answer.
    answers: Mutex<VecDeque<(u16, Option<&'static str>)>>,
    /// How many keys signed each.
    tags: Mutex<Vec<usize>>,
    /// When each came, in seconds.
    times: Mutex<Vec<u64>>,
}

#[async_trait]
impl Transport for Post {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        // By the specification, not by our own code.
        let expected = KEYS.map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(&[id.as_bytes(), b".", time.as_bytes(), b".", &body].concat());
            format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
        });
        let tags = header("webhook-signature");
        let tags: Vec<&str> = tags.split(' ').collect();
        assert!(!tags.is_empty() && tags.iter().all(|tag| expected.iter().any(|it| it == tag)), "{tags:?}");
        self.tags.lock().unwrap().push(tags.len());
        self.times.lock().unwrap().push(time.parse().unwrap());
        assert_eq!(header("content-type"), "application/json");
        let host = parts.uri.host().unwrap().to_owned();
        self.came.lock().unwrap().push((host.clone(), id, serde_json::from_slice(&body).unwrap()));
        let (status, after) = self.answers.lock().unwrap().pop_front().unwrap_or((204, None));
        if status == 0 {
            return Err(HttpError::Broken { host, reason: "it hung up".to_owned() });
        }
        let mut response = Response::builder().status(status);
        if let Some(after) = after {
            response = response.header(header::RETRY_AFTER, after);
        }
        Ok(response.body(Bytes::new()).unwrap())
    }
}

impl Post {
    fn answers(&self, answers: &[(u16, Option<&'static str>)]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// What came to a host, by topic and subject.
    fn topics(&self, host: &str) -> Vec<String> {
        let came = self.came.lock().unwrap();
        let came = came.iter().filter(|(to, ..)| to == host);
        came.map(|(_, _, body)| {
            format!("{} {}", body["type"].as_str().unwrap(), body["data"]["subject"].as_str().unwrap_or("-"))
        })
        .collect()
    }

    fn ids(&self) -> Vec<String> {
        self.came.lock().unwrap().iter().map(|(_, id, _)| id.clone()).collect()
    }
}

fn secret(key: &[u8]) -> Secret {
    Secret::new(format!("whsec_{}", BASE64.encode(key)))
}

fn receiver(name: &str, topics: &[&str]) -> Receiver {
    let topics = topics.iter().map(|topic| Pattern::new(*topic)).collect();
    Receiver {
        name: name.to_owned(),
        url: format!("https://{name}.example/in").parse().unwrap(),
        secrets: vec![secret(&KEYS[0])],
        allow_private: Vec::new(),
        rules: vec![Rule { topics, ..Rule::default() }],
    }
}

/// A host that tells `receivers` by `post`.
async fn telling(post: &Arc<Post>, receivers: Vec<Receiver>, directory: TempDir) -> Setup {
    let transport = Arc::clone(post) as Arc<dyn Transport>;
    start_as(Fake::default(), directory, |options| HostOptions {
        egress: Egress::with_transport(EgressOptions::default(), transport),
        clock: Clock::starting_at(NOW),
        receivers,
        ..options
    })
    .await
}

pub(super) async fn setup(receivers: Vec<Receiver>) -> (Setup, Arc<Post>) {
    let post = Arc::new(Post::default());
    (telling(&post, receivers, TempDir::new().unwrap()).await, post)
}

fn report(alert: bool) -> Reply {
    let amount = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
    let effect = Effect {
        verb: Verb::Recorded,
        system: "ghl".to_owned(),
        kind: "payment".to_owned(),
        id: "p-1".to_owned(),
        summary: "recorded the driver's cash".to_owned(),
        amount: Some(amount),
        link: None,
    };
    let alerts = alert.then(|| Alert {
        severity: Severity::Warning,
        kind: "goods-refused".to_owned(),
        message: "the customer refused 2 boxes".to_owned(),
        subject: "o1".to_owned(),
    });
    let (effects, alerts) = (vec![effect], alerts.into_iter().collect());
    Reply::Report(Box::new(Report { effects, follow_ups: Vec::new(), alerts }))
}

impl Setup {
    async fn outbox(&self) -> Vec<PostingRecord> {
        let mut outbox = self.host.outbox(PostingFilter::default()).await.unwrap();
        outbox.reverse();
        outbox
    }

    async fn journal(&self) -> Vec<String> {
        let mut notices = self.host.notices(NoticeFilter::default()).await.unwrap();
        notices.reverse();
        notices.into_iter().map(|notice| notice.topic).collect()
    }
}

/// Have an event handled that has an effect and an alert.
pub(super) async fn handle(setup: &Setup, id: &str) {
    setup.fake.script(id, &[report(true)]);
    setup.submit(id, id).await;
    setup.settle().await;
}

/// Long enough for all that is due to go out.
pub(super) async fn a_moment() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_with_effects_and_an_alert_is_told_signed() {
    let (setup, post) = setup(vec![receiver("ops", &["alert", "*.handled"])]).await;
    setup.fake.script("a", &[report(true)]);
    setup.submit("a", "o1").await;
    setup.submit("b", "o2").await;
    setup.settle().await;
    a_moment().await;
    assert_eq!(post.topics("ops.example"), ["transaction.handled o1", "alert o1"]);
    let number = setup.record("a").await.sequence;
    let came = post.came.lock().unwrap().clone();
    let handled = &came[0].2;
    assert_eq!(handled["timestamp"], json!("2026-11-22T08:00:00.000Z"));
    let event = json!({"number": number, "id": "a", "source": "ghl"});
    let data = &handled["data"];
    assert_eq!((&data["connection"], &data["event"]), (&json!("shop"), &event));
    let effect = json!({
        "verb": "recorded", "system": "ghl", "kind": "payment", "id": "p-1", "link": null,
        "summary": "recorded the driver's cash", "amount": {"amount": "150.10", "currency": "USD"},
    });
    assert_eq!(data["effects"], json!([effect]));
    assert_eq!(data["transaction"]["amount"], json!({"amount": "150.10", "currency": "USD"}));
    assert_eq!(data["transaction"]["status"], json!("in_review"));
    let alert = json!({
        "connection": "shop", "subject": "o1", "event": event, "severity": "warning", "kind": "goods-refused",
        "message": "the customer refused 2 boxes",
    });
    assert_eq!(came[1].2["data"], alert);
    let outbox = setup.outbox().await;
    assert!(
        outbox.iter().all(|it| it.state == PostingState::Delivered && it.status == Some(204)),
        "{outbox:?}"
    );
    assert_eq!(setup.journal().await.len(), 2, "nothing is told of an event without effects");
}

#[tokio::test(start_paused = true)]
async fn what_was_found_as_it_should_be_is_no_news() {
    let (setup, _) = setup(Vec::new()).await;
    let Reply::Report(mut told) = report(true) else { panic!("no report") };
    told.effects[0].verb = Verb::Verified;
    setup.fake.script("a", &[Reply::Report(told)]);
    setup.submit("a", "o1").await;
    setup.settle().await;
    assert_eq!(setup.journal().await, ["alert"]);
}

#[tokio::test(start_paused = true)]
async fn each_receiver_gets_what_its_rules_mean_and_one_without_rules_nothing() {
    let quiet = Receiver { rules: Vec::new(), ..receiver("quiet", &[]) };
    let grave = Rule { severity: Some(Severity::Critical), ..Rule::default() };
    let grave = Receiver { rules: vec![grave], ..receiver("grave", &[]) };
    let (setup, post) = setup(vec![receiver("ops", &["alert"]), quiet, grave]).await;
    setup.fake.script("a", &[report(true)]);
    setup.fake.script("bad", &[Reply::Fail(Failure::Rejected("no such product".to_owned()))]);
    setup.submit("a", "o1").await;
    setup.submit("bad", "o2").await;
    setup.settle().await;
    a_moment().await;
    assert_eq!(post.topics("ops.example"), ["alert o1"]);
    assert_eq!(post.topics("quiet.example"), Vec::<String>::new());
    assert_eq!(post.topics("grave.example"), ["event.dead o2"]);
    let came = post.came.lock().unwrap().clone();
    let dead = came.iter().find(|(to, ..)| to == "grave.example").unwrap();
    assert_eq!(dead.2["data"]["reason"], json!("no such product"));
    assert_eq!(dead.2["data"]["event"], json!(setup.record("bad").await.sequence));
}

#[tokio::test(start_paused = true)]
async fn two_secrets_sign_while_one_takes_the_others_place() {
    let both =
        Receiver { secrets: KEYS.iter().map(|key| secret(key)).collect(), ..receiver("ops", &["alert"]) };
    let (setup, post) = setup(vec![both]).await;
    setup.fake.script("a", &[report(true)]);
    setup.submit("a", "o1").await;
    setup.settle().await;
    a_moment().await;
    assert_eq!(*post.tags.lock().unwrap(), [2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_sent_again_under_the_same_id_and_holds_its_subject_only() {
    let (setup, post) = setup(vec![receiver("ops", &["alert"])]).await;
    post.answers(&[(503, None), (0, None)]);
    setup.fake.script("a", &[report(true)]);
    setup.fake.script("b", &[report(true)]);
    setup.submit("a", "o1").await;
    setup.settle().await;
    a_moment().await;
    let waiting = setup.outbox().await.remove(0);
    assert_eq!((waiting.state, waiting.attempts, waiting.status), (PostingState::Waiting, 1, Some(503)));
    assert_eq!(waiting.reason.as_deref(), Some("it answered 503 Service Unavailable"));
    setup.submit("b", "o1").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(post.ids().len(), 1, "the second alert of the order waits behind the first");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(post.ids().len(), 2);
    tokio::time::sleep(Duration::from_mins(7)).await;
    let ids = post.ids();
    assert_eq!(ids.len(), 4);
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    let times = post.times.lock().unwrap().clone();
    assert!(times[0] < times[1] && times[1] < times[2], "each attempt is signed anew: {times:?}");
    assert!(setup.outbox().await.iter().all(|it| it.state == PostingState::Delivered));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_to_be_left_alone_is() {
    let (setup, post) = setup(vec![receiver("ops", &["alert", "*.handled"])]).await;
    post.answers(&[(429, Some("3600"))]);
    setup.fake.script("a", &[report(false)]);
    setup.submit("a", "o1").await;
    setup.settle().await;
    a_moment().await;
    setup.fake.script("b", &[report(false)]);
    setup.submit("b", "o2").await;
    tokio::time::sleep(Duration::from_mins(59)).await;
    assert_eq!(post.ids().len(), 1);
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(post.ids().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_never_taken_is_dead_until_a_person_decides() {
    let (setup, post) = setup(vec![receiver("ops", &["alert"])]).await;
    post.answers(&[(500, None); ATTEMPTS_MAX as usize]);
    setup.fake.script("a", &[report(true)]);
    setup.submit("a", "o1").await;
    tokio::time::sleep(Duration::from_hours(100)).await;
    let dead = setup.outbox().await.remove(0);
    assert_eq!((dead.state, dead.attempts), (PostingState::Dead, ATTEMPTS_MAX));
    assert!(dead.reason.unwrap().contains("the last time it answered 500"));
    assert_eq!(setup.host.retry_notice(dead.number).await.unwrap(), PostingState::Dead);
    a_moment().await;
    assert_eq!(setup.outbox().await[0].state, PostingState::Delivered);
    assert_eq!(post.ids().len(), ATTEMPTS_MAX as usize + 1);
    assert!(setup.host.discard_notice(dead.number, "no use").await.is_err(), "it is delivered");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_is_left_alone_until_a_person_says_otherwise() {
    let (setup, post) = setup(vec![receiver("ops", &["alert"])]).await;
    post.answers(&[(410, None)]);
    for (id, subject) in [("a", "o1"), ("b", "o2")] {
        setup.fake.script(id, &[report(true)]);
        setup.submit(id, subject).await;
        setup.settle().await;
        a_moment().await;
    }
    assert_eq!(post.ids().len(), 1);
    assert!(setup.host.receivers()[0].gone);
    let outbox = setup.outbox().await;
    assert!(outbox.iter().all(|it| it.state == PostingState::Dead), "{outbox:?}");
    setup.host.retry_notice(outbox[1].number).await.unwrap();
    a_moment().await;
    assert_eq!(post.topics("ops.example").len(), 2);
    assert!(!setup.host.receivers()[0].gone);
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_before_a_crash_is_sent_after_it_and_once() {
    let post = Arc::new(Post::default());
    post.answers(&[(0, None)]);
    let first = telling(&post, vec![receiver("ops", &["alert"])], TempDir::new().unwrap()).await;
    first.fake.script("a", &[report(true)]);
    first.submit("a", "o1").await;
    first.settle().await;
    a_moment().await;
    first.host.shutdown().await;
    let Setup { host, storage, directory, .. } = first;
    drop((host, storage));
    let second = telling(&post, vec![receiver("ops", &["alert"])], directory).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let ids = post.ids();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    assert_eq!(second.journal().await.iter().filter(|topic| *topic == "alert").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_nobody_is_given_up() {
    let post = Arc::new(Post::default());
    post.answers(&[(503, None)]);
    let first = telling(&post, vec![receiver("ops", &["alert"])], TempDir::new().unwrap()).await;
    first.fake.script("a", &[report(true)]);
    first.submit("a", "o1").await;
    first.settle().await;
    a_moment().await;
    first.host.shutdown().await;
    let Setup { host, storage, directory, .. } = first;
    drop((host, storage));
    let second = telling(&post, vec![receiver("board", &["alert"])], directory).await;
    let left = second.outbox().await.remove(0);
    assert_eq!(left.state, PostingState::Dead);
    assert_eq!(left.reason.as_deref(), Some("no receiver of this name is configured"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_its_end_are_told_in_order() {
    let (setup, post) = setup(vec![receiver("ops", &["connection.*"])]).await;
    setup.fake.script("a", &[Reply::Fail(Failure::NeedsAttention("the token is refused".to_owned()))]);
    setup.submit("a", "o1").await;
    setup.settle().await;
    assert!(setup.host.resume("shop").unwrap());
    a_moment().await;
    assert_eq!(post.topics("ops.example"), ["connection.paused -", "connection.resumed -"]);
    assert_eq!(post.came.lock().unwrap()[0].2["data"]["reason"], json!("the token is refused"));
}

#[tokio::test]
async fn a_receiver_that_could_not_be_trusted_keeps_the_host_from_starting() {
    let weak = Receiver { secrets: vec![Secret::new("hunter2")], ..receiver("weak", &[]) };
    let bare = Receiver { secrets: Vec::new(), ..receiver("bare", &[]) };
    let plain = Receiver { url: "http://plain.example/".parse().unwrap(), ..receiver("plain", &[]) };
    let receivers = vec![weak, bare, plain, receiver("ops", &[]), receiver("ops", &[])];
    let outcome = super::super::notices::Notices::new(&Egress::default(), receivers);
    let Err(HostError::Receivers(problems)) = outcome else { panic!("it starts") };
    let keys: Vec<&str> = problems.iter().filter_map(|it| it.split([' ', ':']).next()).collect();
    assert_eq!(keys, ["receivers.weak.secret", "receivers.bare", "receivers.plain.url", "receivers.ops"]);
    assert!(problems.iter().all(|problem| !problem.contains("hunter2")), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn the_admin_api_lists_and_decides() {
    let (setup, post) = setup(vec![receiver("ops", &["alert"])]).await;
    post.answers(&[(410, None)]);
    handle(&setup, "a").await;
    a_moment().await;
    let ask = async |method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/admin/v1/{path}"))
            .header(header::AUTHORIZATION, "Bearer t");
        let mut router = setup.host.admin_router(Secret::new("t"));
        let response = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (_, notices) = ask("GET", "notices?type=alert&severity=warning&connection=shop&limit=1").await;
    assert_eq!(notices["notices"][0]["kind"], json!("goods-refused"));
    assert_eq!(notices["notices"][0]["data"]["message"], json!("the customer refused 2 boxes"));
    let (_, outbox) = ask("GET", "outbox?receiver=ops&state=dead").await;
    assert_eq!(outbox["counts"], json!([{"receiver": "ops", "state": "dead", "count": 1}]));
    assert_eq!((&outbox["outbox"][0]["status"], &outbox["outbox"][0]["number"]), (&json!(410), &json!(1)));
    let id = outbox["outbox"][0]["webhook_id"].as_str().unwrap().to_owned();
    assert_eq!(post.ids(), [id]);
    let (_, receivers) = ask("GET", "receivers").await;
    assert_eq!(receivers["receivers"][0], json!({"name": "ops", "host": "ops.example:443", "gone": true}));
    let (status, decided) = ask("POST", "outbox/1/retry").await;
    assert_eq!(
        (status, &decided["was"], &decided["state"]),
        (StatusCode::OK, &json!("dead"), &json!("waiting"))
    );
    a_moment().await;
    assert_eq!(ask("POST", "outbox/1/discard").await.0, StatusCode::CONFLICT);
    assert_eq!(ask("POST", "outbox/9/retry").await.0, StatusCode::NOT_FOUND);
}
