//! Both vendors and the host's store in one, with memory: what the flows write is what they read next.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use transload_sdk::fakes::Fakes;
use transload_sdk::{Context, Failure};
use transload_wire::{Http, HttpError, Method, Request, Response};

use crate::fixtures::NOW;

/// What the order costs, in cents, and the two lines of one price and the one of another that it has.
pub const TOTAL: i64 = 15_010;
pub const ORDERED: [(&str, i64); 2] = [("p1", 3), ("p2", 2)];

/// A payment as GoHighLevel keeps it.
#[derive(Clone)]
pub struct Payment {
    pub cents: i64,
    pub refunded: i64,
    pub by_card: bool,
    meta: String,
}

/// A delivery as Track-POD keeps it.
#[derive(Clone, Default)]
pub struct Delivery {
    pub status: Option<u8>,
    pub attempt: u32,
    pub accepted: [i64; 2],
    pub asked: i64,
    pub collected: i64,
    pub minute: u32,
}

/// The vendors, and the store of the connection.
pub struct World {
    pub payments: RefCell<Vec<Payment>>,
    pub delivery: RefCell<Delivery>,
    pub fulfilled: RefCell<BTreeMap<String, i64>>,
    pub notes: RefCell<Vec<String>>,
    pub tags: Cell<u32>,
    /// The texts that customers got.
    pub messages: RefCell<Vec<String>>,
    /// Messages whose answers were lost: asked for again, the host answers for them and sends nothing.
    possibly_sent: RefCell<Vec<String>>,
    ports: Fakes,
    looks: Cell<u32>,
    /// How many writes go through before one takes effect whose answer is lost.
    pub lost_after: Cell<Option<u32>>,
}

pub fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn settings() -> String {
    let text = r#""{{ delivery.state }} {{ delivery.attempt }} {{ delivery.eta }}""#;
    format!(
        r#"{{"location_id":"loc1","messages":{{"channel":"sms","out_for_delivery":{text},"delivered":{text},
            "partly_delivered":{text},"attempt_failed":{text}}}}}"#
    )
}

