//! The members of Track-POD's request bodies, from its OpenAPI file (2.0), and a check of a body against them.
//!
//! The file closes every object (`additionalProperties: false`), so an unknown member is refused. `Client` and `Address`
//! are required by their descriptions ("Required (*)").

use crate::json::{Json, Object};

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// What a member holds. Null is as good as absent, except where a value is required.
#[derive(Debug)]
pub(super) enum Kind {
    /// A string of at most so many characters.
    Text(usize),
    /// A string without a limit.
    AnyText,
    /// A whole number in a range.
    Integer(i64, i64),
    /// A number.
    Number,
    Boolean,
    /// A date, a date with a time, or a time of the day.
    Time,
    /// The id of a custom field: `cf_` and digits.
    CustomFieldId,
    Object(&'static [Member]),
    List(&'static [Member]),
}

const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: false }
}

const fn required(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: true }
}

/// `NewOrder`.
pub(super) const NEW_ORDER: &[Member] = &[
    optional("Number", Kind::Text(50)),
    optional("Id", Kind::Text(50)),
    optional("Date", Kind::Time),
    optional("Type", Kind::Integer(0, 1)),
    optional("Shipper", Kind::Text(255)),
    optional("Depot", Kind::Text(255)),
    required("Client", Kind::Text(255)),
    required("Address", Kind::Text(255)),
    optional("AddressLat", Kind::Number),
    optional("AddressLon", Kind::Number),
    optional("AddressZone", Kind::Text(100)),
    optional("TimeSlotFrom", Kind::Time),
    optional("TimeSlotTo", Kind::Time),
    optional("ServiceTime", Kind::Number),
    optional("Note", Kind::Text(500)),
    optional("ContactName", Kind::Text(255)),
    optional("Phone", Kind::Text(50)),
    optional("Email", Kind::Text(255)),
    optional("Weight", Kind::Number),
    optional("Volume", Kind::Number),
    optional("Pallets", Kind::Number),
    optional("COD", Kind::Number),
    optional("InvoiceId", Kind::Text(50)),
    optional("CustomerReferenceId", Kind::Text(50)),
    optional("Barcode", Kind::Text(128)),
    optional("ShipperId", Kind::Text(50)),
    optional("DepotId", Kind::Text(50)),
    optional("ClientId", Kind::Text(50)),
    optional("AddressId", Kind::Text(50)),
    optional("GoodsList", Kind::List(NEW_GOODS)),
    optional("CustomFields", Kind::List(NEW_CUSTOM_FIELD)),
    optional("PickupOrder", Kind::Object(NEW_PICKUP_ORDER)),
    optional("Priority", Kind::AnyText),
    optional("TeamCode", Kind::AnyText),
    optional("NotificationsPolicy", Kind::Object(NOTIFICATIONS_POLICY)),
];

/// `NewOrderGoods`.
const NEW_GOODS: &[Member] = &[
    optional("OrderLineId", Kind::Text(50)),
    optional("GoodsId", Kind::Text(50)),
    optional("GoodsName", Kind::Text(255)),
    optional("GoodsUnit", Kind::Text(50)),
    optional("Note", Kind::Text(255)),
    optional("Quantity", Kind::Number),
    optional("Cost", Kind::Number),
    optional("OrderLineBarcode", Kind::Text(128)),
    optional("GoodsBarcode", Kind::Text(128)),
];

const NEW_CUSTOM_FIELD: &[Member] = &[optional("Id", Kind::CustomFieldId), optional("Value", Kind::AnyText)];

