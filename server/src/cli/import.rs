//! `ditu import`: plan, read and check, commit one revision, build tiles, leave a report.

use super::{Failure, open, print, say};
use crate::import::{self, Request, Scratch};
use crate::settings::Settings;
use crate::tiles;
use clap::ValueEnum;
use ditu_importers::{Choice, CrsChoice, Lang, Plan, Report, Run};
use ditu_model::{Commit, Mode};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
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
    let request = Request {
        sources: args.sources.clone(),
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
    };
    let plan = match import::plan(&settings, request, scratch.path()).await? {
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
        Ok(None) => "dry-run".to_owned(),
        Ok(Some(commit)) => import::report_name::<Failure>(&Ok(commit.clone())),
        Err(_) => "refused".to_owned(),
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
    let (report, done) = import::commit(settings, &store, run, author(), args.message.clone()).await?;
    Ok((report, done.map(Some).map_err(Failure::from)))
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
