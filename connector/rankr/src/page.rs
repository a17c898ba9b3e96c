//! Lists.

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_model::Instant;
use transload_wire::http::Answer;
use transload_wire::{ApiError, tolerant};

use crate::record::Record;
use crate::shape::{Kind, Shape};

/// Most objects of a page, by the contract.
pub const PAGE_ROWS_MAX: u32 = 100;

/// Some objects of a list, which is in the order of the sink's time of their last change. One that changes meanwhile comes
/// twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The objects.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next_cursor: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'a> {
    /// What changed in the sink at this time of the sink's clock or later; all without.
    pub updated_since: Option<Instant>,
    /// Where the page before ended.
    pub cursor: Option<&'a str>,
    /// Most objects to answer; the sink's own number without, [`PAGE_ROWS_MAX`] if it is above that.
    pub limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(default, deserialize_with = "tolerant::text")]
    next_cursor: Option<String>,
}

/// Reads a list. Without `items` nobody could tell an empty one from a broken one; a cursor that stands still would be
/// followed for ever.
pub(crate) fn read<T: Record>(
    mut answer: Answer,
    shape: &Shape,
    cursor: Option<&str>,
) -> Result<Page<T>, ApiError> {
    answer.response.body = shape.inward(Kind::Page, &answer.response.body).into_owned();
    let page: WirePage<'_> = answer.read()?;
    let items = page.items.ok_or_else(|| answer.unreadable("items is missing"))?;
    if cursor.is_some() && page.next_cursor.as_deref() == cursor {
        return Err(answer.unreadable("nextCursor is the cursor that was asked with"));
    }
    let items = items.iter().enumerate().map(|(index, item)| {
        T::read(&shape.inward(T::KIND, item.get().as_bytes()))
            .map_err(|problem| answer.unreadable(format!("items[{index}]: {problem}")))
    });
    Ok(Page { items: items.collect::<Result<_, _>>()?, next_cursor: page.next_cursor })
}
