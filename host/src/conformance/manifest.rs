//! What can be said of a manifest without calling anything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::{Check, Findings};
use super::vendor;
use crate::contract::{
    Access, Action, Api, Description, Endpoint, InDoubt, Method, Origin, Template, Trigger,
};
use crate::egress::paths;

/// The longest name of a trigger, an action or a template, in bytes. They stand in configurations, URLs and tables.
const NAME_BYTES_MAX: usize = 100;

pub(super) fn check(description: &Description, findings: &mut Findings) {
    names(description, findings);
    version(description, findings);
    for api in &description.apis {
        check_api(api, findings);
    }
    for trigger in &description.triggers {
        check_trigger(trigger, description, findings);
    }
    for action in &description.actions {
        check_action(action, findings);
    }
    settings(description, findings);
}

fn names(description: &Description, findings: &mut Findings) {
    let strict = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
    };
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && !name.contains(|it: char| it.is_control() || it.is_whitespace() || it == '/')
    };
    findings.apply(Check::Names);
    let own = std::iter::once(description.name.as_str());
    let rule = "use lower-case letters, digits and -";
    every_name("connector", own, strict, rule, findings);
    every_name("api", description.apis.iter().map(|it| it.name.as_str()), strict, rule, findings);
    let rule = "use 1 to 100 bytes without blanks and slashes";
    every_name("trigger", description.triggers.iter().map(|it| it.name.as_str()), plain, rule, findings);
    every_name("action", description.actions.iter().map(|it| it.name.as_str()), plain, rule, findings);
    every_name("template", description.templates.iter().map(|it| it.name.as_str()), plain, rule, findings);
}

fn every_name<'a>(
    what: &str,
    names: impl Iterator<Item = &'a str>,
    is_fine: impl Fn(&str) -> bool,
    rule: &str,
    findings: &mut Findings,
) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !is_fine(name) {
            findings.fault(
                Check::Names,
                format!("{what} {name:?}"),
                format!("its name is malformed: {rule}"),
            );
        }
        if !seen.insert(name) {
            findings.fault(
                Check::Names,
                format!("{what} {name:?}"),
                format!("two of this name are in the manifest: give each {what} a name of its own"),
            );
        }
    }
}

fn version(description: &Description, findings: &mut Findings) {
    findings.apply(Check::Version);
    if let Err(error) = semver::Version::parse(&description.version) {
        let message = format!("it is no semantic version ({error}): write one like 1.4.0");
        findings.fault(Check::Version, format!("version {:?}", description.version), message);
    }
}

fn check_api(api: &Api, findings: &mut Findings) {
    findings.apply(Check::Apis);
    let object = format!("api {}", api.name);
    if !api.base_url.starts_with("https://") {
        let message = format!(
            "its base URL {:?} is not https, so a credential could be read on its way: use https (an operator may point \
             it elsewhere)",
            api.base_url
        );
        findings.fault(Check::Apis, &object, message);
    }
    if api.base_url.ends_with('/') {
        findings.fault(Check::Apis, &object, "its base URL ends with a slash: leave that out");
    }
    if let Some(header) = &api.version_header
        && http::HeaderName::from_bytes(header.name.as_bytes()).is_err()
    {
        let message = format!("its version header {:?} is not a header's name", header.name);
        findings.fault(Check::Apis, &object, message);
    }
    for (index, endpoint) in api.endpoints.iter().enumerate() {
        let object = format!("api {}, {}", api.name, endpoint_name(endpoint));
        check_endpoint(api, endpoint, &object, findings);
        let rest = api.endpoints.iter().skip(index + 1);
        if let Some(reason) = rest.filter_map(|other| paths::clash(endpoint, other)).next() {
            let message =
                format!("it is ambiguous: {reason}; declare the two alike, or make the paths differ");
            findings.fault(Check::Apis, &object, message);
        }
    }
}

fn check_endpoint(api: &Api, endpoint: &Endpoint, object: &str, findings: &mut Findings) {
    if let Err(reason) = paths::check(&endpoint.path, &endpoint.path) {
        findings.fault(Check::Apis, object, format!("its path is malformed: {reason}"));
    }
    if endpoint.scope.is_empty() {
        let message = "it has no scope, so nobody can grant it: name the permission that it belongs to";
        findings.fault(Check::Apis, object, message);
    }
    let declared_read = endpoint.access == Access::Read;
    match endpoint.method {
        Method::Put | Method::Patch | Method::Delete if declared_read => {
            findings.apply(Check::Access);
            let message = "it is declared as a read, and this method writes: declare its access as write";
            findings.fault(Check::Access, object, message);
        }
        Method::Post if declared_read => {
            findings.apply(Check::Access);
            let message = "a POST is declared as a read: if it changes anything, declare its access as write, or a \
                 host sends it again and again";
            findings.warning(Check::Access, object, message);
        }
        _ => {}
    }
    let idempotent = matches!(endpoint.method, Method::Put | Method::Delete | Method::Get);
    if endpoint.access == Access::Write {
        findings.apply(Check::InDoubt);
        if endpoint.in_doubt == InDoubt::Resend && !idempotent && api.idempotency_header.is_none() {
            let message = "it says resend, and nothing keeps the vendor from doing it twice: name the API's idempotency \
                           header, or say verify (the connector looks before it writes) or never";
            findings.warning(Check::InDoubt, object, message);
        }
    }
}

