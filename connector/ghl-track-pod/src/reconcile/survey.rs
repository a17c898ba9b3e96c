//! The phase of listed deliveries: what Track-POD's lists tell of the orders that earlier runs have compared.

use transload_flows::reconcile::{Page, memory};
use transload_sdk::{Failure, Scope};

use super::deliveries::{date_of, is_ours, of_day};
use super::{Cursor, Phase, outside};
use crate::settings::Connection;

/// Takes down what the next day's deliveries look like.
pub fn page(connection: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let Some((_, date)) = date_of(scope, cursor.day) else {
        cursor.enter(Phase::ListedPayments);
        return Ok(Page::default());
    };
    for delivery in of_day(connection, &date, scope)? {
        let Some(id) = delivery.id.as_deref().filter(|id| is_ours(id)) else { continue };
        let print = outside::delivery(&delivery).to_string();
        memory::see(connection.cx, id, cursor.run, |seen| match &seen.other {
            None => seen.other = Some(print),
            // Which one of two is the order's is for a look at the order itself.
            Some(_) => seen.other = Some("several".to_owned()),
        })?;
    }
    cursor.day += 1;
    Ok(Page::default())
}
