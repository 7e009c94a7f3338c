//! `ditu import`: plan, read and check, commit one revision, build tiles, leave a report.

use super::{Failure, open, print, say};
use crate::diff_page;
use crate::import::{self, Request, Scratch};
use crate::settings::Settings;
use crate::tiles;
use clap::ValueEnum;
use ditu_importers::{Choice, CrsChoice, Heights, Lang, NoData, PartChoice, Plan, Report, Unit};
use ditu_model::{Commit, Loss, Mode, Preview, Terms};
use ditu_store::{Store, StoreError};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = super::CITY)]
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
    /// The two columns that hold places, where a table has several pairs: "X2000,Y2000", or by their numbers "#5,#6"
    #[arg(long, value_name = "X,Y")]
    coordinates: Option<String>,
    /// The table or file that is the layer, where several hold the same things (a copy, a backup), or a view to take: its
    /// name, the file's, or FILE/TABLE; may be given several times
    #[arg(long = "table", value_name = "NAME")]
    tables: Vec<String>,
    /// What means "no height" in elevation models and among heights: a number as the file has it, or none
    #[arg(long, value_name = "VALUE|none", allow_negative_numbers = true)]
    nodata: Option<NoData>,
    /// The encoding of texts, where files do not tell: GBK, UTF-8, Big5 …
    #[arg(long)]
    encoding: Option<String>,
    /// How rows meet what the layer holds
    #[arg(long, value_enum, default_value = "replace")]
    mode: ModeFlag,
    /// The part of the layers for which the delivery is whole: FIELD=VALUE (kind=gas, sheet=…), area or all
    #[arg(long, value_name = "PART")]
    part: Option<PartChoice>,
    #[command(flatten)]
    consent: Consent,
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

/// What a delivery may take away.
#[derive(clap::Args, Clone)]
pub(crate) struct Consent {
    /// Refuse what would leave fewer of a layer's features (or of its part) than this share: 0.9 or 90%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_match: Option<f64>,
    /// Remove what the delivery does not hold, however much it is
    #[arg(long, conflicts_with = "min_match")]
    allow_removal: bool,
    /// Empty this field where the delivery has it empty, however much it is; `all` for every field
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    allow_emptying: Vec<String>,
    /// Take back edits where the delivery is older than they are, however many
    #[arg(long)]
    allow_reverting: bool,
}

impl Consent {
    /// The same for the store.
    pub(crate) fn terms(&self) -> Terms {
        import::terms(self.min_match, self.allow_removal, &self.allow_emptying, self.allow_reverting)
    }
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
    let taken = args.tables.iter().cloned();
    let taken = taken.map(|name| Choice { table: Some(name), take: true, ..Choice::default() });
    let request = Request {
        sources: args.sources.clone(),
        choices: std::iter::once(Choice {
            layer,
            crs: args.crs.clone().or_else(|| args.control.clone().map(CrsChoice::Control)),
            encoding: args.encoding.clone(),
            heights: args.heights.clone(),
            units: args.units,
            coordinates: args.coordinates.clone(),
            nodata: args.nodata,
            ..Choice::default()
        })
        .chain(taken)
        .collect(),
        mode: args.mode.into(),
        part: args.part.clone(),
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
        let terms = args.consent.terms();
        let (report, previews) = import::preview(&settings, store.as_ref(), run, terms, DIFFERENCES).await;
        (report, previews.map(|(previews, losses)| Outcome::Previewed(previews, losses)))
    } else {
        let store = match there {
            Some(store) => store,
            None => open(&settings).await?,
        };
        let message = args.message.clone();
        let (report, done) =
            import::commit(&settings, &store, run, author(), message, args.consent.terms()).await?;
        (report, done.map(|commit| Outcome::Committed(store, commit)))
    };
    ticking.abort();
    bar.finish_and_clear();
    let name = match &done {
        Ok(Outcome::Committed(_, commit)) => import::report_name(commit),
        Ok(Outcome::Previewed(..)) | Err(_) => "refused".to_owned(),
    };
    // A report that cannot be written takes nothing back: what was committed is said all the same.
    let written = finish(&args, &settings, &report, &name);
    match done.map_err(|e| unasked(&e, settings.lang).unwrap_or_else(|| e.into()))? {
        Outcome::Previewed(previews, losses) => {
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
            // The commit would be refused: so is its rehearsal.
            match unasked(&StoreError::Consent { losses: losses.clone() }, settings.lang) {
                Some(failure) if import::asks(&losses).next().is_some() => Err(failure),
                _ => Ok(()),
            }
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
    Previewed(Vec<Preview>, Vec<Loss>),
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

/// A delivery that would take away what nobody asked to take away, in words that say what to do.
fn unasked(e: &StoreError, lang: Lang) -> Option<Failure> {
    let StoreError::Consent { losses } = e else { return None };
    let lines = import::asks(losses).map(|(loss, ask)| {
        let (what, ways) = (loss.text(ask), ditu_importers::ways_on(ask));
        format!("{}\n    {}", say(lang, &what.zh, &what.en), say(lang, &ways.zh, &ways.en))
    });
    let lines: Vec<String> = lines.collect();
    let head = say(lang, "未入库，请先确认", "nothing was committed; this needs a word from you");
    Some(Failure::Refused(format!("{head}\n  {}", lines.join("\n  "))))
}

/// Differences a layer that a page shows.
const DIFFERENCES: usize = 2_000;

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
        if let Some(pair) = &d.coordinates {
            print(&format!(
                "    {}{}",
                say(lang, "坐标列：", "coordinates: "),
                say(lang, &pair.zh, &pair.en)
            ));
        }
        if let Some(part) = &d.part {
            print(&format!("    {}{}", say(lang, "替换范围：", "replaces: "), say(lang, &part.zh, &part.en)));
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
