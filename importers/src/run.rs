//! Reading for good: one stream a layer, made by a thread behind a bounded channel.

mod raster;
mod stage;
mod stated;

pub(crate) use raster::RasterRow;

use crate::check::{self, Others, RowCheck, Seen};
use crate::formats::{Refused, refused};
use crate::notes::{both, joined, of_file};
use crate::plan::{Plan, Source};
use crate::present::Present;
use crate::report::{LayerCount, ReportHandle};
use crate::table::{Reader, Sink, SourceRow};
use ditu_model::{
    Bounds, Delivery, Finding, LayerDef, LayerId, Layers, Mode, Place, Row, RowOp, Severity, Stated, Value,
};
use ditu_terrain::Grid;
use stage::{Fate, Stage};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows of a batch.
const BATCH: usize = 512;
/// Batches that wait for the store.
const WAITING: usize = 4;
/// Rows that are read at a time, ahead of being judged, and the vertices after which it is fewer.
const AHEAD: usize = 256;
const AHEAD_VERTICES: usize = 1 << 16;

/// How far reading has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// Rows read.
    pub read: AtomicU64,
    /// Rows there are, as far as known.
    pub total: AtomicU64,
}

/// A raster's cells, ready to be put into the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RasterFile {
    /// The layer.
    pub layer: LayerId,
    /// The source file's name.
    pub file: String,
    /// The finished terrain grid, in the scratch folder.
    pub path: PathBuf,
    /// SHA-256 of the finished grid in hexadecimal: its name in the data folder, and the feature's `file`.
    pub sha256: String,
}

/// A delivery being read. Streams start when first asked; drop them to stop.
pub struct Run {
    /// One a layer. They may be drained in any order, one after the other.
    pub deliveries: Vec<Delivery>,
    /// Grids to be kept beside the store.
    pub rasters: Vec<RasterFile>,
    /// The report, complete once all streams are drained.
    pub report: Arc<ReportHandle>,
    /// For a progress bar.
    pub progress: Arc<Progress>,
    /// Source CRSs and how they were transformed, for the revision.
    pub transformation: String,
    /// File names, for the revision.
    pub source: String,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Plan {
    /// Makes the streams. Nothing is read until they are asked.
    pub fn run(self) -> Run {
        let progress = Arc::new(Progress::default());
        progress.total.store(self.total_features(), Ordering::Relaxed);
        let report = Arc::new(ReportHandle::new(self.report));
        let sources = Arc::new(self.sources);
        let asked = sources.iter().any(|s| s.layer.checks.iter().any(|c| c.rule == "dem"));
        let rasters = sources.iter().filter(|_| asked).filter_map(|s| s.raster.as_ref());
        // One that cannot be read again is said where it is put into the data folder.
        let grids: Vec<Arc<Grid>> =
            rasters.filter_map(|r| Grid::open(&r.file.path).ok()).map(Arc::new).collect();
        let grids = Arc::new(grids);
        let mut order: Vec<LayerId> = Vec::new();
        for source in sources.iter() {
            if !order.contains(&source.layer.id) {
                order.push(source.layer.id.clone());
            }
        }
        let deliveries = order
            .into_iter()
            .map(|layer| {
                let work = Work {
                    layer: layer.clone(),
                    layers: Arc::clone(&self.layers),
                    sources: Arc::clone(&sources),
                    report: Arc::clone(&report),
                    progress: Arc::clone(&progress),
                    city: self.options.city,
                    mode: self.options.mode,
                    present: self.options.present.clone(),
                    grids: Arc::clone(&grids),
                };
                let rows = Box::new(Stream { state: State::Waiting(work) });
                Delivery { layer, mode: self.options.mode, rows }
            })
            .collect();
        let rasters = sources.iter().filter_map(|s| Some(s.raster.as_ref()?.file.clone())).collect();
        Run {
            deliveries,
            rasters,
            report,
            progress,
            transformation: unique(sources.iter().map(|s| s.dataset.transformation.clone())),
            source: unique(
                sources
                    .iter()
                    .map(|s| s.dataset.file.rsplit('/').next().unwrap_or(&s.dataset.file).to_owned()),
            ),
        }
    }
}

/// Different texts in order, at most some dozens.
fn unique(texts: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if all.len() == 50 {
            all.push("…".into());
            break;
        }
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all.join("; ")
}

type Batch = Result<Vec<RowOp>, String>;

enum State {
    Waiting(Work),
    Running(Receiver<Batch>, std::thread::JoinHandle<()>),
    Done,
}

struct Stream {
    state: State,
}

impl Iterator for Stream {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if let State::Waiting(_) = self.state
            && let State::Waiting(work) = std::mem::replace(&mut self.state, State::Done)
        {
            let (send, receive) = sync_channel(WAITING);
            let name = format!("import {}", work.layer);
            match std::thread::Builder::new().name(name).spawn(move || work.run(&send)) {
                Ok(thread) => self.state = State::Running(receive, thread),
                Err(e) => return Some(Err(format!("the reading thread does not start: {e}"))),
            }
        }
        let State::Running(receive, _) = &self.state else { return None };
        match receive.recv() {
            Ok(Ok(batch)) => Some(Ok(batch)),
            Ok(Err(why)) => {
                self.state = State::Done;
                Some(Err(why))
            }
            Err(_) => {
                let State::Running(_, thread) = std::mem::replace(&mut self.state, State::Done) else {
                    return None;
                };
                // The sender is gone: the end, unless the thread panicked. Then what came is not all.
                thread.join().is_err().then(|| Err("the reader stopped unexpectedly".to_owned()))
            }
        }
    }
}

