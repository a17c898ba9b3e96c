//! What an order of Track-POD says about its delivery, in the model's terms.

use transload_model::{
    Currency, Decimal, FulfilledLine, Fulfillment, FulfillmentState, Instant, Money, Proof, Tracking,
};
use transload_wire::{Number, time};

use crate::order::{Goods, Order};

/// Who carries it, in the fulfilments that are written elsewhere.
const CARRIER: &str = "Track-POD";

/// What an order says about the cash that was collected for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cash {
    /// Nothing.
    Untold,
    /// This much, in whatever currency the order was made in.
    Collected(Decimal),
    /// A text that may be read in two ways, or in none: a person must look.
    Unclear(String),
}

impl Order {
    /// The delivery.
    ///
    /// The state follows `StatusId`, and before the first attempt the route. `order_id` is our id, or the number of an
    /// order that was made without one. `currency` is what its cash is in: Track-POD knows none, so it is the
    /// currency of the order that it was made from. Without it, or where its amount cannot be read, the cash is none.
    pub fn fulfillment(&self, currency: Option<Currency>) -> Fulfillment {
        let number = self.number.clone();
        let order_id = self.id.clone().or(number).unwrap_or_default();
        let tracking = Tracking {
            number: self.track_id.clone(),
            carrier: Some(CARRIER.to_owned()),
            url: self.track_link.as_deref().and_then(link),
        };
        Fulfillment {
            id: self.track_id.clone().unwrap_or_else(|| order_id.clone()),
            order_id,
            state: self.state(),
            attempt: self.attempt(),
            lines: self.goods_list.iter().map(|goods| self.line(goods)).collect(),
            tracking: if tracking.number.is_some() || tracking.url.is_some() {
                vec![tracking]
            } else {
                Vec::new()
            },
            proof: self.proof(),
            cash_collected: self.cash_collected(currency),
            reason: self.reason(),
            happened_at: instant(&self.status_date).or_else(|| instant(&self.change_date)),
            estimated_at: instant(&self.updated_eta).or_else(|| instant(&self.eta)),
        }
    }

    /// Why it failed or was cut short. Drivers may leave the list of reasons alone and write a comment instead.
    fn reason(&self) -> Option<String> {
        let fell_short = matches!(self.status_id, Some(2 | 4 | 5));
        self.reject_reason.clone().or_else(|| self.driver_comment.clone().filter(|_| fell_short))
    }

    /// Whether goods are fetched from the customer.
    fn is_collection(&self) -> bool {
        self.kind == Some(1)
    }

    fn state(&self) -> FulfillmentState {
        match self.status_id {
            None => self.state_before_attempt(),
            Some(1) => FulfillmentState::OutForDelivery,
            Some(2) => FulfillmentState::AttemptFailed,
            Some(3) if self.is_collection() => FulfillmentState::Collected,
            Some(3) => FulfillmentState::Delivered,
            // Nothing came to the customer, so it must not pass for a delivery.
            Some(4) if self.is_collection() => FulfillmentState::Other("partially collected".to_owned()),
            Some(4) => FulfillmentState::PartiallyDelivered,
            Some(5) => FulfillmentState::Rejected,
            Some(other) => {
                FulfillmentState::Other(self.status.clone().unwrap_or_else(|| format!("status {other}")))
            }
        }
    }

