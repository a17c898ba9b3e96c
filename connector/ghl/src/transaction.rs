//! Transactions, which have one shape in a list and another alone. One type reads both.

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_model::{Currency, Entity, Instant, Money, Party, Transaction, TransactionStatus};
use transload_wire::{Number, tolerant};

use crate::contact::WireContact;
use crate::error::{MISSING, MapError, NEGATIVE};
use crate::members::{members, scalar};
use crate::payment::{TransactionDetail, is_recorded_method};

/// A transaction as it is read.
///
/// Not read: `fulfilledAt`, which says when it was charged; `chargeSnapshot`, whose amounts are the payment provider's
/// own and may be in cents; `invoiceId`, which is the provider's id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireTransaction {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount_refunded: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_id: Option<String>,
    // The payment provider's id of it; a subscription has it as `subscriptionId`, beside an `_id` of its own.
    #[serde(default, deserialize_with = "tolerant::text")]
    subscription_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    charge_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    live_mode: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
    // In a list only.
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    payment_provider_type: Option<String>,
    payment_method: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_source_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_source_id: Option<String>,
    // Alone only.
    entity_source: Option<WireSource>,
    contact_snapshot: Option<WireContact>,
    payment_provider: Option<WireProvider>,
    meta: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct WireProvider {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
}

/// What the order or invoice that was paid came from.
#[derive(Deserialize)]
struct WireSource {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    id: Option<String>,
}

impl WireTransaction {
    /// The transaction with what only its own shape tells.
    pub(crate) fn into_detail(mut self) -> Result<TransactionDetail, MapError> {
        let meta = self.meta.take();
        let meta = members(meta.as_deref().map(RawValue::get).unwrap_or_default());
        let meta = meta.into_iter().filter_map(|(name, value)| Some((name, scalar(value)?))).collect();
        let provider = self.provider();
        Ok(TransactionDetail { transaction: self.into_model()?, provider, meta })
    }

    fn provider(&self) -> Option<String> {
        let nested = self.payment_provider.as_ref().and_then(|provider| provider.kind.clone());
        nested.or_else(|| self.payment_provider_type.clone())
    }

    /// All that it pays for. Money for an order that an invoice billed is money for that invoice.
    fn settled(&mut self) -> Vec<Entity> {
        let source = self.entity_source.take();
        let source = source
            .unwrap_or(WireSource { kind: self.entity_source_type.take(), id: self.entity_source_id.take() });
        let of_invoice = source.kind.is_some_and(|kind| kind.eq_ignore_ascii_case("invoice"));
        let entity = settles(self.entity_type.take(), self.entity_id.take());
        let invoice = source.id.filter(|_| of_invoice).map(Entity::Invoice);
        let invoice = invoice.filter(|invoice| entity.as_ref() != Some(invoice));
        let subscription = self.subscription_id.take().map(Entity::Subscription);
        entity.into_iter().chain(invoice).chain(subscription).collect()
    }

    /// The transaction. Without an id, a status, an amount or a currency it is refused: money is not guessed.
    pub(crate) fn into_model(mut self) -> Result<Transaction, MapError> {
        let provider = self.provider();
        let settles = self.settled();
        let id = self.id.unwrap_or_default();
        let error = |member: &str, problem| MapError {
            object: format!("transaction {id}"),
            member: member.to_owned(),
            problem,
        };
        if id.is_empty() {
            return Err(error("_id", MISSING));
        }
        let status = self.status.ok_or_else(|| error("status", MISSING))?;
        let currency = self.currency.ok_or_else(|| error("currency", MISSING))?;
        let amount = self.amount.ok_or_else(|| error("amount", MISSING))?.0;
        for (member, number) in
            [("amount", Some(amount)), ("amountRefunded", self.amount_refunded.map(|n| n.0))]
        {
            if number.is_some_and(|number| number.is_negative()) {
                return Err(error(member, NEGATIVE));
            }
        }
        let mut customer = self.contact_snapshot.unwrap_or_default().into_model(self.contact_id);
        customer.name = customer.name.or(self.contact_name);
        customer.email = customer.email.or(self.contact_email);
        let method = self.payment_method.as_deref().and_then(kind_of_method);
        // A card that was charged on somebody else's terminal and recorded here must not look like one charged here.
        let recorded = provider.clone().filter(|provider| is_recorded_method(provider));
        Ok(Transaction {
            amount: Money::new(amount, currency),
            refunded: self.amount_refunded.map(|number| Money::new(number.0, currency)),
            status: transaction_status(status),
            settles,
            customer: (customer != Party::default()).then_some(customer),
            method: recorded.or(method).or(provider),
            charge_id: self.charge_id,
            live: self.live_mode.unwrap_or(true),
            created_at: self.created_at,
            updated_at: self.updated_at,
            id,
        })
    }
}

