//! GoHighLevel and Rankr: orders and money are held in Rankr, and fulfilments go both ways.

mod checks;
mod orders;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use transload::storage::JobRecord;
use transload_sandbox::{
    AddFulfillment, AddToRankr, Charge, Edit, FaultKind, InvoiceItem, NewInvoice, Pay, PayInvoice,
    PlaceOrder, RankrKind, Refund, Subscribe, System, Tamper,
};

use super::check::Check;
use super::goods::{json, number, order, placed_at};
use super::stage::Stage;

/// What is there at the end.
type Evidence = super::evidence::Evidence<Story>;

/// The lines of the sample order, by price id.
const APRON: &str = "7a10000000000000000000a1";
const POT: &str = "7a10000000000000000000a2";

/// Rankr's fulfilment of the pot.
const PARCEL: &str = "parcel-2002";

/// About a month: what was charged so long ago was the period before.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Longer than the oldest order is old.
const COMPARED_DAYS: u64 = 40;

/// The ids of what is in the story.
#[derive(Debug, Clone)]
pub struct Story {
    /// An order that is paid, refunded in part, and sent by both sides.
    pub whole: String,
    /// An invoice that is paid in two parts.
    pub invoice: String,
    /// An order of a month ago that began a subscription.
    pub recurring: String,
    /// What renewed it.
    pub renewal: Renewal,
    /// An order that comes while Rankr fails.
    pub troubled: String,
    /// What the connector's own comparison of both systems came to.
    pub comparison: JobRecord,
}

/// A subscription that was charged again.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The subscription.
    pub subscription: String,
    /// The new charge.
    pub transaction: String,
    /// When the next is to come, as GoHighLevel plans it.
    pub next_at: String,
}

/// Plays the story, and looks at what is there at the end.
pub async fn run(stage: &Stage) -> anyhow::Result<(serde_json::Value, comfy_table::Table, Vec<Check>)> {
    let story = play(stage).await?;
    let evidence = Evidence::gather(stage, story).await?;
    let rows = orders::rows(&evidence);
    Ok((serde_json::to_value(&rows)?, orders::table(rows), checks::all(&evidence)))
}

async fn play(stage: &Stage) -> anyhow::Result<Story> {
    let whole = paid_and_refunded(stage).await?;
    sent_by_both(stage, &whole).await?;
    edited_in_rankr(stage, &whole).await?;
    let invoice = billed(stage).await?;
    let (recurring, renewal) = renewed(stage).await?;
    twice_and_forged(stage).await?;
    let troubled = rankr_fails(stage).await?;
    stage.scene("The connector compares what both systems hold").await;
    let comparison = stage.compare(COMPARED_DAYS).await?;
    Ok(Story { whole, invoice, recurring, renewal, troubled, comparison })
}

async fn paid_and_refunded(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("An order of 150.10 USD, two lines, is placed in GoHighLevel: Rankr gets it").await;
    let id = stage.place(&PlaceOrder::default()).await?;
    stage.scene("It is paid").await;
    let payment = stage.control.pay(&id, &Pay::default()).await?;
    stage.control.set_order_status(&id, "completed").await?;
    stage.settle().await?;
    stage.poll("transactions").await?;
    stage.scene("12.10 USD are given back").await;
    stage.control.refund(&payment, &Refund { amount: Some(number("12.10")?) }).await?;
    stage.poll("transactions").await?;
    Ok(id)
}

