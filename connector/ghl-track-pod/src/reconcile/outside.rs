//! What a delivery looks like from outside: the same until something changes that could make a difference.

use transload_model::Fingerprint;
use transload_track_pod::{Lookup, Order as Delivery};

/// What there is of an order's delivery.
pub fn lookup(lookup: &Lookup) -> String {
    match lookup {
        Lookup::Missing => "missing".to_owned(),
        Lookup::Deleted { .. } => "deleted".to_owned(),
        Lookup::Found(found) => delivery(found).to_string(),
    }
}

/// A delivery.
pub fn delivery(delivery: &Delivery) -> Fingerprint {
    let texts = [
        &delivery.track_id,
        &delivery.number,
        &delivery.date,
        &delivery.cod_actual,
        &delivery.status_date,
        &delivery.change_date,
        &delivery.route_number,
        &delivery.route_status,
        &delivery.load_status,
    ];
    let head = texts.into_iter().fold(Fingerprint::new(), |before, text| before.and_maybe(text.as_deref()));
    let head = head.and_maybe(delivery.kind).and_maybe(delivery.status_id).and_maybe(delivery.cod);
    delivery.goods_list.iter().fold(head, |before, goods| {
        before
            .and_maybe(goods.order_line_id.as_deref())
            .and_maybe(goods.quantity)
            .and_maybe(goods.quantity_fact)
    })
}
