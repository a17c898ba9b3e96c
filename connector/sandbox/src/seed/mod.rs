//! A history of many orders at once, consistent between the systems: for reconciliations, backfills and pages.

mod documents;
mod rankr;

use std::num::NonZeroUsize;

use http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use transload_model::{Currency, Decimal, DecimalError};

use crate::control::{Refused, invalid};
use crate::ghl::billing::{Draft, InvoicePayment};
use crate::ghl::payments::NewPayment;
use crate::ghl::store::StoreError;
use crate::ghl::{fulfillments, transactions};
use crate::json::{Json, Number, Object};
use crate::state::State;
use crate::track_pod::delivery::{self, CompletedLine, Completion};
use crate::track_pod::store::{Found, Key, Route};
use documents::Goods;

/// Orders that one call makes. They and what belongs to them take about 20 KiB each.
pub const SEED_ORDERS_MAX: usize = 50_000;

/// Days over which one call spreads its orders: ten years.
pub const SEED_DAYS_MAX: u32 = 3_660;

/// Currencies that one call takes turns with.
pub const SEED_CURRENCIES_MAX: usize = 20;

/// A history to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// How many orders, at most [`SEED_ORDERS_MAX`].
    pub orders: usize,
    /// The first day, `2026-01-01`, in UTC.
    pub from: String,
    /// Days over which they are placed, evenly; 30 without it, at most [`SEED_DAYS_MAX`].
    #[serde(default = "month")]
    pub days: u32,
    /// The orders' currencies, in turn; USD without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub currencies: Vec<String>,
    /// Each so-many-th order is billed by an invoice, unless the driver collects, and paid through it; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_each: Option<NonZeroUsize>,
    /// Amounts and quantities are others with another number.
    #[serde(default)]
    pub variety: u64,
    /// Whether Rankr has them too: orders, fulfilments and transactions, as a connector carried them there.
    #[serde(default)]
    pub rankr: bool,
}

fn month() -> u32 {
    30
}

impl Seed {
    /// So many orders within 30 days from that day on, in USD.
    pub fn new(orders: usize, from: &str) -> Self {
        Self {
            orders,
            from: from.to_owned(),
            days: month(),
            currencies: Vec::new(),
            invoice_each: None,
            variety: 0,
            rankr: false,
        }
    }
}

/// How an order went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// Paid at once; delivered in full.
    Paid,
    /// Paid in two parts; delivered in full.
    PaidInParts,
    /// Not paid; the driver collected it all, and it is recorded as a payment.
    Cash,
    /// Paid; delivered in full; a third of the money was given back.
    RefundedInPart,
    /// Paid; one piece was missing, all others were delivered.
    DeliveredInPart,
    /// Paid; on the route of the next day. Only among orders of the last day.
    Planned,
    /// Not paid; on the route of the next day, for the driver to collect. Only among orders of the last day.
    PlannedCash,
}

/// Twenty histories, of which each order has the next: what a shop with some trouble sees.
const HISTORIES: [History; 20] = [
    History::Paid,
    History::Paid,
    History::Cash,
    History::Paid,
    History::PaidInParts,
    History::Planned,
    History::Paid,
    History::DeliveredInPart,
    History::Paid,
    History::Cash,
    History::Paid,
    History::RefundedInPart,
    History::Paid,
    History::PlannedCash,
    History::PaidInParts,
    History::Paid,
    History::Cash,
    History::Paid,
    History::DeliveredInPart,
    History::Paid,
];

/// An order that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeededOrder {
    /// The order's id in GHL, and Track-POD's `Id` and `Number`.
    pub id: String,
    /// How it went.
    pub history: History,
    /// The ids of its transactions, oldest first.
    pub transactions: Vec<String>,
    /// The `TrackId` of its delivery.
    pub delivery: String,
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeded {
    /// The orders, oldest first.
    pub orders: Vec<SeededOrder>,
}

/// Makes the history. No webhook is fired, and nothing is in the ledger.
pub(crate) fn seed(state: &mut State, seed: Seed) -> Result<Seeded, Refused> {
    let plan = Plan::of(&seed)?;
    let orders = (0..seed.orders).map(|index| plan.order(state, index)).collect::<Result<Vec<_>, _>>();
    Ok(Seeded { orders: orders? })
}

/// What was asked for, checked.
struct Plan {
    orders: i64,
    from: Timestamp,
    seconds: i64,
    currencies: Vec<Currency>,
    invoice_each: Option<NonZeroUsize>,
    variety: u64,
    rankr: bool,
}

