//! Records of custom objects, and opportunities.

use transload_wire::ApiError;
use transload_wire::http::Answer;

use super::{Client, PAGE_ROWS};
use crate::endpoints;
use crate::opportunity::{
    NewOpportunity, Opportunity, OpportunityList, OpportunityReply, WireNewOpportunity, WireOpportunity,
};
use crate::record::{Properties, Record, RecordList, RecordReply, WireNewRecord, WireRecord, WireSearch};

/// Most pages that are read of a search: more than 1,000 records that have one order's id, or opportunities of one
/// contact, are a fault.
pub(super) const SEARCH_PAGES_MAX: u32 = 10;

/// Whether a search is read to its end: behind an empty page, or when as many rows were asked for as there are. Without a
/// total, a page that is not full is the last.
fn is_last(page: u32, rows: usize, total: Option<i64>) -> bool {
    let asked = i64::from(page) * i64::from(PAGE_ROWS);
    let full = u64::try_from(rows).is_ok_and(|rows| rows >= u64::from(PAGE_ROWS));
    rows == 0 || total.map_or(!full, |total| asked >= total)
}

fn too_many(answer: &Answer) -> ApiError {
    let most = SEARCH_PAGES_MAX * PAGE_ROWS;
    answer.unreadable(format!("more than {most} rows are found, so the search is too wide"))
}

impl Client<'_> {
    /// The records of the custom object `schema_key` (`custom_objects.payment`) whose property `property` is `value`. The
    /// object must have the property among its searchable ones: then `property:value` finds by it, as the document of the
    /// call says. What a search finds that is merely alike is left out.
    pub fn find_records(
        &self,
        schema_key: &str,
        property: &str,
        value: &str,
    ) -> Result<Vec<Record>, ApiError> {
        let query = format!("{property}:{value}");
        let mut found: Vec<Record> = Vec::new();
        for page in 1.. {
            let body = WireSearch {
                location_id: self.location_id,
                page,
                page_limit: PAGE_ROWS,
                query: &query,
                search_after: [],
            };
            let answer = self.send_json(&endpoints::SEARCH_RECORDS, &[schema_key], &body)?;
            let list: RecordList = answer.read()?;
            let rows = list.records.len();
            let records = list.records.into_iter().map(WireRecord::into_model).collect::<Result<Vec<_>, _>>();
            let records = records.map_err(|error| answer.unreadable(error.to_string()))?;
            found.extend(records.into_iter().filter(|record| record.has(property, value)));
            if is_last(page, rows, list.total) {
                break;
            }
            if page == SEARCH_PAGES_MAX {
                return Err(too_many(&answer));
            }
        }
        Ok(found)
    }

    /// Makes a record of the custom object `schema_key` and answers its id. The document leaves the body empty; what is
    /// sent is what it gives for a record that is read.
    pub fn create_record(&self, schema_key: &str, properties: &Properties) -> Result<String, ApiError> {
        let body = WireNewRecord { location_id: Some(self.location_id), properties };
        let answer = self.send_json(&endpoints::CREATE_RECORD, &[schema_key], &body)?;
        let reply: RecordReply = answer.read()?;
        reply.record.and_then(|record| record.id).ok_or_else(|| answer.unreadable("record.id is missing"))
    }

    /// Sets properties of the record `id` of the custom object `schema_key`.
    pub fn update_record(&self, schema_key: &str, id: &str, properties: &Properties) -> Result<(), ApiError> {
        let query = [("locationId", self.location_id)];
        let request = self.request(&endpoints::UPDATE_RECORD, &[schema_key, id], &query);
        self.send(request.json(&WireNewRecord { location_id: None, properties })?).map(drop)
    }

    /// All opportunities of the contact `contact_id`. The search spells its parameters in snake case.
    pub fn find_opportunities(&self, contact_id: &str) -> Result<Vec<Opportunity>, ApiError> {
        let mut found: Vec<Opportunity> = Vec::new();
        for page in 1_u32.. {
            let (limit, number) = (PAGE_ROWS.to_string(), page.to_string());
            let query = [
                ("location_id", self.location_id),
                ("contact_id", contact_id),
                ("limit", limit.as_str()),
                ("page", number.as_str()),
            ];
            let answer = self.get(&endpoints::SEARCH_OPPORTUNITIES, &[], &query)?;
            let list: OpportunityList = answer.read()?;
            let rows = list.opportunities.len();
            let read = list.opportunities.into_iter().map(WireOpportunity::into_model);
            let read = read.collect::<Result<Vec<_>, _>>();
            let read = read.map_err(|error| answer.unreadable(error.to_string()))?;
            found.extend(read);
            if is_last(page, rows, list.meta.and_then(|meta| meta.total)) {
                break;
            }
            if page == SEARCH_PAGES_MAX {
                return Err(too_many(&answer));
            }
        }
        Ok(found)
    }

    /// Makes an opportunity and answers its id.
    pub fn create_opportunity(&self, opportunity: &NewOpportunity<'_>) -> Result<String, ApiError> {
        let body = WireNewOpportunity::new(Some(self.location_id), opportunity);
        let answer = self.send_json(&endpoints::CREATE_OPPORTUNITY, &[], &body)?;
        let reply: OpportunityReply = answer.read()?;
        let id = reply.opportunity.and_then(|opportunity| opportunity.id);
        id.ok_or_else(|| answer.unreadable("opportunity.id is missing"))
    }

    /// Makes the opportunity `id` be as `opportunity` says; its contact stays.
    pub fn update_opportunity(&self, id: &str, opportunity: &NewOpportunity<'_>) -> Result<(), ApiError> {
        let body = WireNewOpportunity::new(None, opportunity);
        self.send_json(&endpoints::UPDATE_OPPORTUNITY, &[id], &body).map(drop)
    }
}
