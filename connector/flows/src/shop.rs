//! The GoHighLevel half of a connection.

use transload_sdk::Context;
use transload_wire::ApiError;

use crate::ShopSettings;

/// The ports, what is set about GoHighLevel, and a client of it.
pub struct Shop<'a> {
    /// The ports.
    pub cx: &'a Context<'a>,
    /// GoHighLevel.
    pub ghl: transload_ghl::Client<'a>,
    /// The settings that every connector with GoHighLevel has.
    pub settings: &'a ShopSettings,
}

impl<'a> Shop<'a> {
    /// A client that sends through `cx` and keeps to `settings`.
    pub fn new(cx: &'a Context<'a>, settings: &'a ShopSettings) -> Self {
        let ghl = transload_ghl::Client::new(cx.http, &settings.location_id).version(&settings.ghl_version);
        Self { cx, ghl, settings }
    }
}

/// What a call gave that an operator may leave ungranted; none if so.
pub fn granted<T>(outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match outcome {
        Err(error) if error.is_ungranted() => Ok(None),
        outcome => outcome.map(Some),
    }
}
