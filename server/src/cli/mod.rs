//! The command line: a file a command.

mod crs;
mod diff;
mod doctor;
mod history;
pub(crate) mod import;
mod layers;
mod rollback;
mod sample;
mod serve;
mod watch;

use crate::settings::{Flags, Settings};
use clap::{Parser, Subcommand};
use ditu_access::{Action, Gate, Grant, Principal, View};
use ditu_importers::Lang;
use ditu_model::{LayerId, Text};
use ditu_store::{Store, StoreError};
use std::fmt::Display;
use std::sync::Arc;

/// The subcommand that reads files by GDAL in a locked-in child process.
pub(crate) const WORKER: &str = "gdal-worker";

/// Where people look for it when data are refused as another city's.
const CITY: &str = "The city is set in ditu.toml in the working folder; without it, it is Changde:\n
    [city]
    name = { zh = \"格尔利茨\", en = \"Görlitz\" }
    box = [14.88, 51.08, 15.06, 51.22]                # west, south, east, north in degrees
    view = { centre = [14.987, 51.153], zoom = 13 }   # where maps open; left out: the box
    zones = [25833]                                   # EPSG codes of its plane coordinates; left out: by the place
\n`ditu doctor` says which city is set.";

/// Ditu 底图: the shared map of a city.
#[derive(Parser)]
#[command(name = "ditu", version, about, propagate_version = true, after_help = CITY)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the sample city as survey offices deliver it 生成示例城市
    Sample(sample::Args),
    /// Import survey files: recognise, check, commit one revision, build tiles 导入测绘成果
    Import(Box<import::Args>),
    /// Import what lands in a folder 看管文件夹
    Watch(watch::Args),
    /// Control between datums and grids 坐标转换参数
    Crs(crs::Args),
    /// What is in the store 图层列表
    Layers(layers::Args),
    /// Revisions of a layer, or versions of a feature 版本历史
    History(history::Args),
    /// What differs between two revisions 版本比较
    Diff(diff::Args),
    /// Bring a layer back to a revision, as a new revision 回滚
    Rollback(rollback::Args),
    /// Serve tiles, features and the viewer 启动服务
    Serve(serve::Args),
    /// What is wrong with this installation, and the cure 环境检查
    Doctor(doctor::Args),
    /// Read a file by GDAL, locked in
    #[command(name = WORKER, hide = true)]
    GdalWorker,
}

/// Why a command failed; decides the exit status.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The data or the request is at fault: 1.
    Refused(String),
    /// Wrong usage: 2.
    Usage(String),
    /// Disk, database or network failed: 3.
    Environment(String),
    /// What the store says: 3 where the machine is at fault, else 1.
    Store(StoreError),
}

impl Failure {
    pub(crate) fn environment(what: impl Display, e: impl Display) -> Failure {
        Failure::Environment(format!("{what}: {e}"))
    }

    /// What went wrong, in both languages where it is known in both.
    pub(crate) fn text(&self) -> Text {
        match self {
            Failure::Refused(t) | Failure::Usage(t) | Failure::Environment(t) => {
                Text::new(t.clone(), t.clone())
            }
            Failure::Store(e) => e.text(),
        }
    }

    fn status(&self) -> i32 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Store(StoreError::Environment { .. } | StoreError::Busy { .. })
            | Failure::Environment(_) => 3,
            Failure::Store(_) => 1,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Failure::Store(e)
    }
}

/// Runs the command of this process; its exit status.
pub(crate) fn run() -> i32 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { 2 } else { 0 };
        }
    };
    if matches!(cli.command, Command::GdalWorker) {
        return ditu_gdal::worker::main();
    }
    let lang = cli.flags.lang();
    match dispatch(cli) {
        Ok(()) => 0,
        Err(failure) => {
            let status = failure.status();
            let (zh, en) = match status {
                1 => ("已拒绝", "refused"),
                2 => ("用法错误", "usage"),
                _ => ("运行环境故障", "environment"),
            };
            let text = failure.text();
            eprintln!("ditu: {}: {}", say(lang, zh, en), say(lang, &text.zh, &text.en));
            status
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    if let Command::Sample(args) = cli.command {
        return sample::run(&args, cli.flags.lang(), cli.flags.json);
    }
    let settings = cli.flags.settings().map_err(Failure::Usage)?;
    if let Command::Serve(args) = cli.command {
        return serve::run(args, settings);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::environment("starting", e))?;
    runtime.block_on(async {
        match cli.command {
            Command::Import(args) => import::run(*args, settings).await,
            Command::Watch(args) => watch::run(args, settings).await,
            Command::Crs(args) => crs::run(args, settings).await,
            Command::Layers(args) => layers::run(args, settings).await,
            Command::History(args) => history::run(args, settings).await,
            Command::Diff(args) => diff::run(args, settings).await,
            Command::Rollback(args) => rollback::run(args, settings).await,
            Command::Doctor(args) => doctor::run(&args, &settings).await,
            Command::Sample(_) | Command::Serve(_) | Command::GdalWorker => Ok(()),
        }
    })
}

/// One of two languages.
pub(crate) fn say<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// What the operator may do: everything.
pub(crate) fn operator(settings: &Settings) -> Arc<View> {
    Arc::new(
        Gate::new(settings.layers.clone(), [Grant::operator()]).view(&Principal::Operator, Action::Manage),
    )
}

/// Opens the store that is there; a missing one is the caller's mistake, not a reason to make one.
pub(crate) async fn open_existing(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    if !settings.exists() {
        let zh = format!("{} 中还没有数据；先运行 ditu import", settings.data.display());
        let en = format!("there are no data in {} yet; run `ditu import` first", settings.data.display());
        return Err(Failure::Refused(say(settings.lang, &zh, &en).to_owned()));
    }
    open(settings).await
}

/// Opens the store, making it if needed.
pub(crate) async fn open(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    std::fs::create_dir_all(&settings.data).map_err(|e| Failure::environment(settings.data.display(), e))?;
    Ok(ditu_store::open(&settings.target, settings.layers.clone()).await?)
}

/// A layer by name.
pub(crate) fn layer(settings: &Settings, name: &str) -> Result<LayerId, Failure> {
    settings.layers.named(name).map(|d| d.id.clone()).ok_or_else(|| {
        let known: Vec<&str> = settings.layers.iter().map(|d| d.id.as_str()).collect();
        let (zh, en) = (
            format!("没有图层 {name}；有：{}", known.join("、")),
            format!("there is no layer {name}; there are {}", known.join(", ")),
        );
        Failure::Usage(say(settings.lang, &zh, &en).to_owned())
    })
}

/// Prints a line; a closed pipe ends quietly.
pub(crate) fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
