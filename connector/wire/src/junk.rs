//! Any JSON, for tests that give readers what no vendor would send.

use proptest::prelude::*;
use proptest::sample::select;

/// JSON of these members' names and texts, and of numbers of any size.
pub fn any_json(
    names: &'static [&'static str],
    texts: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,30})?(e[0-9]{1,3})?",
        "\"[a-zA-Z0-9.,:+ -]{0,30}\"",
        select(texts).prop_map(|text| format!("\"{text}\"")),
    ];
    let name = select(names);
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map(name.clone(), inner, 0..8).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
