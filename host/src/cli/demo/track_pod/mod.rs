//! What happens in the demo, one scene after another.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use transload_sandbox::{
    Deliver, Fault, FaultKind, Json, Number, Pay, PlaceOrder, Refund, Schedule, Step, System, Tamper,
};

use super::Stage;
use crate::cli::style;

/// How long a scene may take until everything has come to rest. Retries of the faults take a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connection's name in the demo's configuration.
pub const CONNECTION: &str = "shop";

/// The line of the second order of which only a part is delivered.
pub const MUGS: &str = "price-mug";

/// The ids of the orders, by what happens to them.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Paid, delivered whole, refunded in part.
    pub whole: String,
    /// Delivered in part, with cash on delivery.
    pub partial: String,
    /// Delivered while the vendors fail.
    pub troubled: String,
}

/// Plays all scenes.
pub async fn play(stage: &Stage) -> anyhow::Result<Orders> {
    let whole = placed_and_paid(stage).await?;
    delivered_whole(stage, &whole).await?;
    refunded(stage).await?;
    let partial = delivered_in_part(stage).await?;
    twice_and_forged(stage).await?;
    let troubled = vendors_fail(stage).await?;
    Ok(Orders { whole, partial, troubled })
}

async fn placed_and_paid(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("An order of 150.10 USD, two lines, is placed in GoHighLevel").await;
    let id = stage.place(&PlaceOrder::default()).await?;
    stage.scene("It is paid before it leaves: nothing is to be collected any more").await;
    stage.control.pay(&id, &Pay::default()).await?;
    stage.control.set_order_status(&id, "completed").await?;
    stage.settle().await?;
    stage.poll().await?;
    Ok(id)
}

async fn delivered_whole(stage: &Stage, id: &str) -> anyhow::Result<()> {
    stage.scene("It goes out, and is delivered").await;
    for step in [Step::Schedule(Schedule::default()), Step::Load, Step::Start] {
        stage.control.drive(id, &step).await?;
    }
    stage.settle().await?;
    let handed_over = Deliver { signature_name: Some("N. Lindqvist".to_owned()), ..Deliver::default() };
    stage.deliver(id, handed_over).await
}

async fn refunded(stage: &Stage) -> anyhow::Result<()> {
    stage.scene("12.10 USD are given back").await;
    let snapshot = stage.control.snapshot().await?;
    let transaction = snapshot.ghl.transactions.first().and_then(|row| row.get("_id")).and_then(Json::as_str);
    let transaction = transaction.ok_or_else(|| anyhow!("the sandbox shows no transaction"))?;
    stage.control.refund(transaction, &Refund { amount: Some(number("12.10")?) }).await?;
    stage.poll().await
}

async fn delivered_in_part(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("A second order, unpaid: two of its three mugs arrive whole, 33.25 EUR are collected").await;
    let order = order(
        "contact-partial",
        "Otto",
        "45.75",
        [(MUGS, "Mug", 3, "12.5"), ("price-cup", "Cup", 1, "8.25")],
    )?;
    let id = stage.place(&PlaceOrder { order: Some(order), webhook: true }).await?;
    stage.control.drive(&id, &Step::Schedule(Schedule::default())).await?;
    stage.control.drive(&id, &Step::Start).await?;
    let handed_over = Deliver {
        lines: BTreeMap::from([(MUGS.to_owned(), number("2")?)]),
        cod_actual: Some(number("33.25")?),
        ..Deliver::default()
    };
    stage.deliver(&id, handed_over).await?;
    stage.poll().await?;
    Ok(id)
}

async fn twice_and_forged(stage: &Stage) -> anyhow::Result<()> {
    stage.scene("The first order's webhook comes again, twice").await;
    let created = stage
        .control
        .webhooks()
        .await?
        .deliveries
        .into_iter()
        .find(|delivery| delivery.event == "OrderCreate");
    let created = created.ok_or_else(|| anyhow!("the sandbox sent no OrderCreate"))?;
    stage.control.resend(created.id, 2, Tamper::None).await?;
    stage.settle().await?;
    stage.scene("One comes with a changed body, and one is signed by somebody else").await;
    stage.control.resend(created.id, 1, Tamper::Body).await?;
    stage.control.resend(created.id, 1, Tamper::Signature).await?;
    stage.settle().await
}