impl World {
    pub fn new() -> Self {
        Self {
            payments: RefCell::default(),
            delivery: RefCell::new(Delivery { attempt: 1, asked: TOTAL, ..Delivery::default() }),
            fulfilled: RefCell::default(),
            notes: RefCell::default(),
            tags: Cell::new(0),
            messages: RefCell::default(),
            possibly_sent: RefCell::default(),
            ports: Fakes::new(&settings(), NOW),
            looks: Cell::new(0),
            lost_after: Cell::new(None),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context { http: self, ..self.ports.context() }
    }

    /// What GoHighLevel has for the order, refunds not taken off.
    pub fn captured(&self) -> i64 {
        self.payments.borrow().iter().map(|payment| payment.cents).sum()
    }

    /// Runs a flow as the host does: what it kept is gone if it fails, and then it runs again.
    pub fn run<T>(&self, flow: impl Fn(&Context) -> Result<T, Failure>) -> T {
        for _ in 0..3 {
            match self.ports.attempt(|| flow(&self.context())) {
                Ok(outcome) => return outcome,
                Err(Failure::Retry(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("it is never done");
    }

    fn order(&self) -> String {
        let item = |price: &str, quantity: i64| {
            format!(
                r#"{{"name":"{price}","qty":{quantity},"product":{{"_id":"x"}},"price":{{"_id":"{price}","currency":"USD","amount":1}}}}"#
            )
        };
        // p1 is on two lines, which GoHighLevel's fulfilments cannot tell apart.
        let items = [item("p1", 1), item("p1", 2), item("p2", 2)].join(",");
        format!(
            r#"{{"_id":"o1","status":"pending","contactId":"c1","currency":"USD","amount":{},"liveMode":true,"items":[{items}]}}"#,
            dollars(TOTAL)
        )
    }

    fn payment(&self, index: usize) -> String {
        let payments = self.payments.borrow();
        let payment = &payments[index];
        let (provider, charge) = if payment.by_card { ("stripe", r#""ch""#) } else { ("cash", "null") };
        format!(
            r#"{{"_id":"t{index}","contactId":"c1","currency":"USD","amount":{},"amountRefunded":{},"status":"succeeded",
                "liveMode":true,"entityType":"order","entityId":"o1","chargeId":{charge},"meta":{},
                "paymentProvider":{{"type":"{provider}"}}}}"#,
            dollars(payment.cents),
            dollars(payment.refunded),
            payment.meta
        )
    }

    /// Each look finds another expected time, so a message that is made anew would be another one.
    fn track_pod(&self) -> String {
        let delivery = self.delivery.borrow();
        let status = delivery.status.map_or("null".to_owned(), |status| status.to_string());
        let goods = ORDERED.iter().zip(delivery.accepted).map(|((price, ordered), accepted)| {
            format!(r#"{{"OrderLineId":"{price}","Quantity":{ordered},"QuantityFact":{accepted}}}"#)
        });
        format!(
            r#"{{"Id":"o1","TrackId":"k","Type":0,"StatusId":{status},"RescheduledTimes":{},"COD":{},"CODActual":"{}","ETA":"2024-04-04T18:{:02}:00",
                "StatusDate":"2024-04-04T{:02}:{:02}:00","GoodsList":[{}]}}"#,
            delivery.attempt - 1,
            dollars(delivery.asked),
            dollars(delivery.collected),
            self.looks.replace(self.looks.get() + 1) % 60,
            10 + delivery.minute / 60,
            delivery.minute % 60,
            goods.collect::<Vec<_>>().join(",")
        )
    }

    fn read(&self, path: &str) -> String {
        if let Some(id) = path.strip_prefix("/payments/transactions/t") {
            return self.payment(id.parse().unwrap());
        }
        match path {
            "/payments/orders/o1" => self.order(),
            "/Order/Id/o1" => self.track_pod(),
            "/payments/transactions" => {
                let rows: Vec<String> =
                    (0..self.payments.borrow().len()).map(|index| self.payment(index)).collect();
                format!(r#"{{"data":[{}],"totalCount":{}}}"#, rows.join(","), rows.len())
            }
            "/payments/orders/o1/fulfillments" => {
                let fulfilled = self.fulfilled.borrow();
                let items = fulfilled
                    .iter()
                    .map(|(price, qty)| format!(r#"{{"price":{{"_id":"{price}"}},"qty":{qty}}}"#));
                format!(r#"{{"data":[{{"_id":"f","items":[{}]}}]}}"#, items.collect::<Vec<_>>().join(","))
            }
            "/contacts/c1/notes" => {
                let notes = self.notes.borrow();
                let notes: Vec<String> = notes
                    .iter()
                    .enumerate()
                    .map(|(id, body)| format!(r#"{{"id":"{id}","body":{body}}}"#))
                    .collect();
                format!(r#"{{"notes":[{}]}}"#, notes.join(","))
            }
            "/contacts/c1" => r#"{"contact":{"id":"c1","dnd":false}}"#.to_owned(),
            other => panic!("nobody answers GET {other}"),
        }
    }

    fn write(&self, path: &str, body: &serde_json::Value, text: &str) -> &'static str {
        match path {
            "/payments/orders/o1/fulfillments" => {
                for item in body["items"].as_array().unwrap() {
                    let price = item["priceId"].as_str().unwrap().to_owned();
                    *self.fulfilled.borrow_mut().entry(price).or_default() += item["qty"].as_i64().unwrap();
                }
                r#"{"data":{"_id":"f"}}"#
            }
            "/payments/orders/o1/record-payment" => {
                let amount = text.split(r#""amount":"#).nth(1).unwrap().split([',', '}']).next().unwrap();
                let amount: transload_model::Decimal = amount.parse().unwrap();
                let cents = amount.with_exponent(2).unwrap().units();
                assert!(
                    cents > 0 && cents <= TOTAL - self.captured(),
                    "{cents} recorded of {}",
                    TOTAL - self.captured()
                );
                let meta = body["meta"].to_string();
                self.payments.borrow_mut().push(Payment { cents, refunded: 0, by_card: false, meta });
                r#"{"success":true}"#
            }
            "/contacts/c1/notes" => {
                self.notes.borrow_mut().push(body["body"].to_string());
                r#"{"note":{"id":"n"}}"#
            }
            "/conversations/messages" => {
                self.messages.borrow_mut().push(body["message"].as_str().unwrap().to_owned());
                r#"{"messageId":"m"}"#
            }
            "/contacts/c1/tags" => {
                self.tags.set(self.tags.get() + 1);
                "{}"
            }
            other => panic!("nobody answers POST {other}"),
        }
    }

    pub fn pays_by_card(&self, cents: i64) {
        self.payments.borrow_mut().push(Payment {
            cents,
            refunded: 0,
            by_card: true,
            meta: "null".to_owned(),
        });
    }
}

impl Http for World {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = format!("/{}", path.split('?').next().unwrap_or_default());
        let answer = if request.method == Method::Get {
            self.read(&path)
        } else {
            let text = String::from_utf8(request.body.unwrap_or_default()).unwrap();
            if self.possibly_sent.borrow().contains(&text) {
                return Ok(Response { status: 208, headers: Vec::new(), body: Vec::new() });
            }
            let answer = self.write(&path, &serde_json::from_str(&text).unwrap(), &text).to_owned();
            match self.lost_after.get() {
                Some(0) => {
                    self.lost_after.set(None);
                    if path == "/conversations/messages" {
                        self.possibly_sent.borrow_mut().push(text);
                    }
                    return Err(HttpError::Timeout);
                }
                left => self.lost_after.set(left.map(|left| left - 1)),
            }
            answer
        };
        Ok(Response { status: 200, headers: Vec::new(), body: answer.into_bytes() })
    }
}