/// `NewPickupOrder`.
const NEW_PICKUP_ORDER: &[Member] = &[
    optional("ClientId", Kind::Text(50)),
    optional("Client", Kind::Text(255)),
    optional("AddressId", Kind::Text(50)),
    optional("Address", Kind::Text(255)),
    optional("AddressLat", Kind::Number),
    optional("AddressLon", Kind::Number),
    optional("AddressZone", Kind::Text(100)),
    optional("ContactName", Kind::Text(255)),
    optional("Phone", Kind::Text(50)),
    optional("Email", Kind::Text(255)),
    optional("TimeSlotFrom", Kind::Time),
    optional("TimeSlotTo", Kind::Time),
    optional("ServiceTime", Kind::Number),
    optional("CustomFields", Kind::List(NEW_CUSTOM_FIELD)),
    optional("COD", Kind::Number),
    optional("Note", Kind::Text(500)),
];

const NOTIFICATIONS_POLICY: &[Member] = &[
    optional("PriorToRouteNotificationEnabled", Kind::Boolean),
    optional("AtRouteStartNotificationEnabled", Kind::Boolean),
    optional("EnRouteNotificationEnabled", Kind::Boolean),
    optional("AtDepartureNotificationEnabled", Kind::Boolean),
];

/// `CompleteOrder`.
pub(super) const COMPLETE_ORDER: &[Member] = &[
    optional("StatusDate", Kind::Time),
    optional("DriverComment", Kind::Text(255)),
    optional("SignatureName", Kind::Text(255)),
    optional("CODActual", Kind::Number),
    optional("GoodsList", Kind::List(COMPLETE_GOODS)),
];

/// `CompleteOrderGoods`.
const COMPLETE_GOODS: &[Member] = &[
    optional("OrderLineId", Kind::Text(50)),
    optional("GoodsId", Kind::Text(50)),
    optional("GoodsName", Kind::Text(255)),
    optional("QuantityFact", Kind::Number),
    optional("GoodsRejectReasonId", Kind::Integer(i32::MIN as i64, i32::MAX as i64)),
];

/// `RejectOrder`.
pub(super) const REJECT_ORDER: &[Member] = &[
    optional("StatusDate", Kind::Time),
    optional("DriverComment", Kind::Text(255)),
    optional("SignatureName", Kind::Text(255)),
    optional("RejectReasonId", Kind::Integer(i32::MIN as i64, i32::MAX as i64)),
];

/// What is wrong with a member, by its path: `GoodsList[0].Quantity`.
pub(super) type Problems = Vec<(String, String)>;

/// Checks an object. The paths of what is wrong begin with `prefix`.
pub(super) fn check(object: &Object, members: &[Member], prefix: &str, problems: &mut Problems) {
    for (name, _) in object.iter() {
        if !members.iter().any(|member| member.name == name) {
            let text = format!("The JSON property '{name}' could not be mapped to any member.");
            problems.push((format!("{prefix}{name}"), text));
        }
    }
    for member in members {
        let path = format!("{prefix}{}", member.name);
        match object.get(member.name).filter(|value| **value != Json::Null) {
            Some(Json::String(text)) if member.required && text.trim().is_empty() => {
                problems.push((path, format!("The {} field is required.", member.name)));
            }
            Some(value) => check_value(value, &member.kind, &path, problems),
            None if member.required => {
                problems.push((path, format!("The {} field is required.", member.name)))
            }
            None => {}
        }
    }
}

