//! Opportunities: a contact's place in a sales pipeline.

use serde::{Deserialize, Serialize};
use transload_model::{Decimal, Money};
use transload_wire::{Number, tolerant};

use crate::error::{MISSING, MapError};

/// An opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opportunity {
    /// Its id.
    pub id: String,
    /// What a person would call it.
    pub name: Option<String>,
    /// The pipeline it is in.
    pub pipeline_id: Option<String>,
    /// The stage of the pipeline.
    pub stage_id: Option<String>,
    /// Where it stands: `open`, `won`, `lost` or `abandoned`.
    pub status: Option<String>,
    /// What it is worth, in the location's currency, which is nowhere told.
    pub monetary_value: Option<Decimal>,
}

/// Where an opportunity is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpportunityStatus {
    /// Undecided.
    Open,
    /// Won.
    Won,
    /// Lost.
    Lost,
    /// Given up.
    Abandoned,
}

impl OpportunityStatus {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Abandoned => "abandoned",
        }
    }
}

/// An opportunity to be made, or how one is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOpportunity<'a> {
    /// The pipeline.
    pub pipeline_id: &'a str,
    /// The stage; none is the pipeline's first for a new one, and the present one for an update.
    pub stage_id: Option<&'a str>,
    /// What a person would call it.
    pub name: &'a str,
    /// Whose it is. An update leaves that alone.
    pub contact_id: &'a str,
    /// Where it stands.
    pub status: OpportunityStatus,
    /// What it is worth. The call names no currency, so it must be in the location's.
    pub value: Option<Money>,
}

/// The body of `POST /opportunities/` and, without location and contact, of `PUT /opportunities/{id}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewOpportunity<'a> {
    pipeline_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline_stage_id: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    monetary_value: Option<Number>,
}

impl<'a> WireNewOpportunity<'a> {
    /// One that is made in `location_id`, or an update if there is none.
    pub(crate) fn new(location_id: Option<&'a str>, opportunity: &NewOpportunity<'a>) -> Self {
        Self {
            pipeline_id: opportunity.pipeline_id,
            location_id,
            name: opportunity.name,
            pipeline_stage_id: opportunity.stage_id,
            status: opportunity.status.name(),
            contact_id: location_id.map(|_| opportunity.contact_id),
            monetary_value: opportunity.value.map(|value| Number(value.amount.normalized())),
        }
    }
}

/// The answer to `GET /opportunities/search`.
#[derive(Deserialize)]
pub(crate) struct OpportunityList {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub opportunities: Vec<WireOpportunity>,
    pub meta: Option<WireMeta>,
}

#[derive(Deserialize)]
pub(crate) struct WireMeta {
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub total: Option<i64>,
}

/// The answer to an opportunity's creation.
#[derive(Deserialize)]
pub(crate) struct OpportunityReply {
    pub opportunity: Option<WireOpportunity>,
}

/// An opportunity as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOpportunity {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pipeline_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pipeline_stage_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    monetary_value: Option<Number>,
}

impl WireOpportunity {
    pub(crate) fn into_model(self) -> Result<Opportunity, MapError> {
        let id = self.id.ok_or_else(|| MapError {
            object: "opportunity".to_owned(),
            member: "id".to_owned(),
            problem: MISSING,
        })?;
        Ok(Opportunity {
            id,
            name: self.name,
            pipeline_id: self.pipeline_id,
            stage_id: self.pipeline_stage_id,
            status: self.status,
            monetary_value: self.monetary_value.map(|value| value.0),
        })
    }
}
