//! A component that misbehaves harms its own call, says so clearly, and nothing else: not the host, not the next call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use transload::contract::{Failure, Level};
use transload::engine::{CallError, EngineOptions, Limits, ModuleError};

use crate::guests::{Canned, Lines, hostile, load, offline, ports, tight};

/// Run one behaviour on a fresh instance.
async fn run(name: &str, input: &str, log: &Arc<Lines>) -> Result<Result<String, Failure>, CallError> {
    hostile().await.instance(offline(log)).await.unwrap().run_action(name, input).await
}

async fn error(name: &str, input: &str) -> CallError {
    run(name, input, &Arc::default()).await.unwrap_err()
}

async fn answer(name: &str, input: &str, log: &Arc<Lines>) -> String {
    run(name, input, log).await.unwrap().unwrap()
}

async fn works() {
    assert_eq!(answer("ok", "", &Arc::default()).await, r#"{"settings":{"a":1}}"#);
}

#[tokio::test]
async fn a_module_tells_what_it_is() {
    let module = hostile().await;
    assert_eq!(module.description().name, "hostile");
    assert_eq!(module.description().apis[0].endpoints.len(), 2);
    assert_eq!(module.contract_version(), "0.1.0");
    assert_eq!(module.size_bytes(), crate::guests::HOSTILE_GUEST.len());
    assert_eq!(module.digest().len(), "sha256:".len() + 64);
    assert!(module.imports().contains(&"transload:connector/store@0.1.0".to_owned()));
    assert!(module.imports().iter().any(|import| import.starts_with("wasi:http/outgoing-handler@0.2.")));
}

#[tokio::test]
async fn each_misbehaviour_fails_its_own_call_only() {
    let limits = tight();
    let limit =
        |limit: usize, unit, setting| CallError::Limit { call: "run", limit: limit as u64, unit, setting };
    for (name, input, expected) in [
        ("spin", "", CallError::CpuExhausted { call: "run", limit: limits.cpu }),
        ("sleep", "60000", CallError::Timeout { call: "run", limit: limits.call_timeout }),
        ("allocate", "", limit(limits.memory_bytes, "bytes of memory", "memory_bytes")),
        ("flood-handles", "", limit(limits.handles, "handles", "handles")),
        (
            "huge-answer",
            "5000000",
            limit(limits.transfer_bytes, "bytes handed to the host at once", "transfer_bytes"),
        ),
    ] {
        assert_eq!(error(name, input).await, expected, "{name}");
        works().await;
    }
}

#[tokio::test]
async fn a_trap_says_what_happened() {
    for (name, reason) in [
        ("trap", "unreachable"),
        ("panic", "unreachable"),
        // Large frames run off the end of the stack that Rust keeps in memory, small ones exhaust the machine's.
        ("recurse", "out of bounds memory access"),
        ("recurse-lightly", "call stack exhausted"),
        ("exit", "exit"),
    ] {
        let error = error(name, "").await;
        assert!(matches!(&error, CallError::Trap { call: "run", .. }), "{name}: {error:?}");
        assert!(error.to_string().contains(reason), "{name}: {error}");
        works().await;
    }
}

#[tokio::test]
async fn a_panics_message_is_logged() {
    let log = Arc::default();
    run("panic", "", &log).await.unwrap_err();
    assert!(log.contain("a message for the log"), "{:?}", log.all());
}

#[tokio::test]
async fn messages_name_the_setting() {
    assert!(error("spin", "").await.to_string().contains("limits.cpu"));
    assert!(error("sleep", "60000").await.to_string().contains("limits.call_timeout"));
    assert!(error("allocate", "").await.to_string().contains("limits.memory_bytes"));
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_the_limit() {
    assert_eq!(answer("huge-answer", "4000000", &Arc::default()).await.len(), 4_000_000);
}

#[tokio::test]
async fn waiting_is_not_computing() {
    // Twice what it may compute.
    assert_eq!(answer("sleep", "4000", &Arc::default()).await, "slept");
}

/// On a single thread, which the spinning connector holds.
#[tokio::test]
async fn a_spinning_connector_lets_others_run() {
    let log = Arc::default();
    works().await;
    let start = Instant::now();
    let (spun, calls) = tokio::join!(run("spin", "", &log), async {
        let mut calls = 0;
        while start.elapsed() < tight().cpu / 2 {
            works().await;
            calls += 1;
        }
        calls
    });
    assert!(matches!(spun, Err(CallError::CpuExhausted { .. })));
    // One turn for each tick of 10 ms, at the least.
    assert!(calls > 5, "{calls} calls beside the spinning one");
}

#[tokio::test]
async fn a_stopped_instance_stays_stopped() {
    let module = hostile().await;
    let mut instance = module.instance(offline(&Arc::default())).await.unwrap();
    assert!(instance.run_action("ok", "").await.is_ok());
    assert!(instance.run_action("ok", "").await.is_ok(), "an instance can be used again");
    assert!(instance.run_action("trap", "").await.is_err());
    assert_eq!(instance.run_action("ok", "").await, Err(CallError::Stopped { call: "run" }));

    let mut instance = module.instance(offline(&Arc::default())).await.unwrap();
    let dropped =
        tokio::time::timeout(Duration::from_millis(50), instance.run_action("sleep", "60000")).await;
    assert!(dropped.is_err());
    assert_eq!(instance.run_action("ok", "").await, Err(CallError::Stopped { call: "run" }));
}

#[tokio::test]
async fn failed_calls_give_their_memory_back() {
    // Twenty times as many as the pool has room for.
    for _ in 0..160 {
        error("trap", "").await;
    }
    works().await;
}

#[tokio::test]
async fn calls_wait_for_room() {
    let module = load(Limits { call_timeout: Duration::from_millis(300), ..tight() }, 1).await;
    let held = module.instance(offline(&Arc::default())).await.unwrap();
    let busy = module.instance(offline(&Arc::default())).await.err();
    assert_eq!(busy, Some(CallError::Busy { waited: Duration::from_millis(300) }));
    let (_, next) = tokio::join!(async { drop(held) }, module.instance(offline(&Arc::default())));
    assert!(next.is_ok());
}

#[tokio::test]
async fn log_lines_are_bounded() {
    let log = Arc::default();
    assert_eq!(answer("flood-log", "", &log).await, "logged");
    let lines = log.all();
    assert_eq!(lines.len(), 201);
    assert_eq!(lines[199], (Level::Info, "line 199".to_owned()));
    let notice = "9801 further log lines dropped: the limit is 200 lines a call";
    assert_eq!(lines[200], (Level::Warn, notice.to_owned()));
}

#[tokio::test]
async fn output_becomes_bounded_log_lines() {
    let log = Arc::default();
    assert_eq!(answer("flood-output", "", &log).await, "printed");
    let lines = log.all();
    assert_eq!(lines[0], (Level::Info, "line 0".to_owned()));
    assert_eq!(lines.len(), 201);
    assert!(lines[200].1.contains("dropped"), "{}", lines[200].1);
    assert!(lines.iter().all(|(_, line)| line.len() <= Limits::default().log_line_bytes));
}

#[tokio::test]
async fn a_call_writes_no_more_than_its_share() {
    // 15 values of 64 KiB, with keys and 64 bytes each, fit in 1 MiB; 16 do not.
    assert_eq!(answer("flood-store", "", &Arc::default()).await, "15 Error::TooLarge(1048576)");
}

#[tokio::test]
async fn nothing_of_the_machine_is_visible() {
    // No variables, no arguments, no files, no sockets, no names.
    assert_eq!(answer("environment", "", &Arc::default()).await, "0 0 false false false");
}

#[tokio::test]
async fn requests_are_counted() {
    let http = Canned { after: Duration::ZERO, answer: |_| Response::new(Bytes::new()) };
    let log = Arc::default();
    let mut instance = hostile().await.instance(ports(http, &log)).await.unwrap();
    let url = "https://target.example/things/1";
    assert_eq!(instance.run_action("flood-http", url).await, Ok(Ok("10".to_owned())));
    assert!(log.contain("limits.http_requests"), "{:?}", log.all());
    // The next call counts afresh.
    assert_eq!(instance.run_action("flood-http", url).await, Ok(Ok("10".to_owned())));
}

#[tokio::test]
async fn a_request_body_has_a_limit() {
    let http = Canned {
        after: Duration::ZERO,
        answer: |request: http::Request<Bytes>| Response::new(Bytes::from(request.body().len().to_string())),
    };
    let log = Arc::default();
    let module = hostile().await;
    let mut instance = module.instance(ports(http, &log)).await.unwrap();
    let largest =
        instance.run_action("post", "https://target.example/things 1048576").await.unwrap().unwrap();
    assert!(largest.starts_with("200 ") && largest.ends_with(" 1048576"), "{largest}");
    let over = instance.run_action("post", "https://target.example/things 1048577").await.unwrap().unwrap();
    assert!(over.starts_with("error: "), "{over}");
    assert!(log.contain("the request body is larger than 1048576 bytes"), "{:?}", log.all());
}

#[tokio::test]
async fn a_timeout_of_zero_does_no_harm() {
    let after = |millis| Canned {
        after: Duration::from_millis(millis),
        answer: |_| Response::new(Bytes::from_static(b"hello")),
    };
    for (millis, expected) in [(10, "200"), (1_400, "error")] {
        let log = Arc::default();
        let mut instance = hostile().await.instance(ports(after(millis), &log)).await.unwrap();
        let url = "https://target.example/things/1";
        let answer = instance.run_action("get-in-haste", url).await.unwrap().unwrap();
        assert!(answer.starts_with(expected), "{millis} ms: {answer}");
        if expected == "error" {
            assert!(log.contain("no complete response within 100 ms"), "{:?}", log.all());
        }
    }
}

#[tokio::test]
async fn a_slow_server_cannot_hold_a_call() {
    let never = Canned { after: Duration::from_secs(3_600), answer: |_| Response::new(Bytes::new()) };
    let mut instance = hostile().await.instance(ports(never, &Arc::default())).await.unwrap();
    let start = Instant::now();
    let answer = instance.run_action("get", "https://target.example/things/1").await.unwrap().unwrap();
    assert!(answer.starts_with("error: "), "{answer}");
    assert!(start.elapsed() < tight().call_timeout, "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_is_no_connector_is_refused() {
    let engine =
        transload::engine::Engine::new(EngineOptions { instances_max: 1, ..EngineOptions::default() });
    let engine = engine.unwrap();
    let load = async |bytes: &[u8]| engine.load(bytes).await.unwrap_err();
    assert!(matches!(load(b"not wasm").await, ModuleError::Malformed { .. }));
    assert!(matches!(load(b"\0asm\x01\0\0\0").await, ModuleError::CoreModule));
    let mut damaged = crate::guests::HOSTILE_GUEST.to_vec();
    damaged.truncate(damaged.len() / 2);
    assert!(matches!(load(&damaged).await, ModuleError::Malformed { .. }));
    let large = vec![0; (32 << 20) + 1];
    assert!(matches!(load(&large).await, ModuleError::TooLarge { .. }));
}

#[tokio::test]
async fn an_import_of_another_world_is_refused_by_name() {
    let engine =
        transload::engine::Engine::new(EngineOptions { instances_max: 1, ..EngineOptions::default() });
    // The same length, so that the component stays well-formed around it.
    let foreign = replaced(crate::guests::HOSTILE_GUEST, b"wasi:random/", b"evil:random/");
    let error = engine.unwrap().load(foreign).await.unwrap_err();
    assert!(
        matches!(&error, ModuleError::ImportRefused { import } if import.starts_with("evil:random/")),
        "{error}"
    );
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let found: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, at)| *at == from).map(|(at, _)| at).collect();
    assert!(!found.is_empty());
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}
