//! The client's calls for invoices.

use http::Method;

use super::{Control, ControlError, Made};
use crate::control::invoices::{NewInvoice, PayInvoice};
use crate::control::plant::Edit;
use crate::json::Json;

impl Control {
    /// Makes a draft of an invoice and returns its id.
    pub async fn make_invoice(&self, new: &NewInvoice) -> Result<String, ControlError> {
        let made: Made = self.call(Method::POST, "/ghl/invoices", new).await?;
        Ok(made.id)
    }

    /// Sends an invoice, which is returned.
    pub async fn send_invoice(&self, id: &str) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("/ghl/invoices/{id}/send"), &()).await
    }

    /// Pays an invoice, or tries to, and returns the transaction's id.
    pub async fn pay_invoice(&self, id: &str, pay: &PayInvoice) -> Result<String, ControlError> {
        let made: Made = self.call(Method::POST, &format!("/ghl/invoices/{id}/payments"), pay).await?;
        Ok(made.id)
    }

    /// Calls an invoice off, which is returned. 400 where the vendor answers so.
    pub async fn void_invoice(&self, id: &str) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("/ghl/invoices/{id}/void"), &()).await
    }

    /// Replaces members of an invoice, which is returned.
    pub async fn edit_invoice(&self, id: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &format!("/ghl/invoices/{id}"), edit).await
    }

    /// Takes a draft of an invoice away; 400 of any other.
    pub async fn delete_invoice(&self, id: &str) -> Result<(), ControlError> {
        self.done(Method::DELETE, &format!("/ghl/invoices/{id}"), &()).await
    }
}
