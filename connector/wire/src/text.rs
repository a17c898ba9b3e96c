//! Texts of a limited length.

use std::borrow::Cow;

/// How long a text is in UTF-16 code units, which is what .NET and JavaScript count and never less than characters.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// `text`, or its beginning and `…` if it is longer than `limit` UTF-16 code units. Never longer than that.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if length(text) <= limit {
        return Cow::Borrowed(text);
    }
    // The ellipsis is one unit.
    let Some(room) = limit.checked_sub(1) else { return Cow::Borrowed("") };
    let mut units = 0;
    let mut kept = String::with_capacity(limit);
    for character in text.chars() {
        units += character.len_utf16();
        if units > room {
            break;
        }
        kept.push(character);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(shorten("left at the door", 16), "left at the door");
        assert_eq!(shorten("", 0), "");
    }

    #[test]
    fn what_does_not_is_cut_between_characters() {
        assert_eq!(shorten("left at the door", 9), "left at…");
        assert_eq!(shorten("left at the door", 1), "…");
        assert_eq!(shorten("left at the door", 0), "");
        // U+1F600 takes two units, so three of them do not fit into five.
        assert_eq!(shorten("😀😀😀", 5), "😀😀…");
        assert_eq!(shorten("😀😀😀", 4), "😀…");
    }

    proptest! {
        #[test]
        fn the_limit_holds(text in "\\PC{0,40}", limit in 0_usize..50) {
            let short = shorten(&text, limit);
            prop_assert!(length(&short) <= limit);
            prop_assert!(length(&text) > limit || short == text.as_str());
        }
    }
}
