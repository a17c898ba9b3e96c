//! GoHighLevel and Track-POD: orders become deliveries and come back fulfilled.

mod checks;
mod orders;

use std::collections::BTreeMap;

use anyhow::anyhow;
use transload_sandbox::{Deliver, FaultKind, Json, Pay, PlaceOrder, Refund, Schedule, Step, System, Tamper};

use super::check::Check;
use super::goods::{number, order};
use super::stage::Stage;

/// What is there at the end.
type Evidence = super::evidence::Evidence<Orders>;

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

/// Plays the story, and looks at what is there at the end.
pub async fn run(stage: &Stage) -> anyhow::Result<(serde_json::Value, comfy_table::Table, Vec<Check>)> {
    let orders = play(stage).await?;
    let evidence = Evidence::gather(stage, orders).await?;
    let rows = orders::rows(&evidence);
    Ok((serde_json::to_value(&rows)?, orders::table(rows), checks::all(&evidence)))
}

async fn play(stage: &Stage) -> anyhow::Result<Orders> {
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
    stage.poll("transactions").await?;
    Ok(id)
}

async fn delivered_whole(stage: &Stage, id: &str) -> anyhow::Result<()> {
    stage.scene("It goes out, and is delivered").await;
    for step in [Step::Schedule(Schedule::default()), Step::Load, Step::Start] {
        stage.control.drive(id, &step).await?;
    }
    stage.settle().await?;
    let handed_over = Deliver { signature_name: Some("N. Lindqvist".to_owned()), ..Deliver::default() };
    deliver(stage, id, handed_over).await
}

async fn refunded(stage: &Stage) -> anyhow::Result<()> {
    stage.scene("12.10 USD are given back").await;
    let snapshot = stage.control.snapshot().await?;
    let transaction = snapshot.ghl.transactions.first().and_then(|row| row.get("_id")).and_then(Json::as_str);
    let transaction = transaction.ok_or_else(|| anyhow!("the sandbox shows no transaction"))?;
    stage.control.refund(transaction, &Refund { amount: Some(number("12.10")?) }).await?;
    stage.poll("transactions").await
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
    deliver(stage, &id, handed_over).await?;
    stage.poll("transactions").await?;
    Ok(id)
}

async fn twice_and_forged(stage: &Stage) -> anyhow::Result<()> {
    stage.scene("The first order's webhook comes again, twice").await;
    let created = stage.webhook("OrderCreate").await?;
    stage.control.resend(created.id, 2, Tamper::None).await?;
    stage.settle().await?;
    stage.scene("One comes with a changed body, and one is signed by somebody else").await;
    stage.forge(&created, &[Tamper::Body, Tamper::Signature]).await
}

async fn vendors_fail(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("A third order: Track-POD answers 500 once, later GoHighLevel answers 429 once").await;
    let failing = FaultKind::Status { status: 500, retry_after: None };
    stage.fault(System::TrackPod, ("POST", "/Order"), 1, failing).await?;
    let order = order(
        "contact-troubled",
        "Vera",
        "3000",
        [("price-fan", "Fan", 2, "1000"), ("price-box", "Box", 1, "1000")],
    )?;
    let id = stage.place(&PlaceOrder { order: Some(order), webhook: true }).await?;
    let path = format!("/payments/orders/{id}/fulfillments");
    let too_many = FaultKind::Status { status: 429, retry_after: Some(1) };
    stage.fault(System::Ghl, ("POST", &path), 1, too_many).await?;
    stage.control.drive(&id, &Step::Schedule(Schedule::default())).await?;
    stage.control.drive(&id, &Step::Start).await?;
    deliver(stage, &id, Deliver { cod_actual: Some(number("3000")?), ..Deliver::default() }).await?;
    stage.faults_met().await?;
    stage.poll("transactions").await?;
    Ok(id)
}

async fn deliver(stage: &Stage, id: &str, handed_over: Deliver) -> anyhow::Result<()> {
    stage.control.drive(id, &Step::Deliver(handed_over)).await?;
    stage.settle().await
}
