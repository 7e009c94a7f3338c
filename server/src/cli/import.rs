//! `ditu import`: plan, read and check, commit one revision, build tiles, leave a report.

use super::{Failure, open, operator, print, say};
use crate::diff_page;
use crate::import::{self, Request, Scratch};
use crate::settings::Settings;
use crate::tiles;
use clap::ValueEnum;
use ditu_importers::{Choice, CrsChoice, Heights, Lang, NoData, Plan, Report, Run, Unit};
use ditu_model::{Changeset, Commit, Mode, Origin, Preview};
use ditu_store::{Store, StoreError};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::sync::Arc;
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
    /// The coordinate reference system, where files do not tell: EPSG:4525, GCJ-02, BD-09 or DMS (111.4154 is 111°41′54″)
    #[arg(long)]
    crs: Option<CrsChoice>,
    /// Fitted control by which all coordinates go to CGCS2000; see `ditu crs`
    #[arg(long, value_name = "NAME", conflicts_with = "crs")]
    control: Option<String>,
    /// The unit of a drawing's or file's plane coordinates, where it is not metres: mm, cm, dm, m, km, in, ft or us-ft
    #[arg(long, value_name = "UNIT")]
    units: Option<Unit>,
    /// The datum of heights, and the metres that bring them to the 1985 datum: 1985, or 1956:-0.029
    #[arg(long, value_name = "DATUM[:METRES]")]
    heights: Option<Heights>,
    /// What means "no height" in elevation models and among heights: a number as the file has it, or none
    #[arg(long, value_name = "VALUE|none", allow_negative_numbers = true)]
    nodata: Option<NoData>,
    /// The encoding of texts, where files do not tell: GBK, UTF-8, Big5 …
    #[arg(long)]
    encoding: Option<String>,
    /// How rows meet what the layer holds
    #[arg(long, value_enum, default_value = "replace")]
    mode: ModeFlag,
    /// Refuse what would leave fewer of a layer's features than this share: 0.9 or 90%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_match: Option<f64>,
    /// Say what would happen; change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: a page with what would change, on a map (.html)
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    map: Option<PathBuf>,
    /// Also write the report here (.html, .json or .gpkg)
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
pub(crate) enum ModeFlag {
    /// The delivery is the whole layer
    Replace,
    /// Rows are put by key, nothing is removed
    Upsert,
    /// Every row is new
    Append,
}

impl From<ModeFlag> for Mode {
    fn from(flag: ModeFlag) -> Mode {
        match flag {
            ModeFlag::Replace => Mode::Replace,
            ModeFlag::Upsert => Mode::Upsert,
            ModeFlag::Append => Mode::Append,
        }
    }
}

/// A share as people write it: `0.9` or `90%`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|p| p / 100.0),
        None => text.parse(),
    };
    number
        .ok()
        .filter(|s| (0.0..=1.0).contains(s))
        .ok_or_else(|| format!("{text} is no share; write 0.9 or 90%"))
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
    let request = Request {
        sources: args.sources.clone(),
        choices: vec![Choice {
            layer,
            crs: args.crs.clone().or_else(|| args.control.clone().map(CrsChoice::Control)),
            encoding: args.encoding.clone(),
            heights: args.heights.clone(),
            units: args.units,
            nodata: args.nodata,
            ..Choice::default()
        }],
        mode: args.mode.into(),
    };
    let there = match settings.exists() {
        true => Some(open(&settings).await?),
        false => None,
    };
    let plan = match import::plan(&settings, request, scratch.path(), there.as_ref()).await? {
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
    import::record_controls(&settings, &plan, &author())?;
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
    let (report, done) = if args.dry_run {
        // Where there is no store yet, everything is new; none is made for a dry run.
        let store = there.unwrap_or_else(|| ditu_store::memory(settings.layers.clone()));
        let (report, previews) = preview(run, &args, &settings, store.as_ref()).await;
        (report, previews.map(Outcome::Previewed))
    } else {
        let store = match there {
            Some(store) => store,
            None => open(&settings).await?,
        };
        let message = args.message.clone();
        let (report, done) =
            import::commit(&settings, &store, run, author(), message, args.min_match).await?;
        (report, done.map(|commit| Outcome::Committed(store, commit)))
    };
    ticking.abort();
    bar.finish_and_clear();
    let name = match &done {
        Ok(Outcome::Committed(_, commit)) => import::report_name(commit),
        Ok(Outcome::Previewed(_)) | Err(_) => "refused".to_owned(),
    };
    // A report that cannot be written takes nothing back: what was committed is said all the same.
    let written = finish(&args, &settings, &report, &name);
    match done.map_err(|e| too_many(&e, settings.lang).unwrap_or_else(|| e.into()))? {
        Outcome::Previewed(previews) => {
            written?;
            for p in &previews {
                print(&format!("{:<28}+{} ~{} -{}", p.layer.as_str(), p.added, p.changed, p.removed));
            }
            if let Some(file) = &args.map {
                let pairs: Vec<_> = previews
                    .iter()
                    .filter_map(|p| Some((settings.layers.get(&p.layer)?.as_ref(), p)))
                    .collect();
                let page = diff_page::write(["试运行：将发生的变化", "dry run: what would change"], &pairs);
                std::fs::write(file, page).map_err(|e| Failure::environment(file.display(), e))?;
                print(&format!("{} {}", say(settings.lang, "变化地图：", "map of changes:"), file.display()));
            }
            print(say(settings.lang, "试运行：没有改动任何数据", "dry run: nothing was changed"));
            Ok(())
        }
        Outcome::Committed(store, commit) => {
            committed(&store, commit, &args, &settings).await?;
            written
        }
    }
}