/// Reads one layer.
struct Work {
    layer: LayerId,
    layers: Arc<Layers>,
    sources: Arc<Vec<Source>>,
    report: Arc<ReportHandle>,
    progress: Arc<Progress>,
    city: Option<Bounds>,
    mode: Mode,
    present: Option<Arc<dyn Present>>,
    /// Elevation models of the delivery, where a check asks for them: their files are on their way into the data folder
    /// before the first row is read.
    grids: Arc<Vec<Arc<Grid>>>,
}

impl Others for Work {
    fn rows(&self, layer: &LayerId, fields: &[&str], take: &mut dyn FnMut(&LayerDef, &Row)) -> bool {
        let mut any = false;
        // A delivery that updates holds only a part of the layer: the rest is in the store.
        let partial = self.mode != Mode::Replace;
        let mut delivered: HashSet<u128> = HashSet::new();
        for source in self.sources.iter().filter(|s| s.layer.id == *layer) {
            any = true;
            let mut fills = check::make_fills(&source.layer);
            let mut stage = Stage::new(source, self.city, Some(fields));
            let mut findings = Vec::new();
            // What is wrong with that file is said by its own stream.
            let _ = source.table.reader.read(&stage.wanted(), &mut |raw| {
                let number = raw.row;
                if let Some(mut row) = stage.bare(raw) {
                    for fill in &mut fills {
                        fill.row(&mut row, &mut seen(source, number, &stage.names, &mut findings));
                    }
                    findings.clear();
                    if partial {
                        delivered.extend(row.key_hash(&source.layer.key));
                    }
                    take(&source.layer, &row);
                }
                ControlFlow::Continue(())
            });
        }
        let present = self.present.as_ref().filter(|_| partial || !any);
        let def = self.layers.get(layer);
        if let (Some(present), Some(def)) = (present, def)
            && present.count(layer) > 0
        {
            any = true;
            let read = present.rows(layer, &mut |row| {
                if row.key_hash(&def.key).is_none_or(|k| !delivered.contains(&k)) {
                    take(def, row);
                }
            });
            if let Err(why) = read {
                let message = both(
                    format!("库中的 {layer} 读不出来（{why}），与它的关系没有查全"),
                    format!(
                        "{layer} cannot be read from the store ({why}); what depends on it was not checked in full"
                    ),
                );
                let cure = both("检查数据库后重新检查", "look after the database and check again");
                let place = Place::default();
                self.report.add(
                    Some(&self.layer),
                    [crate::notes::finding("check.store", Severity::Warning, place, message, cure)],
                );
            }
        }
        any
    }

