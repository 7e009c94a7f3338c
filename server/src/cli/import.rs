//! `ditu import`: plan, read and check, commit one revision, build tiles, leave a report.

use super::{Failure, open, operator, print, say};
use crate::settings::{Settings, grid_path};
use crate::tiles;
use clap::ValueEnum;
use ditu_gdal::Worker;
use ditu_importers::{Choice, CrsChoice, Lang, Options, Plan, Report, Run};
use ditu_model::{Changeset, Commit, Mode, Origin};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, folders or zip archives
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// The layer, where files do not tell
    #[arg(long)]
    layer: Option<String>,
    /// The coordinate reference system, where files do not tell: EPSG:4525, GCJ-02 or BD-09
    #[arg(long)]
    crs: Option<CrsChoice>,
    /// The encoding of texts, where files do not tell: GBK, UTF-8, Big5 …
    #[arg(long)]
    encoding: Option<String>,
    /// How rows meet what the layer holds
    #[arg(long, value_enum, default_value = "replace")]
    mode: ModeFlag,
    /// Say what would happen; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Also write the report here (.html or .json)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Why; kept with the revision
    #[arg(long, default_value = "")]
    message: String,
    /// Leave the tiles to the server
    #[arg(long)]
    no_tiles: bool,
}

#[derive(ValueEnum, Clone, Copy)]
enum ModeFlag {
    /// The delivery is the whole layer
    Replace,
    /// Rows are put by key, nothing is removed
    Upsert,
    /// Every row is new
    Append,
}

