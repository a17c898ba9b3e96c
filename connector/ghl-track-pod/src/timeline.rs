//! What a contact's timeline is told of a delivery.

use transload_flows::fulfillments::{counted, fulfilled, refused};
use transload_model::{Fulfillment, FulfillmentState, Instant, Order, Proof};
use transload_wire::time;

/// Photographs whose links a note has; a note is read on a telephone.
const PHOTOS_MAX: usize = 10;

/// For how long links to photographs work from the moment they are given out, in milliseconds: 24 hours.
const PHOTO_MS: u64 = 24 * 60 * 60 * 1000;

/// The same of links to the delivery note: an hour.
const DOCUMENT_MS: u64 = 60 * 60 * 1000;

/// The note for what `fulfillment`, read at `now`, says; none for states that the timeline does not need.
pub fn note(order: &Order, fulfillment: &Fulfillment, now: Instant) -> Option<String> {
    let mut text = match &fulfillment.state {
        FulfillmentState::Delivered => format!("Delivered: {}.", delivered(order, fulfillment)),
        FulfillmentState::PartiallyDelivered => {
            format!("Delivered in part: {}.", delivered(order, fulfillment))
        }
        FulfillmentState::AttemptFailed => format!("Delivery attempt {} failed.", fulfillment.attempt),
        FulfillmentState::Rejected => "The delivery was refused.".to_owned(),
        FulfillmentState::Collected => "The goods were collected.".to_owned(),
        FulfillmentState::Other(words) => format!("Track-POD says of the delivery: {words}."),
        FulfillmentState::Created
        | FulfillmentState::Scheduled
        | FulfillmentState::Loaded
        | FulfillmentState::OutForDelivery
        | FulfillmentState::Cancelled => return None,
    };
    if let Some(reason) = &fulfillment.reason {
        text.push_str(&format!(" Reason: {reason}."));
    }
    let refused = refused(order, fulfillment);
    if !refused.is_empty() {
        text.push_str(&format!(" Not accepted: {}.", refused.join("; ")));
    }
    if let Some(cash) = fulfillment.cash_collected {
        // Track-POD tells no currency.
        text.push_str(&format!(" Paid to the driver: {cash}, taking it to be in the order's currency."));
    }
    if let Some(proof) = &fulfillment.proof {
        push_proof(&mut text, proof, fulfillment.reason.as_deref(), now);
    }
    Some(text)
}

fn push_proof(text: &mut String, proof: &Proof, reason: Option<&str>, now: Instant) {
    if let Some(signed_by) = &proof.signed_by {
        text.push_str(&format!(" Signed by {signed_by}."));
    }
    if let Some(comment) = proof.note.as_deref().filter(|comment| Some(*comment) != reason) {
        text.push_str(&format!(" The driver wrote: {comment}"));
    }
    let more = proof.photos.len().saturating_sub(PHOTOS_MAX);
    let photos: Vec<&str> = proof.photos.iter().take(PHOTOS_MAX).map(String::as_str).collect();
    push_links(text, "Photographs", &photos, until(now, PHOTO_MS));
    if more > 0 {
        text.push_str(&format!("\nand {more} more in Track-POD"));
    }
    let documents: Vec<&str> = proof.documents.iter().map(String::as_str).collect();
    push_links(text, "Delivery note", &documents, until(now, DOCUMENT_MS));
}

fn push_links(text: &mut String, title: &str, links: &[&str], until: String) {
    if !links.is_empty() {
        text.push_str(&format!("\n{title} (links work until {until}; after that, see Track-POD):"));
        links.iter().for_each(|link| text.push_str(&format!("\n{link}")));
    }
}

fn until(now: Instant, ms: u64) -> String {
    let time = time::format_naive(Instant(now.0.saturating_add(ms))).unwrap_or_default();
    format!("{} UTC", time.replace('T', " "))
}

fn delivered(order: &Order, fulfillment: &Fulfillment) -> String {
    counted(&fulfilled(fulfillment), order)
}