/// A method and a path template, as a manifest has them.
pub(super) fn endpoint_name(endpoint: &Endpoint) -> String {
    let method = match endpoint.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    format!("{method} {}", endpoint.path)
}

fn check_trigger(trigger: &Trigger, description: &Description, findings: &mut Findings) {
    let object = format!("trigger {}", trigger.name);
    findings.apply(Check::Triggers);
    match &trigger.origin {
        Origin::Webhook(name) => match description.apis.iter().find(|api| api.name == *name) {
            None => findings.fault(
                Check::Triggers,
                &object,
                format!("it comes of webhooks of {name:?}, which is no API of the manifest: name one"),
            ),
            Some(api) if api.webhook.is_none() => findings.fault(
                Check::Triggers,
                &object,
                format!("it comes of webhooks of {name}, which says of none how they are verified: add its webhook"),
            ),
            Some(_) => {}
        },
        Origin::Poll(0) => {
            findings.fault(Check::Triggers, &object, "it is polled every 0 ms: say how often");
        }
        Origin::Poll(_) => {}
    }
    sample(&object, "output schema", &trigger.output_schema, &trigger.sample, findings);
}

fn check_action(action: &Action, findings: &mut Findings) {
    let object = format!("action {}", action.name);
    sample(&object, "input schema", &action.input_schema, &action.sample, findings);
    validator(&object, "output schema", &action.output_schema, findings);
    if let Some(subject) = &action.subject {
        let value: Value = serde_json::from_str(&action.sample).unwrap_or_default();
        if value.pointer(subject).is_none() {
            let message = format!(
                "its sample has nothing at {subject:?}, where the input names the subject: mend the pointer or the sample"
            );
            findings.fault(Check::Samples, &object, message);
        }
    }
}

/// A validator for a schema of the manifest, if it is one.
fn validator(
    object: &str,
    what: &str,
    schema: &str,
    findings: &mut Findings,
) -> Option<jsonschema::Validator> {
    findings.apply(Check::Schemas);
    let read = serde_json::from_str::<Value>(schema).map_err(|error| error.to_string());
    let validator = read.and_then(|it| jsonschema::validator_for(&it).map_err(|error| error.to_string()));
    let wrong =
        |error| findings.fault(Check::Schemas, object, format!("its {what} is no JSON Schema: {error}"));
    validator.map_err(wrong).ok()
}

fn sample(object: &str, what: &str, schema: &str, sample: &str, findings: &mut Findings) {
    let Some(validator) = validator(object, what, schema, findings) else { return };
    findings.apply(Check::Samples);
    for reason in problems(&validator, sample) {
        let message =
            format!("its sample is not what its {what} describes: {reason}; mend the one or the other");
        findings.fault(Check::Samples, object, message);
    }
}

fn problems(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return vec![format!("it is no JSON: {error}")],
    };
    let said = |error: jsonschema::ValidationError| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("at {place}, {error}"),
    };
    validator.iter_errors(&value).map(said).collect()
}

fn settings(description: &Description, findings: &mut Findings) {
    let schema = &description.settings_schema;
    let Some(validator) = validator("settings", "schema", schema, findings) else { return };
    findings.apply(Check::Settings);
    for Template { name, settings, .. } in &description.templates {
        let object = format!("template {name}");
        for reason in problems(&validator, settings) {
            let message = format!("the settings' schema does not take it: {reason}");
            findings.fault(Check::Settings, &object, message);
        }
        if let Err(error) = vendor::everything(description, settings) {
            findings.fault(Check::Settings, &object, format!("no connection can be made of it: {error}"));
        }
    }
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    examples(&schema, &schema, "settings", findings);
}

/// Each example and default of a schema's members, deeper ones included.
fn examples(part: &Value, root: &Value, place: &str, findings: &mut Findings) {
    let given = part.get("examples").and_then(Value::as_array).into_iter().flatten();
    let given: Vec<&Value> = given.chain(part.get("default")).collect();
    if !given.is_empty()
        && let Some(validator) = part_validator(part, root)
    {
        for value in given {
            for error in validator.iter_errors(value) {
                let message = format!("its example {value} is not what its schema describes: {error}");
                findings.fault(Check::Settings, place, message);
            }
        }
    }
    let members = part.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, member) in members {
        examples(member, root, &format!("{place}.{name}"), findings);
    }
}

/// A validator of a part of a schema, which may refer to the whole's definitions.
fn part_validator(part: &Value, root: &Value) -> Option<jsonschema::Validator> {
    let mut schema = part.clone();
    for key in ["$defs", "definitions", "$schema"] {
        if let (Some(schema), Some(value)) = (schema.as_object_mut(), root.get(key)) {
            schema.insert(key.to_owned(), value.clone());
        }
    }
    jsonschema::validator_for(&schema).ok()
}