    fn expected(&self) -> usize {
        let files = self.sources.iter().filter(|s| s.layer.id == self.layer);
        let rows: u64 = files.filter_map(|s| s.table.features).fold(0, u64::saturating_add);
        // Room that nothing is put into costs nothing, but a head that lies may not ask for any amount.
        rows.min(1 << 24) as usize
    }

    fn grids(&self) -> Vec<Arc<Grid>> {
        let mut grids = self.grids.as_ref().clone();
        if grids.is_empty() || self.mode != Mode::Replace {
            grids.extend(self.present.iter().flat_map(|p| p.grids()));
        }
        grids
    }
}

fn seen<'a>(source: &'a Source, row: u64, names: &'a [String], findings: &'a mut Vec<Finding>) -> Seen<'a> {
    Seen { layer: &source.layer, file: &source.table.file, row, names, source: None, findings }
}

impl Work {
    fn run(self, send: &SyncSender<Batch>) {
        let Some(first) = self.sources.iter().find(|s| s.layer.id == self.layer) else { return };
        let mut findings = Vec::new();
        let mut checks = match check::make(&first.layer, &self, &mut findings) {
            Ok(checks) => checks,
            Err(why) => {
                let _ = send.send(Err(why));
                return;
            }
        };
        let ends_here = |l: &&Arc<LayerDef>| {
            let here = Some(self.layer.as_str());
            l.checks.iter().any(|c| c.rule == "ends" && c.texts.get("layer").map(String::as_str) == here)
        };
        let absent = |l: &&Arc<LayerDef>| !self.sources.iter().any(|s| s.layer.id == l.id);
        let leaning: Vec<&LayerDef> =
            self.layers.iter().filter(ends_here).filter(absent).map(Arc::as_ref).collect();
        checks.extend(
            self.present
                .as_deref()
                .and_then(|p| check::moved::against(p, &first.layer, &leaning, self.mode == Mode::Replace)),
        );
        self.report.add(Some(&self.layer), findings.drain(..));
        let former = self.former(&first.layer);
        let keyed = !first.layer.key.is_empty();
        let mut keys = stage::Keys::with_capacity(if keyed { self.expected() } else { 0 });
        let (mut kept, mut nameless) = (0, 0);
        for source in self.sources.iter().filter(|s| s.layer.id == self.layer) {
            match self.source(source, &mut checks, &mut keys, &former, send) {
                Ok(Some(done)) => (kept, nameless) = (kept + done.kept, nameless + done.nameless),
                // Nobody listens any more.
                Ok(None) => return,
                Err(why) => {
                    let _ = send.send(Err(why));
                    return;
                }
            }
        }
        for check in &mut checks {
            check.end(&mut findings);
        }
        let present = self.present.as_ref().filter(|_| nameless > 0 && self.mode == Mode::Replace);
        if present.is_some_and(|p| p.count(&self.layer) > 0) {
            findings.push(crate::notes::finding(
                "key.none",
                Severity::Warning,
                Place::default(),
                both(
                    format!("有 {nameless} 行未入库，又没有业务主键，无从知道库中哪些要素是它们的旧版"),
                    format!("{nameless} rows are kept out and have no key: which features they were in the store is not known"),
                ),
                both(
                    "整层替换会删去这些旧要素；先改正再导入，或事后用 ditu rollback 退回",
                    "replacing the layer removes those; correct the rows first, or go back with ditu rollback",
                ),
            ));
        }
        self.report.add(Some(&self.layer), findings);
        if kept == 0 {
            // To replace a layer by nothing is not what a delivery of broken rows means.
            let snapshot = self.report.snapshot();
            let mut reasons = snapshot.groups.iter().filter(|g| g.layer.as_ref() == Some(&self.layer));
            let first = reasons
                .next()
                .and_then(|g| g.examples.first())
                .map_or_else(|| both("表里没有数据行", "the table has no rows"), |f| f.message.clone());
            let why = both(
                format!("没有一行合格，整批未入库：{}", first.zh),
                format!("no row can be kept, the delivery is refused: {}", first.en),
            );
            let _ = send.send(Err(format!("{}: {}", self.layer, joined(&why))));
        }
    }

