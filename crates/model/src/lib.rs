#![doc = include_str!("../README.md")]

pub mod change;
pub mod feature;
pub mod finding;
pub mod geometry;
pub mod layer;
pub mod source;
pub mod value;
mod wkb;

pub use change::{
    Changeset, Commit, Delivery, Difference, FeatureId, Mode, Origin, Preview, Revision, RevisionId, RowOp,
    RowStream, Stated,
};
pub use feature::{Feature, Row};
pub use finding::{Finding, Place, Severity, Text};
pub use geometry::{Bounds, Geometry, Shape};
pub use layer::{Field, FieldType, LayerDef, LayerId, Layers, Sharing, Theme};
pub use source::{FeatureSource, FeatureStream, Query, SourceError};
pub use value::{Date, DateTime, Value};
