//! A connector whose history and whose books are made up by its settings. It makes no request.
//!
//! Its two triggers `entries` and `notes` have histories of `rows` and of 3 events. Its books have `rows` rows of 1.50 USD
//! each, of which the first `planted` differ: those with an even number are tied together by an id, the others are not.
//! Handling the repair of a difference writes `fixed/N` into the store, and then it is found no more.

mod books;
mod history;

use serde::Deserialize;
use transload_sdk::manifest::{self, Action, ActionAccess, Description, Kind, Origin};
use transload_sdk::{
    Connector, Context, Envelope, Event, EventPage, Failure, FindingPage, Order, Receipt, Scope, Verb,
    Window, Work, rejected,
};
use transload_wire::api::{Api, Credential};
use transload_wire::{Endpoint, InDoubt, Method};

/// What the settings say.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Rows of the books, and events of the history.
    rows: u32,
    /// Rows of a page.
    page: u32,
    /// Rows that differ.
    planted: u32,
    /// How long a page takes, in milliseconds.
    pause_ms: u64,
    /// A cent of each page's money is neither matched nor left over.
    bad_sums: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { rows: 1_000, page: 100, planted: 6, pause_ms: 0, bad_sums: false }
    }
}

pub(crate) const BOOKS: Api = Api {
    name: "books",
    title: "Books",
    base_url: "https://books.example",
    credential: Credential::Bearer,
    version_header: None,
    rates: &[],
    idempotency_header: None,
    webhook: None,
};

const READ: Endpoint = Endpoint::read("/rows", "rows.read");
const WRITE: Endpoint = Endpoint::write(Method::Put, "/rows/{id}", "rows.write", InDoubt::Resend);

const SETTINGS_SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"properties":{"rows":{"type":"integer"},"page":{"type":"integer"},"planted":{"type":"integer"},"pause_ms":{"type":"integer"},"bad_sums":{"type":"boolean"}}}"#;

/// The component.
pub struct Ledger;

impl Connector for Ledger {
    fn describe() -> Description {
        let mut description =
            manifest::description("ledger", "0.1.0", "Ledger", "Makes its books up by its settings.");
        description.apis = vec![manifest::api(&BOOKS, &[READ, WRITE])];
        let trigger = |name: &str, history| {
            let title = format!("An event of {name}");
            let origin = Origin::Poll(3_600_000);
            manifest::Trigger { history, ..manifest::trigger(name, &title, origin, Kind::Order, "{}", "{}") }
        };
        description.triggers = vec![trigger("entries", true), trigger("notes", true), trigger("news", false)];
        description.actions = vec![Action {
            name: "sum".to_owned(),
            title: "Adds two numbers".to_owned(),
            access: ActionAccess::Read,
            subject: None,
            input_schema: r#"{"type":"object"}"#.to_owned(),
            output_schema: r#"{"type":"object"}"#.to_owned(),
            sample: r#"{"a":1,"b":2}"#.to_owned(),
        }];
        description.settings_schema = SETTINGS_SCHEMA.to_owned();
        description
    }

    fn poll(_: &Context, _: &str, _: Option<&str>) -> Result<EventPage, Failure> {
        Ok(EventPage { events: Vec::new(), cursor: None, more: false })
    }

    fn backfill(
        cx: &Context,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<EventPage, Failure> {
        history::page(&settings(cx)?, trigger, window, cursor)
    }

    fn on_order(cx: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
        if let Some(row) = order.id.strip_prefix("repair-") {
            cx.store.put(&format!("fixed/{row}"), b"1")?;
        }
        Ok(Work::default().effect(Verb::Recorded, "books", "row", &order.id, "handled").into())
    }

    fn run(_: &Context, action: &str, input: &str) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Sum {
            a: i64,
            b: i64,
        }
        match action {
            "sum" => {
                let Sum { a, b } =
                    serde_json::from_str(input).map_err(|error| rejected(format!("the input: {error}")))?;
                Ok(format!(r#"{{"sum":{}}}"#, a.saturating_add(b)))
            }
            _ => Err(rejected(format!("no action is called {action:?}"))),
        }
    }

    fn reconcile(cx: &Context, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
        books::page(cx, &settings(cx)?, scope, cursor)
    }
}

transload_sdk::register!(Ledger);

fn settings(cx: &Context) -> Result<Settings, Failure> {
    let settings: Settings = cx.settings()?;
    std::thread::sleep(std::time::Duration::from_millis(settings.pause_ms));
    Ok(settings)
}

/// The row that a cursor names.
pub(crate) fn row(cursor: Option<&str>) -> Result<u32, Failure> {
    let Some(cursor) = cursor else { return Ok(0) };
    cursor.parse().map_err(|_| rejected(format!("the cursor {cursor:?} is not of this connector")))
}

/// An event about the order `subject`.
pub(crate) fn event(id: String, subject: &str) -> Result<Event, Failure> {
    let order: Order = transload_model::Order {
        id: subject.to_owned(),
        number: None,
        status: transload_model::OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: transload_model::Money { amount: transload_model::Decimal::ZERO, currency: "USD".parse()? },
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: Vec::new(),
        note: None,
        live: true,
        created_at: None,
        updated_at: None,
    };
    let change = transload_model::Change::Order(order);
    let (source, subject) = (BOOKS.name, subject.to_owned());
    Ok(Event { id, source, subject, occurred_at: None, raw: None, change })
}
