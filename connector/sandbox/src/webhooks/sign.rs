//! Keys and signatures of webhooks.
//!
//! GHL signs the raw body with Ed25519 and sends the base64 of it in [`GHL_SIGNATURE_HEADER`] (its Webhook Integration
//! Guide). How Track-POD signs is not public: its help pages speak of a signing secret and name neither header nor
//! algorithm. The fake sends the lower-case hexadecimal HMAC-SHA256 of the raw body in a header whose name is an
//! option, [`TRACK_POD_SIGNATURE_HEADER`] unless told otherwise. That name is a placeholder of ours.
//!
//! Rankr signs by the Standard Webhooks scheme: `v1,` and the base64 of the HMAC-SHA256 of id, time and body, with dots
//! between them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use super::{Delivery, Tamper};
use crate::SandboxOptions;
use crate::ids::Ids;
use crate::system::System;

/// The header of GHL's signature.
pub const GHL_SIGNATURE_HEADER: &str = "X-GHL-Signature";

/// The header of the fake's Track-POD signature: the lower-case hexadecimal HMAC-SHA256 of the raw body. A placeholder:
/// the vendor's help pages speak of a signing secret, but name neither header nor algorithm.
pub const TRACK_POD_SIGNATURE_HEADER: &str = "X-TrackPod-Signature";

/// The headers of the Standard Webhooks scheme.
const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIME: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";

/// What GHL sends in place of a signature for a webhook that it did not sign.
const NO_SIGNATURE: &str = "N/A";

/// The keys that webhooks are signed with, and ones that nobody trusts.
#[derive(Debug)]
pub(crate) struct Keys {
    trusted: KeyPair,
    foreign: KeyPair,
    track_pod_header: String,
}

#[derive(Debug)]
struct KeyPair {
    ghl: SigningKey,
    track_pod: String,
    rankr: [u8; 32],
}

impl KeyPair {
    fn new(ids: &Ids, name: &str) -> Self {
        Self {
            ghl: SigningKey::from_bytes(&ids.secret(&format!("{name} ghl key"))),
            track_pod: hex::encode(ids.secret(&format!("{name} track-pod secret"))),
            rankr: ids.secret(&format!("{name} rankr secret")),
        }
    }

    /// The signature of what is signed: the body, and for Rankr more than that.
    fn sign(&self, system: System, content: &[u8]) -> String {
        match system {
            System::Ghl => STANDARD.encode(self.ghl.sign(content).to_bytes()),
            System::TrackPod => hex::encode(hmac(self.track_pod.as_bytes(), content)),
            System::Rankr => format!("v1,{}", STANDARD.encode(hmac(&self.rankr, content))),
        }
    }
}

impl Keys {
    pub fn new(options: &SandboxOptions, ids: &Ids) -> Self {
        Self {
            trusted: KeyPair::new(ids, "trusted"),
            foreign: KeyPair::new(ids, "foreign"),
            track_pod_header: options.track_pod_signature_header.clone(),
        }
    }

    /// The public key that verifies GHL's webhooks, as SPKI PEM.
    pub fn ghl_public_key_pem(&self) -> String {
        // Writing 44 bytes as PEM does not fail.
        self.trusted.ghl.verifying_key().to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// The secret of Track-POD's webhooks.
    pub fn track_pod_secret(&self) -> &str {
        &self.trusted.track_pod
    }

    /// The secret of Rankr's webhooks, as its receivers are told it.
    pub fn rankr_secret(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.trusted.rankr))
    }

    /// The header that carries Track-POD's signature.
    pub fn track_pod_header(&self) -> &str {
        &self.track_pod_header
    }

    /// The signature header of a body.
    pub fn signature(&self, system: System, body: &[u8]) -> (String, String) {
        (self.header(system).to_owned(), self.trusted.sign(system, body))
    }

    /// The headers of the Standard Webhooks scheme.
    pub fn standard_headers(
        &self,
        system: System,
        body: &str,
        id: &str,
        now: Timestamp,
    ) -> Vec<(String, String)> {
        let time = now.as_second().to_string();
        let signature = self.trusted.sign(system, standard_content(id, &time, body).as_bytes());
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        [(STANDARD_ID, id), (STANDARD_TIME, &time), (STANDARD_SIGNATURE, &signature)].map(header).to_vec()
    }

    /// Headers and body of a delivery after someone tampered with it.
    pub fn tampered(&self, delivery: &Delivery, tamper: Tamper) -> (Vec<(String, String)>, String) {
        let (mut headers, mut body) = (delivery.headers.clone(), delivery.body.clone());
        let signature = match tamper {
            Tamper::None => return (headers, body),
            Tamper::Body => {
                body = body.replacen('{', r#"{"tampered":true,"#, 1);
                return (headers, body);
            }
            Tamper::Signature => Some(self.foreign.sign(delivery.system, &content(delivery))),
            Tamper::Unsigned if delivery.system == System::Ghl => Some(NO_SIGNATURE.to_owned()),
            Tamper::Unsigned => None,
        };
        let name = self.header(delivery.system);
        headers.retain(|(header, _)| header != name);
        headers.extend(signature.map(|signature| (name.to_owned(), signature)));
        (headers, body)
    }

    fn header(&self, system: System) -> &str {
        match system {
            System::Ghl => GHL_SIGNATURE_HEADER,
            System::TrackPod => &self.track_pod_header,
            System::Rankr => STANDARD_SIGNATURE,
        }
    }
}

/// What the signature of a delivery covers.
fn content(delivery: &Delivery) -> Vec<u8> {
    let header = |name| {
        let found = delivery.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    match delivery.system {
        System::Ghl | System::TrackPod => delivery.body.clone().into_bytes(),
        System::Rankr => {
            standard_content(header(STANDARD_ID), header(STANDARD_TIME), &delivery.body).into_bytes()
        }
    }
}

fn standard_content(id: &str, time: &str, body: &str) -> String {
    format!("{id}.{time}.{body}")
}

fn hmac(secret: &[u8], content: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231_test_case_2() {
        assert_eq!(
            hex::encode(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_public_key_is_a_pem_of_an_spki() {
        let pem = Keys::new(&SandboxOptions::default(), &Ids::new(Some(3))).ghl_public_key_pem();
        let lines: Vec<_> = pem.lines().collect();
        assert_eq!(lines[0], "-----BEGIN PUBLIC KEY-----");
        // RFC 8410: 12 bytes of header, then the 32 bytes of the key.
        let der = STANDARD.decode(lines[1]).unwrap();
        assert_eq!(der.len(), 44);
        assert_eq!(&der[..12], &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);
    }
}
