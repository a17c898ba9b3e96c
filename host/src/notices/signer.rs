//! Signatures by the Standard Webhooks scheme: HMAC-SHA256 over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::egress::Secret;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// How long a key is, in bytes; the scheme says so. A shorter one could be guessed.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs for one receiver, with each of its secrets.
#[derive(Clone)]
pub struct Signer(Vec<Hmac<Sha256>>);

/// Why a secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not written as the scheme says.
    #[error("the secret is not \"whsec_\" and base64: `transload receivers secret` makes one")]
    Form,
    /// Its key is too short or too long.
    #[error(
        "the secret's key has {0} bytes, and 24 to 64 are allowed: `transload receivers secret` makes one"
    )]
    Length(usize),
}

impl Signer {
    /// A signer with these secrets: `whsec_` and the key in base64.
    pub fn new(secrets: &[Secret]) -> Result<Signer, SecretError> {
        secrets.iter().map(key).collect::<Result<_, _>>().map(Signer)
    }

    /// The header `webhook-signature` for a body: one `v1,…` for each secret. `seconds` is the attempt's time since 1970.
    pub fn sign(&self, id: &str, seconds: u64, body: &[u8]) -> String {
        let tag = |key: &Hmac<Sha256>| {
            let mut mac = key.clone();
            mac.update(format!("{id}.{seconds}.").as_bytes());
            mac.update(body);
            format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
        };
        self.0.iter().map(tag).collect::<Vec<_>>().join(" ")
    }
}

fn key(secret: &Secret) -> Result<Hmac<Sha256>, SecretError> {
    let text = secret.expose().strip_prefix(PREFIX).ok_or(SecretError::Form)?;
    let key = Zeroizing::new(BASE64.decode(text).map_err(|_| SecretError::Form)?);
    if !KEY_BYTES.contains(&key.len()) {
        return Err(SecretError::Length(key.len()));
    }
    Hmac::new_from_slice(&key).map_err(|_| SecretError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secrets: &[&str]) -> Result<Signer, SecretError> {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Signer::new(&secrets)
    }

    /// The example of the Standard Webhooks reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_schemes_own_example_is_signed_as_it_says() {
        let signer = signer(&[SECRET]).unwrap();
        let tag = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(tag, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs() {
        let other = format!("whsec_{}", BASE64.encode([7; 32]));
        let both = signer(&[SECRET, &other]).unwrap().sign("a", 1, b"{}");
        let (one, two) = both.split_once(' ').unwrap();
        assert_eq!(one, signer(&[SECRET]).unwrap().sign("a", 1, b"{}"));
        assert_eq!(two, signer(&[&other]).unwrap().sign("a", 1, b"{}"));
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        let of = |bytes: usize| format!("whsec_{}", BASE64.encode(vec![1; bytes]));
        for (bytes, fits) in [(23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(signer(&[&of(bytes)]).err(), (!fits).then_some(SecretError::Length(bytes)));
        }
        for wrong in ["", "whsec_", "hunter2", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(signer(&[wrong]).is_err(), "{wrong}");
        }
    }
}
