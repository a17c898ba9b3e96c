//! What Rankr's lists tell, taken down in the store until GoHighLevel's are gone through.

use serde::{Deserialize, Serialize};
use transload_flows::cursor::DAY_MS;
use transload_flows::reconcile::{Page, memory, survey};
use transload_model::{Fingerprint, Instant, Invoice, Money, Subscription, Transaction};
use transload_rankr::{
    PAGE_ROWS_MAX, Page as Rows, Query, SinkInvoice, SinkOrder, SinkSubscription, SinkTransaction,
};
use transload_sdk::{Context, Failure, Scope, rejected};
use transload_wire::{ApiError, Number};

use super::{Cursor, Phase, orders};
use crate::mirror::{Mirrored, is_echo};
use crate::settings::Connection;

/// A kind of object that Rankr lists. Names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listed {
    Orders,
    Payments,
    Invoices,
    Subscriptions,
}

impl Listed {
    fn name(self) -> &'static str {
        match self {
            Self::Orders => SinkOrder::NAME,
            Self::Payments => SinkTransaction::NAME,
            Self::Invoices => SinkInvoice::NAME,
            Self::Subscriptions => SinkSubscription::NAME,
        }
    }

    /// Those that the settings have held in Rankr, after this one.
    pub fn next(self, connection: &Connection) -> Option<Self> {
        let own = &connection.settings.own;
        let is_held = |kind: &Self| match kind {
            Self::Orders => true,
            Self::Payments => own.transactions.sync,
            Self::Invoices => own.invoices.sync,
            Self::Subscriptions => own.subscriptions.sync,
        };
        let all = [Self::Orders, Self::Payments, Self::Invoices, Self::Subscriptions];
        all.into_iter().skip_while(|kind| *kind != self).skip(1).find(is_held)
    }
}

/// A row of GoHighLevel's list.
pub struct Row<'a> {
    pub kind: Listed,
    pub id: &'a str,
    /// What Rankr's list tells, too.
    pub gist: Fingerprint,
    pub changed_at: Option<Instant>,
}

/// One of Rankr's objects, as a list has it. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    version: u64,
    /// What GoHighLevel's list tells of it, too.
    gist: String,
    /// Of all of it.
    print: String,
    /// Whether it is not what was last written to Rankr.
    edited: bool,
    /// Whether it was made within the time, and is of the mode.
    pub within: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<(Number, String)>,
    /// When a charge is to come, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
}

impl Entry {
    /// Whether it is what was last written to Rankr, and GoHighLevel's `row` tells of nothing newer; or both stand as they did
    /// when nothing was wrong with them.
    pub fn is_as(&self, both: &Connection, row: &Row) -> Result<bool, Failure> {
        let is_new = row.changed_at.is_some_and(|at| at.0 > self.version);
        if !self.edited && !is_new && self.gist == row.gist.to_string() {
            return Ok(true);
        }
        let clean: Option<String> = memory::read(both.cx, &clean(row))?;
        Ok(clean.is_some_and(|clean| clean == self.whole(both, row)))
    }

    /// Remembers that nothing was wrong with it and GoHighLevel's `row`.
    pub fn remember_clean(&self, both: &Connection, row: &Row) -> Result<(), Failure> {
        memory::write(both.cx, &clean(row), &self.whole(both, row))
    }

    /// Both, with what else decides how they are compared: this release and the settings.
    fn whole(&self, both: &Connection, row: &Row) -> String {
        let print = Fingerprint::new().and(env!("CARGO_PKG_VERSION")).and(both.cx.settings.get());
        print.and(&self.print).and(row.gist).and_maybe(row.changed_at.map(|at| at.0)).to_string()
    }

    /// The money that came in by it.
    pub fn amount(&self) -> Result<Option<Money>, Failure> {
        let money = |(amount, currency): &(Number, String)| Ok(Money::new(amount.0, currency.parse()?));
        self.amount.as_ref().map(money).transpose()
    }
}

/// What GoHighLevel's list and Rankr's tell of a payment.
pub fn payment(payment: &Transaction) -> Fingerprint {
    let refunded = payment.refunded.filter(|refunded| !refunded.amount.is_zero());
    Fingerprint::new()
        .and(payment.status.describe())
        .and(normalized(payment.amount))
        .and_maybe(refunded.map(normalized))
        .and(payment.live)
}

/// What they tell of an invoice.
pub fn invoice(invoice: &Invoice) -> Fingerprint {
    Fingerprint::new()
        .and(invoice.status.describe())
        .and(normalized(invoice.total))
        .and_maybe(invoice.paid.map(normalized))
        .and(invoice.live)
}

/// What they tell of a subscription.
pub fn subscription(subscription: &Subscription) -> Fingerprint {
    Fingerprint::new()
        .and(subscription.status.describe())
        .and_maybe(subscription.amount.map(normalized))
        .and(subscription.live)
}

/// What an object of Rankr's looks like: the same until something of it changes.
pub fn print<T: Mirrored>(object: &T) -> Result<String, Failure> {
    let text = object
        .bare()
        .write()
        .map_err(|problem| rejected(format!("{} {}: {problem}", T::NAME, object.id())))?;
    let print = Fingerprint::new().and(object.version()).and(String::from_utf8_lossy(&text));
    Ok(print.to_string())
}

fn normalized(money: Money) -> Money {
    Money::new(money.amount.normalized(), money.currency)
}

