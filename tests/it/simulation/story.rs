//! What a run is about: who acts at the vendors, and what has to come of it.

use serde_json::Value;
use transload_sandbox::SandboxOptions;

use super::facts::Facts;
use super::world::{Ears, World};

/// The runs of one connector.
pub(super) struct Kind {
    /// The bundled connector.
    pub(super) connector: &'static str,
    /// Whether the courier's connection is there as well.
    pub(super) courier: bool,
    /// How much happens to an order: from so much to so much.
    pub(super) acts: (u32, u32),
    /// Whether anything goes wrong.
    pub(super) faults: bool,
    /// The story of a seed.
    pub(super) story: fn(u64) -> Box<dyn Story>,
}

/// What happens at the vendors of one run.
pub(super) trait Story {
    /// Whose webhooks come.
    fn ears(&self) -> Ears;

    /// How the vendors are set up.
    fn sandbox(&self, options: SandboxOptions) -> SandboxOptions {
        options
    }

    /// What is there before anything happens.
    fn begin(&self, world: &World);

    /// The connection's settings beside `location_id`.
    fn settings(&self) -> Value;

    /// The triggers that are polled.
    fn polls(&self) -> Vec<&'static str>;

    /// A customer places an order.
    fn place(&mut self, world: &World);

    /// How many orders were placed.
    fn orders(&self) -> usize;

    /// Something happens to an order. Answers after how many milliseconds to come back, if it could not happen yet.
    fn act(&mut self, order: usize, world: &World) -> Option<u64>;

    /// What machines at the vendors do whenever they see that it is not so.
    fn insist(&mut self, _: &World) {}

    /// What the vendors hold, held against what people did there.
    fn judge(&self, world: &World, facts: &Facts, violations: &mut Vec<String>);
}
