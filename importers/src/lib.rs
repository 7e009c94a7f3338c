#![doc = include_str!("../README.md")]

mod check;
mod delivery;
mod formats;
mod geometry;
mod notes;
mod options;
mod plan;
mod recognise;
mod report;
mod run;
mod table;
mod value;

pub use options::{Lang, Options};
pub use plan::{Dataset, Mapping, Plan, Refusal, plan};
pub use report::{Group, LayerCount, Report, ReportHandle};
pub use run::{Progress, RasterFile, Run};

#[cfg(test)]
mod tests;
