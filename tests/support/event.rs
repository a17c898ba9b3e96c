//! An event for guests that do what an order's note says.

use transload::contract::{Change, Decimal, Event, Money, Order, OrderStatus};

/// The event `id` about the order `subject`, whose note tells the guest what to do.
pub(crate) fn event(id: &str, subject: &str, note: Option<&str>) -> Event {
    let total = Money { amount: Decimal { units: 0, exponent: 0 }, currency: "USD".to_owned() };
    let order = Order {
        id: subject.to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total,
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: Vec::new(),
        note: note.map(str::to_owned),
        live: true,
        created_at: None,
        updated_at: None,
    };
    Event {
        id: id.to_owned(),
        source: "target".to_owned(),
        subject: subject.to_owned(),
        occurred_at: None,
        raw: None,
        change: Change::Order(order),
    }
}
