//! The model's types and the contract's, into each other.
//!
//! Outwards cannot fail. Inwards can, where the contract's types allow more than the model: a decimal with too many places, a
//! currency that is no code.

mod status;

use transload_model as model;
use transload_model::{Change, Currency, Decimal, Instant, Money, MoneyError};

use crate::bindings::exports::transload::connector::intake;
use crate::bindings::transload::connector::types as contract;
use crate::{Event, EventPage};

/// A decimal for the contract.
pub fn decimal_out(value: Decimal) -> contract::Decimal {
    contract::Decimal { units: value.units(), exponent: value.exponent() }
}

/// A decimal from the contract. Fails for an exponent above 18.
pub fn decimal_in(value: contract::Decimal) -> Result<Decimal, MoneyError> {
    Ok(Decimal::new(value.units, value.exponent)?)
}

/// Money for the contract.
pub fn money_out(money: Money) -> contract::Money {
    contract::Money { amount: decimal_out(money.amount), currency: money.currency.code().to_owned() }
}

/// Money from the contract. Fails as [`decimal_in`] does, and for a currency that is no ISO 4217 code.
pub fn money_in(money: contract::Money) -> Result<Money, MoneyError> {
    Ok(Money::new(decimal_in(money.amount)?, money.currency.parse::<Currency>()?))
}

fn maybe_money_out(money: Option<Money>) -> Option<contract::Money> {
    money.map(money_out)
}

fn maybe_money_in(money: Option<contract::Money>) -> Result<Option<Money>, MoneyError> {
    money.map(money_in).transpose()
}

fn millis(instant: Option<Instant>) -> Option<u64> {
    instant.map(|instant| instant.0)
}

fn instant(millis: Option<u64>) -> Option<Instant> {
    millis.map(Instant)
}

/// An event for the contract.
pub fn event_out(event: Event) -> contract::Event {
    contract::Event {
        id: event.id,
        source: event.source.to_owned(),
        subject: event.subject,
        occurred_at: millis(event.occurred_at),
        raw: event.raw,
        change: change_out(event.change),
    }
}

/// A page of events for the contract.
pub fn page_out(page: EventPage) -> intake::EventPage {
    intake::EventPage {
        events: page.events.into_iter().map(event_out).collect(),
        cursor: page.cursor,
        more: page.more,
    }
}

fn change_out(change: Change) -> contract::Change {
    match change {
        Change::Order(order) => contract::Change::Order(order_out(order)),
        Change::Fulfillment(fulfillment) => contract::Change::Fulfillment(fulfillment_out(fulfillment)),
        Change::Transaction(transaction) => contract::Change::Transaction(transaction_out(transaction)),
        Change::Subscription(subscription) => contract::Change::Subscription(subscription_out(subscription)),
        Change::Invoice(invoice) => contract::Change::Invoice(invoice_out(invoice)),
    }
}

fn address_out(address: model::Address) -> contract::Address {
    contract::Address {
        lines: address.lines,
        city: address.city,
        region: address.region,
        postal_code: address.postal_code,
        country: address.country,
    }
}

fn address_in(address: contract::Address) -> model::Address {
    model::Address {
        lines: address.lines,
        city: address.city,
        region: address.region,
        postal_code: address.postal_code,
        country: address.country,
    }
}

fn party_out(party: model::Party) -> contract::Party {
    contract::Party {
        id: party.id,
        name: party.name,
        email: party.email,
        phone: party.phone,
        address: party.address.map(address_out),
    }
}

fn party_in(party: contract::Party) -> model::Party {
    model::Party {
        id: party.id,
        name: party.name,
        email: party.email,
        phone: party.phone,
        address: party.address.map(address_in),
    }
}

fn line_out(line: model::Line) -> contract::Line {
    contract::Line {
        id: line.id,
        sku: line.sku,
        name: line.name,
        quantity: decimal_out(line.quantity),
        unit_price: maybe_money_out(line.unit_price),
        physical: line.physical,
    }
}

fn line_in(line: contract::Line) -> Result<model::Line, MoneyError> {
    Ok(model::Line {
        id: line.id,
        sku: line.sku,
        name: line.name,
        quantity: decimal_in(line.quantity)?,
        unit_price: maybe_money_in(line.unit_price)?,
        physical: line.physical,
    })
}