    /// Reads one table; what became of its rows, `None` when the receiver is gone.
    fn source(
        &self,
        source: &Source,
        checks: &mut [Box<dyn RowCheck>],
        keys: &mut stage::Keys,
        former: &Former,
        send: &SyncSender<Batch>,
    ) -> Result<Option<Rows>, String> {
        let mut stage = Stage::new(source, self.city, None);
        let mut out = Out {
            work: self,
            send,
            batch: Vec::with_capacity(BATCH),
            count: LayerCount::default(),
            findings: Vec::new(),
            rows: Rows::default(),
            stated: None,
            gone: false,
        };
        if let Some(raster) = &source.raster {
            out.count.read += 1;
            out.keep(raster.row.clone());
            out.flush();
            return Ok((!out.gone).then_some(out.rows));
        }
        let mut refused = None;
        let result = ahead(source.table.reader.as_ref(), &stage.wanted(), &mut |raw| {
            out.count.read += 1;
            match stage.take(raw, checks, keys, &mut out.findings) {
                Fate::Keep(mut row) => {
                    former.fill(&mut row, source);
                    out.keep(row);
                }
                Fate::Quarantine(key) => out.keep_out(key),
                Fate::Refuse(why) => refused = Some(why),
            }
            if out.full() {
                out.state(stage.stated());
                out.flush();
            }
            if out.gone || refused.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        out.state(stage.stated());
        out.flush();
        if let Err(why) = result {
            let told = joined(&why.message);
            let finding = of_file(why.rule, Severity::Error, &source.table.file, why.message, why.cure);
            self.report.add(Some(&self.layer), [finding]);
            return Err(format!("{}: {told}", source.table.file));
        }
        match refused {
            Some(why) => Err(format!("{}: {}", source.table.file, joined(&why))),
            None => Ok((!out.gone).then_some(out.rows)),
        }
    }
}

/// Reads a table in a thread of its own, a little ahead of what takes its rows.
fn ahead(reader: &dyn Reader, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Vec<SourceRow>>(2);
        let reading = move || {
            let (mut rows, mut vertices) = (Vec::with_capacity(AHEAD), 0);
            let result = reader.read(wanted, &mut |row| {
                vertices += row.geometry.as_ref().and_then(|g| g.as_ref().ok()).map_or(0, |g| g.coords.len());
                rows.push(row);
                if rows.len() < AHEAD && vertices < AHEAD_VERTICES {
                    return ControlFlow::Continue(());
                }
                vertices = 0;
                match send.send(std::mem::replace(&mut rows, Vec::with_capacity(AHEAD))) {
                    Ok(()) => ControlFlow::Continue(()),
                    // Nobody takes rows any more.
                    Err(_) => ControlFlow::Break(()),
                }
            });
            let _ = send.send(rows);
            result
        };
        let name = "read".to_owned();
        let thread = match std::thread::Builder::new().name(name).spawn_scoped(scope, reading) {
            Ok(thread) => thread,
            Err(e) => {
                let why = both(format!("线程无法启动（{e}）"), format!("a thread does not start ({e})"));
                return Err(refused("machine.reader", why, both("运行 ditu doctor", "run ditu doctor")));
            }
        };
        let taken = receive.iter().flatten().try_for_each(sink);
        drop(receive);
        let result = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What is wrong further on is nothing to whom wanted no more.
        if taken.is_break() { Ok(()) } else { result }
    })
}

/// What the store's features hold in fields for which a delivery that updates has no column: to leave a column out is no
/// word that its values are gone.
#[derive(Default)]
struct Former {
    fields: Vec<usize>,
    /// By key, the values of those fields.
    values: HashMap<u128, Box<[Value]>>,
}

impl Former {
    fn fill(&self, row: &mut Row, source: &Source) {
        if self.values.is_empty() {
            return;
        }
        let Some(values) = self.values.get(&row.key_hash(&source.layer.key).unwrap_or_default()) else {
            return;
        };
        for (&field, value) in self.fields.iter().zip(values) {
            if source.mapping[field].is_none() && row.values[field].is_null() {
                row.values[field] = value.clone();
            }
        }
    }
}