/// What came of the streams.
enum Outcome {
    Committed(Arc<dyn Store>, Commit),
    Previewed(Vec<Preview>),
}

async fn committed(
    store: &Arc<dyn Store>,
    commit: Commit,
    args: &Args,
    settings: &Settings,
) -> Result<(), Failure> {
    let list = match commit {
        Commit::Unchanged(head) => {
            let (zh, en) = (
                format!("内容与当前版本相同，未产生新版本（当前 {head}）"),
                format!("everything was there already: no new revision (head {head})"),
            );
            print(say(settings.lang, &zh, &en));
            return Ok(());
        }
        Commit::Done(list) => list,
    };
    for r in &list {
        print(&format!("{:<28}+{} ~{} -{}", r.layer.as_str(), r.added, r.changed, r.removed));
    }
    if let Some(r) = list.first() {
        print(&format!("{} {}", say(settings.lang, "版本", "revision"), r.id));
    }
    if !args.no_tiles {
        tiles::build(settings, store, list.into_iter().map(|r| r.layer).collect()).await?;
    }
    Ok(())
}

/// A delivery that would remove too much, in words that say what to do.
fn too_many(e: &StoreError, lang: Lang) -> Option<Failure> {
    let StoreError::TooManyRemoved { layer, present, matched, min_match } = e else { return None };
    let (gone, percent) = (present.saturating_sub(*matched), min_match * 100.0);
    let zh = format!(
        "{layer}：现有 {present} 个要素中 {gone} 个不在这批数据里，会被删除，超过 --min-match {percent}% 允许的数量；核对交付是否完整，或用 --mode upsert 只更新不删除"
    );
    let en = format!(
        "{layer}: {gone} of the {present} features that are there are not in the delivery and would be removed, more than --min-match {percent}% allows; check that it is whole, or use --mode upsert, which removes nothing"
    );
    Some(Failure::Refused(say(lang, &zh, &en).to_owned()))
}

/// Differences a layer that a page shows.
const DIFFERENCES: usize = 2_000;

/// Reads and checks everything, compares with what is there and keeps nothing.
async fn preview(
    run: Run,
    args: &Args,
    settings: &Settings,
    store: &dyn Store,
) -> (Report, Result<Vec<Preview>, StoreError>) {
    let changeset =
        Changeset { origin: Origin::default(), deliveries: run.deliveries, min_match: args.min_match };
    let done = store.preview(&operator(settings), changeset, DIFFERENCES).await;
    (run.report.snapshot(), done)
}

/// Prints the report and writes it: into the data folder (unless nothing may change there) and where the caller wants.
fn finish(args: &Args, settings: &Settings, report: &Report, name: &str) -> Result<(), Failure> {
    let mut files = Vec::new();
    if !args.dry_run && settings.data.exists() {
        files = import::keep_report(settings, report, name)?;
    }
    if let Some(file) = &args.report {
        import::write_report(report, file)?;
        files.push(file.clone());
    }
    if settings.json {
        print(&report.to_json().to_string());
        return Ok(());
    }
    print(report.summary(settings.lang).trim_end());
    if let Some(file) = files.first() {
        print(&format!("{} {}", say(settings.lang, "检查报告：", "report:"), file.display()));
    }
    Ok(())
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
        if let Some(heights) = &d.heights {
            print(&format!(
                "    {}{}",
                say(lang, "高程：", "heights: "),
                say(lang, &heights.zh, &heights.en)
            ));
        }
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
