//! Where a module is accepted or refused, whichever way it came: by its size, its digest and its kind.
//!
//! [`Engine::load`](super::Engine::load) and [`Engine::load_pinned`](super::Engine::load_pinned) let nothing pass that
//! [`admit`] refuses, and there is no other way to a [`Module`](super::Module). Nothing of the module has been compiled or
//! run by then.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::inspect::{Shape, inspect};
use super::module::ModuleError;

/// What begins a digest in text.
const ALGORITHM: &str = "sha256:";

/// The SHA-256 of a module's bytes. As text `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no digest: write sha256: and 64 hexadecimal digits, as `transload inspect` prints them")]
pub struct DigestError(String);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let mut digest = [0; 32];
        let hex =
            text.strip_prefix(ALGORITHM).filter(|digits| hex::decode_to_slice(digits, &mut digest).is_ok());
        hex.map(|_| Digest(digest)).ok_or_else(|| DigestError(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A module that may be compiled.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(super) bytes: Arc<[u8]>,
    pub(super) digest: Digest,
    pub(super) shape: Shape,
}

impl Admitted {
    /// Its file.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The digest of that.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Accept or refuse a module by what can be seen from outside: it has at most `bytes_max` bytes
/// ([`Limits::module_bytes`](super::Limits::module_bytes)), it is the one that `pin` names if there is one, and it is a
/// component that imports only what this host offers and exports one supported version of the contract.
///
/// Hashes and reads all of it, which takes some milliseconds for each megabyte.
pub fn admit(bytes: Arc<[u8]>, pin: Option<&Digest>, bytes_max: usize) -> Result<Admitted, ModuleError> {
    if bytes.len() > bytes_max {
        return Err(ModuleError::TooLarge { bytes: bytes.len(), limit: bytes_max });
    }
    let digest = Digest::of(&bytes);
    if let Some(pinned) = pin.filter(|pinned| **pinned != digest) {
        return Err(ModuleError::NotThePinned { pinned: *pinned, found: digest });
    }
    let shape = inspect(&bytes)?;
    Ok(Admitted { bytes, digest, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty component: well formed, and no connector.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        // FIPS 180-2, appendix B.1: the digest of "abc".
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(text.to_uppercase().replace("SHA256", "sha256").parse(), Ok(digest));
        let hex = &text[ALGORITHM.len()..];
        for wrong in ["", "sha256:", hex, &text[..70], &format!("{text}0"), &format!("sha512:{hex}{hex}")] {
            assert!(wrong.parse::<Digest>().unwrap_err().to_string().contains("is no digest"), "{wrong}");
        }
    }

    #[test]
    fn size_comes_first_then_the_pin_then_the_kind() {
        let (right, wrong) = (Digest::of(EMPTY), Digest::of(b""));
        let ask = |pin, bytes_max| admit(Arc::from(EMPTY), pin, bytes_max).map(drop).unwrap_err();
        assert!(matches!(ask(Some(&wrong), 7), ModuleError::TooLarge { bytes: 8, limit: 7 }));
        let error = ask(Some(&wrong), 8);
        assert!(
            matches!(error, ModuleError::NotThePinned { pinned, found } if (pinned, found) == (wrong, right))
        );
        let said = error.to_string();
        assert!(said.contains(&wrong.to_string()) && said.contains(&right.to_string()), "{said}");
        assert!(matches!(ask(Some(&right), 8), ModuleError::NotAConnector));
        assert!(matches!(ask(None, 8), ModuleError::NotAConnector));
    }
}
