//! Who asks, for what, and what was granted.

use ditu_model::{Bounds, LayerId};
use std::ops::RangeInclusive;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Anybody without credentials.
    Anonymous,
    /// Whoever runs the command on the machine that holds the data: the command line, the server's own upkeep
    /// (building generations), and requests for imports that show the operator's token, which lies in the data folder.
    /// Requests for tiles, features and documents never act as the operator.
    Operator,
}

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Know that the layer exists.
    Discover,
    /// See it on a map, query single features.
    Read,
    /// Take it away in bulk.
    Download,
    /// Change its features.
    Edit,
    /// Change its definition, grants and state.
    Manage,
}

/// Whom a grant serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everyone, the anonymous included.
    Everyone,
    /// The operator.
    Operator,
}

/// Which layers a grant opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerSet {
    /// Every layer.
    All,
    /// Those whose sharing class is open.
    Open,
    /// One layer.
    One(LayerId),
}

/// One statement of the policy. Grants add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Whom it serves.
    pub subject: Subject,
    /// Which layers it opens.
    pub layers: LayerSet,
    /// Up to which action; [`Action`]s are ordered and each includes those before it.
    pub action: Action,
    /// Sensitive fields are included.
    pub sensitive: bool,
    /// Only this area (EPSG:4490 degrees); `None` is everywhere.
    pub area: Option<Bounds>,
    /// Only at these tile zooms; `None` is all.
    pub zooms: Option<RangeInclusive<u8>>,
}

impl Grant {
    /// Everyone reads open layers: what a fresh installation starts from.
    pub fn open_layers() -> Grant {
        Grant {
            subject: Subject::Everyone,
            layers: LayerSet::Open,
            action: Action::Download,
            sensitive: false,
            area: None,
            zooms: None,
        }
    }

    /// Everyone reads these layers too: `ditu serve --public`.
    pub fn public(layers: LayerSet) -> Grant {
        Grant { layers, ..Grant::open_layers() }
    }

    /// The operator does everything.
    pub fn operator() -> Grant {
        Grant {
            subject: Subject::Operator,
            layers: LayerSet::All,
            action: Action::Manage,
            sensitive: true,
            area: None,
            zooms: None,
        }
    }
}
