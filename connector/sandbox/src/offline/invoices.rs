//! The offline control functions for invoices.

use super::{Offline, moment};
use crate::control::Refused;
use crate::control::invoices::{self, NewInvoice, PayInvoice};
use crate::control::plant::Edit;
use crate::json::Json;

impl Offline {
    /// Makes a draft of an invoice and returns its id.
    pub fn make_invoice(&self, new: NewInvoice, now_ms: u64) -> Result<String, Refused> {
        invoices::make(&mut self.lock(), new, moment(now_ms))
    }

    /// Sends an invoice, which is returned.
    pub fn send_invoice(&self, id: &str, now_ms: u64) -> Result<Json, Refused> {
        invoices::send(&mut self.lock(), id, moment(now_ms))
    }

    /// Pays an invoice, or tries to, and returns the transaction's id.
    pub fn pay_invoice(&self, id: &str, pay: PayInvoice, now_ms: u64) -> Result<String, Refused> {
        invoices::pay(&mut self.lock(), id, pay, moment(now_ms))
    }

    /// Calls an invoice off, which is returned. 400 where the vendor answers so.
    pub fn void_invoice(&self, id: &str, now_ms: u64) -> Result<Json, Refused> {
        invoices::void(&mut self.lock(), id, moment(now_ms))
    }

    /// Replaces members of an invoice, which is returned.
    pub fn edit_invoice(&self, id: &str, edit: Edit, now_ms: u64) -> Result<Json, Refused> {
        invoices::edit(&mut self.lock(), id, edit, moment(now_ms))
    }

    /// Takes a draft of an invoice away; 400 of any other.
    pub fn delete_invoice(&self, id: &str, now_ms: u64) -> Result<(), Refused> {
        invoices::delete(&mut self.lock(), id, moment(now_ms))
    }
}
