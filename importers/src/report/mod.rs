//! The check report: what was read, what was committed, what was found, where.

mod geopackage;
mod html;
mod json;
mod losses;
mod summary;

pub(crate) use summary::line as summary_line;

pub use losses::ways_on;

use crate::plan::Dataset;
use ditu_model::{Finding, LayerId, Severity, Text};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Findings of a rule that are kept whole; all are counted.
const EXAMPLES: usize = 100;
/// Places of a rule that are kept for the map.
const PLACES: usize = 2_000;
/// Findings with a place that are kept for the GeoPackage, over all rules and of one.
const SPOTS: usize = 100_000;
const SPOTS_OF_RULE: u64 = 20_000;
/// Rules times layers that are kept apart; more than there are rules and layers.
const GROUPS: usize = 4_096;

/// Rows of one layer: what came in is committed or quarantined, nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCount {
    /// Rows read.
    pub read: u64,
    /// Rows given to the store.
    pub committed: u64,
    /// Rows kept out.
    pub quarantined: u64,
}

/// All findings of one rule in one layer.
#[derive(Clone, Debug)]
pub struct Group {
    /// The rule.
    pub rule: &'static str,
    /// How bad the worst of them is.
    pub severity: Severity,
    /// The layer, where the finding is about its rows.
    pub layer: Option<LayerId>,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Finding>,
    /// Where they are, longitude and latitude: at most a few thousand.
    pub places: Vec<[f64; 2]>,
}

/// What is known at a moment; complete once all streams are drained.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The tables, as recognised.
    pub datasets: Vec<Dataset>,
    /// Rows by layer.
    pub layers: BTreeMap<LayerId, LayerCount>,
    /// Findings by rule and layer, the worst first.
    pub groups: Vec<Group>,
    /// Findings with a place, for a map where each can be opened.
    pub(crate) spots: Vec<Spot>,
}

/// A finding with a place; its layer beside it.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) layer: Option<LayerId>,
    pub(crate) finding: Finding,
}

impl Report {
    /// The same where nothing came of it: no row was committed.
    #[must_use]
    pub fn refused(mut self) -> Report {
        self.layers.values_mut().for_each(|c| c.committed = 0);
        self
    }

    fn count(&self, severity: Severity) -> u64 {
        self.groups.iter().filter(|g| g.severity == severity).map(|g| g.count).sum()
    }

    /// Number of errors: rows kept out, or reasons to refuse.
    pub fn errors(&self) -> u64 {
        self.count(Severity::Error)
    }

    /// Number of warnings.
    pub fn warnings(&self) -> u64 {
        self.count(Severity::Warning)
    }

    /// Number of notes.
    pub fn notes(&self) -> u64 {
        self.count(Severity::Note)
    }

    /// Number of rows given to the store.
    pub fn committed(&self) -> u64 {
        self.layers.values().map(|l| l.committed).sum()
    }

    /// Number of rows kept out.
    pub fn quarantined(&self) -> u64 {
        self.layers.values().map(|l| l.quarantined).sum()
    }

    /// The findings that have a place, each with its layer, in the order in which they were made.
    pub fn placed(&self) -> impl Iterator<Item = (Option<&LayerId>, &Finding)> {
        self.spots.iter().map(|s| (s.layer.as_ref(), &s.finding))
    }

    /// Everything, for programs.
    pub fn to_json(&self) -> serde_json::Value {
        json::write(self)
    }

    /// A page that stands alone: no script, no other file, nothing fetched.
    pub fn to_html(&self) -> String {
        html::write(self)
    }

    /// A GeoPackage with a point for each finding that has a place (at most 100,000), to be opened beside the data.
    ///
    /// # Errors
    /// Why the file cannot be written.
    pub fn write_geopackage(&self, path: &std::path::Path) -> std::io::Result<()> {
        geopackage::write(self, path)
    }

    /// A few lines for a terminal.
    pub fn summary(&self, lang: crate::Lang) -> String {
        summary::write(self, lang)
    }

    pub(crate) fn add(&mut self, layer: Option<&LayerId>, finding: Finding) {
        let found = self.groups.iter().position(|g| {
            g.rule == finding.rule && g.layer.as_ref() == layer && g.severity == finding.severity
        });
        let at = match found {
            Some(at) => at,
            None if self.groups.len() >= GROUPS => return,
            None => {
                self.groups.push(Group {
                    rule: finding.rule,
                    severity: finding.severity,
                    layer: layer.cloned(),
                    count: 0,
                    examples: Vec::new(),
                    places: Vec::new(),
                });
                self.groups.len() - 1
            }
        };
        let group = &mut self.groups[at];
        group.count += 1;
        if let Some(at) = finding.place.at.filter(|_| group.places.len() < PLACES) {
            group.places.push(at);
        }
        if finding.place.at.is_some() && group.count <= SPOTS_OF_RULE && self.spots.len() < SPOTS {
            self.spots.push(Spot { layer: layer.cloned(), finding: finding.clone() });
        }
        let group = &mut self.groups[at];
        if group.examples.len() < EXAMPLES {
            group.examples.push(finding);
        }
    }
}

/// The report while it grows.
#[derive(Debug, Default)]
pub struct ReportHandle(Mutex<Report>);

impl ReportHandle {
    pub(crate) fn new(report: Report) -> ReportHandle {
        ReportHandle(Mutex::new(report))
    }

    /// What is known now. Complete once all streams are drained.
    pub fn snapshot(&self) -> Report {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        report
            .groups
            .sort_by(|a, b| b.severity.cmp(&a.severity).then(b.count.cmp(&a.count)).then(a.rule.cmp(b.rule)));
        report
    }

    pub(crate) fn add(&self, layer: Option<&LayerId>, findings: impl IntoIterator<Item = Finding>) {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        findings.into_iter().for_each(|f| report.add(layer, f));
    }

    pub(crate) fn count(&self, layer: &LayerId, more: LayerCount) {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = report.layers.entry(layer.clone()).or_default();
        count.read += more.read;
        count.committed += more.committed;
        count.quarantined += more.quarantined;
    }
}

/// The word for a severity.
pub(crate) fn word(severity: Severity) -> Text {
    match severity {
        Severity::Error => Text::new("错误", "error"),
        Severity::Warning => Text::new("警告", "warning"),
        Severity::Note => Text::new("提示", "note"),
    }
}
