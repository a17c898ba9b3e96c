//! The order that an event is about.

use transload_model::Order;
use transload_sdk::Failure;

use crate::Shop;

/// The order `id` as it is now, and GoHighLevel's own JSON of it; or why none is to be acted on: there is no such order, or
/// the setting `mode` leaves it out.
pub fn current(shop: &Shop, id: &str) -> Result<Result<(Order, String), String>, Failure> {
    let Some((order, raw)) = shop.ghl.order_with_raw(id)? else {
        return Ok(Err(format!("GoHighLevel has no order {id}")));
    };
    if !shop.settings.mode.accepts(order.live) {
        let kind = if order.live { "a live" } else { "a test" };
        return Ok(Err(format!("{id} is {kind} order, and the setting `mode` leaves those out")));
    }
    Ok(Ok((order, raw)))
}

#[cfg(test)]
mod tests {
    use transload_sdk::fakes::Fakes;

    use super::*;
    use crate::fixtures::{NOW, ORDER, SETTINGS, with_shop};

    fn asked(settings: &str, status: u16, body: &str) -> Result<(Order, String), String> {
        let fakes = Fakes::new(settings, NOW).answer("GET /payments/orders/o1?*", status, body);
        with_shop(&fakes, |shop| current(shop, "o1")).unwrap()
    }

    #[test]
    fn an_order_comes_with_its_own_text() {
        let (order, raw) = asked(SETTINGS, 200, ORDER).unwrap();
        assert_eq!((order.id.as_str(), raw.as_str()), ("o1", ORDER));
    }

    #[test]
    fn what_is_not_there_or_of_the_other_mode_is_left_out() {
        let missing = r#"{"message":"order not found"}"#;
        assert_eq!(asked(SETTINGS, 404, missing).unwrap_err(), "GoHighLevel has no order o1");
        assert_eq!(
            asked(r#"{"location_id":"loc1"}"#, 200, ORDER).unwrap_err(),
            "o1 is a test order, and the setting `mode` leaves those out"
        );
        let live = crate::fixtures::with_changed(ORDER, r#""liveMode": false"#, r#""liveMode": true"#);
        assert_eq!(
            asked(r#"{"location_id":"loc1","mode":"test"}"#, 200, &live).unwrap_err(),
            "o1 is a live order, and the setting `mode` leaves those out"
        );
    }
}
