//! A shop in which orders are placed, paid, driven, delivered and refunded, whether the host lives or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use transload_sandbox::{
    Control, ControlError, Deliver, Failure, Fault, FaultKind, Json, Number, Pay, PlaceOrder, Refund,
    Schedule, Step, System,
};

use crate::stage::order;

/// Orders that are under way at once: enough that every kill meets some, few enough that the vendors' request rates, which
/// the host keeps to, do not decide how long the test takes.
const AT_ONCE: usize = 6;

/// How long a delivery order may take to appear at Track-POD, over however many lives of the host.
const PATIENCE: Duration = Duration::from_mins(10);

/// Track-POD's reason "Nobody at home", which another visit may follow.
const NOBODY_HOME: i64 = 2;

/// What happened to one order: what the judge expects to find.
#[derive(Debug)]
pub(super) struct Story {
    /// GoHighLevel's id of it.
    pub(super) id: String,
    /// Whose it is. Each order has a contact of its own.
    pub(super) contact: String,
    /// What was handed over, by line; lines of which nothing was are left out.
    pub(super) delivered: BTreeMap<String, u32>,
    /// Its payment, if there was one.
    pub(super) payment: Option<Payment>,
}

/// A payment, and what was given back of it.
#[derive(Debug)]
pub(super) struct Payment {
    /// GoHighLevel's id of the transaction.
    pub(super) id: String,
    /// What was paid, in cents.
    pub(super) cents: u32,
    /// What was given back in the end, in cents.
    pub(super) refunded: u32,
}

/// A shop that is open.
pub(super) struct Shop {
    /// A permit for each order that may still be placed.
    stock: Arc<Semaphore>,
    selling: tokio::task::JoinHandle<Vec<Story>>,
}

impl Shop {
    /// Open a shop that has nothing to sell yet.
    pub(super) fn open(control: Control, seed: u64) -> Shop {
        let stock = Arc::new(Semaphore::new(0));
        let selling = tokio::spawn(sell(control, seed, Arc::clone(&stock)));
        Shop { stock, selling }
    }

    /// Sell so many orders more.
    pub(super) fn restock(&self, orders: usize) {
        self.stock.add_permits(orders);
    }

    /// Take no more orders, see those under way to their ends, and tell what happened to all of them.
    pub(super) async fn close(self) -> Vec<Story> {
        self.stock.close();
        self.selling.await.unwrap()
    }
}

async fn sell(control: Control, seed: u64, stock: Arc<Semaphore>) -> Vec<Story> {
    let mut rng = Rng::with_seed(seed);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let (mut under_way, mut stories) = (JoinSet::new(), Vec::new());
    for number in 0.. {
        let turn = Arc::clone(&room).acquire_owned().await.unwrap();
        let Ok(sold) = stock.acquire().await else { break };
        sold.forget();
        let visit = Customer { control: control.clone(), rng: rng.fork(), number };
        under_way.spawn(async move {
            let story = visit.buy().await;
            drop(turn);
            story
        });
        if rng.u8(..3) == 0 {
            control.add_fault(&fault(&mut rng)).await.unwrap();
        }
        while let Some(story) = under_way.try_join_next() {
            stories.push(story.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(50..250))).await;
    }
    while let Some(story) = under_way.join_next().await {
        stories.push(story.unwrap());
    }
    stories
}

/// Something that goes wrong at a vendor, for one request soon.
fn fault(rng: &mut Rng) -> Fault {
    let kind = match rng.u8(..6) {
        0 => FaultKind::Status { status: 500, retry_after: None },
        1 => FaultKind::Status { status: 429, retry_after: Some(1) },
        2 => FaultKind::DropBefore,
        3 => FaultKind::Delay { ms: 200 },
        4 => FaultKind::DropAfter,
        _ => FaultKind::HalfBody,
    };
    let system = if rng.bool() { System::Ghl } else { System::TrackPod };
    let method = rng.bool().then(|| "POST".to_owned());
    Fault { system, method, path: String::new(), skip: rng.u64(..5), times: 1, kind }
}

struct Customer {
    control: Control,
    rng: Rng,
    number: usize,
}

impl Customer {
    async fn buy(mut self) -> Story {
        let contact = format!("contact-{}", self.number);
        let (cups, mugs) = (self.rng.u32(1..5), self.rng.u32(1..4));
        // Cups at 17.50 and mugs at 4.25.
        let cents = cups * 1_750 + mugs * 425;
        let lines = [("cup", &*cups.to_string(), "17.5"), ("mug", &*mugs.to_string(), "4.25")];
        let placed = order(&contact, "EUR", &decimal(cents), &lines);
        let order = Some(Json::parse(&placed).unwrap());
        let id = self.control.place_order(&PlaceOrder { order, webhook: true }).await.unwrap().id;
        let pays = self.rng.u8(..3);
        let mut payment = None;
        if pays == 1 {
            payment = Some(self.pay(&id, cents).await);
        }
        self.drive(&id, Step::Schedule(Schedule::default())).await;
        self.drive(&id, Step::Start).await;
        let delivered = self.deliver(&id, cups, mugs).await;
        if pays == 2 {
            payment = Some(self.pay(&id, cents).await);
        }
        if let Some(payment) = payment.as_mut() {
            self.give_back(payment).await;
        }
        Story { id, contact, delivered, payment }
    }

    async fn pay(&mut self, id: &str, cents: u32) -> Payment {
        self.pause().await;
        let transaction = self.control.pay(id, &Pay::default()).await.unwrap();
        self.control.set_order_status(id, "completed").await.unwrap();
        Payment { id: transaction, cents, refunded: 0 }
    }

    /// Nothing, a part, or a part and then another.
    async fn give_back(&mut self, payment: &mut Payment) {
        for _ in 0..self.rng.u8(..3) {
            self.pause().await;
            let cents = self.rng.u32(1..200);
            let refund = Refund { amount: Some(number(&decimal(cents))) };
            self.control.refund(&payment.id, &refund).await.unwrap();
            payment.refunded += cents;
        }
    }

    async fn deliver(&mut self, id: &str, cups: u32, mugs: u32) -> BTreeMap<String, u32> {
        let mut accepted = BTreeMap::from([("cup".to_owned(), cups), ("mug".to_owned(), mugs)]);
        match self.rng.u8(..4) {
            0 => {
                let failure = Failure { reason: Some(NOBODY_HOME), comment: None };
                self.drive(id, Step::Fail(failure)).await;
                self.drive(id, Step::Reschedule(Schedule::default())).await;
                self.drive(id, Step::Start).await;
            }
            1 => {
                accepted.insert("cup".to_owned(), cups - 1);
            }
            _ => {}
        }
        let lines = accepted.iter().map(|(line, quantity)| (line.clone(), number(&quantity.to_string())));
        let handed_over = Deliver { lines: lines.collect(), ..Deliver::default() };
        self.drive(id, Step::Deliver(handed_over)).await;
        accepted.retain(|_, quantity| *quantity > 0);
        accepted
    }

    /// Take a delivery one step on, as soon as it is there.
    async fn drive(&mut self, id: &str, step: Step) {
        self.pause().await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.control.drive(id, &step).await {
                Ok(_) => return,
                Err(ControlError::Refused { status: 404, .. }) => {}
                Err(error) => panic!("order {id}: {error}"),
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "order {id} was not at Track-POD in {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.rng.u64(..250))).await;
    }
}

/// An amount in cents as GoHighLevel writes it.
pub(super) fn decimal(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn number(text: &str) -> Number {
    serde_json::from_str(text).unwrap()
}
