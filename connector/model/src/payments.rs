//! What was paid for an order or an invoice and given back.

use crate::{Currency, Invoice, Money, MoneyError, Order, Revenue, Transaction};

/// The payments of one order or invoice, in its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payments {
    /// What came in.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
}

impl Payments {
    /// Sums those of `transactions` that are of the order's mode: test payments of a live order are none. None if money of
    /// another currency is among them, for which no rule says what it pays. Fails when a sum does not fit, or a refund is of
    /// another currency than its charge.
    pub fn of(order: &Order, transactions: &[Transaction]) -> Result<Option<Self>, MoneyError> {
        Self::in_one_currency(order.total.currency, order.live, transactions)
    }

    /// The same of what an invoice asks for.
    pub fn of_invoice(invoice: &Invoice, transactions: &[Transaction]) -> Result<Option<Self>, MoneyError> {
        Self::in_one_currency(invoice.total.currency, invoice.live, transactions)
    }

    fn in_one_currency(
        currency: Currency,
        live: bool,
        transactions: &[Transaction],
    ) -> Result<Option<Self>, MoneyError> {
        let revenue = sum(transactions.iter().filter(|transaction| transaction.live == live))?;
        Ok(match revenue.totals()?.as_slice() {
            [] => Some(Self { captured: Money::zero(currency), refunded: Money::zero(currency) }),
            [totals] if totals.captured.currency == currency => {
                Some(Self { captured: totals.captured, refunded: totals.refunded })
            }
            _ => None,
        })
    }

    /// What came in and did not go back. Fails when it does not fit.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.captured.checked_sub(self.refunded)
    }

    /// Sums those of `transactions` that are of the order's mode and currency, and leaves the others out. Fails as
    /// [`Payments::of`] does.
    pub fn in_currency_of(order: &Order, transactions: &[Transaction]) -> Result<Self, MoneyError> {
        let currency = order.total.currency;
        let is_ours = |transaction: &&Transaction| {
            transaction.live == order.live && transaction.amount.currency == currency
        };
        let zero = Money::zero(currency);
        Ok(match sum(transactions.iter().filter(is_ours))?.totals()?.first() {
            Some(totals) => Self { captured: totals.captured, refunded: totals.refunded },
            None => Self { captured: zero, refunded: zero },
        })
    }

    /// What is still to be paid. What was given back counts as paid, or the customer would be asked to pay a refund. Fails
    /// when the order is of another currency.
    pub fn due(&self, order: &Order) -> Result<Money, MoneyError> {
        order.amount_due(self.captured)
    }

    /// Whether all that the order cost was paid, and all of it given back. A deposit that was given back is not that.
    pub fn all_given_back(&self, order: &Order) -> bool {
        let paid = self.captured.amount.is_positive() && self.captured.amount >= order.total.amount;
        paid && self.refunded.amount >= self.captured.amount
    }
}

fn sum<'a>(transactions: impl Iterator<Item = &'a Transaction>) -> Result<Revenue, MoneyError> {
    let mut revenue = Revenue::default();
    for transaction in transactions {
        revenue.record(transaction)?;
    }
    Ok(revenue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrderStatus, TransactionStatus};

    fn money(amount: &str, currency: &str) -> Money {
        Money::new(amount.parse().unwrap(), currency.parse().unwrap())
    }

    fn order() -> Order {
        Order {
            id: "o1".to_owned(),
            number: None,
            status: OrderStatus::Pending,
            payment: None,
            fulfillment: None,
            total: money("150.10", "USD"),
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
        }
    }

    fn payment(id: &str, amount: Money, refunded: Option<&str>) -> Transaction {
        Transaction {
            id: id.to_owned(),
            amount,
            refunded: refunded.map(|refunded| money(refunded, amount.currency.code())),
            status: TransactionStatus::Succeeded,
            settles: Vec::new(),
            customer: None,
            method: None,
            charge_id: None,
            live: true,
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn part_payments_add_up_and_refunds_count_as_paid() {
        let paid =
            [payment("t1", money("100", "USD"), Some("100")), payment("t2", money("50.10", "USD"), None)];
        let payments = Payments::of(&order(), &paid).unwrap().unwrap();
        assert_eq!((payments.captured, payments.refunded), (money("150.10", "USD"), money("100", "USD")));
        assert!(payments.due(&order()).unwrap().amount.is_zero());
        assert!(!payments.all_given_back(&order()));
        let part = Payments::of(&order(), &paid[..1]).unwrap().unwrap();
        assert_eq!(part.due(&order()).unwrap(), money("50.10", "USD"));
        assert!(!part.all_given_back(&order()), "a deposit that went back");
        let whole = [payment("t1", money("150.10", "USD"), Some("150.10"))];
        assert!(Payments::of(&order(), &whole).unwrap().unwrap().all_given_back(&order()));
    }

    #[test]
    fn what_pays_for_an_invoice_is_what_came_in_less_what_went_back() {
        let invoice = Invoice {
            id: "i1".to_owned(),
            number: None,
            status: crate::InvoiceStatus::Sent,
            order_id: None,
            total: money("150.10", "USD"),
            paid: None,
            due: None,
            customer: None,
            due_at: None,
            live: true,
            created_at: None,
            updated_at: None,
        };
        let paid =
            [payment("t1", money("100", "USD"), Some("99.99")), payment("t2", money("50.10", "USD"), None)];
        let payments = Payments::of_invoice(&invoice, &paid).unwrap().unwrap();
        assert_eq!(payments.net().unwrap(), money("50.11", "USD"));
        let euros = [payment("t1", money("1", "EUR"), None)];
        assert_eq!(Payments::of_invoice(&invoice, &euros).unwrap(), None);
    }

    #[test]
    fn money_of_another_currency_is_told_or_left_out_and_that_of_another_mode_is_none() {
        let euros = payment("t1", money("150.10", "EUR"), None);
        assert_eq!(Payments::of(&order(), std::slice::from_ref(&euros)).unwrap(), None);
        let test = Transaction { live: false, ..payment("t2", money("150.10", "USD"), None) };
        let nothing = Payments { captured: money("0", "USD"), refunded: money("0", "USD") };
        assert_eq!(Payments::in_currency_of(&order(), &[euros, test.clone()]).unwrap(), nothing);
        assert_eq!(Payments::of(&order(), &[test]).unwrap(), Some(nothing));
    }
}
