//! Invoices are held in Rankr as GoHighLevel has them, and compared with the payments that GoHighLevel lists for them.

use transload_flows::granted;
use transload_model::{Invoice, InvoiceStatus, Money, Payments, Transaction};
use transload_rankr::{Client, Put, SinkInvoice};
use transload_sdk::{Failure, Receipt, Severity, Work, skipped};
use transload_wire::ApiError;

use crate::mirror::{self, Mirrored};
use crate::settings::Connection;
use crate::{told, versions};

/// Alert: what an invoice says was paid is not what its payments add up to.
const DIFFERS: &str = "invoice-payment-differs";

/// Alert: an invoice was called off, and money that was paid for it is still there.
const VOID: &str = "invoice-void-but-paid";

impl Mirrored for SinkInvoice {
    const NAME: &'static str = "invoice";

    fn subject(&self) -> &str {
        &self.invoice.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn amount(&self) -> Option<Money> {
        Some(self.invoice.total)
    }

    fn bare(&self) -> Self {
        Self { version: 0, received_at: None, ..self.clone() }
    }

    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError> {
        client.invoice(id)
    }

    fn put(&self, client: &Client) -> Result<Put, ApiError> {
        client.put_invoice(self)
    }
}

/// Brings the GoHighLevel invoice `invoice_id` to Rankr, and tells of money that does not fit it.
pub fn sync(connection: &Connection, invoice_id: &str) -> Result<Receipt, Failure> {
    if !connection.settings.invoices.sync {
        return Ok(skipped("the setting `invoices.sync` is off"));
    }
    let Some(found) = granted(connection.ghl.invoice(invoice_id))? else {
        return Ok(skipped("invoices are not granted"));
    };
    let Some(invoice) = found else {
        return Ok(skipped(format!("GoHighLevel has no invoice {invoice_id}")));
    };
    if !connection.settings.shop.mode.accepts(invoice.live) {
        return Ok(skipped(format!("the setting `mode` leaves invoice {invoice_id} out")));
    }
    let (order_id, transactions) = paid_by(connection, invoice_id)?;
    let invoice = Invoice { order_id, ..invoice };
    let payments = Payments::of_invoice(&invoice, &transactions)?;
    let held = held(invoice.clone(), payments.as_ref(), &transactions)?;
    let work = mirror::bring(connection, Work::default(), &held)?;
    Ok(compare(connection, work, &invoice, payments.as_ref())?.into())
}

/// The order that the invoice bills, and the transactions that pay for it: its own, and those of its order, for an order that
/// was made of an invoice has its payments listed under itself.
pub fn paid_by(
    connection: &Connection,
    invoice_id: &str,
) -> Result<(Option<String>, Vec<Transaction>), Failure> {
    let mut transactions = connection.ghl.invoice_transactions(invoice_id)?;
    let named = transactions.iter().find_map(Transaction::order_id).map(str::to_owned);
    let order_id = match named {
        Some(order_id) => Some(order_id),
        None => connection.ghl.invoice_order(invoice_id)?,
    };
    if let Some(order_id) = &order_id {
        let of_order = connection.ghl.order_transactions(order_id)?;
        let others = of_order.into_iter().filter(|other| {
            other.invoice_id() == Some(invoice_id) && transactions.iter().all(|known| known.id != other.id)
        });
        let others: Vec<Transaction> = others.collect();
        transactions.extend(others);
    }
    Ok((order_id, transactions))
}

/// As it is to be held in Rankr. What GoHighLevel does not say was paid is what came in; `payments` are none if that is in
/// several currencies. Fails with `rejected` if nothing says when it was made or changed.
pub fn held(
    invoice: Invoice,
    payments: Option<&Payments>,
    transactions: &[Transaction],
) -> Result<SinkInvoice, Failure> {
    let object = format!("invoice {}", invoice.id);
    let paid_at = transactions.iter().map(|transaction| transaction.updated_at.or(transaction.created_at));
    let version = versions::newest(&object, paid_at.chain([invoice.updated_at, invoice.created_at]))?;
    let net = payments.map(Payments::net).transpose()?;
    let paid = invoice.paid.or(net);
    let due = match (invoice.due, paid) {
        (None, Some(paid)) => Some(invoice.amount_due(paid)?),
        (due, _) => due,
    };
    Ok(SinkInvoice { invoice: Invoice { paid, due, ..invoice }, version, received_at: None })
}

/// Tells, once for each pair of sums, when the invoice's own is not that of its payments; and when a void one was paid.
fn compare(
    connection: &Connection,
    work: Work,
    invoice: &Invoice,
    payments: Option<&Payments>,
) -> Result<Work, Failure> {
    let id = &invoice.id;
    let Some(payments) = payments else {
        let text = format!(
            "invoice {id} is in {}, but was paid in another currency: compare it by hand",
            invoice.total.currency
        );
        return once(connection, work, DIFFERS, id, "currencies", text);
    };
    let net = payments.net()?;
    let work = match invoice.paid.filter(|paid| *paid != net) {
        None => over(connection, work, DIFFERS, id)?,
        Some(paid) => {
            let text = format!(
                "invoice {id} says that {paid} was paid, and its payments add up to {net}: {} came in, {} went back",
                payments.captured, payments.refunded
            );
            once(connection, work, DIFFERS, id, &format!("{paid} {net}"), text)?
        }
    };
    if invoice.status != InvoiceStatus::Void || !net.amount.is_positive() {
        return over(connection, work, VOID, id);
    }
    let text =
        format!("invoice {id} is void, but {net} of what was paid for it is still there: give it back");
    once(connection, work, VOID, id, &net.to_string(), text)
}

fn once(
    connection: &Connection,
    work: Work,
    kind: &str,
    id: &str,
    state: &str,
    text: String,
) -> Result<Work, Failure> {
    Ok(match told::is_news(connection.cx, kind, id, state)? {
        true => work.alert(Severity::Warning, kind, id, text),
        false => work,
    })
}

fn over(connection: &Connection, work: Work, kind: &str, id: &str) -> Result<Work, Failure> {
    told::forget(connection.cx, kind, id)?;
    Ok(work)
}

#[cfg(test)]
mod tests;
