//! Invoices, which have one shape in a list, alone and in a webhook.

use serde::Deserialize;
use transload_model::{Address, Currency, Instant, Invoice, InvoiceStatus, Money, Party};
use transload_wire::{Number, time, tolerant};

use crate::error::{MISSING, MapError, NEGATIVE};

/// An invoice as it is read.
///
/// Not read: `invoiceItems`, `discount` and `totalSummary`, for `total` sums them up. No documented member names an order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireInvoice {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    // The document says number and gives text.
    #[serde(default, deserialize_with = "tolerant::text")]
    invoice_number: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    total: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount_paid: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount_due: Option<Number>,
    contact_details: Option<WireBilled>,
    #[serde(default, deserialize_with = "tolerant::text")]
    due_date: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    live_mode: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
}

/// Who is billed. The members have other names than those of contacts elsewhere.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBilled {
    #[serde(default, deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    company_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    phone_no: Option<String>,
    address: Option<WireAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAddress {
    #[serde(default, deserialize_with = "tolerant::text")]
    address_line1: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    address_line2: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    city: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    state: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    postal_code: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    country_code: Option<String>,
}

impl WireInvoice {
    /// The invoice, without its order. Without an id, a status, a total or a currency it is refused: money is not guessed.
    pub(crate) fn into_model(self) -> Result<Invoice, MapError> {
        let id = self.id.unwrap_or_default();
        let error = |member: &str, problem| MapError {
            object: format!("invoice {id}"),
            member: member.to_owned(),
            problem,
        };
        if id.is_empty() {
            return Err(error("_id", MISSING));
        }
        let status = self.status.ok_or_else(|| error("status", MISSING))?;
        let currency = self.currency.ok_or_else(|| error("currency", MISSING))?;
        let total = self.total.ok_or_else(|| error("total", MISSING))?;
        for (member, number) in [
            ("total", Some(&total)),
            ("amountPaid", self.amount_paid.as_ref()),
            ("amountDue", self.amount_due.as_ref()),
        ] {
            if number.is_some_and(|number| number.0.is_negative()) {
                return Err(error(member, NEGATIVE));
            }
        }
        let money = |number: Number| Money::new(number.0, currency);
        let customer = self.contact_details.unwrap_or_default().into_party();
        Ok(Invoice {
            number: self.invoice_number,
            status: InvoiceStatus::parse(&status),
            order_id: None,
            total: money(total),
            paid: self.amount_paid.map(money),
            due: self.amount_due.map(money),
            customer: (customer != Party::default()).then_some(customer),
            due_at: self.due_date.as_deref().and_then(end_of),
            live: self.live_mode.unwrap_or(true),
            created_at: self.created_at,
            updated_at: self.updated_at,
            id,
        })
    }
}

/// A day's last millisecond, in UTC, because the payer has the day; or a time with an offset. The zone of the day is not
/// documented.
fn end_of(text: &str) -> Option<Instant> {
    let day = || time::is_date(text).then(|| time::parse(&format!("{text}T23:59:59.999Z"))).flatten();
    time::parse(text).or_else(day)
}

impl WireBilled {
    fn into_party(self) -> Party {
        let address =
            self.address.map(WireAddress::into_model).filter(|address| *address != Address::default());
        Party {
            id: self.id,
            name: self.name.or(self.company_name),
            email: self.email,
            phone: self.phone_no,
            address,
        }
    }
}

