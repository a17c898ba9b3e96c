//! Comparisons against scripted vendors. Fixtures are text, because a JSON value of serde_json's would turn their amounts into
//! floats.

mod kinds;
mod phases;
mod run;

use transload_sdk::fakes::Fakes;
use transload_sdk::{Failure, Finding, Scope};

use crate::settings::Connection;

const SETTINGS: &str = r#"{"location_id":"loc1","mode":"live"}"#;
const ID: &str = "660ed43bfdf9fc05a0de7a40";
/// 2024-04-05T00:00:00Z by `date -ud … +%s`: the day after the order.
const NOW: u64 = 1_712_275_200_000;
const DAY: u64 = 86_400_000;

/// An order of 150.10 = 17 + 2 × 60.50 + 12.10 tax, as GoHighLevel's OrderCreate sample has it.
#[derive(Clone, Copy)]
struct Order {
    id: &'static str,
    status: &'static str,
    fulfillment: &'static str,
    live: bool,
    product: &'static str,
    coats: &'static str,
    total: &'static str,
    address: &'static str,
}

const ORDER: Order = Order {
    id: ID,
    status: "pending",
    fulfillment: "unfulfilled",
    live: true,
    product: "PHYSICAL",
    coats: "2",
    total: "150.1",
    address: r#""address1":"1 High Street","city":"Leeds","postalCode":"LS1 4AP","country":"GB""#,
};

impl Order {
    fn json(&self) -> String {
        let Order { id, status, fulfillment, live, product, coats, total, address } = self;
        format!(
            r#"{{"_id":"{id}","altId":"loc1","altType":"location","status":"{status}","fulfillmentStatus":"{fulfillment}",
            "contactId":"c1","currency":"USD","amount":{total},"liveMode":{live},"sourceType":"funnel",
            "createdAt":"2024-04-04T16:24:27.036Z","updatedAt":"2024-04-04T16:24:31.297Z",
            "contactSnapshot":{{"id":"c1","firstName":"Ada","lastName":"Fuller",{address}}},
            "items":[
                {{"name":"Tee","qty":1,"product":{{"name":"Tee","productType":"{product}"}},"price":{{"_id":"p1","currency":"USD","amount":17}}}},
                {{"name":"Coat","qty":{coats},"product":{{"name":"Coat","productType":"{product}"}},"price":{{"_id":"p2","currency":"USD","amount":60.5}}}}
            ]}}"#
        )
    }
}

/// A payment of the whole order by card.
#[derive(Clone, Copy)]
struct Payment {
    id: &'static str,
    amount: &'static str,
    refunded: &'static str,
    currency: &'static str,
    status: &'static str,
    live: bool,
    charge: &'static str,
    provider: &'static str,
    entity: &'static str,
    at: &'static str,
}

const PAYMENT: Payment = Payment {
    id: "t1",
    amount: "150.1",
    refunded: "0",
    currency: "USD",
    status: "succeeded",
    live: true,
    charge: r#""ch_1""#,
    provider: "stripe",
    entity: r#""entityType":"order","entityId":"660ed43bfdf9fc05a0de7a40","#,
    at: "2024-04-04T16:25:00.000Z",
};

/// Cash that was recorded.
const RECORDED: Payment = Payment { id: "t9", charge: "null", provider: "cash", ..PAYMENT };

impl Payment {
    fn json(&self) -> String {
        let Payment { id, amount, refunded, currency, status, live, charge, provider, entity, at } = self;
        format!(
            r#"{{"_id":"{id}","altId":"loc1","altType":"location","contactId":"c1","currency":"{currency}","amount":{amount},
            "status":"{status}","liveMode":{live},{entity}"amountRefunded":{refunded},"chargeId":{charge},
            "paymentProviderType":"{provider}","entitySourceType":"funnel","createdAt":"{at}","updatedAt":"{at}"}}"#
        )
    }
}

