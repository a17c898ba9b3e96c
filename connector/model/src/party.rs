//! Customers and where they live.

/// A postal address, as far as the source knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Street lines, first line first; empty when unknown.
    pub lines: Vec<String>,
    /// City or town.
    pub city: Option<String>,
    /// State, province or county.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 where the source gives it, else the source's own text.
    pub country: Option<String>,
}

impl Address {
    /// Whether a driver could find it: a street, and a city or a postal code.
    pub fn is_deliverable(&self) -> bool {
        !self.lines.is_empty() && (self.city.is_some() || self.postal_code.is_some())
    }

    /// On one line, as it would be dictated to a map: `1 High Street, Leeds, West Yorkshire LS1 4AP, GB`.
    pub fn one_line(&self) -> String {
        let area =
            [self.region.as_deref(), self.postal_code.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        let mut parts: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        parts.extend(self.city.as_deref());
        let area = area.join(" ");
        if !area.is_empty() {
            parts.push(&area);
        }
        parts.extend(self.country.as_deref());
        parts.join(", ")
    }
}

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The id in the source system.
    pub id: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number, as the source writes it.
    pub phone: Option<String>,
    /// The customer's own address.
    pub address: Option<Address>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(lines: &[&str], city: Option<&str>, postal_code: Option<&str>) -> Address {
        Address {
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
            city: city.map(str::to_owned),
            postal_code: postal_code.map(str::to_owned),
            ..Address::default()
        }
    }

    #[test]
    fn a_driver_needs_a_street_and_a_place() {
        assert!(address(&["1 High Street"], Some("Leeds"), None).is_deliverable());
        assert!(address(&["1 High Street"], None, Some("LS1 4AP")).is_deliverable());
        assert!(!address(&["1 High Street"], None, None).is_deliverable());
        assert!(!address(&[], Some("Leeds"), Some("LS1 4AP")).is_deliverable());
    }

    #[test]
    fn one_line_leaves_out_what_is_unknown() {
        let mut whole = address(&["Flat 2", "1 High Street"], Some("Leeds"), Some("LS1 4AP"));
        assert_eq!(whole.one_line(), "Flat 2, 1 High Street, Leeds, LS1 4AP");
        whole.region = Some("West Yorkshire".to_owned());
        whole.country = Some("GB".to_owned());
        assert_eq!(whole.one_line(), "Flat 2, 1 High Street, Leeds, West Yorkshire LS1 4AP, GB");
    }
}