/// An order for the contract.
pub fn order_out(order: model::Order) -> contract::Order {
    contract::Order {
        id: order.id,
        number: order.number,
        status: status::order_status_out(order.status),
        payment: order.payment.map(status::payment_status_out),
        fulfillment: order.fulfillment.map(status::fulfillment_status_out),
        total: money_out(order.total),
        subtotal: maybe_money_out(order.subtotal),
        discount: maybe_money_out(order.discount),
        tax: maybe_money_out(order.tax),
        shipping: maybe_money_out(order.shipping),
        paid: maybe_money_out(order.paid),
        customer: order.customer.map(party_out),
        ship_to: order.ship_to.map(address_out),
        lines: order.lines.into_iter().map(line_out).collect(),
        note: order.note,
        live: order.live,
        created_at: millis(order.created_at),
        updated_at: millis(order.updated_at),
    }
}

/// An order from the contract. Fails as [`money_in`] does.
pub fn order_in(order: contract::Order) -> Result<model::Order, MoneyError> {
    Ok(model::Order {
        id: order.id,
        number: order.number,
        status: status::order_status_in(order.status),
        payment: order.payment.map(status::payment_status_in),
        fulfillment: order.fulfillment.map(status::fulfillment_status_in),
        total: money_in(order.total)?,
        subtotal: maybe_money_in(order.subtotal)?,
        discount: maybe_money_in(order.discount)?,
        tax: maybe_money_in(order.tax)?,
        shipping: maybe_money_in(order.shipping)?,
        billed_by: None,
        paid: maybe_money_in(order.paid)?,
        customer: order.customer.map(party_in),
        ship_to: order.ship_to.map(address_in),
        lines: order.lines.into_iter().map(line_in).collect::<Result<_, _>>()?,
        note: order.note,
        live: order.live,
        created_at: instant(order.created_at),
        updated_at: instant(order.updated_at),
    })
}

fn fulfilled_line_out(fulfilled_line: model::FulfilledLine) -> contract::FulfilledLine {
    contract::FulfilledLine {
        line_id: fulfilled_line.line_id,
        ordered: fulfilled_line.ordered.map(decimal_out),
        fulfilled: decimal_out(fulfilled_line.fulfilled),
        reason: fulfilled_line.reason,
    }
}

fn fulfilled_line_in(fulfilled_line: contract::FulfilledLine) -> Result<model::FulfilledLine, MoneyError> {
    Ok(model::FulfilledLine {
        line_id: fulfilled_line.line_id,
        ordered: fulfilled_line.ordered.map(decimal_in).transpose()?,
        fulfilled: decimal_in(fulfilled_line.fulfilled)?,
        reason: fulfilled_line.reason,
    })
}

fn tracking_out(tracking: model::Tracking) -> contract::Tracking {
    contract::Tracking { number: tracking.number, carrier: tracking.carrier, url: tracking.url }
}

fn tracking_in(tracking: contract::Tracking) -> model::Tracking {
    model::Tracking { number: tracking.number, carrier: tracking.carrier, url: tracking.url }
}

fn proof_out(proof: model::Proof) -> contract::Proof {
    contract::Proof {
        signed_by: proof.signed_by,
        documents: proof.documents,
        photos: proof.photos,
        note: proof.note,
    }
}

fn proof_in(proof: contract::Proof) -> model::Proof {
    model::Proof {
        signed_by: proof.signed_by,
        documents: proof.documents,
        photos: proof.photos,
        note: proof.note,
    }
}

/// A fulfillment for the contract.
pub fn fulfillment_out(fulfillment: model::Fulfillment) -> contract::Fulfillment {
    contract::Fulfillment {
        id: fulfillment.id,
        order_id: fulfillment.order_id,
        state: status::fulfillment_state_out(fulfillment.state),
        attempt: fulfillment.attempt,
        lines: fulfillment.lines.into_iter().map(fulfilled_line_out).collect(),
        tracking: fulfillment.tracking.into_iter().map(tracking_out).collect(),
        proof: fulfillment.proof.map(proof_out),
        cash_collected: maybe_money_out(fulfillment.cash_collected),
        reason: fulfillment.reason,
        happened_at: millis(fulfillment.happened_at),
        estimated_at: millis(fulfillment.estimated_at),
    }
}