/// `card` of `{"card": {…}}`, as the document has it, and `cash` of `{"type": "cash"}`: how a payment looks that was recorded
/// is not documented, and a member called `type` is no way to pay. None for anything else.
fn kind_of_method(method: &RawValue) -> Option<String> {
    let method = members(method.get());
    let kind = method.get("type").and_then(|kind| scalar(kind));
    kind.or_else(|| method.into_keys().find(|name| name != "type"))
}

/// What it pays for. An id whose kind is not told is kept as `unknown:id`, for it may be an invoice's.
fn settles(kind: Option<String>, id: Option<String>) -> Option<Entity> {
    let id = id?;
    let kind = kind.unwrap_or_else(|| "unknown".to_owned());
    Some(match kind.to_ascii_lowercase().as_str() {
        "order" => Entity::Order(id),
        "invoice" => Entity::Invoice(id),
        "subscription" => Entity::Subscription(id),
        _ => Entity::Other(format!("{kind}:{id}")),
    })
}

/// The document lists no values and gives `succeeded`; `pending` and `failed` are in its guide to payment providers.
fn transaction_status(text: String) -> TransactionStatus {
    match text.to_ascii_lowercase().as_str() {
        "pending" => TransactionStatus::Pending,
        "succeeded" => TransactionStatus::Succeeded,
        "failed" => TransactionStatus::Failed,
        "refunded" => TransactionStatus::Refunded,
        "partially_refunded" => TransactionStatus::PartiallyRefunded,
        "disputed" => TransactionStatus::Disputed,
        _ => TransactionStatus::Other(text),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::payment::is_recorded;

    const ALONE: &str = include_str!("fixtures/transaction.json");
    const LIST: &str = include_str!("fixtures/transactions.json");

    #[derive(Deserialize)]
    struct Page {
        data: Vec<WireTransaction>,
    }

    fn read(json: &str) -> Result<Transaction, MapError> {
        serde_json::from_str::<WireTransaction>(json).unwrap().into_model()
    }

    fn money(amount: &str) -> Money {
        Money::new(amount.parse().unwrap(), "USD".parse().unwrap())
    }

    #[test]
    fn both_shapes_tell_the_same() {
        let alone = read(ALONE).unwrap();
        let page: Page = serde_json::from_str(LIST).unwrap();
        let listed = page.data.into_iter().next().unwrap().into_model().unwrap();
        for transaction in [&alone, &listed] {
            assert_eq!(transaction.id, "61dd0feac077f72010f78804");
            assert_eq!(transaction.amount, money("150.1"));
            assert_eq!(transaction.refunded, Some(money("50.05")));
            assert_eq!(transaction.status, TransactionStatus::Succeeded);
            assert_eq!(transaction.settles[0], Entity::Order("61dd0fe9c077f73e67f78803".to_owned()));
            assert_eq!(transaction.charge_id.as_deref(), Some("in_1KGcXDCScnf89tZohCsmImwE"));
            assert!(!transaction.live);
            // 2023-11-20T10:23:36.515Z by `date -ud … +%s`.
            assert_eq!(transaction.created_at, Some(Instant(1_700_475_816_515)));
            let customer = transaction.customer.as_ref().unwrap();
            assert_eq!(customer.id.as_deref(), Some("XPLSw2SVagl12LMDeTmQ"));
            assert_eq!(customer.name.as_deref(), Some("Thandi Mbeki"));
            assert_eq!(customer.email.as_deref(), Some("thandi@example.com"));
        }
        assert_eq!(listed.subscription_id(), Some("sub_1KGcXDCScnf89tZoVkoEMCEL"));
        assert_eq!((alone.subscription_id(), listed.settles.len()), (None, 2));
        // Only the list says how it was paid; alone, the provider is all there is.
        assert_eq!((listed.method.as_deref(), alone.method.as_deref()), (Some("card"), Some("stripe")));
    }

    #[test]
    fn money_for_an_invoice_is_told_in_both_shapes() {
        let invoice = Entity::Invoice("i1".to_owned());
        for members in [
            r#""entityType":"invoice","entityId":"i1""#,
            r#""entityType":"Invoice","entityId":"i1","entitySourceType":"invoice","entitySourceId":"i1""#,
            r#""entityType":"invoice","entityId":"i1","entitySource":{"type":"invoice","id":"i1"}"#,
        ] {
            let json = format!(r#"{{"_id":"t","status":"succeeded","amount":1,"currency":"USD",{members}}}"#);
            assert_eq!(read(&json).unwrap().settles, std::slice::from_ref(&invoice), "{members}");
        }
        let order = Entity::Order("o1".to_owned());
        for (members, billed) in [
            (r#""entitySourceType":"invoice","entitySourceId":"i1""#, true),
            (r#""entitySource":{"type":"invoice","id":"i1"}"#, true),
            (r#""entitySource":{"type":"invoice"}"#, false),
            (r#""entitySource":{"type":"funnel","id":"i1"}"#, false),
            (r#""entitySourceType":"website","entitySourceId":"i1""#, false),
        ] {
            let json = format!(
                r#"{{"_id":"t","status":"succeeded","amount":1,"currency":"USD","entityType":"order","entityId":"o1",{members}}}"#
            );
            let read = read(&json).unwrap();
            assert_eq!(read.settles[0], order);
            assert_eq!(read.invoice_id(), billed.then_some("i1"), "{members}");
        }
    }

    #[test]
    fn money_is_not_guessed() {
        for (json, message) in [
            (r#"{"_id":"t1","status":"succeeded","amount":1}"#, "transaction t1: currency is missing"),
            (r#"{"_id":"t1","status":"succeeded","currency":"USD"}"#, "transaction t1: amount is missing"),
            (r#"{"_id":"t1","amount":1,"currency":"USD"}"#, "transaction t1: status is missing"),
            (r#"{"status":"succeeded","amount":1,"currency":"USD"}"#, "transaction : _id is missing"),
            (
                r#"{"_id":"t1","status":"succeeded","amount":-1,"currency":"USD"}"#,
                "transaction t1: amount is below zero",
            ),
            (
                r#"{"_id":"t1","status":"succeeded","amount":1,"currency":"USD","amountRefunded":-1}"#,
                "transaction t1: amountRefunded is below zero",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_it_pays_for_keeps_its_kind() {
        let settles = |kind: &str| settles(Some(kind.to_owned()), Some("1".to_owned()));
        assert_eq!(settles("order"), Some(Entity::Order("1".to_owned())));
        assert_eq!(settles("Invoice"), Some(Entity::Invoice("1".to_owned())));
        assert_eq!(settles("subscription"), Some(Entity::Subscription("1".to_owned())));
        assert_eq!(settles("booking"), Some(Entity::Other("booking:1".to_owned())));
        assert_eq!(super::settles(None, Some("1".to_owned())), Some(Entity::Other("unknown:1".to_owned())));
        assert_eq!(super::settles(Some("order".to_owned()), None), None);
    }

    #[test]
    fn statuses_are_an_open_list() {
        for (text, status) in [
            ("pending", TransactionStatus::Pending),
            ("Succeeded", TransactionStatus::Succeeded),
            ("failed", TransactionStatus::Failed),
            ("refunded", TransactionStatus::Refunded),
            ("partially_refunded", TransactionStatus::PartiallyRefunded),
            ("disputed", TransactionStatus::Disputed),
            ("in_review", TransactionStatus::Other("in_review".to_owned())),
        ] {
            assert_eq!(transaction_status(text.to_owned()), status);
        }
    }

    #[test]
    fn a_method_is_known_by_its_name_or_by_its_type() {
        for (method, expected) in [
            (r#"{"card":{"brand":"visa"}}"#, Some("card")),
            (r#"{"type":"cash"}"#, Some("cash")),
            (r#"{"card":{"last4":"4242"},"type":"bank_transfer"}"#, Some("bank_transfer")),
            (r#"{"type":{},"card":{}}"#, Some("card")),
        ] {
            let json =
                format!(r#"{{"_id":"t","status":"x","amount":1,"currency":"USD","paymentMethod":{method}}}"#);
            assert_eq!(read(&json).unwrap().method.as_deref(), expected, "{method}");
        }
    }

    #[test]
    fn what_no_flow_hangs_on_may_be_anything() {
        for method in [r#""card""#, "[]", "7", "{}", "null"] {
            let json =
                format!(r#"{{"_id":"t","status":"x","amount":1,"currency":"USD","paymentMethod":{method}}}"#);
            assert_eq!(read(&json).unwrap().method, None, "{method}");
        }
    }

    #[test]
    fn what_was_recorded_is_told_from_what_was_taken() {
        let recorded = |members: &str| {
            let json = format!(r#"{{"_id":"t","status":"succeeded","amount":1,"currency":"USD"{members}}}"#);
            is_recorded(&read(&json).unwrap())
        };
        for members in [
            "",
            r#","paymentProviderType":"manual""#,
            r#","paymentProvider":{"type":"Cash"}"#,
            r#","paymentMethod":{"cheque":{"number":"7"}},"chargeId":"x""#,
            r#","paymentMethod":{"type":"cash"}"#,
            r#","paymentMethod":{"card":{"last4":"0012"},"type":"other"}"#,
            r#","paymentMethod":{"card":{"last4":"0012"}},"paymentProviderType":"offline""#,
        ] {
            assert!(recorded(members), "{members}");
        }
        for members in [
            r#","chargeId":"ch_1""#,
            r#","paymentProviderType":"stripe""#,
            r#","paymentMethod":{"card":{"last4":"0012"}},"paymentProviderType":"stripe""#,
            r#","paymentMethod":{"type":"card","card":{"last4":"0012"}},"paymentProviderType":"stripe""#,
        ] {
            assert!(!recorded(members), "{members}");
        }
    }

    #[test]
    fn what_was_recorded_with_it_comes_back() {
        let json = ALONE.replace(r#""isParent": false"#, r#""meta": {"trackId":"T1","n":7,"deep":{"a":1}}"#);
        let detail = serde_json::from_str::<WireTransaction>(&json).unwrap().into_detail().unwrap();
        let meta = [("n", "7"), ("trackId", "T1")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(detail.meta, BTreeMap::from(meta));
        assert_eq!(detail.provider.as_deref(), Some("stripe"));
        assert_eq!(detail.transaction, read(ALONE).unwrap());
        let json = ALONE.replace(r#""isParent": false"#, r#""meta": "none""#);
        let detail = serde_json::from_str::<WireTransaction>(&json).unwrap().into_detail().unwrap();
        assert!(detail.meta.is_empty());
    }

    proptest! {
        #[test]
        fn every_amount_comes_through_exactly(units in 0_i64.., exponent in 0_u8..=18) {
            let amount = transload_model::Decimal::new(units, exponent).unwrap();
            for text in [amount.to_string(), format!("\"{amount}\"")] {
                let json = format!(r#"{{"_id":"t","status":"x","amount":{text},"currency":"JPY"}}"#);
                let read = read(&json).unwrap().amount.amount;
                prop_assert_eq!((read.units(), read.exponent()), (units, exponent));
            }
        }
    }
}
