//! Fulfilments.

use serde::{Deserialize, Serialize};
use transload_model::{FulfilledLine, Fulfillment, FulfillmentState, Instant, Tracking};
use transload_wire::{Number, tolerant};

use crate::error::{MapError, NEGATIVE};
use crate::member::{amount, instant, text};
use crate::record::{self, Record, Subject};
use crate::shape::Kind;
use crate::words::Words;

/// The origin of the fulfilments that we post.
pub const ORIGIN: &str = "ghl";

/// A fulfilment in the sink.
///
/// The sink holds one tracking number, and neither attempts, proofs nor cash: the first of `tracking` is written, and one
/// that was read is of the first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkFulfillment {
    /// The fulfilment.
    pub fulfillment: Fulfillment,
    /// Where it was made: [`ORIGIN`] if we posted it; the sink's own have another or none.
    pub origin: Option<String>,
    /// Whether the sink is to tell the customer. Not read.
    pub notify_customer: bool,
    /// When it last changed, by the clock of whoever changed it.
    pub updated_at: Option<Instant>,
}

impl SinkFulfillment {
    /// Whether we posted it.
    pub fn is_ours(&self) -> bool {
        self.origin.as_deref() == Some(ORIGIN)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFulfillment {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    fulfillment_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    carrier: Option<String>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    notify_customer: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::list", skip_serializing_if = "Vec::is_empty")]
    lines: Vec<WireFulfilledLine>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    happened_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFulfilledLine {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    line_id: Option<String>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    quantity: Option<Number>,
}

impl Record for SinkFulfillment {
    const KIND: Kind = Kind::Fulfillment;

    fn id(&self) -> &str {
        &self.fulfillment.id
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        record::write(to_wire(self))
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        record::read(body, from_wire)
    }
}

fn to_wire(sink: &SinkFulfillment) -> Result<WireFulfillment, MapError> {
    let fulfillment = &sink.fulfillment;
    let subject = Subject::new("fulfillment", &fulfillment.id, "fulfillmentId")?;
    if fulfillment.order_id.is_empty() {
        return Err(subject.error("orderId", crate::error::MISSING));
    }
    let tracking = fulfillment.tracking.first().cloned().unwrap_or_default();
    let lines = fulfillment.lines.iter().enumerate().map(|(index, line)| {
        not_negative(&subject, index, Number(line.fulfilled))
            .map(|quantity| WireFulfilledLine { line_id: Some(line.line_id.clone()), quantity })
    });
    Ok(WireFulfillment {
        fulfillment_id: Some(fulfillment.id.clone()),
        order_id: Some(fulfillment.order_id.clone()),
        status: Some(fulfillment.state.word()),
        origin: sink.origin.clone(),
        tracking_number: tracking.number,
        tracking_url: tracking.url,
        carrier: tracking.carrier,
        notify_customer: sink.notify_customer.then_some(true),
        lines: lines.collect::<Result<_, _>>()?,
        reason: fulfillment.reason.clone(),
        happened_at: fulfillment.happened_at,
        updated_at: sink.updated_at,
    })
}

fn from_wire(wire: WireFulfillment) -> Result<SinkFulfillment, MapError> {
    let id = wire.fulfillment_id.unwrap_or_default();
    let subject = Subject::new("fulfillment", &id, "fulfillmentId")?;
    let tracking = Tracking { number: wire.tracking_number, carrier: wire.carrier, url: wire.tracking_url };
    let lines = wire.lines.into_iter().enumerate().map(|(index, line)| line.into_model(&subject, index));
    let fulfillment = Fulfillment {
        order_id: subject.needs("orderId", wire.order_id)?,
        state: FulfillmentState::of(subject.needs("status", wire.status)?),
        attempt: 1,
        lines: lines.collect::<Result<_, _>>()?,
        tracking: if tracking == Tracking::default() { Vec::new() } else { vec![tracking] },
        proof: None,
        cash_collected: None,
        reason: wire.reason,
        happened_at: wire.happened_at,
        estimated_at: None,
        id: id.clone(),
    };
    Ok(SinkFulfillment {
        fulfillment,
        origin: wire.origin,
        notify_customer: false,
        updated_at: wire.updated_at,
    })
}

impl WireFulfilledLine {
    fn into_model(self, subject: &Subject<'_>, index: usize) -> Result<FulfilledLine, MapError> {
        let quantity = self.quantity.map(|quantity| not_negative(subject, index, quantity)).transpose()?;
        let Number(fulfilled) = subject.needs(&format!("lines[{index}].quantity"), quantity.flatten())?;
        Ok(FulfilledLine {
            line_id: subject.needs(&format!("lines[{index}].lineId"), self.line_id)?,
            ordered: None,
            fulfilled,
            reason: None,
        })
    }
}

fn not_negative(subject: &Subject<'_>, index: usize, quantity: Number) -> Result<Option<Number>, MapError> {
    if quantity.0.is_negative() {
        return Err(subject.error(&format!("lines[{index}].quantity"), NEGATIVE));
    }
    Ok(Some(quantity))
}
