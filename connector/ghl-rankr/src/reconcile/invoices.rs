//! The phase of invoices: those of the time against Rankr's, and against their payments.

use transload_flows::cursor::DAY_MS;
use transload_flows::events::GHL;
use transload_flows::granted;
use transload_flows::reconcile::{Difference, Page, Seen};
use transload_ghl::InvoiceQuery;
use transload_model::{Change, Instant, Invoice, Payments};
use transload_sdk::{Failure, Scope};

use super::kinds::{INVOICE_DIFFERS, INVOICE_MISSING, INVOICE_PAYMENT_DIFFERS};
use super::listed::{self, Listed, Row};
use super::unlike::{self, Kinds, readable};
use super::{Cursor, after_invoices, payments};
use crate::invoices::{held, paid_by};
use crate::settings::Connection;

const KINDS: Kinds = Kinds { missing: INVOICE_MISSING, differs: |_| INVOICE_DIFFERS };

/// Invoices of a page. Each takes up to five calls if it has changed, of GoHighLevel's four: of 100 in ten seconds, half of which are
/// for comparisons, that is less than a minute for a page.
const PAGE_ROWS: u32 = 50;

/// Compares the next invoices of GoHighLevel's listing. One that may not be asked is none.
pub fn page(both: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let query = InvoiceQuery {
        // Days, of which neither the field nor the zone is documented: a day more on either side, and then the exact time.
        start_at: Some(Instant(scope.start.saturating_sub(DAY_MS))),
        end_at: Some(Instant(scope.end.saturating_add(DAY_MS))),
        limit: PAGE_ROWS,
        offset: cursor.offset,
    };
    let mut page = Page::default();
    let Some(listed) = granted(both.ghl.invoices(&query))? else {
        cursor.enter(after_invoices(both));
        return Ok(page);
    };
    for row in cursor.pass(listed, |row| &row.id, after_invoices(both)) {
        let is_within = row.created_at.is_none_or(|at| at.0 >= scope.start && at.0 < scope.end);
        if is_within && both.shop.settings.mode.accepts(row.live) {
            compare(both, cursor, &row, &mut page)?;
        }
    }
    Ok(page)
}

fn compare(both: &Connection, cursor: &Cursor, row: &Invoice, page: &mut Page) -> Result<(), Failure> {
    page.checked += 1;
    let entry = listed::take(both.cx, &cursor.scope, Listed::Invoices, &row.id)?;
    let told =
        Row { kind: Listed::Invoices, id: &row.id, gist: listed::invoice(row), changed_at: row.updated_at };
    let is_listed = entry.as_ref().map_or(Ok(false), |entry| entry.is_as(both, &told))?;
    // What was paid at another time, no list of this time tells.
    let adds_up = row.paid.map_or(Ok(false), |paid| payments::come_to(both, cursor, &row.id, paid))?;
    if is_listed && adds_up {
        return Ok(());
    }
    let found = readable(page, ("invoice", &row.id), in_full(both, &row.id))?;
    if let (Some(entry), Some([])) = (entry, found.as_deref()) {
        entry.remember_clean(both, &told)?;
    }
    page.found.extend(found.into_iter().flatten());
    Ok(())
}

fn in_full(both: &Connection, id: &str) -> Result<Vec<Difference>, Failure> {
    let Some(invoice) = both.ghl.invoice(id)? else { return Ok(Vec::new()) };
    let (order_id, transactions) = paid_by(both, id)?;
    let invoice = Invoice { order_id, ..invoice };
    let payments = Payments::of_invoice(&invoice, &transactions)?;
    let wanted = held(invoice.clone(), payments.as_ref(), &transactions)?;
    let (_, difference) = unlike::compare(both, &KINDS, &wanted, Change::Invoice(invoice.clone()))?;
    Ok(difference.into_iter().chain(paid_differs(&invoice, payments.as_ref())?).collect())
}

/// What GoHighLevel says was paid of an invoice, against what its payments come to.
fn paid_differs(invoice: &Invoice, payments: Option<&Payments>) -> Result<Option<Difference>, Failure> {
    let Some(paid) = invoice.paid else { return Ok(None) };
    let id = &invoice.id;
    let left = Seen::new(GHL, Some(id)).amount(paid);
    let (right, came) = match payments {
        None => (Seen::new(GHL, None).value("other currencies"), "are in another currency".to_owned()),
        Some(payments) => {
            let net = payments.net()?;
            if net == paid {
                return Ok(None);
            }
            (Seen::new(GHL, None).amount(net), format!("come to {net}"))
        }
    };
    let message = format!("invoice {id} says that {paid} was paid, and its payments {came}");
    Ok(Some(Difference::new(INVOICE_PAYMENT_DIFFERS, id, left, right, message)))
}
