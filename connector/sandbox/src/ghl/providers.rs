//! `GET` and `POST /payments/integrations/provider/whitelabel`.

use http::StatusCode;

use super::parameters::{check_location, own_location};
use super::{Call, Checks, Refusal};
use crate::json::Object;
use crate::message::Reply;

/// Providers that are held.
pub const PROVIDERS_MAX: usize = 1_000;

/// How the tokens of private integrations begin, by what integrators show of theirs.
const PRIVATE_TOKEN: &str = "pit-";

/// The providers, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Providers(pub Vec<Object>);

/// The list: an array, as its description says, and not the single object of its schema.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let mut problems = Vec::new();
    let mut count = |name: &str, default: usize| match call.request.parameter(name) {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| {
            problems.push(format!("{name} must be a number"));
            default
        }),
    };
    // A limit of 0, which is the default, means all.
    let (limit, offset) = (count("limit", 0), count("offset", 0));
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(problems));
    }
    let limit = if limit == 0 { PROVIDERS_MAX } else { limit };
    let page: Vec<Object> = call.state.ghl.providers.0.iter().skip(offset).take(limit).cloned().collect();
    let mut body = Object::default();
    body.set("providers", page);
    Ok(call.reply(StatusCode::OK, body))
}

/// Registers a provider. "Can be only invoked using marketplace-app token", by the OpenAPI file: with the token of a
/// private integration it is refused. The reply then, and the one to a name that is taken, are ours.
pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    if call.state.ghl.token.starts_with(PRIVATE_TOKEN) {
        return Err(Refusal::unauthorized("This API can be only invoked using marketplace-app token"));
    }
    let body = call.body()?;
    let unique = body.str("uniqueName").unwrap_or_default();
    let https = body.str("imageUrl").unwrap_or_default().starts_with("https://");
    Checks::of(&body)
        .location()
        .rule(is_unique_name(unique), "uniqueName must be lowercase letters and hyphens between letters")
        .text("title")
        .choice("provider", &["authorize-net", "nmi"])
        .text("description")
        .rule(https, "imageUrl must be a URL address")
        .end()?;
    own_location(call, body.str("altId").unwrap_or_default())?;
    let providers = &call.state.ghl.providers.0;
    if providers.iter().any(|known| known.str("route") == Some(unique)) {
        return Err(Refusal::bad_request("Integration provider with this uniqueName already exists"));
    }
    if providers.len() >= PROVIDERS_MAX {
        return Err(Refusal::full("the location has too many providers for the sandbox"));
    }
    let id = call.state.ids.hex24();
    let mut provider = Object::default();
    provider.set("_id", id.as_str());
    for name in ["altId", "altType", "title", "provider", "description", "imageUrl"] {
        provider.set_some(name, body.get(name).cloned());
    }
    provider.set("route", unique);
    provider.set("createdAt", format!("{:.3}", call.now));
    provider.set("updatedAt", format!("{:.3}", call.now));
    call.state.ghl.providers.0.push(provider.clone());
    Ok(call.reply(StatusCode::OK, provider).about(&id))
}

/// Lower-case letters and hyphens, a letter at either end.
fn is_unique_name(name: &str) -> bool {
    let ends = [name.bytes().next(), name.bytes().last()];
    ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_lowercase()))
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
