//! The act of importing, as the command line, the watched folder and the import page all do it: plan, read and check,
//! commit one revision, keep the report, build tiles.

pub(crate) mod inbox;
pub(crate) mod jobs;
mod present;
mod scratch;

pub(crate) use scratch::Scratch;

use crate::audit;
use crate::cli::{Failure, operator};
use crate::sealed::Sealed;
use crate::settings::{Settings, grid_path};
use ditu_gdal::Worker;
use ditu_importers::{Choice, CrsChoice, Options, PartChoice, Plan, Refusal, Report, ReportHandle, Run};
use ditu_model::{Ask, Changeset, Commit, Emptying, Loss, Losses, Mode, Origin, Preview, Removal, Terms};
use ditu_store::{Store, StoreError};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be imported, and how.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Files, folders, archives.
    pub(crate) sources: Vec<PathBuf>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) mode: Mode,
    /// The part for which it is whole, where somebody says it.
    pub(crate) part: Option<PartChoice>,
}

/// How readers are started. They live under a limit of address space, a third of which the allocator would set aside.
fn worker() -> io::Result<Worker> {
    let mut worker = Worker::of_this_program(crate::cli::WORKER)?;
    worker.env.push(("MIMALLOC_ARENA_RESERVE".into(), "0".into()));
    Ok(worker)
}

/// Recognises a delivery.
///
/// # Errors
/// The outer error is the machine's fault, the inner one the delivery's.
pub(crate) async fn plan(
    settings: &Settings,
    request: Request,
    scratch: &Path,
    store: Option<&Arc<dyn Store>>,
) -> Result<Result<Plan, Box<Refusal>>, Failure> {
    let (controls, broken) = Sealed::of(settings).all().map_err(|e| Failure::Environment(e.to_string()))?;
    let unknown = |name: &String| !controls.iter().any(|c| c.name == *name);
    let wanted = request.choices.iter().any(|c| matches!(&c.crs, Some(CrsChoice::Control(n)) if unknown(n)));
    for why in broken {
        // What is not asked for is in nobody's way.
        if wanted {
            return Err(Failure::Environment(why.to_string()));
        }
        tracing::warn!(%why, "a sealed control cannot be opened");
    }
    let options = Options {
        choices: request.choices,
        mode: request.mode,
        part: request.part,
        controls,
        present: store.map(|s| Arc::new(present::Stored::new(s, settings)) as _),
        scratch: scratch.to_owned(),
        worker: worker().map_err(|e| Failure::environment("reader", e))?,
        city: Some(settings.home.city.clone()),
        layers: None,
    };
    let (sources, layers) = (request.sources, settings.layers.clone());
    let planned = tokio::task::spawn_blocking(move || ditu_importers::plan(&sources, &layers, &options));
    Ok(planned.await.map_err(|e| Failure::environment("reading", e))?.map_err(Box::new))
}

/// Writes down which controls a delivery goes by, before a row is transformed.
///
/// # Errors
/// When it cannot be written down; then nothing is transformed.
pub(crate) fn record_controls(settings: &Settings, plan: &Plan, who: &str) -> Result<(), Failure> {
    let mut names: Vec<&str> = plan.datasets().iter().filter_map(|d| d.control.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        audit::record(settings, who, "control.use", name)
            .map_err(|e| Failure::environment("audit.jsonl", e))?;
    }
    Ok(())
}

/// Commits what a run reads as one revision; the report with what came of it.
///
/// # Errors
/// Only where the data folder cannot be written; what the store says is in the result.
pub(crate) async fn commit(
    settings: &Settings,
    store: &Arc<dyn Store>,
    run: Run,
    author: String,
    message: String,
    terms: Terms,
) -> Result<(Report, Result<Commit, StoreError>), Failure> {
    let rasters = settings.rasters();
    // A grid's name is its content: one that is there already is the same, one without a revision is only space.
    for raster in &run.rasters {
        let target = grid_path(&rasters, &raster.sha256);
        std::fs::create_dir_all(&rasters)
            .and_then(|()| match std::fs::rename(&raster.path, &target) {
                // A commit that is tried again finds it in its place.
                Err(_) if target.exists() => Ok(()),
                done => done,
            })
            .map_err(|e| Failure::environment(target.display(), e))?;
    }
    let origin = Origin { author, message, source: run.source, transformation: run.transformation };
    let losses = Losses::default();
    let changeset = Changeset { origin, deliveries: run.deliveries, terms, losses: losses.clone() };
    let done = store.commit(&operator(settings), changeset).await;
    say_losses(settings, store.as_ref(), &run.report, &losses.list()).await;
    let report = run.report.snapshot();
    Ok((if done.is_err() { report.refused() } else { report }, done))
}