fn check_value(value: &Json, kind: &Kind, path: &str, problems: &mut Problems) {
    let problem = match (kind, value) {
        (Kind::Text(max), Json::String(text)) if text.chars().count() > *max => {
            Some(format!("The field must be a string with a maximum length of {max}."))
        }
        (Kind::Text(_) | Kind::AnyText, Json::String(_)) | (Kind::Boolean, Json::Bool(_)) => None,
        (Kind::Integer(min, max), Json::Number(number)) => match number.text().parse::<i64>() {
            Ok(value) if (*min..=*max).contains(&value) => None,
            Ok(_) => Some(format!("The field must be between {min} and {max}.")),
            Err(_) => Some("The JSON value could not be converted to System.Int32.".to_owned()),
        },
        (Kind::Number, Json::Number(number)) if number.decimal().is_some() => None,
        (Kind::Time, Json::String(text)) if is_time(text) => None,
        (Kind::CustomFieldId, Json::String(text)) if is_custom_field(text) => None,
        (Kind::CustomFieldId, Json::String(_)) => {
            Some("The field must match the regular expression 'cf_\\d+'.".to_owned())
        }
        (Kind::Object(members), Json::Object(object)) => {
            check(object, members, &format!("{path}."), problems);
            None
        }
        (Kind::List(members), Json::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                check_value(element, &Kind::Object(members), &format!("{path}[{index}]"), problems);
            }
            None
        }
        _ => Some(format!("The JSON value could not be converted to {}.", kind.name())),
    };
    problems.extend(problem.map(|problem| (path.to_owned(), problem)));
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::AnyText | Self::CustomFieldId => "System.String",
            Self::Integer(..) => "System.Int32",
            Self::Number => "System.Double",
            Self::Boolean => "System.Boolean",
            Self::Time => "System.DateTime",
            Self::Object(_) => "an object",
            Self::List(_) => "an array",
        }
    }
}

fn is_time(text: &str) -> bool {
    super::clock::read_local(text).is_some() || text.parse::<jiff::civil::Time>().is_ok()
}

fn is_custom_field(text: &str) -> bool {
    let digits = text.strip_prefix("cf_").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Problems {
        let json = Json::parse(text).unwrap();
        let mut problems = Vec::new();
        check(json.as_object().unwrap(), NEW_ORDER, "", &mut problems);
        problems
    }

    fn paths(text: &str) -> Vec<String> {
        problems(text).into_iter().map(|(path, _)| path).collect()
    }

    /// The example of the vendor's OpenAPI file for `POST /Order`, shortened.
    const EXAMPLE: &str = r#"{"Number":"cv30001-2","Id":"10000345","Date":"2019-02-01T00:00:00","Type":0,
        "Client":"Maxima","Address":"2 St Josephs Crescent, Liverpool L3 3JF","AddressLat":25.290479,
        "TimeSlotFrom":"2019-02-01T09:00:00","TimeSlotTo":"18:00:00","ServiceTime":10.0,"COD":20.45,
        "GoodsList":[{"OrderLineId":"22435324","Quantity":10.5,"Cost":2.99}],
        "CustomFields":[{"Id":"cf_456","Value":"value"}],"NotificationsPolicy":{},"PickupOrder":null}"#;

    #[test]
    fn the_vendor_s_example_is_accepted() {
        assert_eq!(problems(EXAMPLE), []);
    }

    #[test]
    fn client_and_address_are_required() {
        assert_eq!(paths("{}"), ["Client", "Address"]);
        assert_eq!(paths(r#"{"Client":null,"Address":" "}"#), ["Client", "Address"]);
    }

    #[test]
    fn lengths_count_characters() {
        let order = |id: String| format!(r#"{{"Client":"c","Address":"a","Id":"{id}"}}"#);
        assert!(paths(&order("é".repeat(50))).is_empty());
        assert_eq!(paths(&order("x".repeat(51))), ["Id"]);
    }

    #[test]
    fn types_ranges_and_unknown_members_are_checked_at_every_level() {
        let text = r#"{"Client":"c","Address":"a","Type":2,"COD":"20.45","Date":"tomorrow","Extra":1,
            "GoodsList":[{"Quantity":1},{"Quantity":"1","Colour":"red"}],"CustomFields":[{"Id":"456"}],
            "PickupOrder":[],"NotificationsPolicy":{"EnRouteNotificationEnabled":1}}"#;
        assert_eq!(
            paths(text),
            [
                "Extra",
                "Date",
                "Type",
                "COD",
                "GoodsList[1].Colour",
                "GoodsList[1].Quantity",
                "CustomFields[0].Id",
                "PickupOrder",
                "NotificationsPolicy.EnRouteNotificationEnabled"
            ]
        );
    }
}