/// A fulfillment from the contract. Fails as [`money_in`] does.
pub fn fulfillment_in(fulfillment: contract::Fulfillment) -> Result<model::Fulfillment, MoneyError> {
    Ok(model::Fulfillment {
        id: fulfillment.id,
        order_id: fulfillment.order_id,
        state: status::fulfillment_state_in(fulfillment.state),
        attempt: fulfillment.attempt,
        lines: fulfillment.lines.into_iter().map(fulfilled_line_in).collect::<Result<_, _>>()?,
        tracking: fulfillment.tracking.into_iter().map(tracking_in).collect(),
        proof: fulfillment.proof.map(proof_in),
        cash_collected: maybe_money_in(fulfillment.cash_collected)?,
        reason: fulfillment.reason,
        happened_at: instant(fulfillment.happened_at),
        estimated_at: instant(fulfillment.estimated_at),
    })
}

/// A transaction for the contract.
pub fn transaction_out(transaction: model::Transaction) -> contract::Transaction {
    contract::Transaction {
        id: transaction.id,
        amount: money_out(transaction.amount),
        refunded: maybe_money_out(transaction.refunded),
        status: status::transaction_status_out(transaction.status),
        settles: transaction.settles.into_iter().map(status::entity_out).collect(),
        customer: transaction.customer.map(party_out),
        method: transaction.method,
        charge_id: transaction.charge_id,
        live: transaction.live,
        created_at: millis(transaction.created_at),
        updated_at: millis(transaction.updated_at),
    }
}

/// A transaction from the contract. Fails as [`money_in`] does.
pub fn transaction_in(transaction: contract::Transaction) -> Result<model::Transaction, MoneyError> {
    Ok(model::Transaction {
        id: transaction.id,
        amount: money_in(transaction.amount)?,
        refunded: maybe_money_in(transaction.refunded)?,
        status: status::transaction_status_in(transaction.status),
        settles: transaction.settles.into_iter().map(status::entity_in).collect(),
        customer: transaction.customer.map(party_in),
        method: transaction.method,
        charge_id: transaction.charge_id,
        live: transaction.live,
        created_at: instant(transaction.created_at),
        updated_at: instant(transaction.updated_at),
    })
}

/// A subscription for the contract.
pub fn subscription_out(subscription: model::Subscription) -> contract::Subscription {
    contract::Subscription {
        id: subscription.id,
        status: status::subscription_status_out(subscription.status),
        order_id: subscription.order_id,
        amount: maybe_money_out(subscription.amount),
        period: subscription.period,
        customer: subscription.customer.map(party_out),
        next_charge_at: millis(subscription.next_charge_at),
        ended_at: millis(subscription.ended_at),
        live: subscription.live,
        created_at: millis(subscription.created_at),
        updated_at: millis(subscription.updated_at),
    }
}

/// A subscription from the contract. Fails as [`money_in`] does.
pub fn subscription_in(subscription: contract::Subscription) -> Result<model::Subscription, MoneyError> {
    Ok(model::Subscription {
        id: subscription.id,
        status: status::subscription_status_in(subscription.status),
        order_id: subscription.order_id,
        amount: maybe_money_in(subscription.amount)?,
        period: subscription.period,
        customer: subscription.customer.map(party_in),
        next_charge_at: instant(subscription.next_charge_at),
        ended_at: instant(subscription.ended_at),
        live: subscription.live,
        created_at: instant(subscription.created_at),
        updated_at: instant(subscription.updated_at),
    })
}

/// An invoice for the contract.
pub fn invoice_out(invoice: model::Invoice) -> contract::Invoice {
    contract::Invoice {
        id: invoice.id,
        number: invoice.number,
        status: status::invoice_status_out(invoice.status),
        order_id: invoice.order_id,
        total: money_out(invoice.total),
        paid: maybe_money_out(invoice.paid),
        due: maybe_money_out(invoice.due),
        customer: invoice.customer.map(party_out),
        due_at: millis(invoice.due_at),
        live: invoice.live,
        created_at: millis(invoice.created_at),
        updated_at: millis(invoice.updated_at),
    }
}

/// An invoice from the contract. Fails as [`money_in`] does.
pub fn invoice_in(invoice: contract::Invoice) -> Result<model::Invoice, MoneyError> {
    Ok(model::Invoice {
        id: invoice.id,
        number: invoice.number,
        status: status::invoice_status_in(invoice.status),
        order_id: invoice.order_id,
        total: money_in(invoice.total)?,
        paid: maybe_money_in(invoice.paid)?,
        due: maybe_money_in(invoice.due)?,
        customer: invoice.customer.map(party_in),
        due_at: instant(invoice.due_at),
        live: invoice.live,
        created_at: instant(invoice.created_at),
        updated_at: instant(invoice.updated_at),
    })
}

#[cfg(test)]
mod tests;
