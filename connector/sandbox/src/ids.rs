//! Where ids, keys and secrets come from: one seed, so that a run can be repeated.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Makes ids from a seed and a counter.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: [u8; 32],
    made: u64,
}

impl Ids {
    /// Ids that are the same in every run with the same seed; without a seed they differ in every run.
    pub fn new(seed: Option<u64>) -> Self {
        let mut hash = Sha256::new();
        match seed {
            Some(seed) => hash.update(seed.to_be_bytes()),
            // Two random UUIDs carry 244 random bits.
            None => hash.update([*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat()),
        }
        Self { seed: hash.finalize().into(), made: 0 }
    }

    /// 32 bytes for a purpose, the same at every call: a key.
    pub fn secret(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.seed).chain_update(purpose).finalize().into()
    }

    /// 24 hexadecimal digits, the form of the ids of orders, prices and transactions in GHL.
    pub fn hex24(&mut self) -> String {
        let mut id = hex::encode(self.next());
        id.truncate(24);
        id
    }

    /// A UUID.
    pub fn uuid(&mut self) -> String {
        let bytes = self.next().first_chunk().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn next(&mut self) -> [u8; 32] {
        self.made += 1;
        Sha256::new()
            .chain_update(self.seed)
            .chain_update("id")
            .chain_update(self.made.to_be_bytes())
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_no_seed_does_not() {
        let run = |seed| {
            let mut ids = Ids::new(seed);
            (ids.secret("key"), ids.hex24(), ids.uuid())
        };
        assert_eq!(run(Some(7)), run(Some(7)));
        assert_ne!(run(Some(7)), run(Some(8)));
        assert_ne!(run(None), run(None));
    }

    #[test]
    fn ids_have_their_vendor_s_form_and_do_not_repeat() {
        let mut ids = Ids::new(Some(1));
        let (first, second) = (ids.hex24(), ids.hex24());
        assert_eq!(first.len(), 24);
        assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(first, second);
        assert!(Uuid::parse_str(&ids.uuid()).is_ok());
    }
}
