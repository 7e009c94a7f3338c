//! `ditu watch`: imports what lands in a folder, and moves it to `done` or `refused` with its report.

use super::import::{ModeFlag, author};
use super::{Failure, open, print, say};
use crate::import::inbox::{DONE, Inbox, Parcel, REFUSED, put_away, signature};
use crate::import::{self, Request, Scratch};
use crate::settings::Settings;
use crate::tiles;
use ditu_importers::{Choice, CrsChoice, Report};
use ditu_model::Commit;
use ditu_store::{Store, StoreError};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder
    dir: PathBuf,
    /// How rows meet what the layer holds
    #[arg(long, value_enum, default_value = "replace")]
    mode: ModeFlag,
    /// Refuse what would leave fewer of a layer's features than this share: 0.9 or 90%
    #[arg(long, value_name = "SHARE", value_parser = super::import::share)]
    min_match: Option<f64>,
    /// Fitted control for coordinates of files that state no other way; see `ditu crs`
    #[arg(long, value_name = "NAME")]
    control: Option<String>,
    /// Seconds for which nothing of a delivery may change before it is taken
    #[arg(long, value_name = "S", default_value_t = 10)]
    settle: u64,
    /// Seconds after which a delivery that still is not whole is refused
    #[arg(long, value_name = "S", default_value_t = 600)]
    patience: u64,
    /// Seconds between two looks
    #[arg(long, value_name = "S", default_value_t = 2)]
    every: u64,
    /// Stop when nothing is left
    #[arg(long)]
    once: bool,
}

/// What became of a delivery.
enum Fate {
    Done(Report, String),
    Refused(Report),
    /// It may be whole later.
    Later(Report),
    /// The machine failed; it is tried again.
    Again(String),
}