impl WireAddress {
    fn into_model(self) -> Address {
        Address {
            lines: [self.address_line1, self.address_line2].into_iter().flatten().collect(),
            city: self.city,
            region: self.state,
            postal_code: self.postal_code,
            country: self.country_code,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INVOICE: &str = include_str!("fixtures/invoice.json");

    fn read(json: &str) -> Result<Invoice, MapError> {
        serde_json::from_str::<WireInvoice>(json).unwrap().into_model()
    }

    fn money(amount: &str) -> Money {
        Money::new(amount.parse().unwrap(), "USD".parse().unwrap())
    }

    #[test]
    fn an_invoice_says_what_is_asked_for_and_who_is_billed() {
        let address = Address {
            lines: vec!["35 Long Street".to_owned(), "Unit 3".to_owned()],
            city: Some("Cape Town".to_owned()),
            region: Some("WC".to_owned()),
            postal_code: Some("8001".to_owned()),
            country: Some("ZA".to_owned()),
        };
        let customer = Party {
            id: Some("seD4PfOuKoVMLkEZqohJ".to_owned()),
            name: Some("Thandi Mbeki".to_owned()),
            email: Some("thandi@example.com".to_owned()),
            phone: Some("+27215550100".to_owned()),
            address: Some(address),
        };
        let expected = Invoice {
            id: "6578278e879ad2646715ba9c".to_owned(),
            number: Some("19".to_owned()),
            status: InvoiceStatus::PartiallyPaid,
            order_id: None,
            total: money("999.5"),
            paid: Some(money("899.25")),
            due: Some(money("100.25")),
            customer: Some(customer),
            // 2024-02-13T23:59:59.999Z, 2024-02-01T09:27:42.355Z and 2024-02-02T10:00:00Z by `date -ud … +%s`.
            due_at: Some(Instant(1_707_868_799_999)),
            live: false,
            created_at: Some(Instant(1_706_779_662_355)),
            updated_at: Some(Instant(1_706_868_000_000)),
        };
        assert_eq!(read(INVOICE), Ok(expected));
    }

    #[test]
    fn every_documented_status_is_read() {
        for (text, status) in [
            ("draft", InvoiceStatus::Draft),
            ("sent", InvoiceStatus::Sent),
            ("payment_processing", InvoiceStatus::Other("payment_processing".to_owned())),
            ("paid", InvoiceStatus::Paid),
            ("void", InvoiceStatus::Void),
            ("partially_paid", InvoiceStatus::PartiallyPaid),
            // In the sample of the deletion's webhook only.
            ("delete", InvoiceStatus::Other("delete".to_owned())),
        ] {
            let json = format!(r#"{{"_id":"i1","status":"{text}","total":1,"currency":"USD"}}"#);
            assert_eq!(read(&json).unwrap().status, status);
        }
    }

    #[test]
    fn money_is_not_guessed() {
        for (json, message) in [
            (r#"{"status":"sent","total":1,"currency":"USD"}"#, "invoice : _id is missing"),
            (r#"{"_id":"i1","total":1,"currency":"USD"}"#, "invoice i1: status is missing"),
            (r#"{"_id":"i1","status":"sent","currency":"USD"}"#, "invoice i1: total is missing"),
            (r#"{"_id":"i1","status":"sent","total":1}"#, "invoice i1: currency is missing"),
            (
                r#"{"_id":"i1","status":"sent","total":-1,"currency":"USD"}"#,
                "invoice i1: total is below zero",
            ),
            (
                r#"{"_id":"i1","status":"sent","total":1,"amountPaid":"-0.01","currency":"USD"}"#,
                "invoice i1: amountPaid is below zero",
            ),
            (
                r#"{"_id":"i1","status":"sent","total":1,"amountDue":-1,"currency":"USD"}"#,
                "invoice i1: amountDue is below zero",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), message);
        }
        let scant =
            read(r#"{"_id":"i1","status":"sent","total":1,"currency":"USD","dueDate":"soon"}"#).unwrap();
        assert_eq!((scant.paid, scant.due, scant.customer, scant.due_at), (None, None, None, None));
        assert!(scant.live);
    }

    #[test]
    fn a_time_of_payment_is_kept_as_it_is() {
        let json = INVOICE.replace("2024-02-13", "2024-02-01T10:00:00Z");
        assert_eq!(read(&json).unwrap().due_at, Some(Instant(1_706_781_600_000)));
    }

    proptest! {
        #[test]
        fn every_amount_comes_through_exactly(units in 0_i64.., exponent in 0_u8..=18) {
            let amount = transload_model::Decimal::new(units, exponent).unwrap();
            for text in [amount.to_string(), format!("\"{amount}\"")] {
                let json = format!(r#"{{"_id":"i","status":"sent","total":{text},"amountPaid":{text},"currency":"JPY"}}"#);
                let read = read(&json).unwrap();
                prop_assert_eq!((read.total.amount.units(), read.total.amount.exponent()), (units, exponent));
                prop_assert_eq!(read.paid, Some(read.total));
            }
        }
    }
}
