//! Addresses, put together from parts that are escaped.

use std::fmt::Write;

/// A URL under construction: a base, path segments and query parameters.
///
/// Every part is percent-encoded, so that an id with a `/` or a `?` in it stays one segment and reaches no other path.
#[derive(Debug, Clone)]
pub struct Url {
    text: String,
    has_query: bool,
}

impl Url {
    /// Starts at `base`, which has no trailing slash and is taken as it is.
    pub fn new(base: &str) -> Self {
        Self { text: base.to_owned(), has_query: false }
    }

    /// Adds one path segment.
    pub fn segment(mut self, segment: &str) -> Self {
        self.text.push('/');
        // A segment of dots would be taken for a step up, whether escaped or not, so its first dot is made visible.
        if matches!(segment, "." | "..") {
            self.text.push_str("%252E");
            escape(&mut self.text, segment.get(1..).unwrap_or_default());
        } else {
            escape(&mut self.text, segment);
        }
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        escape(&mut self.text, name);
        self.text.push('=');
        escape(&mut self.text, value);
        self
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.text
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn escape(into: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_escaped() {
        let url = Url::new("https://api.example")
            .segment("payments")
            .segment("orders")
            .segment("a/b?c#d é")
            .query("altId", "x&y=z");
        assert_eq!(
            String::from(url.query("limit", "100")),
            "https://api.example/payments/orders/a%2Fb%3Fc%23d%20%C3%A9?altId=x%26y%3Dz&limit=100"
        );
    }

    #[test]
    fn dots_do_not_climb() {
        assert_eq!(String::from(Url::new("https://api.example").segment("..")), "https://api.example/%252E.");
        assert_eq!(String::from(Url::new("https://api.example").segment("a..b")), "https://api.example/a..b");
    }

    proptest! {
        #[test]
        fn no_id_changes_the_path(id in "\\PC{0,40}") {
            let url = String::from(Url::new("https://api.example").segment("orders").segment(&id).segment("notes"));
            prop_assert_eq!(url.matches('/').count(), 5);
            prop_assert!(!url.contains(['?', '#', ' ', '\\']));
            prop_assert!(url.is_ascii());
        }
    }
}