/// What a commit would do, with at most `limit` differences a layer, and what it would take away; nothing is kept.
pub(crate) async fn preview(
    settings: &Settings,
    store: &dyn Store,
    run: Run,
    terms: Terms,
    limit: usize,
) -> (Report, Result<(Vec<Preview>, Vec<Loss>), StoreError>) {
    let losses = Losses::default();
    let changeset =
        Changeset { origin: Origin::default(), deliveries: run.deliveries, terms, losses: losses.clone() };
    let done = store.preview(&operator(settings), changeset, limit).await;
    let losses = losses.list();
    say_losses(settings, store, &run.report, &losses).await;
    (run.report.snapshot(), done.map(|previews| (previews, losses)))
}

/// Revisions that are asked for who made them.
const REVISIONS: usize = 1_000;

/// Puts what is taken away into the report; where edits are, with whose they were.
async fn say_losses(settings: &Settings, store: &dyn Store, report: &ReportHandle, losses: &[Loss]) {
    let mut revisions = Vec::new();
    for loss in losses.iter().filter(|l| !l.reverted.is_empty()) {
        // Who it was is only said where it can be read.
        let found = store.revisions(&operator(settings), Some(&loss.layer), REVISIONS).await;
        revisions.extend(found.unwrap_or_default());
    }
    report.take_losses(losses, &revisions);
}

/// What a report is called after what came of its delivery.
pub(crate) fn report_name(done: &Commit) -> String {
    match done {
        Commit::Done(list) => list.first().map_or_else(String::new, |r| format!("revision-{}", r.id)),
        Commit::Unchanged(head) => format!("unchanged-{head}"),
    }
}

/// The kinds of file a report is kept as.
const KINDS: [&str; 3] = ["html", "json", "gpkg"];

/// Keeps a report in the data folder, as page, for programs and for QGIS; its files.
pub(crate) fn keep_report(settings: &Settings, report: &Report, name: &str) -> Result<Vec<PathBuf>, Failure> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let folder = settings.reports();
    std::fs::create_dir_all(&folder).map_err(|e| Failure::environment(folder.display(), e))?;
    let stem =
        claim(&folder, &format!("{stamp}-{name}")).map_err(|e| Failure::environment(folder.display(), e))?;
    let files: Vec<PathBuf> = KINDS.map(|ext| folder.join(format!("{stem}.{ext}"))).into();
    for file in &files {
        write_report(report, file)?;
    }
    Ok(files)
}

/// Writes a report as what the file's ending says: JSON, GeoPackage, else a page.
pub(crate) fn write_report(report: &Report, file: &Path) -> Result<(), Failure> {
    let is = |ending: &str| file.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    let written = if is("gpkg") {
        report.write_geopackage(file)
    } else {
        let text = if is("json") { report.to_json().to_string() } else { report.to_html() };
        std::fs::write(file, text)
    };
    written.map_err(|e| Failure::environment(file.display(), e))
}

/// A name that no other report has: the given one, or with a number. Claimed by making its page, so that imports at the
/// same moment do not write over each other.
fn claim(folder: &Path, stem: &str) -> io::Result<String> {
    let names = std::iter::once(stem.to_owned()).chain((2..).map(|n| format!("{stem}-{n}")));
    for name in names {
        match File::create_new(folder.join(format!("{name}.html"))) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(_) => return Ok(name),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What may be taken away, as flags and requests say it.
pub(crate) fn terms(
    min_match: Option<f64>,
    allow_removal: bool,
    allow_emptying: &[String],
    allow_reverting: bool,
) -> Terms {
    let removal = match (allow_removal, min_match) {
        (true, _) => Removal::Allowed,
        (false, Some(share)) => Removal::Share(share),
        (false, None) => Removal::Asked,
    };
    let emptying = match allow_emptying.iter().any(|f| f == "all") {
        true => Emptying::Allowed,
        false => Emptying::Asked(allow_emptying.to_vec()),
    };
    Terms { removal, emptying, reverting_asked: !allow_reverting }
}

/// What needs consent, a layer after the other.
pub(crate) fn asks(losses: &[Loss]) -> impl Iterator<Item = (&Loss, &Ask)> {
    losses.iter().flat_map(|l| l.asks.iter().map(move |a| (l, a)))
}