impl Work {
    fn former(&self, layer: &LayerDef) -> Former {
        let Some(present) = self.present.as_ref().filter(|_| self.mode == Mode::Upsert) else {
            return Former::default();
        };
        let sources = || self.sources.iter().filter(|s| s.layer.id == self.layer);
        let lacking = |i: &usize| sources().any(|s| s.mapping[*i].is_none());
        let fields: Vec<usize> = (0..layer.fields.len()).filter(lacking).collect();
        if fields.is_empty() || layer.key.is_empty() || present.count(&self.layer) == 0 {
            return Former::default();
        }
        let mut values: HashMap<u128, Box<[Value]>> = HashMap::new();
        let read = present.rows(&self.layer, &mut |row| {
            let held: Box<[Value]> = fields.iter().map(|&i| row.values[i].clone()).collect();
            if let Some(key) = row.key_hash(&layer.key).filter(|_| held.iter().any(|v| !v.is_null())) {
                values.insert(key, held);
            }
        });
        let held = |at: usize| values.values().any(|v| !v[at].is_null());
        let titles = |zh: bool| -> Vec<&str> {
            let each =
                fields.iter().enumerate().filter(|(at, _)| held(*at)).map(|(_, &i)| &layer.fields[i].title);
            each.map(|t| if zh { t.zh.as_str() } else { t.en.as_str() }).collect()
        };
        let finding = match &read {
            Ok(()) if titles(true).is_empty() => return Former::default(),
            Ok(()) => crate::notes::finding(
                "field.kept",
                Severity::Note,
                Place::default(),
                both(
                    format!("文件没有这些列：{}", titles(true).join("、")),
                    format!("the file has no columns for: {}", titles(false).join(", ")),
                ),
                both("更新时保留库中原值", "what the store holds stays"),
            ),
            Err(why) => crate::notes::finding(
                "check.store",
                Severity::Warning,
                Place::default(),
                both(
                    format!("库中的原值读不出来（{why}）"),
                    format!("the store's values cannot be read ({why})"),
                ),
                both("文件里没有的列会清空", "fields without a column become empty"),
            ),
        };
        self.report.add(Some(&self.layer), [finding]);
        Former { fields, values }
    }
}

/// Where rows go.
struct Out<'a> {
    work: &'a Work,
    send: &'a SyncSender<Batch>,
    batch: Vec<RowOp>,
    count: LayerCount,
    findings: Vec<Finding>,
    rows: Rows,
    /// What the store was told of the rows' precision.
    stated: Option<Stated>,
    gone: bool,
}

/// Rows of a table by what became of them.
#[derive(Clone, Copy, Default)]
struct Rows {
    kept: u64,
    /// Kept out, and without a key.
    nameless: u64,
}

impl Out<'_> {
    fn keep(&mut self, row: Row) {
        self.batch.push(RowOp::Put { id: None, row });
        self.count.committed += 1;
        self.rows.kept += 1;
    }

    fn keep_out(&mut self, key: Option<u128>) {
        self.count.quarantined += 1;
        self.rows.nameless += u64::from(key.is_none());
        // A broken row is no word that the feature is gone.
        self.batch.extend(key.map(|key| RowOp::Keep { key }));
    }

    /// Says to which decimal the rows of the batch state their coordinates, where that is news.
    fn state(&mut self, stated: Stated) {
        if self.stated != Some(stated) && !self.batch.is_empty() {
            self.stated = Some(stated);
            self.batch.insert(0, RowOp::Stated(stated));
        }
    }

    fn full(&self) -> bool {
        self.batch.len() >= BATCH || self.findings.len() >= BATCH
    }

    fn flush(&mut self) {
        self.work.progress.read.fetch_add(self.count.read, Ordering::Relaxed);
        self.work.report.count(&self.work.layer, std::mem::take(&mut self.count));
        if !self.findings.is_empty() {
            self.work.report.add(Some(&self.work.layer), self.findings.drain(..));
        }
        if !self.batch.is_empty() {
            let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
            self.gone |= self.send.send(Ok(batch)).is_err();
        }
    }
}