    /// There is no status for "planned" or "loaded"; the route tells.
    fn state_before_attempt(&self) -> FulfillmentState {
        let is = |text: &Option<String>, word: &str| {
            text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let left_behind = is(&self.load_status, "not-loaded");
        if is(&self.route_status, "InProgress") && !left_behind {
            return FulfillmentState::OutForDelivery;
        }
        if is(&self.load_status, "loaded") || is(&self.route_status, "Loaded") && !left_behind {
            return FulfillmentState::Loaded;
        }
        if self.route_number.is_some() { FulfillmentState::Scheduled } else { FulfillmentState::Created }
    }

    fn attempt(&self) -> u32 {
        let rescheduled = self.rescheduled_times.and_then(|times| u32::try_from(times).ok());
        rescheduled.unwrap_or(0).saturating_add(1)
    }

    fn line(&self, goods: &Goods) -> FulfilledLine {
        // Goods without our ids were added at Track-POD; under their name they are seen as a line that no order has.
        let id = goods.order_line_id.as_ref().or(goods.goods_id.as_ref()).or(goods.goods_name.as_ref());
        FulfilledLine {
            line_id: id.cloned().unwrap_or_default(),
            ordered: goods.quantity.map(|quantity| quantity.0),
            fulfilled: self.fulfilled(goods),
            reason: goods.reject_reason.clone(),
        }
    }

    /// What the customer has got. `QuantityFact` is the "accepted quantity", and goods are "completed in full" unless it
    /// says otherwise; but of a partial delivery only what it says is counted, because a fulfilment that is written
    /// down cannot be taken back, and one that is missing can be added.
    fn fulfilled(&self, goods: &Goods) -> Decimal {
        let quantity = match self.state() {
            FulfillmentState::Delivered => goods.quantity_fact.or(goods.quantity),
            FulfillmentState::PartiallyDelivered => goods.quantity_fact,
            _ => None,
        };
        quantity.map_or(Decimal::ZERO, |Number(quantity)| quantity)
    }

    fn proof(&self) -> Option<Proof> {
        let photos = self.signature_photos.iter().chain(&self.photos).flatten();
        let proof = Proof {
            signed_by: self.signature_name.clone(),
            documents: self.report_url.as_deref().and_then(link).into_iter().collect(),
            photos: photos.filter_map(|photo| link(photo)).collect(),
            note: self.driver_comment.clone(),
        };
        (proof != Proof::default()).then_some(proof)
    }

    /// The cash that was collected. Track-POD tells it as text, whose form it does not document.
    pub fn cash(&self) -> Cash {
        let Some(text) = self.cod_actual.as_deref() else { return Cash::Untold };
        match decimal_of_text(text) {
            Some(amount) if !amount.is_negative() => Cash::Collected(amount),
            _ => Cash::Unclear(text.to_owned()),
        }
    }

    fn cash_collected(&self, currency: Option<Currency>) -> Option<Money> {
        match self.cash() {
            Cash::Collected(amount) => Some(Money::new(amount, currency?)),
            Cash::Untold | Cash::Unclear(_) => None,
        }
    }
}

/// Reads an amount that is text at Track-POD, whose form it does not document: `20.5`, or `20,5` where the account's
/// language writes it so. A comma before three digits may as well separate thousands, so that is no amount.
fn decimal_of_text(text: &str) -> Option<Decimal> {
    if let Ok(amount) = text.parse() {
        return Some(amount);
    }
    let (whole, fraction) = text.split_once(',')?;
    if !matches!(fraction.len(), 1 | 2) {
        return None;
    }
    format!("{whole}.{fraction}").parse().ok()
}

/// The text if it is a link: some members hold a sentence instead.
fn link(text: &str) -> Option<String> {
    (text.starts_with("https://") && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

fn instant(text: &Option<String>) -> Option<Instant> {
    time::parse_naive(text.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = include_str!("fixtures/order.json");

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    fn read(json: &str) -> Fulfillment {
        serde_json::from_str::<Order>(json).unwrap().fulfillment(Some(usd()))
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn quantities(fulfillment: &Fulfillment) -> Vec<(&str, String)> {
        fulfillment
            .lines
            .iter()
            .map(|line| (line.line_id.as_str(), line.fulfilled.normalized().to_string()))
            .collect()
    }

    #[test]
    fn a_delivery_is_told_whole() {
        let delivery = read(ORDER);
        assert_eq!(delivery.id, "3F2504E0-4F89-11D3-9A0C-0305E82C3301");
        assert_eq!(delivery.order_id, "660ed43bfdf9fc05a0de7a40");
        assert_eq!(delivery.state, FulfillmentState::Delivered);
        assert_eq!(delivery.attempt, 2);
        let tracking = Tracking {
            number: text("3F2504E0-4F89-11D3-9A0C-0305E82C3301"),
            carrier: text("Track-POD"),
            url: text("https://web.track-pod.com/track?id=d8662b19-ece7-4cda-baa3-c711ade5ad15"),
        };
        assert_eq!(delivery.tracking, [tracking]);
        let proof = Proof {
            signed_by: text("Andrew Bart"),
            // The report's member holds a sentence here.
            documents: Vec::new(),
            photos: vec![
                "https://image.track-pod.com/signature/1".to_owned(),
                "https://image.track-pod.com/photo/1".to_owned(),
            ],
            note: text("The customer was angry for being late"),
        };
        assert_eq!(delivery.proof, Some(proof));
        assert_eq!(delivery.cash_collected, Some(Money::new("20.5".parse().unwrap(), usd())));
        assert_eq!(delivery.reason, text("Out Of Time"));
        // 2019-02-01T15:31:00Z and T15:35:00Z by `date -ud … +%s`.
        assert_eq!(delivery.happened_at, Some(Instant(1_549_035_060_000)));
        assert_eq!(delivery.estimated_at, Some(Instant(1_549_035_300_000)));
    }

    #[test]
    fn a_whole_delivery_covers_what_it_does_not_speak_of() {
        let delivery = read(ORDER);
        let expected = [
            ("660ed20095e1dcd37bb0d392", "1".to_owned()),
            ("64", "1".to_owned()),
            ("Pallet", "1".to_owned()),
        ];
        assert_eq!(quantities(&delivery), expected);
        assert_eq!(delivery.lines[0].ordered, Some(2.into()));
        assert_eq!(delivery.lines[0].reason, text("Out Of Time"));
    }

    #[test]
    fn a_partial_delivery_covers_only_what_it_speaks_of() {
        let delivery = read(&ORDER.replace(r#""StatusId": 3"#, r#""StatusId": "4""#));
        assert_eq!(delivery.state, FulfillmentState::PartiallyDelivered);
        let expected = [
            ("660ed20095e1dcd37bb0d392", "1".to_owned()),
            ("64", "0".to_owned()),
            ("Pallet", "1".to_owned()),
        ];
        assert_eq!(quantities(&delivery), expected);
    }

    #[test]
    fn nothing_is_covered_before_it_is_delivered_or_when_it_is_fetched() {
        for changed in [
            ORDER.replace(r#""StatusId": 3,"#, ""),
            ORDER.replace(r#""StatusId": 3"#, r#""StatusId": 1"#),
            ORDER.replace(r#""StatusId": 3"#, r#""StatusId": 2"#),
            ORDER.replace(r#""StatusId": 3"#, r#""StatusId": 5"#),
            ORDER.replace(r#""StatusId": 3"#, r#""StatusId": 6"#),
            ORDER.replace(r#""Type": 0"#, r#""Type": 1"#),
        ] {
            let delivery = read(&changed);
            assert!(delivery.lines.iter().all(|line| line.fulfilled.is_zero()), "{:?}", delivery.state);
            assert!(!delivery.state.has_delivered());
        }
    }

    #[test]
    fn the_state_follows_the_status_id_and_then_the_route() {
        use FulfillmentState::*;
        let other = |text: &str| Other(text.to_owned());
        for (json, state) in [
            ("{}", Created),
            (r#"{"RouteNumber":""}"#, Created),
            (r#"{"RouteNumber":"R1"}"#, Scheduled),
            (r#"{"RouteNumber":"R1","RouteStatus":"Draft"}"#, Scheduled),
            (r#"{"RouteNumber":"R1","RouteStatus":"Ready","LoadStatus":"none"}"#, Scheduled),
            (r#"{"RouteNumber":"R1","RouteStatus":"Loaded"}"#, Loaded),
            (r#"{"RouteNumber":"R1","RouteStatus":"Ready","LoadStatus":"loaded"}"#, Loaded),
            (r#"{"RouteNumber":"R1","RouteStatus":"Loaded","LoadStatus":"not-loaded"}"#, Scheduled),
            (r#"{"RouteNumber":"R1","RouteStatus":"InProgress"}"#, OutForDelivery),
            (r#"{"RouteNumber":"R1","RouteStatus":"InProgress","LoadStatus":"loaded"}"#, OutForDelivery),
            (r#"{"RouteNumber":"R1","RouteStatus":"InProgress","LoadStatus":"not-loaded"}"#, Scheduled),
            (r#"{"StatusId":1,"RouteStatus":"InProgress"}"#, OutForDelivery),
            (r#"{"StatusId":2,"RouteStatus":"InProgress"}"#, AttemptFailed),
            (r#"{"StatusId":3,"Status":"Not delivered"}"#, Delivered),
            (r#"{"StatusId":3,"Type":1}"#, Collected),
            (r#"{"StatusId":4}"#, PartiallyDelivered),
            (r#"{"StatusId":4,"Type":1}"#, other("partially collected")),
            (r#"{"StatusId":5}"#, Rejected),
            (r#"{"StatusId":6,"Status":"Lost"}"#, other("Lost")),
            (r#"{"StatusId":6}"#, other("status 6")),
        ] {
            assert_eq!(read(json).state, state, "{json}");
        }
    }

    #[test]
    fn cash_is_read_in_both_notations_or_not_at_all() {
        for (text, amount) in [
            ("20.5", Some("20.5")),
            ("20,5", Some("20.5")),
            ("150,10", Some("150.10")),
            ("0", Some("0")),
            ("1,234", None),
            ("1.234,50", None),
            ("1,234.50", None),
            ("20.5 USD", None),
            ("20,-5", None),
            (",", None),
        ] {
            let expected = amount.map(|amount| amount.parse::<Decimal>().unwrap());
            assert_eq!(decimal_of_text(text), expected, "{text}");
            let json = format!(r#"{{"CODActual":"{text}"}}"#);
            assert_eq!(read(&json).cash_collected.map(|cash| cash.amount), expected, "{text}");
        }
        for (json, cash) in [
            (r#"{"CODActual":"20,50"}"#, Cash::Collected("20.50".parse().unwrap())),
            (r#"{"CODActual":"1,234"}"#, Cash::Unclear("1,234".to_owned())),
            (r#"{"CODActual":"-5"}"#, Cash::Unclear("-5".to_owned())),
            (r#"{"CODActual":""}"#, Cash::Untold),
            ("{}", Cash::Untold),
        ] {
            assert_eq!(serde_json::from_str::<Order>(json).unwrap().cash(), cash, "{json}");
        }
        assert_eq!(read(r#"{"CODActual":20.45}"#).cash_collected.unwrap().to_string(), "20.45 USD");
    }

    #[test]
    fn an_order_that_says_nothing_is_created() {
        let delivery = read("{}");
        assert_eq!((delivery.attempt, delivery.state), (1, FulfillmentState::Created));
        assert!(
            delivery.tracking.is_empty() && delivery.proof.is_none() && delivery.cash_collected.is_none()
        );
        assert_eq!(read(r#"{"RescheduledTimes":-3}"#).attempt, 1);
        assert_eq!(read(r#"{"RescheduledTimes":99999999999}"#).attempt, 1);
    }

    #[test]
    fn only_links_are_links() {
        assert_eq!(link("https://a.example/1"), text("https://a.example/1"));
        for sentence in
            ["Paid feature, please contact support", "https://a.example and more", "javascript:alert(1)", ""]
        {
            assert_eq!(link(sentence), None, "{sentence}");
        }
    }
}
