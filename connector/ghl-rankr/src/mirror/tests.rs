//! The rule, against a Rankr in which something changes objects by itself.
