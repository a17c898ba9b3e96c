//! Where a component keeps the contract's functions.

use wasmtime::component::{Component, ComponentExportIndex};

use super::module::ModuleError;
use crate::contract;

/// The contract's functions in one component, found by name once. An instance then looks up, and checks the types of, the
/// one function that it calls: checking all of them takes longer than making the instance.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    pub(super) describe: ComponentExportIndex,
    pub(super) receive: ComponentExportIndex,
    pub(super) poll: ComponentExportIndex,
    pub(super) backfill: ComponentExportIndex,
    pub(super) on_order: ComponentExportIndex,
    pub(super) on_fulfillment: ComponentExportIndex,
    pub(super) on_transaction: ComponentExportIndex,
    pub(super) on_subscription: ComponentExportIndex,
    pub(super) on_invoice: ComponentExportIndex,
    pub(super) run: ComponentExportIndex,
    pub(super) check: ComponentExportIndex,
    pub(super) reconcile: ComponentExportIndex,
}

impl Functions {
    pub(super) fn find(component: &Component, version: &str) -> Result<Functions, ModuleError> {
        let find = |interface: &str, function: &str| {
            let name = format!("{}/{interface}@{version}", contract::PACKAGE);
            let instance = component.get_export_index(None, name.as_str());
            let index = instance.and_then(|it| component.get_export_index(Some(&it), function));
            index.ok_or_else(|| ModuleError::ExportMissing { export: format!("{name}.{function}") })
        };
        Ok(Functions {
            describe: find("manifest", "describe")?,
            receive: find("intake", "receive")?,
            poll: find("intake", "poll")?,
            backfill: find("intake", "backfill")?,
            on_order: find("events", "on-order")?,
            on_fulfillment: find("events", "on-fulfillment")?,
            on_transaction: find("events", "on-transaction")?,
            on_subscription: find("events", "on-subscription")?,
            on_invoice: find("events", "on-invoice")?,
            run: find("actions", "run")?,
            check: find("actions", "check")?,
            reconcile: find("reconciliation", "reconcile")?,
        })
    }
}
