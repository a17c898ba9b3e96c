//! Paths that stand in the place of the contract's.

use std::collections::BTreeMap;

use super::ShapeError;
use crate::endpoints;

/// Fails if one of `paths` is of no call, or cannot stand for that call's.
pub(super) fn check(paths: &BTreeMap<String, String>) -> Result<(), ShapeError> {
    for (name, path) in paths {
        let endpoint = endpoints::ALL.iter().find(|endpoint| endpoints::setting(endpoint) == name);
        let Some(endpoint) = endpoint else {
            let known = endpoints::ALL.iter().map(endpoints::setting).collect::<Vec<_>>().join(", ");
            return Err(ShapeError::UnknownPath { name: name.clone(), known });
        };
        if let Some(problem) = problem(path, endpoint.path) {
            return Err(ShapeError::Path {
                name: name.clone(),
                path: path.clone(),
                default: endpoint.path,
                problem,
            });
        }
    }
    Ok(())
}

fn problem(path: &str, default: &str) -> Option<&'static str> {
    let Some(rest) = path.strip_prefix('/') else { return Some("it does not begin with /") };
    if rest.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Some("it has a segment that is empty or made of dots");
    }
    // RFC 3986's unreserved characters: what is left alone when a request's path is put together.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    let literal = |segment: &&str| !names(default).contains(segment);
    if rest.split('/').filter(literal).any(|segment| !segment.chars().all(is_plain)) {
        return Some("a segment may be one of its {names}, or letters, digits and - . _ ~");
    }
    (names(path) != names(default)).then_some("it must have the same {names} in the same order")
}

fn names(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| segment.starts_with('{')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_names_and_stays_below_the_base() {
        for (path, fits) in [
            ("/v2/sales/{orderId}", true),
            ("/{orderId}/v2.1/a-b_c~d", true),
            ("/{orderId}", true),
            ("v2/{orderId}", false),
            ("", false),
            ("/", false),
            ("/v2", false),
            ("/v2/{id}", false),
            ("/v2/{orderId}/{orderId}", false),
            ("/v2/{orderId}.json", false),
            ("/v2//{orderId}", false),
            ("/../{orderId}", false),
            ("/./{orderId}", false),
            ("/v2/{orderId}/", false),
            ("/v2/{orderId}?a=b", false),
            ("/v2/{orderId}#a", false),
            ("/v2/%2e%2e/{orderId}", false),
            ("/é/{orderId}", false),
        ] {
            let paths = BTreeMap::from([("put_order".to_owned(), path.to_owned())]);
            assert_eq!(check(&paths).is_ok(), fits, "{path}");
        }
    }

    #[test]
    fn an_error_names_the_setting_and_what_there_is() {
        let paths = BTreeMap::from([("put_orders".to_owned(), "/x".to_owned())]);
        let error = check(&paths).unwrap_err().to_string();
        assert!(
            error.starts_with("rankr.paths.put_orders: there is no such call; there are health, put_order")
        );
        let paths = BTreeMap::from([("health".to_owned(), "x".to_owned())]);
        let error = check(&paths).unwrap_err().to_string();
        assert_eq!(error, "rankr.paths.health: \"x\" cannot stand for /health: it does not begin with /");
    }
}
