//! The steps of an event, taken in turn.

use serde::Serialize;
use serde_json::Value;
use transload_sdk::{
    Context, Envelope, Failure, Order, Probe, Receipt, Retry, Verb, Work, needs_attention, rejected,
};
use transload_wire::api::Api;
use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, Endpoint, Request};

use crate::Variant;
use crate::intake::{STEPS_MAX, follow_up, said};
use crate::manifest::{CREATE_THING, GET_THING, KEYED, LIST_THINGS, PAY, PUT_THING, SEND_MESSAGE, TARGET};

/// Characters of a response that a summary has: enough to tell responses apart, little enough to keep receipts small.
pub(crate) const SUMMARY_CHARS_MAX: usize = 500;

/// What a write sends.
#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    event: &'a str,
}

/// An event at work: what it may use, and what it has done.
struct Run<'a> {
    cx: &'a Context<'a>,
    envelope: &'a Envelope,
    order: &'a Order,
    prefix: &'static str,
    settings: Value,
    work: Work,
}

/// Takes the steps in the order's note.
pub(crate) fn run<V: Variant>(cx: &Context, envelope: &Envelope, order: &Order) -> Result<Receipt, Failure> {
    let (prefix, settings) = (V::PREFIX, cx.settings()?);
    let mut run = Run { cx, envelope, order, prefix, settings, work: Work::default() };
    let steps = order.note.as_deref().unwrap_or_default();
    for (index, step) in steps.lines().enumerate() {
        if index >= STEPS_MAX {
            return Err(rejected(format!("more than {STEPS_MAX} steps")));
        }
        let (name, rest) = step.split_once(' ').unwrap_or((step, ""));
        if name == "trap" || (name == "trap-if-version" && rest == V::VERSION) {
            std::process::abort();
        }
        run.step(name, rest)?;
    }
    Ok(run.work.into())
}

/// Whether things may be read.
pub(crate) fn probe(cx: &Context) -> Probe {
    let outcome = send(cx.http, LIST_THINGS.request(TARGET.base_url, &[], &[]));
    let (ok, message) = match outcome.and_then(|answer| answer.success(said)) {
        Ok(_) => (true, "things are listed".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Probe { api: TARGET.name.to_owned(), scope: LIST_THINGS.scope.to_owned(), ok, message }
}

impl Run<'_> {
    fn step(&mut self, name: &str, rest: &str) -> Result<(), Failure> {
        match name {
            "get" => self.get(rest).map(|_| ())?,
            "create" => self.write(Verb::Created, "thing", &TARGET, CREATE_THING, rest)?,
            "ensure" => self.ensure(rest)?,
            "put" => self.write(Verb::Updated, "thing", &TARGET, PUT_THING, rest)?,
            "message" => self.write(Verb::Notified, "message", &TARGET, SEND_MESSAGE, rest)?,
            "pay" => self.write(Verb::Recorded, "payment", &KEYED, PAY, rest)?,
            "put-store" => {
                let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
                self.put(key, value)?;
            }
            "count" => self.count(rest)?,
            "follow" => {
                let (id, step) = rest.split_once(' ').unwrap_or((rest, ""));
                let event = follow_up(id.to_owned(), &self.order.id, step.to_owned())?;
                self.change(|work| work.follow_up(event));
            }
            "retry" => return Err(retry("the step said so", rest.parse().ok())),
            "retry-until" => self.retry_until(rest)?,
            "reject" => return Err(rejected("the step said so")),
            "attention" => return Err(needs_attention("the step said so")),
            "trap-if-version" => {}
            _ => return Err(rejected(format!("there is no step {name:?}"))),
        }
        Ok(())
    }

    fn get(&self, id: &str) -> Result<Answer, ApiError> {
        send(self.cx.http, self.request(&TARGET, &GET_THING, id))?.success(said)
    }

    /// A request for `endpoint`, where the settings have it, with `name` if its path has a place for that.
    fn request(&self, api: &Api, endpoint: &Endpoint, name: &str) -> Request {
        let set = endpoint.path_setting.and_then(|pointer| self.settings.pointer(pointer)?.as_str());
        endpoint.request_at(set.unwrap_or(endpoint.path), api.base_url, &[name], &[])
    }

    fn ensure(&mut self, name: &str) -> Result<(), Failure> {
        match self.get(name) {
            Ok(answer) => self.effect(Verb::Verified, TARGET.name, "thing", name, &answer.response.body),
            Err(error) if error.status() == Some(404) => {
                self.write(Verb::Created, "thing", &TARGET, CREATE_THING, name)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// One write with one effect. `name` is in the body, and in the path where the path has a place for it.
    fn write(
        &mut self,
        verb: Verb,
        kind: &str,
        api: &Api,
        endpoint: Endpoint,
        name: &str,
    ) -> Result<(), Failure> {
        let body = Body { name, event: &self.envelope.id };
        let request = self.request(api, &endpoint, name).json(&body)?;
        let answer = send(self.cx.http, request)?.success(said)?;
        self.effect(verb, api.name, kind, name, &answer.response.body);
        Ok(())
    }

    fn put(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        self.cx.store.put(key, value.as_bytes())?;
        self.effect(Verb::Recorded, "store", "entry", key, value.as_bytes());
        Ok(())
    }

    fn count(&mut self, key: &str) -> Result<(), Failure> {
        let counted = match self.cx.store.get(key)? {
            Some(entry) => String::from_utf8_lossy(&entry.value).parse::<u64>(),
            None => Ok(0),
        };
        let counted = counted.map_err(|_| rejected(format!("the entry {key:?} is no count")))?;
        self.put(key, &counted.saturating_add(1).to_string())
    }

    fn retry_until(&self, attempt: &str) -> Result<(), Failure> {
        match attempt.parse::<u32>() {
            Ok(attempt) if self.envelope.attempt < attempt => {
                Err(retry(&format!("before attempt {attempt}"), None))
            }
            Ok(_) => Ok(()),
            Err(_) => Err(rejected(format!("{attempt:?} is not the number of an attempt"))),
        }
    }

    fn effect(&mut self, verb: Verb, system: &str, kind: &str, id: &str, body: &[u8]) {
        let said: String = String::from_utf8_lossy(body).chars().take(SUMMARY_CHARS_MAX).collect();
        let summary = format!("{}{said}", self.prefix);
        self.change(|work| work.effect(verb, system, kind, id, summary));
    }

    fn change(&mut self, change: impl FnOnce(Work) -> Work) {
        self.work = change(std::mem::take(&mut self.work));
    }
}

fn retry(reason: &str, after_ms: Option<u64>) -> Failure {
    Failure::Retry(Retry { reason: reason.to_owned(), after_ms })
}