/// Who runs this.
pub(crate) fn author() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "operator".into())
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let layer = args.layer.as_deref().map(|l| super::layer(&settings, l)).transpose()?;
    for source in &args.sources {
        if !source.exists() {
            let (zh, en) =
                (format!("没有 {}", source.display()), format!("there is no {}", source.display()));
            return Err(Failure::Usage(say(settings.lang, &zh, &en).to_owned()));
        }
    }
    // A dry run leaves no trace in the data folder; else the scratch lies beside its goal.
    let scratch = if args.dry_run { Scratch::elsewhere() } else { Scratch::inside(&settings.data) };
    let scratch = scratch.map_err(|e| Failure::environment("scratch folder", e))?;
    let options = Options {
        choices: vec![Choice {
            layer,
            crs: args.crs.clone(),
            encoding: args.encoding.clone(),
            ..Choice::default()
        }],
        mode: match args.mode {
            ModeFlag::Replace => Mode::Replace,
            ModeFlag::Upsert => Mode::Upsert,
            ModeFlag::Append => Mode::Append,
        },
        scratch: scratch.dir.path().to_owned(),
        worker: Worker::of_this_program(super::WORKER).map_err(|e| Failure::environment("reader", e))?,
        city: Some(settings.city),
    };
    let (sources, layers) = (args.sources.clone(), settings.layers.clone());
    let planned = tokio::task::spawn_blocking(move || ditu_importers::plan(&sources, &layers, &options));
    let plan = match planned.await.map_err(|e| Failure::environment("reading", e))? {
        Ok(plan) => plan,
        Err(refusal) => {
            finish(&args, &settings, &refusal.report, "refused")?;
            return Err(Failure::Refused(
                say(settings.lang, "交付未被接受，原因见上", "the delivery was not accepted; see above")
                    .into(),
            ));
        }
    };
    if !settings.json {
        describe(&plan, settings.lang);
    }
    let total = plan.total_features();
    let run = plan.run();
    let bar = bar(total);
    let (ticker, progress) = (bar.clone(), run.progress.clone());
    let ticking = tokio::spawn(async move {
        loop {
            ticker.set_length(progress.total.load(Ordering::Relaxed).max(total));
            ticker.set_position(progress.read.load(Ordering::Relaxed));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let outcome = if args.dry_run { drain(run).await } else { commit(run, &args, &settings).await };
    ticking.abort();
    bar.finish_and_clear();
    let (report, done) = outcome?;
    let name = match &done {
        Ok(Some(Commit::Done(list))) => {
            list.first().map_or_else(String::new, |r| format!("revision-{}", r.id))
        }
        Ok(Some(Commit::Unchanged(head))) => format!("unchanged-{head}"),
        Ok(None) => "dry-run".into(),
        Err(_) => "refused".into(),
    };
    finish(&args, &settings, &report, &name)?;
    let Some(done) = done? else {
        print(say(settings.lang, "试运行：没有改动任何数据", "dry run: nothing was changed"));
        return Ok(());
    };
    match done {
        Commit::Unchanged(head) => {
            let (zh, en) = (
                format!("内容与当前版本相同，未产生新版本（当前 {head}）"),
                format!("everything was there already: no new revision (head {head})"),
            );
            print(say(settings.lang, &zh, &en));
        }
        Commit::Done(list) => {
            for r in &list {
                print(&format!("{:<28}+{} ~{} -{}", r.layer.as_str(), r.added, r.changed, r.removed));
            }
            if let Some(r) = list.first() {
                print(&format!("{} {}", say(settings.lang, "版本", "revision"), r.id));
            }
            if !args.no_tiles {
                let store = open(&settings).await?;
                tiles::build(&settings, &store, list.into_iter().map(|r| r.layer).collect()).await?;
            }
        }
    }
    Ok(())
}

/// What came of the streams: the report, and the commit (`None` for a dry run) or why there is none.
type Outcome = (Report, Result<Option<Commit>, Failure>);

/// Reads and checks everything and keeps nothing.
async fn drain(run: Run) -> Result<Outcome, Failure> {
    let (report, deliveries) = (run.report, run.deliveries);
    let drained = tokio::task::spawn_blocking(move || {
        let mut batches = deliveries.into_iter().flat_map(|d| d.rows);
        batches.try_for_each(|batch| batch.map(drop))
    });
    let stopped = drained.await.map_err(|e| Failure::environment("reading", e))?;
    Ok((report.snapshot(), stopped.map(|()| None).map_err(Failure::Refused)))
}

async fn commit(run: Run, args: &Args, settings: &Settings) -> Result<Outcome, Failure> {
    let store = open(settings).await?;
    let rasters = settings.rasters();
    // A grid's name is its content: one that is there already is the same, one without a revision is only space.
    for raster in &run.rasters {
        let target = grid_path(&rasters, &raster.sha256);
        std::fs::create_dir_all(&rasters)
            .and_then(|()| std::fs::rename(&raster.path, &target))
            .map_err(|e| Failure::environment(target.display(), e))?;
    }
    let origin = Origin {
        author: author(),
        message: args.message.clone(),
        source: run.source,
        transformation: run.transformation,
    };
    let changeset = Changeset { origin, deliveries: run.deliveries };
    let done = store.commit(&operator(settings), changeset).await;
    Ok((run.report.snapshot(), done.map(Some).map_err(Failure::from)))
}

/// Prints the report and writes it: into the data folder (unless nothing may change there) and where the caller wants.
fn finish(args: &Args, settings: &Settings, report: &Report, name: &str) -> Result<(), Failure> {
    let mut files = Vec::new();
    if !args.dry_run && settings.data.exists() {
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let folder = settings.reports();
        std::fs::create_dir_all(&folder).map_err(|e| Failure::environment(folder.display(), e))?;
        let stem = claim(&folder, &format!("{stamp}-{name}"))
            .map_err(|e| Failure::environment(folder.display(), e))?;
        files.extend(["html", "json"].map(|ext| folder.join(format!("{stem}.{ext}"))));
    }
    files.extend(args.report.clone());
    for file in &files {
        let text = if is_json(file) { report.to_json().to_string() } else { report.to_html() };
        std::fs::write(file, text).map_err(|e| Failure::environment(file.display(), e))?;
    }
    if settings.json {
        print(&report.to_json().to_string());
        return Ok(());
    }
    print(report.summary(settings.lang).trim_end());
    if let Some(file) = files.iter().find(|f| !is_json(f)) {
        print(&format!("{} {}", say(settings.lang, "检查报告：", "report:"), file.display()));
    }
    Ok(())
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

/// A folder for unpacked archives and finished grids, removed at the end; what a killed import left is removed by the
/// next one.
struct Scratch {
    dir: tempfile::TempDir,
    /// Held while the folder is in use; the system lets go of it whatever ends the process.
    _lock: Option<File>,
}

impl Scratch {
    const PREFIX: &str = "import-";
    const LOCK: &str = ".in-use";

    fn elsewhere() -> io::Result<Scratch> {
        Ok(Scratch { dir: tempfile::tempdir()?, _lock: None })
    }

    fn inside(data: &Path) -> io::Result<Scratch> {
        std::fs::create_dir_all(data)?;
        for entry in std::fs::read_dir(data)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(Scratch::PREFIX) {
                // A folder without a lock is one that another import is just making.
                let lock = File::open(entry.path().join(Scratch::LOCK));
                if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
                    let _ = std::fs::remove_dir_all(entry.path());
                }
            }
        }
        let dir = tempfile::Builder::new().prefix(Scratch::PREFIX).tempdir_in(data)?;
        let lock = File::create_new(dir.path().join(Scratch::LOCK))?;
        lock.lock()?;
        Ok(Scratch { dir, _lock: Some(lock) })
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// What was recognised, table by table.
fn describe(plan: &Plan, lang: Lang) {
    for d in plan.datasets() {
        let encoding = d.encoding.as_deref().map(|e| format!(", {e}")).unwrap_or_default();
        let name = if d.table.is_empty() || d.file.contains(&d.table) {
            d.file.clone()
        } else {
            format!("{} / {}", d.file, d.table)
        };
        print(&format!("{name} → {}  ({}{encoding}, {})", d.layer, d.format, d.crs));
        if !d.unused.is_empty() {
            print(&format!("    {}{}", say(lang, "未用的列：", "columns not used: "), d.unused.join(", ")));
        }
    }
}

/// A bar with rate and remaining time; hidden where nobody looks.
pub(crate) fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  ETA {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