/// Takes down what Rankr's next page of a kind has, and goes on to the next kind after the last.
pub fn page(
    both: &Connection,
    scope: &Scope,
    cursor: &mut Cursor,
    kind: Listed,
    after: Option<&str>,
) -> Result<Page, Failure> {
    let list = List { both, scope, cursor };
    // What was made within the time reached Rankr after that began, but for the difference of the clocks; a subscription lives on.
    let since = (kind != Listed::Subscriptions).then(|| Instant(scope.start.saturating_sub(DAY_MS)));
    let query = Query { updated_since: since, cursor: after, limit: Some(PAGE_ROWS_MAX) };
    let rankr = &both.rankr;
    let after = match kind {
        Listed::Orders => list.orders(rankr.orders(&query)?)?,
        Listed::Payments => list.take_down(rankr.transactions(&query), kind, |row| {
            let captured = row.transaction.status.is_captured().then_some(row.transaction.amount);
            (payment(&row.transaction), row.transaction.created_at, row.transaction.live, captured, None)
        })?,
        Listed::Invoices => list.take_down(rankr.invoices(&query), kind, |row| {
            (invoice(&row.invoice), row.invoice.created_at, row.invoice.live, None, None)
        })?,
        Listed::Subscriptions => list.take_down(rankr.subscriptions(&query), kind, |row| {
            let row = &row.subscription;
            (subscription(row), row.created_at, row.live, None, row.next_charge_at)
        })?,
    };
    cursor.enter(match (after, kind.next(both)) {
        (Some(after), _) => Phase::Rankr { kind, after: Some(after) },
        (None, Some(kind)) => Phase::Rankr { kind, after: None },
        (None, None) if is_surveyed(both, scope, cursor) => Phase::ListedPayments,
        (None, None) => Phase::Orders,
    });
    Ok(Page::default())
}

/// Whether lists tell what has changed of the orders that earlier runs have compared.
fn is_surveyed(both: &Connection, scope: &Scope, cursor: &Cursor) -> bool {
    cursor.run > 1 && survey::is_worth_it(scope, both.cx.clock.now())
}

/// What is taken down of a row: its gist, when it was made, its mode, the money that came in, when a charge is due.
type Told = (Fingerprint, Option<Instant>, bool, Option<Money>, Option<Instant>);

struct List<'a> {
    both: &'a Connection<'a>,
    scope: &'a Scope,
    cursor: &'a Cursor,
}

impl List<'_> {
    fn take_down<T: Mirrored>(
        &self,
        listed: Result<Rows<T>, ApiError>,
        kind: Listed,
        tell: impl Fn(&T) -> Told,
    ) -> Result<Option<String>, Failure> {
        let rows = listed?;
        for row in &rows.items {
            let (gist, created_at, live, captured, due) = tell(row);
            let entry = Entry {
                version: row.version(),
                gist: gist.to_string(),
                print: print(row)?,
                edited: !is_echo(self.both, row)?,
                within: self.has(created_at, live),
                amount: captured.map(|money| (Number(money.amount), money.currency.code().to_owned())),
                due: due.map(|at| at.0),
            };
            memory::write(self.both.cx, &key(&self.cursor.scope, kind, row.id()), &entry)?;
        }
        Ok(rows.next_cursor)
    }

    /// Of orders, what a list tells is held against what was found to be in order before.
    fn orders(&self, rows: Rows<SinkOrder>) -> Result<Option<String>, Failure> {
        if is_surveyed(self.both, self.scope, self.cursor) {
            for row in &rows.items {
                let print = orders::print(row)?;
                memory::see(self.both.cx, &row.order.id, self.cursor.run, |seen| seen.other = Some(print))?;
            }
        }
        self.take_down(Ok(rows), Listed::Orders, |row| {
            (Fingerprint::new(), row.order.created_at, row.order.live, None, None)
        })
    }

    fn has(&self, created_at: Option<Instant>, live: bool) -> bool {
        let is_within = created_at.is_none_or(|at| at.0 >= self.scope.start && at.0 < self.scope.end);
        is_within && self.both.shop.settings.mode.accepts(live)
    }
}

fn clean(row: &Row) -> String {
    format!("reconcile/clean/{}/{}", row.kind.name(), row.id)
}

fn prefix(scope: &str) -> String {
    format!("reconcile/rankr/{scope}/")
}

/// Where entries of a kind stand.
pub fn place(scope: &str, kind: Listed) -> String {
    format!("{}{}/", prefix(scope), kind.name())
}

fn key(scope: &str, kind: Listed, id: &str) -> String {
    format!("{}{id}", place(scope, kind))
}

/// What Rankr's list had of the object `id`.
pub fn get(cx: &Context, scope: &str, kind: Listed, id: &str) -> Result<Option<Entry>, Failure> {
    memory::read(cx, &key(scope, kind, id))
}

/// It is dealt with.
pub fn strike(cx: &Context, scope: &str, kind: Listed, id: &str) -> Result<(), Failure> {
    Ok(cx.store.delete(&key(scope, kind, id))?)
}

/// What Rankr's list had of the object `id`, which is dealt with by now.
pub fn take(cx: &Context, scope: &str, kind: Listed, id: &str) -> Result<Option<Entry>, Failure> {
    let entry = get(cx, scope, kind, id)?;
    strike(cx, scope, kind, id)?;
    Ok(entry)
}

/// Forgets all that was taken down for this scope.
pub fn forget(cx: &Context, scope: &str) -> Result<(), Failure> {
    memory::forget(cx, &prefix(scope))
}

/// Where what GoHighLevel's listed payments come to is kept for an invoice.
pub fn paid(scope: &str, invoice_id: &str) -> String {
    format!("{}paid/{invoice_id}", prefix(scope))
}
