//! Fingerprints that stay the same from release to release: ids of findings have them in them.

use std::fmt::{self, Write};

/// 64 bits of FNV-1a over texts, a separator after each so that `ab`, `c` and `a`, `bc` differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprint {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    /// Not in any text of a vendor's.
    const SEPARATOR: u8 = 0x1f;

    /// That of nothing.
    pub fn new() -> Self {
        Self(Self::OFFSET)
    }

    /// With another text.
    pub fn and(mut self, part: impl fmt::Display) -> Self {
        // Writing to a number does not fail.
        let _ = write!(self, "{part}");
        self.take(&[Self::SEPARATOR]);
        self
    }

    /// With a text that may not be there; none differs from the empty one.
    pub fn and_maybe(self, part: Option<impl fmt::Display>) -> Self {
        match part {
            Some(part) => self.and(1).and(part),
            None => self.and(0),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.take(text.as_bytes());
        Ok(())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_for_ever() {
        // FNV-1a of "a" is in its authors' test vectors; the separator is ours.
        let mut plain = Fingerprint::new();
        plain.take(b"a");
        assert_eq!(plain.to_string(), "af63dc4c8601ec8c");
        assert_ne!(Fingerprint::new().and("ab").and("c"), Fingerprint::new().and("a").and("bc"));
        assert_ne!(Fingerprint::new().and_maybe(Some("")), Fingerprint::new().and_maybe(None::<&str>));
    }
}