async fn sent_by_both(stage: &Stage, id: &str) -> anyhow::Result<()> {
    stage.scene("The apron is sent by hand in GoHighLevel, which tells nobody and is asked").await;
    let apron = AddFulfillment {
        items: vec![json(&format!(r#"{{"priceId": "{APRON}", "qty": 1}}"#))?],
        trackings: vec![json(
            r#"{"trackingNumber": "HL-1001", "shippingCarrier": "Northpost", "trackingUrl": "https://north.example/HL-1001"}"#,
        )?],
        notify: false,
    };
    stage.control.add_fulfillment(id, &apron).await?;
    stage.poll("fulfillments").await?;
    stage.scene("Rankr packs the pot: as long as it has not left, GoHighLevel hears nothing of it").await;
    let pot = format!(
        r#"{{"fulfillmentId": "{PARCEL}", "status": "created", "lines": [{{"lineId": "{POT}", "quantity": "1"}}]}}"#
    );
    stage.control.rankr_add_fulfillment(id, &AddToRankr::told(json(&pot)?)).await?;
    stage.settle().await?;
    stage.scene("It leaves, and arrives").await;
    let left = r#"{"status": "out_for_delivery", "trackingNumber": "RK-2002", "trackingUrl": "https://rank.example/RK-2002"}"#;
    for members in [left, r#"{"status": "delivered"}"#] {
        let edit = Edit { members: json(members)?, webhook: Some("fulfillment.updated".to_owned()) };
        stage.control.rankr_edit_fulfillment(id, PARCEL, &edit).await?;
        stage.settle().await?;
    }
    Ok(())
}

async fn edited_in_rankr(stage: &Stage, id: &str) -> anyhow::Result<()> {
    stage.scene("Somebody cancels the order in Rankr; it is GoHighLevel's, so that is put back, once").await;
    let edit =
        Edit { members: json(r#"{"status": "cancelled"}"#)?, webhook: Some("order.updated".to_owned()) };
    stage.control.rankr_edit(RankrKind::Order, id, &edit).await?;
    stage.settle().await
}

async fn billed(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("An invoice of 99.90 EUR is made, sent, and paid in two parts").await;
    stage.control.put_contact("contact-billed", &Default::default()).await?;
    let item = |name: &str, qty: &str, amount: &str| -> anyhow::Result<InvoiceItem> {
        Ok(InvoiceItem { name: name.to_owned(), qty: number(qty)?, amount: number(amount)? })
    };
    let new = NewInvoice {
        contact: Some("contact-billed".to_owned()),
        currency: Some("EUR".to_owned()),
        items: vec![item("Workshop", "2", "40")?, item("Materials", "1", "19.90")?],
        ..NewInvoice::default()
    };
    let id = stage.control.make_invoice(&new).await?;
    stage.settle().await?;
    stage.control.send_invoice(&id).await?;
    stage.settle().await?;
    for amount in [Some(number("50")?), None] {
        stage.control.pay_invoice(&id, &PayInvoice { amount, ..PayInvoice::default() }).await?;
        stage.settle().await?;
    }
    stage.poll("transactions").await?;
    Ok(id)
}

async fn renewed(stage: &Stage) -> anyhow::Result<(String, Renewal)> {
    stage.scene("An order of a month ago began a subscription of 9.99 EUR a month").await;
    let now = Timestamp::now();
    let shown = |at: Timestamp| format!("{at:.3}");
    let (began_at, next_at) = (shown(now.checked_sub(MONTH)?), shown(now.checked_add(MONTH)?));
    let lines = [("price-tea", "Tea", 1, "7.5"), ("price-honey", "Honey", 1, "2.49")];
    let order = placed_at(order("contact-recurring", "Ida", "9.99", lines)?, &began_at);
    let id = stage.place(&PlaceOrder { order: Some(order), webhook: true }).await?;
    stage.control.pay(&id, &Pay::default()).await?;
    let members = json(&format!(
        r#"{{"createdAt": "{began_at}", "schedule":
            {{"executeAt": "{next_at}", "rrule": {{"intervalType": "monthly", "interval": 1}}}}}}"#
    ))?;
    let subscribe = Subscribe { order: id.clone(), subscription: Some(members) };
    let subscription = stage.control.subscribe(&subscribe).await?;
    stage.poll("transactions").await?;
    stage.poll("subscriptions").await?;
    stage.scene("Today it is charged again; that pays for the new month, and nothing of the order").await;
    let transaction = stage.control.charge(&subscription, &Charge::default()).await?;
    stage.poll("transactions").await?;
    Ok((id, Renewal { subscription, transaction, next_at }))
}

async fn twice_and_forged(stage: &Stage) -> anyhow::Result<()> {
    stage.scene("Webhooks of both sides come again").await;
    let (placed, moved) = (stage.webhook("OrderCreate").await?, stage.webhook("fulfillment.updated").await?);
    for webhook in [&placed, &moved] {
        stage.control.resend(webhook.id, 1, Tamper::None).await?;
    }
    stage.settle().await?;
    stage.scene("One comes with a changed body, and two are signed by somebody else").await;
    stage.forge(&placed, &[Tamper::Body, Tamper::Signature]).await?;
    stage.forge(&moved, &[Tamper::Signature]).await
}

async fn rankr_fails(stage: &Stage) -> anyhow::Result<String> {
    stage.scene("A last order, while Rankr answers 503 twice; then its answer to a fulfilment is lost").await;
    let failing = FaultKind::Status { status: 503, retry_after: None };
    stage.fault(System::Rankr, ("PUT", "/orders/"), 2, failing).await?;
    let lines = [("price-fan", "Fan", 2, "1000"), ("price-box", "Box", 1, "1000")];
    let order = order("contact-troubled", "Vera", "3000", lines)?;
    let id = stage.place(&PlaceOrder { order: Some(order), webhook: true }).await?;
    stage.control.pay(&id, &Pay::default()).await?;
    stage.poll("transactions").await?;
    let items = [("price-fan", 2), ("price-box", 1)]
        .map(|(price, quantity)| json(&format!(r#"{{"priceId": "{price}", "qty": {quantity}}}"#)));
    let items = items.into_iter().collect::<anyhow::Result<_>>().context("the demo's last order")?;
    stage.control.add_fulfillment(&id, &AddFulfillment { items, ..AddFulfillment::default() }).await?;
    stage.fault(System::Rankr, ("POST", "/payments/orders/"), 1, FaultKind::DropAfter).await?;
    stage.poll("fulfillments").await?;
    stage.faults_met().await?;
    Ok(id)
}
