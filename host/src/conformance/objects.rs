//! An object of each kind, with nothing in it but what the contract asks for.

use crate::contract::{
    Change, ChangeKind, Decimal, Fulfillment, FulfillmentState, Invoice, InvoiceStatus, Money, Order,
    OrderStatus, Subscription, SubscriptionStatus, Transaction, TransactionStatus,
};

/// A change of this kind to the object `id`.
pub(super) fn change(kind: ChangeKind, id: &str) -> Change {
    match kind {
        ChangeKind::Order => Change::Order(order(id)),
        ChangeKind::Fulfillment => Change::Fulfillment(fulfillment(id)),
        ChangeKind::Transaction => Change::Transaction(transaction(id)),
        ChangeKind::Subscription => Change::Subscription(subscription(id)),
        ChangeKind::Invoice => Change::Invoice(invoice(id)),
    }
}

fn money() -> Money {
    Money { amount: Decimal { units: 1_000, exponent: 2 }, currency: "USD".to_owned() }
}

fn order(id: &str) -> Order {
    Order {
        id: id.to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: money(),
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
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

fn fulfillment(id: &str) -> Fulfillment {
    Fulfillment {
        id: id.to_owned(),
        order_id: id.to_owned(),
        state: FulfillmentState::Delivered,
        attempt: 1,
        lines: Vec::new(),
        tracking: Vec::new(),
        proof: None,
        cash_collected: None,
        reason: None,
        happened_at: None,
        estimated_at: None,
    }
}

fn transaction(id: &str) -> Transaction {
    Transaction {
        id: id.to_owned(),
        amount: money(),
        refunded: None,
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

fn subscription(id: &str) -> Subscription {
    Subscription {
        id: id.to_owned(),
        status: SubscriptionStatus::Active,
        order_id: None,
        amount: Some(money()),
        period: None,
        customer: None,
        next_charge_at: None,
        ended_at: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}

fn invoice(id: &str) -> Invoice {
    Invoice {
        id: id.to_owned(),
        number: None,
        status: InvoiceStatus::Sent,
        order_id: None,
        total: money(),
        paid: None,
        due: None,
        customer: None,
        due_at: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}