/// Rules that a file breaks while it is being copied.
fn may_be_half(rule: &str) -> bool {
    rule.starts_with("archive.")
        || matches!(
            rule,
            "file.damaged" | "file.incomplete" | "file.empty" | "file.unreadable" | "file.nothing"
        )
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    if !args.dir.is_dir() {
        let (zh, en) = (
            format!("没有文件夹 {}", args.dir.display()),
            format!("there is no folder {}", args.dir.display()),
        );
        return Err(Failure::Usage(say(settings.lang, &zh, &en).to_owned()));
    }
    let lock = File::create(args.dir.join(".ditu-watch"))
        .map_err(|e| Failure::environment(args.dir.display(), e))?;
    if lock.try_lock().is_err() {
        let text =
            say(settings.lang, "另一个 ditu watch 正在看管这个文件夹", "another ditu watch has this folder");
        return Err(Failure::Refused(text.to_owned()));
    }
    let store = open(&settings).await?;
    print(&format!("{} {}", say(settings.lang, "正在看管", "watching"), args.dir.display()));
    let (mut inbox, mut pause) = (Inbox::default(), Duration::ZERO);
    loop {
        let found =
            inbox.look(&args.dir, Instant::now()).map_err(|e| Failure::environment(args.dir.display(), e))?;
        if args.once && found.is_empty() {
            return Ok(());
        }
        for (parcel, quiet) in found {
            if quiet < Duration::from_secs(args.settle) {
                continue;
            }
            let before = signature(&parcel);
            match take(&args, &settings, &store, &parcel).await {
                Fate::Done(_, what) if before.is_none() || signature(&parcel) != before => {
                    // What came meanwhile was not read: it is taken again when it is quiet.
                    let zh = "；导入期间文件又变了，留在原处，静止后再导入";
                    let en =
                        "; it changed while it was imported: it stays, and is taken again when it is quiet";
                    print(&format!("{}: {what}{}", parcel.name, say(settings.lang, zh, en)));
                }
                Fate::Done(report, what) => {
                    pause = Duration::ZERO;
                    finish(&args.dir.join(DONE), &settings, &parcel, &report, &what)?;
                }
                Fate::Later(_) if quiet < Duration::from_secs(args.patience) => {}
                Fate::Refused(report) | Fate::Later(report) => {
                    let what = say(settings.lang, "已拒绝", "refused");
                    finish(&args.dir.join(REFUSED), &settings, &parcel, &report, what)?;
                }
                Fate::Again(why) => {
                    // What failed is not the delivery's fault: it stays, and is tried less and less often.
                    eprintln!("ditu: {}: {why}", parcel.name);
                    pause = (pause * 2).clamp(Duration::from_secs(5), Duration::from_secs(300));
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(args.every.max(1)) + pause) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn take(args: &Args, settings: &Settings, store: &Arc<dyn Store>, parcel: &Parcel) -> Fate {
    match attempt(args, settings, store, parcel).await {
        Ok(fate) => fate,
        Err(failure) => {
            let text = failure.text();
            Fate::Again(say(settings.lang, &text.zh, &text.en).to_owned())
        }
    }
}

async fn attempt(
    args: &Args,
    settings: &Settings,
    store: &Arc<dyn Store>,
    parcel: &Parcel,
) -> Result<Fate, Failure> {
    let scratch = Scratch::inside(&settings.data).map_err(|e| Failure::environment("scratch folder", e))?;
    let request = Request {
        sources: parcel.paths.clone(),
        choices: vec![Choice { crs: args.control.clone().map(CrsChoice::Control), ..Choice::default() }],
        mode: args.mode.into(),
        part: None,
    };
    let plan = match import::plan(settings, request, scratch.path(), Some(store)).await? {
        Ok(plan) => plan,
        Err(refusal) => {
            let half = refusal.findings.iter().any(|f| may_be_half(f.rule));
            return Ok(if half { Fate::Later(refusal.report) } else { Fate::Refused(refusal.report) });
        }
    };
    import::record_controls(settings, &plan, &author())?;
    let message = format!("watch: {}", parcel.name);
    // Nobody is there to ask: what needs a word is refused, and the report says what to do.
    let terms = import::terms(args.min_match, false, &[], false);
    let (report, done) = import::commit(settings, store, plan.run(), author(), message, terms).await?;
    match done {
        Ok(Commit::Unchanged(head)) => {
            let what = format!("{} {head}", say(settings.lang, "与现有版本相同", "nothing new, head"));
            Ok(Fate::Done(report, what))
        }
        Ok(Commit::Done(list)) => {
            let revision = list.first().map_or(0, |r| r.id.0);
            let what = format!("{} {revision}", say(settings.lang, "版本", "revision"));
            tiles::build(settings, store, list.into_iter().map(|r| r.layer).collect()).await?;
            Ok(Fate::Done(report, what))
        }
        Err(e @ (StoreError::Environment { .. } | StoreError::Busy { .. })) => Err(e.into()),
        Err(e) => {
            let text = e.text();
            eprintln!("ditu: {}: {}", parcel.name, say(settings.lang, &text.zh, &text.en));
            let half = report.groups.iter().any(|g| may_be_half(g.rule));
            Ok(if half { Fate::Later(report) } else { Fate::Refused(report) })
        }
    }
}

/// Moves a delivery away and puts its report beside it.
fn finish(
    folder: &Path,
    settings: &Settings,
    parcel: &Parcel,
    report: &Report,
    what: &str,
) -> Result<(), Failure> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let at = put_away(parcel, folder, &stamp).map_err(|e| {
        // What was done stays done: that must be known before anybody tries again.
        Failure::environment(format!("{}: {what}; {}", parcel.name, folder.display()), e)
    })?;
    for ending in ["html", "json", "gpkg"] {
        let name = say(settings.lang, "检查报告", "report");
        import::write_report(report, &at.join(format!("{name}.{ending}")))?;
    }
    print(&format!("{}: {what} → {}", parcel.name, at.display()));
    Ok(())
}
