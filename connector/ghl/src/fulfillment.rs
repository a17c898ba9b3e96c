//! Fulfilments of an order.

use serde::{Deserialize, Serialize};
use transload_model::{Instant, LineQuantity, Tracking};
use transload_wire::{Number, tolerant};

use crate::error::{MISSING, MapError};

/// A fulfilment to be written. Its lines' ids are those of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFulfillment {
    /// What was fulfilled.
    pub lines: Vec<LineQuantity>,
    /// Where it can be followed.
    pub tracking: Vec<Tracking>,
    /// Whether GoHighLevel itself is to write to the customer about it.
    pub notify_customer: bool,
}

/// A fulfilment that is already written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedFulfillment {
    /// Its id.
    pub id: String,
    /// Where it can be followed.
    pub tracking: Vec<Tracking>,
    /// What it fulfils, by price id.
    pub lines: Vec<LineQuantity>,
    /// When it was written.
    pub created_at: Option<Instant>,
}

/// The body of `POST …/fulfillments`. All members are required.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewFulfillment<'a> {
    alt_id: &'a str,
    alt_type: &'static str,
    trackings: Vec<WireTracking<'a>>,
    items: Vec<WireNewItem<'a>>,
    notify_customer: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireTracking<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_carrier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireNewItem<'a> {
    price_id: &'a str,
    qty: Number,
}

impl<'a> WireNewFulfillment<'a> {
    pub(crate) fn new(location_id: &'a str, fulfillment: &'a NewFulfillment) -> Self {
        let trackings = fulfillment.tracking.iter().map(|tracking| WireTracking {
            tracking_number: tracking.number.as_deref(),
            shipping_carrier: tracking.carrier.as_deref(),
            tracking_url: tracking.url.as_deref(),
        });
        let items = fulfillment
            .lines
            .iter()
            .map(|line| WireNewItem { price_id: &line.line_id, qty: Number(line.quantity.normalized()) });
        Self {
            alt_id: location_id,
            alt_type: "location",
            trackings: trackings.collect(),
            items: items.collect(),
            notify_customer: fulfillment.notify_customer,
        }
    }
}

/// The answer to `GET …/fulfillments`.
#[derive(Deserialize)]
pub(crate) struct FulfillmentList {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub data: Vec<WireFulfillment>,
}

/// The answer to `POST …/fulfillments`.
#[derive(Deserialize)]
pub(crate) struct FulfillmentReply {
    pub data: Option<WireFulfillment>,
}

/// A fulfilment as it is read.
#[derive(Deserialize)]
pub(crate) struct WireFulfillment {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::list")]
    trackings: Vec<WireReadTracking>,
    #[serde(default, deserialize_with = "tolerant::list")]
    items: Vec<WireItem>,
    #[serde(default, rename = "createdAt", deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReadTracking {
    #[serde(default, deserialize_with = "tolerant::text")]
    tracking_number: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    shipping_carrier: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    tracking_url: Option<String>,
}

#[derive(Deserialize)]
struct WireItem {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    price: Option<WirePriceId>,
    #[serde(default, deserialize_with = "tolerant::number")]
    qty: Option<Number>,
}

#[derive(Deserialize)]
struct WirePriceId {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
}

impl WireFulfillment {
    pub(crate) fn into_model(self) -> Result<PostedFulfillment, MapError> {
        let id = self.id.unwrap_or_default();
        let error =
            |member: String| MapError { object: format!("fulfillment {id}"), member, problem: MISSING };
        if id.is_empty() {
            return Err(error("_id".to_owned()));
        }
        let mut lines = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.into_iter().enumerate() {
            // The document calls the item's own `_id` "the id of product price" as well.
            let price_id = item.price.and_then(|price| price.id).or(item.id);
            let line_id = price_id.ok_or_else(|| error(format!("items[{index}].price._id")))?;
            let quantity = item.qty.ok_or_else(|| error(format!("items[{index}].qty")))?;
            lines.push(LineQuantity { line_id, quantity: quantity.0 });
        }
        let tracking = self.trackings.into_iter().map(|tracking| Tracking {
            number: tracking.tracking_number,
            carrier: tracking.shipping_carrier,
            url: tracking.tracking_url,
        });
        Ok(PostedFulfillment { tracking: tracking.collect(), lines, created_at: self.created_at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("fixtures/fulfillments.json");

    fn read(json: &str) -> Result<Vec<PostedFulfillment>, MapError> {
        let list: FulfillmentList = serde_json::from_str(json).unwrap();
        list.data.into_iter().map(WireFulfillment::into_model).collect()
    }

    #[test]
    fn what_is_written_is_known_by_price() {
        let line = |id: &str, quantity: &str| LineQuantity::new(id, quantity.parse().unwrap());
        let expected = PostedFulfillment {
            id: "655b33a82209e60b6adb87a5".to_owned(),
            tracking: vec![
                Tracking {
                    number: Some("3F2504E0-4F89-11D3-9A0C-0305E82C3301".to_owned()),
                    carrier: Some("Track-POD".to_owned()),
                    url: None,
                },
                Tracking {
                    url: Some("https://web.track-pod.com/track?id=1".to_owned()),
                    ..Tracking::default()
                },
            ],
            lines: vec![line("660ed20095e1dcd37bb0d392", "1"), line("64f84dec1e2c5ae21f0714e1", "0.5")],
            created_at: Some(Instant(1_712_307_600_000)),
        };
        assert_eq!(read(LIST), Ok(vec![expected]));
    }

    #[test]
    fn a_quantity_that_is_missing_is_not_taken_for_one() {
        let error = read(&LIST.replace(r#", "qty": "0.5""#, "")).unwrap_err();
        assert_eq!(error.to_string(), "fulfillment 655b33a82209e60b6adb87a5: items[1].qty is missing");
        let error = read(r#"{"data":[{"_id":"f1","items":[{"qty":1}]}]}"#).unwrap_err();
        assert_eq!(error.to_string(), "fulfillment f1: items[0].price._id is missing");
    }

    #[test]
    fn what_is_sent_has_all_required_members_and_exact_numbers() {
        let fulfillment = NewFulfillment {
            lines: vec![LineQuantity::new("p1", "2.500".parse().unwrap()), LineQuantity::new("p2", 3.into())],
            tracking: vec![
                Tracking { number: Some("T1".to_owned()), carrier: Some("Track-POD".to_owned()), url: None },
                Tracking { url: Some("https://t.example/1".to_owned()), ..Tracking::default() },
            ],
            notify_customer: false,
        };
        let json = serde_json::to_string(&WireNewFulfillment::new("loc", &fulfillment)).unwrap();
        let expected = concat!(
            r#"{"altId":"loc","altType":"location","#,
            r#""trackings":[{"trackingNumber":"T1","shippingCarrier":"Track-POD"},{"trackingUrl":"https://t.example/1"}],"#,
            r#""items":[{"priceId":"p1","qty":2.5},{"priceId":"p2","qty":3}],"notifyCustomer":false}"#,
        );
        assert_eq!(json, expected);
    }
}
