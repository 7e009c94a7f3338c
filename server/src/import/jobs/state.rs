//! A job's state, and how it reads over HTTP.

use super::JobError;
use super::files::Manifest;
use crate::difference;
use crate::geojson;
use crate::import::Scratch;
use ditu_importers::{Choice, Plan, Progress, Question, Report, Subject};
use ditu_model::{LayerId, Layers, Mode, Preview, Severity, Text};

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Files may come.
    Open,
    /// A step is being done.
    Working,
    /// Everything is recognised.
    Planned,
    /// It cannot be taken as it is.
    Refused,
    /// Read, checked and compared.
    Checked,
    /// In the store.
    Committed,
    /// The machine failed; the step may be done again.
    Failed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Working => "working",
            State::Planned => "planned",
            State::Refused => "refused",
            State::Checked => "checked",
            State::Committed => "committed",
            State::Failed => "failed",
        }
    }
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Plan,
    Check,
    Commit,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Step::Plan => "plan",
            Step::Check => "check",
            Step::Commit => "commit",
        }
    }
}

/// One delivery on its way.
pub(crate) struct Job {
    id: String,
    folder: PathBuf,
    manifest: Mutex<Manifest>,
    inner: Mutex<Inner>,
}

/// What is known so far.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) step: Option<Step>,
    pub(super) choices: Vec<Choice>,
    pub(super) mode: Mode,
    pub(super) message: String,
    /// Where the tables of the plan lie.
    pub(super) sample: Vec<(LayerId, Vec<[f64; 2]>)>,
    /// With the scratch folder that its unpacked files lie in.
    pub(super) plan: Option<(Plan, Arc<Scratch>)>,
    pub(super) questions: Vec<Question>,
    pub(super) report: Option<Report>,
    pub(super) previews: Vec<Preview>,
    pub(super) progress: Option<Arc<Progress>>,
    pub(super) revision: Option<u64>,
    pub(super) error: Option<Text>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job {
    pub(super) fn new(id: String, folder: PathBuf, manifest: Manifest) -> Job {
        let inner = Inner {
            state: if manifest.revision.is_some() { State::Committed } else { State::Open },
            step: None,
            choices: Vec::new(),
            mode: Mode::Replace,
            message: String::new(),
            sample: Vec::new(),
            plan: None,
            questions: Vec::new(),
            report: None,
            previews: Vec::new(),
            progress: None,
            revision: manifest.revision,
            error: None,
        };
        Job { id, folder, manifest: Mutex::new(manifest), inner: Mutex::new(inner) }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn manifest(&self) -> MutexGuard<'_, Manifest> {
        lock(&self.manifest)
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(crate) fn state(&self) -> State {
        self.inner().state
    }

    /// The report as known now.
    pub(crate) fn report(&self) -> Option<Report> {
        self.inner().report.clone()
    }

    /// Files may change: not while they are read, not after they were committed. What was planned is planned no more.
    pub(crate) fn reopen(&self) -> Result<(), JobError> {
        let mut inner = self.inner();
        match inner.state {
            State::Working | State::Committed => Err(JobError::Busy),
            State::Open => Ok(()),
            _ => {
                inner.forget();
                inner.state = State::Open;
                Ok(())
            }
        }
    }

    /// Begins a step, if it is its turn.
    pub(super) fn begin(&self, step: Step) -> Result<MutexGuard<'_, Inner>, JobError> {
        let mut inner = self.inner();
        let may = match step {
            Step::Plan => !matches!(inner.state, State::Working | State::Committed),
            Step::Check => {
                inner.plan.is_some()
                    && matches!(inner.state, State::Planned | State::Checked | State::Failed | State::Refused)
            }
            Step::Commit => inner.plan.is_some() && matches!(inner.state, State::Checked | State::Failed),
        };
        if !may {
            return Err(JobError::Busy);
        }
        (inner.state, inner.step, inner.progress, inner.error) = (State::Working, Some(step), None, None);
        Ok(inner)
    }

    /// Everything, for the page.
    pub(crate) fn to_json(&self, layers: &Layers) -> Value {
        let files = self.files();
        let inner = self.inner();
        let report = inner.report.as_ref().map(Report::to_json).unwrap_or_default();
        let title = |id: &str| layers.named(id).map(|l| text(&l.title)).unwrap_or(Value::Null);
        let mut datasets = report["datasets"].as_array().cloned().unwrap_or_default();
        for d in &mut datasets {
            let id = d["layer"].as_str().unwrap_or_default().to_owned();
            d["layer_title"] = title(&id);
            let def = layers.named(&id);
            for m in d["mapping"].as_array_mut().into_iter().flatten() {
                let field = m["field"].as_str().unwrap_or_default();
                let found = def.and_then(|l| l.fields.iter().find(|f| f.name == field));
                m["title"] = found.map(|f| text(&f.title)).unwrap_or(Value::Null);
            }
        }
        let mut groups = report["findings"].as_array().cloned().unwrap_or_default();
        for g in &mut groups {
            // The map gets its places from the preview.
            if let Some(g) = g.as_object_mut() {
                g.remove("places");
            }
        }
        let (read, total) = inner
            .progress
            .as_ref()
            .map_or((0, 0), |p| (p.read.load(Ordering::Relaxed), p.total.load(Ordering::Relaxed)));
        let diff: Vec<Value> = inner
            .previews
            .iter()
            .map(|p| {
                json!({
                    "layer": p.layer.as_str(),
                    "title": title(p.layer.as_str()),
                    "added": p.added,
                    "changed": p.changed,
                    "removed": p.removed,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "created": self.manifest().created,
            "state": inner.state.word(),
            "step": inner.step.map(Step::word),
            "progress": { "read": read, "total": total },
            "mode": match inner.mode { Mode::Upsert => "upsert", Mode::Append => "append", _ => "replace" },
            "message": inner.message,
            "files": files,
            "datasets": datasets,
            "questions": inner.questions.iter().map(question).collect::<Vec<_>>(),
            "groups": groups,
            "layers": report.get("layers").cloned().unwrap_or_else(|| json!({})),
            "diff": diff,
            "revision": inner.revision,
            "error": inner.error.as_ref().map(text),
        })
    }

    /// Problems and differences as features for a map.
    pub(crate) fn preview(&self, layers: &Layers) -> Value {
        let inner = self.inner();
        let mut features: Vec<Value> = inner.report.as_ref().map(problems).unwrap_or_default();
        if inner.previews.is_empty() {
            // Nothing is compared yet: where the data lie is all there is to show.
            features.extend(inner.sample.iter().flat_map(|(layer, points)| {
                points.iter().map(move |p| {
                    json!({
                        "type": "Feature",
                        "geometry": { "type": "Point", "coordinates": p },
                        "properties": { "kind": "sample", "layer": layer.as_str() },
                    })
                })
            }));
        }
        for p in &inner.previews {
            let def = layers.get(&p.layer);
            for d in &p.differences {
                let (kind, feature) = match (&d.before, &d.after) {
                    (None, Some(f)) => ("added", f),
                    (Some(f), None) => ("removed", f),
                    (Some(_), Some(f)) => ("changed", f),
                    (None, None) => continue,
                };
                let Some(geometry) = &feature.row.geometry else { continue };
                let mut properties = json!({ "kind": kind, "layer": p.layer.as_str() });
                if let Some(def) = def {
                    let name = difference::name(def, feature, None);
                    properties["key"] = difference::key(def, feature).into();
                    properties["name"] = text(&name);
                    if let (Some(a), Some(b)) = (&d.before, &d.after) {
                        let changes = difference::between(def, &a.row, &b.row);
                        properties["message"] = text(&difference::line(&changes));
                    }
                }
                features.push(json!({
                    "type": "Feature",
                    "geometry": geojson::geometry(geometry),
                    "properties": properties,
                }));
            }
        }
        json!({ "type": "FeatureCollection", "features": features })
    }
}

impl Inner {
    pub(super) fn forget(&mut self) {
        self.plan = None;
        self.sample.clear();
        self.questions.clear();
        self.previews.clear();
        self.report = None;
        self.progress = None;
        self.error = None;
        self.step = None;
    }
}

fn text(t: &Text) -> Value {
    json!({ "zh": t.zh, "en": t.en })
}

fn question(q: &Question) -> Value {
    let options: Vec<Value> = q
        .answers
        .iter()
        .map(|a| {
            json!({
                "value": a.value,
                "label": text(&a.label),
                "confidence": a.confidence,
                "bounds": a.bounds,
                "sample": a.sample,
            })
        })
        .collect();
    let kind = match q.subject {
        Subject::Crs => "crs",
        Subject::Layer => "layer",
        Subject::Encoding => "encoding",
        Subject::Heights => "heights",
        Subject::Units => "units",
        Subject::Coordinates => "coordinates",
    };
    json!({ "file": q.file, "table": q.table, "kind": kind, "message": text(&q.message), "options": options })
}

/// The findings that have a place, at most so many.
const PROBLEMS: usize = 5_000;

fn problems(report: &Report) -> Vec<Value> {
    report
        .placed()
        .take(PROBLEMS)
        .filter_map(|(layer, f)| {
            let severity = match f.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            Some(json!({
                "type": "Feature",
                "geometry": { "type": "Point", "coordinates": f.place.at? },
                "properties": {
                    "kind": "problem",
                    "rule": f.rule,
                    "severity": severity,
                    "message": text(&f.message),
                    "cure": text(&f.cure),
                    "file": f.place.file,
                    "row": f.place.row,
                    "key": f.place.key,
                    "layer": layer.map(|l| l.as_str()),
                },
            }))
        })
        .collect()
}