/// The order's delivery, not planned yet, with nothing to collect.
#[derive(Clone, Copy)]
struct Delivery {
    status: &'static str,
    route: &'static str,
    cod: &'static str,
    cash: &'static str,
    kind: u8,
    coats: &'static str,
    fact: [&'static str; 2],
    day: &'static str,
}

const DELIVERY: Delivery = Delivery {
    status: "null",
    route: r#""R1""#,
    cod: "null",
    cash: "null",
    kind: 0,
    coats: "2",
    fact: ["null", "null"],
    day: "2024-04-05",
};

/// It was delivered in full.
const DELIVERED: Delivery = Delivery { status: "3", fact: ["1", "2"], ..DELIVERY };

impl Delivery {
    fn json(&self) -> String {
        self.named(&format!(r#""Id":"{ID}","Number":"{ID}","TrackId":"track-1""#))
    }

    fn named(&self, names: &str) -> String {
        let Delivery { status, route, cod, cash, kind, coats, fact: [tee, coat], day } = self;
        format!(
            r#"{{{names},"Type":{kind},"Date":"{day}T00:00:00","Client":"Ada Fuller","ContactName":"Ada Fuller",
            "Address":"1 High Street, Leeds, LS1 4AP, GB","StatusId":{status},"RouteNumber":{route},"COD":{cod},"CODActual":{cash},
            "StatusDate":"2024-04-04T20:00:00","GoodsList":[
                {{"OrderLineId":"p1","GoodsId":"p1","GoodsName":"Tee","Quantity":1,"QuantityFact":{tee}}},
                {{"OrderLineId":"p2","GoodsId":"p2","GoodsName":"Coat","Quantity":{coats},"QuantityFact":{coat}}}
            ]}}"#
        )
    }
}

/// A fulfilment of so many of each line.
fn posted(tees: &str, coats: &str) -> String {
    format!(
        r#"{{"_id":"f1","trackings":[],"items":[{{"_id":"i1","price":{{"_id":"p1"}},"qty":{tees}}},{{"_id":"i2","price":{{"_id":"p2"}},"qty":{coats}}}]}}"#
    )
}

fn list(rows: &[String]) -> String {
    format!(r#"{{"data":[{}],"totalCount":{}}}"#, rows.join(","), rows.len())
}

/// All that both vendors have of one order.
#[derive(Clone)]
struct Case {
    order: Order,
    payments: Vec<Payment>,
    delivery: Option<Delivery>,
    posted: Vec<String>,
    by_hand: Option<&'static str>,
}

fn case(order: Order, payments: &[Payment], delivery: Option<Delivery>) -> Case {
    Case { order, payments: payments.to_vec(), delivery, posted: Vec::new(), by_hand: None }
}

impl Case {
    fn posted(self, posted: String) -> Self {
        Self { posted: vec![posted], ..self }
    }

    /// Answers the calls that tell whether anything has changed.
    fn answer_outside(&self, fakes: Fakes) -> Fakes {
        let rows: Vec<String> = self.payments.iter().map(Payment::json).collect();
        let fakes = fakes.answer("GET /payments/transactions?*", 200, &list(&rows));
        match self.delivery {
            Some(delivery) => {
                fakes.answer(&format!("GET /Order/Id/{}", self.order.id), 200, &delivery.json())
            }
            None => fakes.answer(&format!("GET /Order/Id/{}", self.order.id), 404, ""),
        }
    }

    /// Answers all calls of a comparison in full.
    fn answer(&self, fakes: Fakes, looks_for_hand_made: bool) -> Fakes {
        let id = self.order.id;
        let fakes = self.answer_outside(fakes).answer(
            &format!("GET /payments/orders/{id}?*"),
            200,
            &self.order.json(),
        );
        if self.delivery.is_some() {
            let posted = format!(r#"{{"status":true,"data":[{}]}}"#, self.posted.join(","));
            let fakes = fakes.answer(&format!("GET /payments/orders/{id}/fulfillments?*"), 200, &posted);
            return match self.by_hand {
                Some(names) if looks_for_hand_made => fakes.answer(
                    &format!("GET /Order/Number/{id}/List"),
                    200,
                    &format!("[{}]", DELIVERED.named(names)),
                ),
                None if looks_for_hand_made => fakes.answer(&format!("GET /Order/Number/{id}/List"), 404, ""),
                _ => fakes,
            };
        }
        if !looks_for_hand_made {
            return fakes;
        }
        match self.by_hand {
            Some(names) => fakes.answer(
                &format!("GET /Order/Number/{id}/List"),
                200,
                &format!("[{}]", DELIVERY.named(names)),
            ),
            None => fakes.answer(&format!("GET /Order/Number/{id}/List"), 404, ""),
        }
    }

    /// What is found of the order with these settings.
    fn findings(&self, settings: &str, looks_for_hand_made: bool) -> Vec<Finding> {
        let fakes = self.answer(Fakes::new(settings, NOW), looks_for_hand_made);
        let cx = fakes.context();
        let settings = cx.settings().unwrap();
        let found = super::order(&Connection::new(&cx, &settings), self.order.id).unwrap();
        assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
        found
    }
}

fn kinds(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.kind.as_str()).collect()
}

/// The day of the order and the two after it.
fn scope() -> Scope {
    Scope { start: NOW - DAY, end: NOW + 2 * DAY, kinds: Vec::new() }
}

fn page(fakes: &Fakes, scope: &Scope, cursor: Option<&str>) -> Result<super::FindingPage, Failure> {
    super::page(&fakes.context(), scope, cursor)
}

/// Answers what a second run asks for first: each day's deliveries, all of which are for 2024-04-05, and the payments.
fn answer_survey(fakes: Fakes, scope: &Scope, deliveries: &[String], payments: &[Payment]) -> Fakes {
    let days = (scope.end - scope.start) / DAY + 14;
    // Counted from seven days before the scope.
    let theirs = (NOW - scope.start) / DAY + 7;
    let fakes = (0..days).fold(fakes, |fakes, day| {
        let listed = if day == theirs { deliveries.join(",") } else { String::new() };
        let fakes = fakes.answer("GET /Order/Date/*", 200, &format!("[{listed}]"));
        fakes.answer("GET /Order/Route/Date/*", 200, "[]")
    });
    let rows: Vec<String> = payments.iter().map(Payment::json).collect();
    fakes.answer("GET /payments/transactions?*", 200, &list(&rows))
}
