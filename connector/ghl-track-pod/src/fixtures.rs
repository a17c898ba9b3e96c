//! What the flows are tested with, beside GoHighLevel's objects: Track-POD's, as text like those.

use transload_sdk::fakes::Fakes;
use transload_sdk::{Context, Failure};

pub use transload_flows::fixtures::*;

use crate::settings::Connection;

/// Track-POD's order for `o1`, with these further members.
pub fn delivery(members: &str) -> String {
    format!(
        r#"{{"Id": "o1", "Number": "o1", "TrackId": "track-1", "TrackLink": "https://web.track-pod.com/track?id=track-1",
            "Type": 0, "RouteNumber": "R1", "StatusDate": "2024-04-04T16:30:00", {members}}}"#
    )
}

/// Its goods, with what was accepted of each of the two lines.
pub fn goods(accepted: [Option<u8>; 2]) -> String {
    let fact = |fact: Option<u8>| fact.map_or("null".to_owned(), |fact| fact.to_string());
    format!(
        r#""GoodsList": [{{"OrderLineId": "p1", "GoodsName": "Tee", "Quantity": 1, "QuantityFact": {}}},
            {{"OrderLineId": "p2", "GoodsName": "Coat", "Quantity": 2, "QuantityFact": {}}}]"#,
        fact(accepted[0]),
        fact(accepted[1])
    )
}

/// All of it delivered, with these further members.
pub fn delivered(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    delivery(&format!(
        r#""StatusId": 3, "SignatureName": "A. Fuller", {}{comma} {members}"#,
        goods([None, None])
    ))
}

pub fn with<T>(fakes: &Fakes, flow: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
    let cx: Context = fakes.context();
    let settings = cx.settings()?;
    flow(&Connection::new(&cx, &settings))
}
