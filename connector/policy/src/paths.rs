//! The paths that a connection's settings put in place of the manifest's, for an API that every installation lays out its
//! own way. What an endpoint is stays as the manifest says: method, scope, access, what is done in doubt.

use std::borrow::Cow;

use serde_json::Value;

use super::plan::{Part, name};
use crate::manifest::{Access, Api, Endpoint};
use crate::{Keys, PolicyError};

/// The longest path that a setting may have, in bytes. Servers commonly take 8,000 of a whole request line.
const PATH_BYTES_MAX: usize = 1_000;

/// The APIs of a manifest with their paths as a connection's settings have them. `keys` is how a wrong one is named.
pub fn set<'a>(keys: &Keys, apis: &'a [Api], settings: &str) -> Result<Cow<'a, [Api]>, PolicyError> {
    if apis.iter().flat_map(|api| &api.endpoints).all(|endpoint| endpoint.path_setting.is_none()) {
        return Ok(Cow::Borrowed(apis));
    }
    let settings = Settings::read(keys, settings)?;
    let mut apis = apis.to_vec();
    for api in &mut apis {
        let mut moved = Vec::new();
        for (index, endpoint) in api.endpoints.iter_mut().enumerate() {
            if let Some(path) = settings.path_of(&api.name, endpoint)? {
                endpoint.path = path;
                moved.push(index);
            }
        }
        for endpoint in moved.into_iter().filter_map(|index| api.endpoints.get(index)) {
            let clash = api.endpoints.iter().find_map(|other| clash(endpoint, other));
            clash.map_or(Ok(()), |reason| Err(settings.wrong(endpoint, reason)))?;
        }
    }
    Ok(Cow::Owned(apis))
}

/// A connection's settings.
struct Settings {
    /// Their key in the configuration.
    table: String,
    value: Value,
}

impl Settings {
    fn read(keys: &Keys, settings: &str) -> Result<Settings, PolicyError> {
        let table = keys.settings();
        match serde_json::from_str(settings) {
            Ok(value) => Ok(Settings { table, value }),
            Err(error) => Err(PolicyError::Path { setting: table, reason: format!("not JSON: {error}") }),
        }
    }

    /// The path that an endpoint of `api` is moved to, if it is.
    fn path_of(&self, api: &str, endpoint: &Endpoint) -> Result<Option<String>, PolicyError> {
        let Some(pointer) = &endpoint.path_setting else { return Ok(None) };
        if !is_pointer(pointer) {
            let reason = format!("the path setting {pointer:?} of {} is no JSON Pointer", endpoint.path);
            return Err(PolicyError::Manifest { api: api.to_owned(), reason });
        }
        let path = match self.value.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(path)) => path,
            Some(_) => return Err(self.wrong(endpoint, "it is not a text".to_owned())),
        };
        match check(path, &endpoint.path) {
            Ok(()) => Ok((*path != endpoint.path).then(|| path.clone())),
            Err(reason) => Err(self.wrong(endpoint, reason)),
        }
    }

    fn wrong(&self, endpoint: &Endpoint, reason: String) -> PolicyError {
        let key = endpoint.path_setting.as_deref().unwrap_or_default().replace('/', ".");
        PolicyError::Path { setting: format!("{}{key}", self.table), reason }
    }
}

/// Whether `text` is a JSON Pointer (RFC 6901) to something within a document.
fn is_pointer(text: &str) -> bool {
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.starts_with('/') && escaped
}

/// Check that `path` can stand in place of `default`. It consists of what is sent and read as it is written, so that a
/// request for it reaches no other path, and none above the API's base URL.
pub fn check(path: &str, default: &str) -> Result<(), String> {
    let bytes = path.len();
    if bytes > PATH_BYTES_MAX {
        return Err(format!("the path has {bytes} bytes; {PATH_BYTES_MAX} are the most"));
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(format!("{path:?} does not begin with a slash; write a path such as {default:?}"));
    };
    for segment in rest.split('/').filter(|segment| name(segment).is_none()) {
        check_literal(segment).map_err(|reason| format!("{path:?} {reason}"))?;
    }
    let (has, needs) = (names(path), names(default));
    if has != needs {
        let needs = if needs.is_empty() { "no name in braces".to_owned() } else { needs.join(", ") };
        return Err(format!("{path:?} must have {needs}, as {default:?} has, in this order"));
    }
    Ok(())
}

fn check_literal(segment: &str) -> Result<(), String> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    match segment {
        "" => Err("has an empty segment".to_owned()),
        "." | ".." => Err("has a segment that stands for another directory".to_owned()),
        _ if segment.bytes().all(unreserved) => Ok(()),
        _ => Err(format!(
            "has the segment {segment:?}; one consists of letters, digits and -._~, or is a {{name}}"
        )),
    }
}

/// The segments of a path that stand for values, as they are written.
fn names(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| name(segment).is_some()).collect()
}

/// Why `moved` cannot be where it is beside `other`: a request could be either, and they are not decided alike. Where one is
/// more specific and both are equally harmless, that one decides, as it does in a manifest.
pub fn clash(moved: &Endpoint, other: &Endpoint) -> Option<String> {
    if std::ptr::eq(moved, other) || moved.method != other.method {
        return None;
    }
    let (path, others) = (Part::of(&moved.path), Part::of(&other.path));
    let pairs = || path.iter().zip(&others);
    if path.len() != others.len() || !pairs().all(|(one, other)| meet(one, other)) {
        return None;
    }
    let same_path = pairs().all(|(one, other)| alike(one, other));
    let what = if moved.access != other.access {
        match other.access {
            Access::Read => "which reads, and this writes",
            Access::Write => "which writes, and this reads",
        }
    } else if moved.in_doubt != other.in_doubt {
        "which is treated otherwise when its outcome is unknown"
    } else if same_path && moved.scope != other.scope {
        "which needs another scope"
    } else {
        return None;
    };
    Some(format!("{:?} takes requests that are for {:?}, {what}", moved.path, other.path))
}

/// Whether a segment can match both.
fn meet(one: &Part, other: &Part) -> bool {
    match (one, other) {
        (Part::Any, Part::Literal(text)) | (Part::Literal(text), Part::Any) => !text.is_empty(),
        _ => alike(one, other),
    }
}

/// Whether both match the same segments, to a server that folds case.
fn alike(one: &Part, other: &Part) -> bool {
    match (one, other) {
        (Part::Literal(one), Part::Literal(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

#[cfg(test)]
#[path = "paths_tests.rs"]
mod tests;