impl Plan {
    fn of(seed: &Seed) -> Result<Self, Refused> {
        if !(1..=SEED_ORDERS_MAX).contains(&seed.orders) {
            return Err(invalid(format!("orders is {}: 1 to {SEED_ORDERS_MAX} are made", seed.orders)));
        }
        if !(1..=SEED_DAYS_MAX).contains(&seed.days) {
            return Err(invalid(format!("days is {}: write 1 to {SEED_DAYS_MAX}", seed.days)));
        }
        if seed.currencies.len() > SEED_CURRENCIES_MAX {
            return Err(invalid(format!("at most {SEED_CURRENCIES_MAX} currencies")));
        }
        let no_date = || invalid(format!("from {:?}: write it as 2024-05-13", seed.from));
        let from: Date = seed.from.parse().map_err(|_| no_date())?;
        let from = from.to_zoned(TimeZone::UTC).map_err(|_| no_date())?.timestamp();
        let no_currency = |code: &String| invalid(format!("currency {code:?}: three capital letters"));
        let codes = if seed.currencies.is_empty() { &["USD".to_owned()][..] } else { &seed.currencies };
        let currencies = codes.iter().map(|code| code.parse().map_err(|_| no_currency(code)));
        Ok(Self {
            orders: i64::try_from(seed.orders).unwrap_or(i64::MAX),
            from,
            seconds: i64::from(seed.days) * 86_400,
            currencies: currencies.collect::<Result<_, _>>()?,
            invoice_each: seed.invoice_each,
            variety: seed.variety,
            rankr: seed.rankr,
        })
    }

    fn order(&self, state: &mut State, index: usize) -> Result<SeededOrder, Refused> {
        let second = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(self.seconds) / self.orders;
        let placed = after(self.from, SignedDuration::from_secs(second));
        let currency = self.currencies.get(index % self.currencies.len()).copied();
        let currency = currency.ok_or_else(|| invalid("no currency"))?;
        let history = self.history(index, second);
        let goods = documents::goods(index, currency, self.variety);
        let order = documents::order(index, currency, &goods).map_err(sum)?;
        let id = state.ghl.place(order, &mut state.ids, placed)?;
        let mut story = Story { state, id, placed, goods, invoice: None, transactions: Vec::new() };
        let billed = self.invoice_each.is_some_and(|each| index % each == 0);
        if billed && !matches!(history, History::Cash | History::PlannedCash) {
            story.bill()?;
        }
        let delivery = story.tell(history)?;
        let (id, transactions) = (story.id, story.transactions);
        if self.rankr {
            rankr::carry(state, &id, &transactions)?;
        }
        Ok(SeededOrder { id, history, transactions, delivery })
    }

    /// What is still planned was placed on the last day, so that nothing is overdue the day after.
    fn history(&self, index: usize, second: i64) -> History {
        match HISTORIES.get(index % HISTORIES.len()).copied().unwrap_or(History::Paid) {
            History::Planned if self.seconds - second > 86_400 => History::Paid,
            History::PlannedCash if self.seconds - second > 86_400 => History::Cash,
            history => history,
        }
    }
}

/// One order on its way through both systems.
struct Story<'a> {
    state: &'a mut State,
    id: String,
    placed: Timestamp,
    goods: Vec<Goods>,
    invoice: Option<String>,
    transactions: Vec<String>,
}

