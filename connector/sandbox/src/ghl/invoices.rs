//! `GET /invoices/` and `GET /invoices/{invoiceId}`, which show an invoice in one shape.
//!
//! By which date `startAt` and `endAt` go is not documented; here it is `createdAt`, as in the other lists. Nothing in an
//! invoice names the order that it bills: the order's `source` names the invoice.

use http::StatusCode;
use jiff::Timestamp;
use transload_model::Decimal;

use super::parameters::{Filter, check_location};
use super::store::{is_live, time_of};
use super::{Call, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;

/// Invoices that are held. One takes about 2 KiB.
pub const INVOICES_MAX: usize = 100_000;

/// An invoice: the document that its webhook carries, and the order that it bills.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub document: Object,
    pub order: Option<String>,
}

impl Invoice {
    pub fn id(&self) -> &str {
        self.text("_id")
    }

    pub fn status(&self) -> &str {
        self.text("status")
    }

    pub fn total(&self) -> Decimal {
        self.amount("total")
    }

    pub fn paid(&self) -> Decimal {
        self.amount("amountPaid")
    }

    pub fn created(&self) -> Timestamp {
        time_of(&self.document, "createdAt").unwrap_or(Timestamp::MIN)
    }

    pub fn text(&self, name: &str) -> &str {
        self.document.str(name).unwrap_or_default()
    }

    fn amount(&self, name: &str) -> Decimal {
        self.document.get(name).and_then(Json::as_decimal).unwrap_or(Decimal::ZERO)
    }

    fn billed(&self, name: &str) -> &str {
        let details = self.document.get("contactDetails");
        details.and_then(|details| details.get(name)).and_then(Json::as_str).unwrap_or_default()
    }

    /// Whether a search by id, name, e-mail or telephone number finds it.
    fn is_found_by(&self, search: &str) -> bool {
        let search = search.to_lowercase();
        let texts = [self.text("name"), self.billed("name"), self.billed("email"), self.billed("phoneNo")];
        self.id() == search || texts.iter().any(|text| text.to_lowercase().contains(&search))
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    check_parameters(call)?;
    let filter = Filter::read(call)?;
    let parameter = |name| call.request.parameter(name);
    let (status, contact, search) = (parameter("status"), parameter("contactId"), parameter("search"));
    let invoices = &call.state.ghl.invoices;
    let mut found: Vec<&Invoice> = (invoices.between(filter.from, filter.before).rev())
        .filter(|one| filter.accepts(one.created(), is_live(&one.document)))
        .filter(|one| status.as_deref().is_none_or(|wanted| one.status() == wanted))
        .filter(|one| contact.as_deref().is_none_or(|wanted| one.billed("id") == wanted))
        .filter(|one| search.as_deref().is_none_or(|wanted| one.is_found_by(wanted)))
        .collect();
    if parameter("sortField").is_some() {
        found.sort_by(|a, b| a.text("issueDate").cmp(b.text("issueDate")));
        if parameter("sortOrder").as_deref() == Some("descend") {
            found.reverse();
        }
    }
    let mut page = Object::default();
    page.set("invoices", filter.rows(&found, |invoice| invoice.document.clone().into()));
    page.set("total", found.len());
    Ok(call.reply(StatusCode::OK, page))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    // The document gives the text for other calls of an invoice; of this one it says only that there is a 400.
    let invoice = call.state.ghl.invoices.get(id);
    let invoice =
        invoice.ok_or_else(|| Refusal::bad_request("Unable to find an invoice with the given invoice id"))?;
    let document = invoice.document.clone();
    Ok(call.reply(StatusCode::OK, document))
}

/// Both parts of the page must be told, unlike in other lists; and some parameters have few values.
fn check_parameters(call: &Call<'_>) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for name in ["limit", "offset"] {
        if call.request.parameter(name).is_none_or(|text| text.is_empty()) {
            problems.push(format!("{name} must be a string"));
            problems.push(format!("{name} should not be empty"));
        }
    }
    let choices: [(&str, &[&str]); 3] = [
        ("paymentMode", &["default", "live", "test"]),
        ("sortField", &["issueDate"]),
        ("sortOrder", &["ascend", "descend"]),
    ];
    for (name, words) in choices {
        if call.request.parameter(name).is_some_and(|value| !words.contains(&value.as_str())) {
            problems.push(format!("{name} must be one of the following values: {}", words.join(", ")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::unprocessable(problems)) }
}