async fn vendors_fail(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("A third order: Track-POD answers 500 once, later GoHighLevel answers 429 once").await;
    stage.fault(System::TrackPod, "/Order", FaultKind::Status { status: 500, retry_after: None }).await?;
    let order = order(
        "contact-troubled",
        "Vera",
        "3000",
        [("price-fan", "Fan", 2, "1000"), ("price-box", "Box", 1, "1000")],
    )?;
    let id = stage.place(&PlaceOrder { order: Some(order), webhook: true }).await?;
    let path = format!("/payments/orders/{id}/fulfillments");
    stage.fault(System::Ghl, &path, FaultKind::Status { status: 429, retry_after: Some(1) }).await?;
    stage.control.drive(&id, &Step::Schedule(Schedule::default())).await?;
    stage.control.drive(&id, &Step::Start).await?;
    stage.deliver(&id, Deliver { cod_actual: Some(number("3000")?), ..Deliver::default() }).await?;
    ensure!(stage.control.faults().await?.is_empty(), "a fault was set that nothing ran into");
    stage.poll().await?;
    Ok(id)
}

impl Stage {
    async fn scene(&self, text: &str) {
        if self.loud {
            // The timeline is printed by a task of its own; let it finish the scene before.
            tokio::time::sleep(Duration::from_millis(30)).await;
            say!("\n{}", style::bold(text));
        }
    }

    async fn place(&self, order: &PlaceOrder) -> anyhow::Result<String> {
        let placed = self.control.place_order(order).await?;
        self.settle().await?;
        Ok(placed.id)
    }

    async fn deliver(&self, id: &str, handed_over: Deliver) -> anyhow::Result<()> {
        self.control.drive(id, &Step::Deliver(handed_over)).await?;
        self.settle().await
    }

    /// The next write below `path` meets a fault.
    async fn fault(&self, system: System, path: &str, kind: FaultKind) -> anyhow::Result<()> {
        let fault =
            Fault { system, method: Some("POST".to_owned()), path: path.to_owned(), skip: 0, times: 1, kind };
        Ok(self.control.add_fault(&fault).await?)
    }

    /// Asks for transactions now instead of at the next turn.
    async fn poll(&self) -> anyhow::Result<()> {
        self.host.poll_now(CONNECTION, "transactions").await.context("cannot poll transactions")?;
        self.settle().await
    }

    /// Waits until every webhook has been sent and everything that came of it is handled.
    async fn settle(&self) -> anyhow::Result<()> {
        ensure!(
            self.control.webhooks_settled(PATIENCE).await?,
            "webhooks were still on their way after {PATIENCE:?}"
        );
        tokio::time::timeout(PATIENCE, self.host.idle(PATIENCE))
            .await
            .map_err(|_| anyhow!("events were still being handled after {PATIENCE:?}"))?;
        Ok(())
    }
}

fn number(text: &str) -> anyhow::Result<Number> {
    serde_json::from_str(text).with_context(|| format!("{text} is not a number"))
}

/// An order of two lines, each a price id, a name, a quantity and a price. Three thousand is in yen, which have no cents.
fn order(
    contact: &str,
    name: &str,
    total: &str,
    lines: [(&str, &str, u32, &str); 2],
) -> anyhow::Result<Json> {
    let currency = if total == "3000" { "JPY" } else { "EUR" };
    let items = lines.map(|(id, name, quantity, price)| {
        format!(
            r#"{{"name": "{name}", "qty": {quantity}, "product": {{"_id": "product-{id}", "name": "{name}"}},
                "price": {{"_id": "{id}", "name": "{name}", "type": "one_time", "currency": "{currency}", "amount": {price}}}}}"#
        )
    });
    let text = format!(
        r#"{{"contactId": "{contact}", "currency": "{currency}", "amount": {total}, "liveMode": true,
            "amountSummary": {{"subtotal": {total}, "discount": 0, "tax": 0, "shipping": 0}},
            "source": {{"type": "website", "subType": "store", "id": "store", "name": "Demo store"}},
            "contactSnapshot": {{"id": "{contact}", "firstName": "{name}", "lastName": "Berg", "phone": "+15005550100",
                "address1": "7 Mill Lane", "city": "Bath", "postalCode": "BA1 1AA", "country": "GB"}},
            "items": [{}]}}"#,
        items.join(",")
    );
    Json::parse(&text).map_err(|error| anyhow!("the demo's order for {contact} is not JSON: {error}"))
}