impl Story<'_> {
    /// Makes an invoice for the order, and sends it.
    fn bill(&mut self) -> Result<(), Refused> {
        let draft = Draft { order: Some(self.id.clone()), ..Draft::default() };
        let (made, sent) = (at(self.placed, 1), at(self.placed, 2));
        let State { ghl, ids, .. } = &mut *self.state;
        let invoice = ghl.make_invoice(draft, ids, made)?;
        ghl.send_invoice(&invoice, sent)?;
        self.invoice = Some(invoice);
        Ok(())
    }

    /// Everything that happens to the order; the `TrackId` of its delivery.
    fn tell(&mut self, history: History) -> Result<String, Refused> {
        let due = self.due()?;
        match history {
            History::Cash | History::PlannedCash => {}
            History::PaidInParts => {
                let first = part(due, 3)?;
                self.pay(first.into(), 5)?;
                self.pay(due.checked_sub(first).map_err(sum)?.into(), 9)?;
            }
            _ => self.pay(due.into(), 5)?,
        }
        let cash = matches!(history, History::Cash | History::PlannedCash).then_some(due);
        let track_id = self.plan(cash)?;
        if matches!(history, History::Planned | History::PlannedCash) {
            return Ok(track_id);
        }
        let missing = (history == History::DeliveredInPart).then_some(0);
        self.deliver(&track_id, cash, missing)?;
        if let Some(cash) = cash {
            self.record(cash.into(), &track_id)?;
        }
        if history == History::RefundedInPart {
            let third = part(due, 3)?;
            for id in &self.transactions {
                self.state.ghl.refund(id, Some(third.into()), at(self.placed, 46 * 60))?;
            }
        }
        Ok(track_id)
    }

    fn due(&self) -> Result<Decimal, Refused> {
        let order = self.state.ghl.order(&self.id);
        order.ok_or_else(|| invalid("the order is gone"))?.due().map_err(sum)
    }

    fn pay(&mut self, amount: Number, minute: i64) -> Result<(), Refused> {
        let (amount, status, now) = (Some(amount), "succeeded", at(self.placed, minute));
        let State { ghl, ids, .. } = &mut *self.state;
        let transaction = match &self.invoice {
            Some(invoice) => {
                let payment = InvoicePayment { amount, status, record: None };
                ghl.pay_invoice(invoice, payment, ids, now)?.transaction
            }
            None => {
                let payment = NewPayment { amount, status, taken: None, subscription: None };
                ghl.pay(&self.id, payment, ids, now)?.0
            }
        };
        self.transactions.push(transaction);
        Ok(())
    }

    /// Makes the delivery and puts it on the route of the next day; its `TrackId`.
    fn plan(&mut self, cash: Option<Decimal>) -> Result<String, Refused> {
        let fields = documents::delivery(self.order()?, &self.goods, cash);
        let (made, planned) = (at(self.placed, 10), at(self.placed, 120));
        let State { track_pod, ids, .. } = &mut *self.state;
        let order = track_pod.add(&fields, "WebApi", ids, made);
        let order = order.ok_or_else(|| StoreError::Full("too many delivery orders".to_owned()))?;
        let track_id = order.track_id.clone();
        let day = after(self.placed, SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string();
        let route = Route {
            number: format!("R-{day}"),
            date: format!("{day}T00:00:00"),
            driver: "Sandbox Driver".to_owned(),
            state: "Ready",
        };
        if let Found::Order(order) = track_pod.find(Key::TrackId(&track_id)) {
            delivery::schedule(order, route, planned).map_err(invalid)?;
        }
        Ok(track_id)
    }

    /// Ends the visit, and writes what was delivered into GHL. Of the `missing` line one piece was not there.
    fn deliver(
        &mut self,
        track_id: &str,
        cash: Option<Decimal>,
        missing: Option<usize>,
    ) -> Result<(), Refused> {
        let accepted = |index: usize, goods: &Goods| {
            let short = i64::from(missing == Some(index));
            Decimal::from(goods.quantity - short)
        };
        let line = |(index, goods): (usize, &Goods)| CompletedLine {
            order_line_id: Some(goods.price_id.clone()),
            quantity: Some(accepted(index, goods).into()),
            // 20 is "Missing".
            reason: (missing == Some(index)).then_some(20),
            ..CompletedLine::default()
        };
        let completion = Completion {
            lines: self.goods.iter().enumerate().map(line).collect(),
            cod_actual: cash.map(Number::from),
            signature: Some("N. Lindqvist".to_owned()),
            ..Completion::default()
        };
        if let Found::Order(order) = self.state.track_pod.find(Key::TrackId(track_id)) {
            delivery::complete(order, completion, at(self.placed, 22 * 60)).map_err(invalid)?;
        }
        let items: Vec<Json> = (self.goods.iter().enumerate())
            .map(|(index, goods)| documents::item(&goods.price_id, accepted(index, goods)))
            .collect();
        let tracking = documents::tracking(track_id);
        Ok(fulfillments::add(self.state, &self.id, items, tracking, at(self.placed, 22 * 60 + 1))?)
    }

    /// Records what the driver collected.
    fn record(&mut self, amount: Number, track_id: &str) -> Result<(), Refused> {
        let record = documents::record(&self.state.ghl.location, &amount, track_id);
        let State { ghl, ids, .. } = &mut *self.state;
        let now = at(self.placed, 22 * 60 + 2);
        self.transactions.push(transactions::record_in(ghl, ids, &self.id, amount, record, now)?.0);
        Ok(())
    }

    fn order(&self) -> Result<&Object, Refused> {
        let order = self.state.ghl.order(&self.id);
        Ok(&order.ok_or_else(|| invalid("the order is gone"))?.document)
    }
}

/// One of so many parts of an amount, rounded down to its last digit.
fn part(amount: Decimal, parts: i64) -> Result<Decimal, Refused> {
    Decimal::new(amount.units() / parts, amount.exponent()).map_err(sum)
}

fn at(placed: Timestamp, minutes: i64) -> Timestamp {
    after(placed, SignedDuration::from_mins(minutes))
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn sum(error: DecimalError) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, message: error.to_string() }
}
