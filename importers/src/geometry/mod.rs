//! Shapes: measured on the ground, checked, mended where there is a rule how.

pub(crate) mod measure;
pub(crate) mod repair;
pub(crate) mod rings;
pub(crate) mod sweep;
