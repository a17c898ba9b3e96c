//! The payments of an order.

use transload_model::{MoneyError, Order, Payments, Transaction};
use transload_sdk::Failure;

use crate::templates::Scope;
use crate::{Shop, subscriptions};

/// The transactions that pay for the order itself: GoHighLevel's order does not say what was paid. Renewals of its
/// subscription are left out.
pub fn of_order(shop: &Shop, order: &Order) -> Result<Vec<Transaction>, Failure> {
    let named = shop.ghl.order_transactions(&order.id)?;
    among(shop, order, named)
}

/// The same where the transactions that name the order were `named` already. Those of the invoice that bills it name the invoice
/// alone, and are asked for.
pub fn among(shop: &Shop, order: &Order, named: Vec<Transaction>) -> Result<Vec<Transaction>, Failure> {
    let mut all = named;
    if let Some(invoice_id) = &order.billed_by {
        for payment in shop.ghl.invoice_transactions(invoice_id)? {
            if all.iter().all(|known| known.id != payment.id) {
                all.push(payment);
            }
        }
    }
    subscriptions::without_renewals(shop, order, all)
}

/// What was paid for `order` by `transactions`, none if some of it is of another currency; and what rules and templates see
/// of the order, of which `raw` is GoHighLevel's own JSON.
pub fn scope(
    order: &Order,
    raw: &str,
    transactions: &[Transaction],
) -> Result<(Option<Payments>, Scope), MoneyError> {
    let paid = Payments::of(order, transactions)?;
    // Money of another currency pays for an unknown part of it.
    let known = paid.map_or_else(|| Payments::in_currency_of(order, transactions), Ok)?;
    Ok((paid, Scope::of_order(order, Some(raw), known.captured, known.due(order)?)))
}

#[cfg(test)]
mod tests {
    use transload_sdk::fakes::Fakes;

    use super::*;
    use crate::fixtures::*;

    #[test]
    fn what_the_invoice_of_an_order_was_paid_pays_for_the_order_once() {
        let billed = with_changed(ORDER, "{", r#"{"source": {"type": "invoice", "id": "i1"},"#);
        let of_invoice = with_changed(PAYMENT, r#""_id": "t1""#, r#""_id": "t2""#);
        let of_invoice = with_changed(&of_invoice, r#""entityType": "order""#, r#""entityType": "invoice""#);
        let of_invoice = with_changed(&of_invoice, r#""entityId": "o1""#, r#""entityId": "i1""#);
        let of_invoice = with_changed(&of_invoice, r#""amount": 150.1"#, r#""amount": 50.05"#);
        let own = with_changed(PAYMENT, r#""amount": 150.1"#, r#""amount": 100.05"#);
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/orders/o1?*", 200, &billed)
            .answer("GET /payments/transactions?*", 200, &page(&[&own]))
            .answer("GET /payments/transactions?*", 200, &page(&[&of_invoice, &own]));
        let paid = with_shop(&fakes, |shop| {
            let order = shop.ghl.order("o1")?.unwrap();
            Ok(Payments::of(&order, &of_order(shop, &order)?)?)
        });
        // 100.05 + 50.05
        assert_eq!(paid.unwrap().unwrap().captured.to_string(), "150.10 USD");
        let asked: Vec<bool> =
            fakes.sent().iter().map(|call| call.url.as_str().contains("entityId=i1")).collect();
        assert_eq!(asked, [false, false, true]);
    }
}
