//! What manifests say, taken apart once for all connections that use the same one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use transload_policy::PolicyError;
use transload_policy::manifest::Api;
use transload_policy::plan::Plan;

/// Manifests that are remembered for sharing. A host runs a few modules, each in at most two or three versions; with more,
/// the oldest are no longer shared, which costs memory only.
const PLANS_MAX: usize = 64;

/// The plans in use, by what they were made of.
#[derive(Default)]
pub(super) struct Plans(Mutex<Vec<Weak<Plan>>>);

impl Plans {
    /// The plan of `apis`: one that is in use already, or a new one.
    pub(super) fn of(&self, apis: &[Api]) -> Result<Arc<Plan>, PolicyError> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.iter().filter_map(Weak::upgrade).find(|plan| plan.is_of(apis)) {
            return Ok(plan);
        }
        let plan = Arc::new(Plan::new(apis)?);
        plans.retain(|plan| plan.strong_count() > 0);
        if plans.len() >= PLANS_MAX {
            plans.remove(0);
        }
        plans.push(Arc::downgrade(&plan));
        Ok(plan)
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
