//! What tests share: the declared layers, options, a worker.

mod examples;
mod files;
mod formats;
mod fuzz;
mod merged;
mod report;
mod sample;
pub(crate) mod shared;
mod xls;
mod xlsx;

use crate::{Choice, Options, Plan, Refusal, Report, plan};
pub(crate) use crate::{CrsChoice, Subject};
use ditu_gdal::Worker;
use ditu_model::{Bounds, Layers, Mode, Row, RowOp, Value};
pub(crate) use shared::data;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The base map's layers.
pub(crate) fn layers() -> Arc<Layers> {
    static LAYERS: OnceLock<Arc<Layers>> = OnceLock::new();
    let read = || {
        let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../layers"));
        Arc::new(Layers::read_dir(&dir).unwrap_or_else(|e| panic!("{e}")))
    };
    Arc::clone(LAYERS.get_or_init(read))
}

/// Started anew as the process that reads by GDAL; otherwise nothing.
#[test]
fn gdal_worker() {
    Worker::serve_if_asked();
}

/// Options without any word of the user's, for the city of the shared data.
pub(crate) fn options(scratch: &Path) -> Options {
    Options {
        choices: Vec::new(),
        controls: Vec::new(),
        present: None,
        mode: Mode::Replace,
        scratch: scratch.to_owned(),
        worker: Worker::of_test("tests::gdal_worker").unwrap(),
        city: Some(Bounds::new(110.48, 28.40, 112.30, 30.13)),
        layers: None,
    }
}

impl Options {
    /// What is said of every table.
    pub(crate) fn all(&mut self) -> &mut Choice {
        if self.choices.is_empty() {
            self.choices.push(Choice::default());
        }
        &mut self.choices[0]
    }
}

/// Plans with options changed by a function; the scratch folder lives as long as the result.
pub(crate) fn planned(
    sources: &[PathBuf],
    change: impl FnOnce(&mut Options),
) -> (tempfile::TempDir, Result<Plan, Refusal>) {
    let scratch = tempfile::tempdir().unwrap();
    let mut options = options(scratch.path());
    change(&mut options);
    let result = plan(sources, &layers(), &options);
    (scratch, result)
}

/// A refusal's rules.
pub(crate) fn rules(refusal: &Refusal) -> Vec<&'static str> {
    refusal.findings.iter().map(|f| f.rule).collect()
}

/// The rows of all streams of a plan by layer, with the report. `Err` is the first abort.
pub(crate) fn drained(plan: Plan) -> (Result<BTreeMap<String, Vec<Row>>, String>, Report) {
    let run = plan.run();
    let mut all: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut result = Ok(());
    for delivery in run.deliveries {
        let rows = all.entry(delivery.layer.to_string()).or_default();
        for batch in delivery.rows {
            match batch {
                Ok(ops) => rows.extend(ops.into_iter().filter_map(|op| match op {
                    RowOp::Put { row, .. } => Some(row),
                    RowOp::Keep { .. } | RowOp::Stated(_) => None,
                    RowOp::Remove { .. } => panic!("an import removes nothing by itself"),
                })),
                Err(why) => result = Err(why),
            }
        }
    }
    let report = run.report.snapshot();
    for (layer, c) in &report.layers {
        assert_eq!(c.read, c.committed + c.quarantined, "{layer}");
    }
    (result.map(|()| all), report)
}

/// Number of findings of a rule.
pub(crate) fn count(report: &Report, rule: &str) -> u64 {
    report.groups.iter().filter(|g| g.rule == rule).map(|g| g.count).sum()
}

/// A value of a row by its field's name.
pub(crate) fn value(layer: &str, row: &Row, field: &str) -> Value {
    let layers = layers();
    let layer = layers.named(layer).unwrap();
    row.values[layer.field(field).unwrap()].clone()
}
