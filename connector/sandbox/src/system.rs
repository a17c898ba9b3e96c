//! Which vendor is meant.

use serde::{Deserialize, Serialize};

/// A vendor whose API is faked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// GoHighLevel.
    Ghl,
    /// Track-POD.
    TrackPod,
    /// Rankr: the order sink.
    Rankr,
}

impl System {
    /// The first segment of the fake's paths, and its name in the control API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ghl => "ghl",
            Self::TrackPod => "track-pod",
            Self::Rankr => "rankr",
        }
    }

    /// The system of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ghl, Self::TrackPod, Self::Rankr].into_iter().find(|system| system.name() == name)
    }
}
