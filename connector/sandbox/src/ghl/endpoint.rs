//! The operations that the fake has: their paths, scopes and versions.

use http::Method;

use super::{
    Call, Refusal, contacts, fulfillments, invoices, messages, opportunities, orders, providers, records,
    subscriptions, transactions,
};
use crate::message::Reply;

/// `Version` headers that most of the API accepts at the same time (the vendor's page on versioning).
const VERSIONS: &[&str] = &["2021-07-28", "2023-02-21", "v3"];

/// Those of the conversations API, whose OpenAPI files have another date.
const CONVERSATIONS_VERSIONS: &[&str] = &["2021-04-15", "v3"];

/// An operation of the API, with the ids from its path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Endpoint<'a> {
    ListOrders,
    GetOrder(&'a str),
    RecordPayment(&'a str),
    ListFulfillments(&'a str),
    CreateFulfillment(&'a str),
    ListTransactions,
    GetTransaction(&'a str),
    ListSubscriptions,
    GetSubscription(&'a str),
    ListInvoices,
    GetInvoice(&'a str),
    ListProviders,
    CreateProvider,
    GetContact(&'a str),
    ListNotes(&'a str),
    CreateNote(&'a str),
    AddTags(&'a str),
    AddToWorkflow(&'a str, &'a str),
    SendMessage,
    CreateRecord(&'a str),
    SearchRecords(&'a str),
    GetRecord(&'a str, &'a str),
    UpdateRecord(&'a str, &'a str),
    CreateOpportunity,
    SearchOpportunities,
    GetOpportunity(&'a str),
    UpdateOpportunity(&'a str),
    SetOpportunityStatus(&'a str),
}

impl<'a> Endpoint<'a> {
    pub fn find(method: &Method, route: &[&'a str]) -> Option<Self> {
        match route {
            ["payments", rest @ ..] => Self::payments(method, rest),
            ["invoices"] if method == Method::GET => Some(Self::ListInvoices),
            ["invoices", id] if method == Method::GET => Some(Self::GetInvoice(id)),
            ["contacts", rest @ ..] => Self::contacts(method, rest),
            ["conversations", "messages"] if method == Method::POST => Some(Self::SendMessage),
            ["objects", rest @ ..] => Self::objects(method, rest),
            ["opportunities", rest @ ..] => Self::opportunities(method, rest),
            _ => None,
        }
    }

    fn payments(method: &Method, route: &[&'a str]) -> Option<Self> {
        Some(match (method.as_str(), route) {
            ("GET", ["orders"]) => Self::ListOrders,
            ("GET", ["orders", id]) => Self::GetOrder(id),
            ("POST", ["orders", id, "record-payment"]) => Self::RecordPayment(id),
            ("GET", ["orders", id, "fulfillments"]) => Self::ListFulfillments(id),
            ("POST", ["orders", id, "fulfillments"]) => Self::CreateFulfillment(id),
            ("GET", ["transactions"]) => Self::ListTransactions,
            ("GET", ["transactions", id]) => Self::GetTransaction(id),
            ("GET", ["subscriptions"]) => Self::ListSubscriptions,
            ("GET", ["subscriptions", id]) => Self::GetSubscription(id),
            ("GET", ["integrations", "provider", "whitelabel"]) => Self::ListProviders,
            ("POST", ["integrations", "provider", "whitelabel"]) => Self::CreateProvider,
            _ => return None,
        })
    }

    fn contacts(method: &Method, route: &[&'a str]) -> Option<Self> {
        Some(match (method.as_str(), route) {
            ("GET", [id]) => Self::GetContact(id),
            ("GET", [id, "notes"]) => Self::ListNotes(id),
            ("POST", [id, "notes"]) => Self::CreateNote(id),
            ("POST", [id, "tags"]) => Self::AddTags(id),
            ("POST", [id, "workflow", workflow]) => Self::AddToWorkflow(id, workflow),
            _ => return None,
        })
    }

    fn objects(method: &Method, route: &[&'a str]) -> Option<Self> {
        Some(match (method.as_str(), route) {
            ("POST", [schema, "records"]) => Self::CreateRecord(schema),
            ("POST", [schema, "records", "search"]) => Self::SearchRecords(schema),
            ("GET", [schema, "records", id]) => Self::GetRecord(schema, id),
            ("PUT", [schema, "records", id]) => Self::UpdateRecord(schema, id),
            _ => return None,
        })
    }

    fn opportunities(method: &Method, route: &[&'a str]) -> Option<Self> {
        Some(match (method.as_str(), route) {
            ("POST", []) => Self::CreateOpportunity,
            ("GET", ["search"]) => Self::SearchOpportunities,
            ("GET", [id]) => Self::GetOpportunity(id),
            ("PUT", [id]) => Self::UpdateOpportunity(id),
            ("PUT", [id, "status"]) => Self::SetOpportunityStatus(id),
            _ => return None,
        })
    }

    pub fn scope(self) -> &'static str {
        match self {
            Self::ListOrders | Self::GetOrder(_) | Self::ListFulfillments(_) => "payments/orders.readonly",
            Self::RecordPayment(_) => "payments/orders.collectPayment",
            Self::CreateFulfillment(_) => "payments/orders.write",
            Self::ListTransactions | Self::GetTransaction(_) => "payments/transactions.readonly",
            Self::ListSubscriptions | Self::GetSubscription(_) => "payments/subscriptions.readonly",
            Self::ListInvoices | Self::GetInvoice(_) => "invoices.readonly",
            Self::ListProviders => "payments/integration.readonly",
            Self::CreateProvider => "payments/integration.write",
            Self::GetContact(_) | Self::ListNotes(_) => "contacts.readonly",
            Self::CreateNote(_) | Self::AddTags(_) | Self::AddToWorkflow(..) => "contacts.write",
            Self::SendMessage => "conversations/message.write",
            Self::SearchRecords(_) | Self::GetRecord(..) => "objects/record.readonly",
            Self::CreateRecord(_) | Self::UpdateRecord(..) => "objects/record.write",
            Self::SearchOpportunities | Self::GetOpportunity(_) => "opportunities.readonly",
            Self::CreateOpportunity | Self::UpdateOpportunity(_) | Self::SetOpportunityStatus(_) => {
                "opportunities.write"
            }
        }
    }

    pub fn versions(self) -> &'static [&'static str] {
        match self {
            Self::SendMessage => CONVERSATIONS_VERSIONS,
            _ => VERSIONS,
        }
    }

    pub fn run(self, call: &mut Call<'_>) -> Result<Reply, Refusal> {
        match self {
            Self::ListOrders => orders::list(call),
            Self::GetOrder(id) => orders::get(call, id),
            Self::RecordPayment(id) => transactions::record(call, id),
            Self::ListFulfillments(id) => fulfillments::list(call, id),
            Self::CreateFulfillment(id) => fulfillments::create(call, id),
            Self::ListTransactions => transactions::list(call),
            Self::GetTransaction(id) => transactions::get(call, id),
            Self::ListSubscriptions => subscriptions::list(call),
            Self::GetSubscription(id) => subscriptions::get(call, id),
            Self::ListInvoices => invoices::list(call),
            Self::GetInvoice(id) => invoices::get(call, id),
            Self::ListProviders => providers::list(call),
            Self::CreateProvider => providers::create(call),
            Self::GetContact(id) => contacts::get(call, id),
            Self::ListNotes(id) => contacts::list_notes(call, id),
            Self::CreateNote(id) => contacts::create_note(call, id),
            Self::AddTags(id) => contacts::add_tags(call, id),
            Self::AddToWorkflow(id, workflow) => contacts::add_to_workflow(call, id, workflow),
            Self::SendMessage => messages::send(call),
            Self::CreateRecord(schema) => records::create(call, schema),
            Self::SearchRecords(schema) => records::search(call, schema),
            Self::GetRecord(schema, id) => records::get(call, schema, id),
            Self::UpdateRecord(schema, id) => records::update(call, schema, id),
            Self::CreateOpportunity => opportunities::create(call),
            Self::SearchOpportunities => opportunities::search(call),
            Self::GetOpportunity(id) => opportunities::get(call, id),
            Self::UpdateOpportunity(id) => opportunities::update(call, id),
            Self::SetOpportunityStatus(id) => opportunities::set_status(call, id),
        }
    }
}
