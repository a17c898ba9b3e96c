//! What the tests share: a sandbox and plain HTTP calls to it.

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use transload_sandbox::{Control, Json, Number, PlaceOrder, Sandbox, SandboxOptions};

/// A running sandbox and a client.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub control: Control,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer with its body read.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Json {
        Json::parse(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Reads the member at a path such as `data.items.0.qty`, as JSON text without quotes; `-` if it is not there.
pub fn at(json: &Json, path: &str) -> String {
    let mut value = json;
    for step in path.split('.') {
        let next = match step.parse::<usize>() {
            Ok(index) => value.as_array().and_then(|elements| elements.get(index)),
            Err(_) => value.get(step),
        };
        match next {
            Some(next) => value = next,
            None => return "-".to_owned(),
        }
    }
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub fn number(text: &str) -> Number {
    serde_json::from_str(text).unwrap()
}

/// Options for tests that do not look at request rates.
pub fn unpaced() -> SandboxOptions {
    SandboxOptions { pacing: false, seed: Some(1), ..SandboxOptions::default() }
}

impl Fixture {
    pub async fn start(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { control: sandbox.control(), sandbox, client }
    }

    /// A sandbox without request rates, with the sample order placed; its id.
    pub async fn with_order() -> (Self, String) {
        let fixture = Self::start(unpaced()).await;
        let order = fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
        (fixture, order.id)
    }

    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let mut request =
            http::Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, text })
    }

    /// A call to the GHL fake with token and version.
    pub async fn ghl(&self, method: &str, path: &str, body: &str) -> Answer {
        self.try_ghl(method, path, body).await.unwrap()
    }

    pub async fn try_ghl(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        let token = format!("Bearer {}", self.sandbox.options().ghl_token);
        let headers = [("authorization", token.as_str()), ("version", "2021-07-28")];
        self.send(method, &format!("{}{path}", self.sandbox.ghl_url()), &headers, body).await
    }

    /// `altId=…&altType=location`.
    pub fn location(&self) -> String {
        format!("altId={}&altType=location", self.sandbox.options().ghl_location)
    }

    /// A call to the Track-POD fake with the key.
    pub async fn track_pod(&self, method: &str, path: &str, body: &str) -> Answer {
        self.try_track_pod(method, path, body).await.unwrap()
    }

    pub async fn try_track_pod(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        let headers = [
            ("x-api-key", self.sandbox.options().track_pod_key.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(method, &format!("{}{path}", self.sandbox.track_pod_url()), &headers, body).await
    }

    /// A call to the Rankr fake with the token.
    pub async fn rankr(&self, method: &str, path: &str, body: &str) -> Answer {
        self.keyed_rankr("", method, path, body).await
    }

    /// The same with an `Idempotency-Key`, unless it is empty.
    pub async fn keyed_rankr(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let token = format!("Bearer {}", self.sandbox.options().rankr_token);
        let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
        let headers = if key.is_empty() { &headers[..1] } else { &headers[..] };
        self.send(method, &format!("{}{path}", self.sandbox.rankr_url()), headers, body).await.unwrap()
    }

    /// Makes a delivery order with two lines, 2 and 1.5, and 20.45 to collect.
    pub async fn delivery(&self, id: &str) {
        let body = format!(
            r#"{{"Number":"N-{id}","Id":"{id}","Date":"2026-02-01","Client":"Maxima","Address":"2 Quay Lane","COD":20.45,
            "TimeSlotFrom":"09:00:00","Note":null,"GoodsList":[{{"OrderLineId":"a","GoodsName":"Box","Quantity":2}},
            {{"OrderLineId":"b","GoodsName":"Crate","Quantity":1.5,"Cost":2.99}}]}}"#
        );
        let answer = self.track_pod("POST", "/Order", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
}
