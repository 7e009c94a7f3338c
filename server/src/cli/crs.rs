//! `ditu crs`: control fitted from points that are known in two systems.

mod page;
mod points;

use super::import::author;
use super::{Failure, print, say};
use crate::audit;
use crate::sealed::{Sealed, is_name};
use crate::settings::Settings;
use clap::{Subcommand, ValueEnum};
use ditu_crs::control::{Control, Convention, FitError, FitReport, Grid, Source, Used, fit};
use ditu_crs::{Crs, Datum};
use ditu_importers::Lang;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fit control from points known in both systems 由公共点拟合转换参数
    Fit(Fit),
    /// Control that is kept here 已有的转换参数
    List,
}

#[derive(clap::Args)]
struct Fit {
    /// Points (CSV, UTF-8 or GBK): 点名, 源X, 源Y, [源H], 目标X, 目标Y, [目标H], [检查]; X is the northing
    points: PathBuf,
    /// Parameters: 4 in the plane, 7 between ellipsoids
    #[arg(long, value_enum)]
    model: Parameters,
    /// Sign of the rotations of 7 parameters
    #[arg(long, value_enum, default_value = "coordinate-frame")]
    convention: Sign,
    /// The source grid: EPSG:2382, `local`, or DATUM,CM=111.67,FE=50000,FN=-3000000[,K=1][,H=35]
    #[arg(long)]
    from: String,
    /// The target grid, on CGCS2000
    #[arg(long, default_value = "EPSG:4546")]
    to: String,
    /// The name to keep it under
    #[arg(long)]
    name: String,
    /// Also write the report here (.html or .json)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replace the control that is kept under this name
    #[arg(long)]
    replace: bool,
    /// Fit and report, keep nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(ValueEnum, Clone, Copy, PartialEq)]
enum Parameters {
    #[value(name = "4")]
    Four,
    #[value(name = "7")]
    Seven,
}

#[derive(ValueEnum, Clone, Copy)]
enum Sign {
    PositionVector,
    CoordinateFrame,
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    match args.command {
        Command::Fit(args) => run_fit(&args, &settings),
        Command::List => list(&settings),
    }
}

fn list(settings: &Settings) -> Result<(), Failure> {
    let (all, broken) = Sealed::of(settings).all().map_err(|e| Failure::Environment(e.to_string()))?;
    if settings.json {
        let list: Vec<_> = all
            .iter()
            .map(|c| serde_json::json!({ "name": c.name, "what": c.describe(), "sigma0_m": c.sigma0 }))
            .collect();
        print(&serde_json::Value::from(list).to_string());
        return Ok(());
    }
    if all.is_empty() {
        print(say(settings.lang, "还没有拟合过参数", "there is no control yet"));
    }
    for c in &all {
        print(&format!("{:<20}{}  σ0 {:.4} m", c.name, c.describe(), c.sigma0));
    }
    match broken.iter().map(ToString::to_string).collect::<Vec<_>>() {
        whys if whys.is_empty() => Ok(()),
        whys => Err(Failure::Environment(whys.join("; "))),
    }
}

/// A grid as people name it.
fn grid(text: &str, lang: Lang) -> Result<Grid, Failure> {
    let wrong = |zh: String, en: String| Failure::Usage(say(lang, &zh, &en).to_owned());
    let digits = text.strip_prefix("EPSG:").or_else(|| text.strip_prefix("epsg:")).unwrap_or(text);
    if let Ok(code) = digits.parse() {
        return Crs::from_epsg(code).and_then(|crs| Grid::of(&crs)).ok_or_else(|| {
            wrong(
                format!("EPSG:{code} 不是已知的高斯—克吕格投影"),
                format!("EPSG:{code} is no Gauss-Krueger grid that is known here"),
            )
        });
    }
    let mut parts = text.split(',').map(str::trim);
    let datum = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "cgcs2000" => Datum::Cgcs2000,
        "xian80" => Datum::Xian80,
        "beijing54" => Datum::Beijing54,
        "wgs84" => Datum::Wgs84,
        other => {
            let all = "cgcs2000, xian80, beijing54, wgs84, EPSG:code, local";
            return Err(wrong(format!("{other} 不在 {all} 之中"), format!("{other} is none of {all}")));
        }
    };
    let mut g = Grid {
        datum,
        central_meridian: f64::NAN,
        scale: 1.0,
        false_easting: 500_000.0,
        false_northing: 0.0,
        plane_height: 0.0,
    };
    for part in parts {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| wrong(format!("{part} 不是“键=值”"), format!("{part} is no KEY=VALUE")))?;
        let value: f64 = value
            .trim()
            .parse()
            .map_err(|_| wrong(format!("{value} 不是数字"), format!("{value} is no number")))?;
        match key.trim().to_ascii_uppercase().as_str() {
            "CM" => g.central_meridian = value,
            "K" => g.scale = value,
            "FE" => g.false_easting = value,
            "FN" => g.false_northing = value,
            "H" => g.plane_height = value,
            other => {
                return Err(wrong(
                    format!("{other} 不在 CM、K、FE、FN、H 之中"),
                    format!("{other} is none of CM, K, FE, FN, H"),
                ));
            }
        }
    }
    let sound = (70.0..=140.0).contains(&g.central_meridian) && (0.9..1.1).contains(&g.scale);
    if sound {
        return Ok(g);
    }
    Err(wrong("要写中央子午线，如 CM=111.67".into(), "a grid needs its central meridian: CM=111.67".into()))
}

/// Why the points do not fit, for the reader.
fn unfit(e: &FitError, lang: Lang) -> Failure {
    let zh = match e {
        FitError::TooFew { needed, found } => format!("该模型至少要 {needed} 个点，只有 {found} 个"),
        FitError::Degenerate => "公共点重合或在一条直线上，定不出参数；补充分布均匀的点".into(),
        FitError::Point(name) => format!("{name} 的坐标不是所说坐标系的坐标；检查列的次序和坐标系"),
        FitError::Local => "七参数要求源坐标系有基准；独立坐标系只能在平面上拟合（--model 4）".into(),
        other => other.to_string(),
    };
    Failure::Refused(say(lang, &zh, &e.to_string()).to_owned())
}

fn run_fit(args: &Fit, settings: &Settings) -> Result<(), Failure> {
    if !is_name(&args.name) {
        let text = say(
            settings.lang,
            "名称用文字、数字、-、_，不超过 60 个字",
            "a name has letters, digits, - and _, at most 60",
        );
        return Err(Failure::Usage(text.to_owned()));
    }
    let source = match args.from.trim() {
        "local" | "LOCAL" => Source::Local,
        text => Source::Grid(grid(text, settings.lang)?),
    };
    let target = grid(&args.to, settings.lang)?;
    if target.datum != Datum::Cgcs2000 {
        let text = say(settings.lang, "目标要在 CGCS2000 上", "the target is to be on CGCS2000");
        return Err(Failure::Usage(text.to_owned()));
    }
    let points = points::read(&args.points, settings.lang)?;
    let convention = (args.model == Parameters::Seven).then_some(match args.convention {
        Sign::PositionVector => Convention::PositionVector,
        Sign::CoordinateFrame => Convention::CoordinateFrame,
    });
    let (control, report) =
        fit(&args.name, source, target, convention, &points).map_err(|e| unfit(&e, settings.lang))?;
    let who = author();
    if !args.dry_run {
        let io = |e: std::io::Error| Failure::Environment(e.to_string());
        let what = if args.replace { "control.replace" } else { "control.fit" };
        audit::record(settings, &who, what, &args.name).map_err(io)?;
        Sealed::of(settings).keep(&control, args.replace).map_err(io)?;
    }
    if let Some(file) = &args.report {
        let json = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        let text = if json {
            page::json(&control, &report, &who).to_string()
        } else {
            page::html(&control, &report, &who)
        };
        std::fs::write(file, text).map_err(|e| Failure::environment(file.display(), e))?;
    }
    if settings.json {
        print(&page::json(&control, &report, &who).to_string());
    } else {
        tell(&control, &report, args, settings);
    }
    Ok(())
}

fn tell(control: &Control, report: &FitReport, args: &Fit, settings: &Settings) {
    let say = |zh, en| say(settings.lang, zh, en);
    print(&control.describe());
    print(&format!("{:<16}{:>10}{:>10}{:>10}{:>10}", say("点", "point"), "vN mm", "vE mm", "vH mm", "vP mm"));
    for r in &report.residuals {
        let up = r.up_mm.map_or_else(|| "-".to_owned(), |u| format!("{u:.1}"));
        let fate = match r.used {
            Used::Fit => "",
            Used::Check => say("  检查点", "  check"),
            Used::Doubtful => say("  可疑（>2σ）", "  doubtful (>2σ)"),
            Used::Rejected => say("  已剔除（>3σ）", "  rejected (>3σ)"),
        };
        print(&format!(
            "{:<16}{:>10.1}{:>10.1}{up:>10}{:>10.1}{fate}",
            r.name,
            r.north_mm,
            r.east_mm,
            r.point_mm()
        ));
    }
    print(&format!("σ0 {:.4} m, {} {:.1} mm", report.sigma0, say("最大", "max"), report.max_mm()));
    if let Some(check) = report.check_mm() {
        print(&format!("{} {check:.1} mm", say("检查点中误差", "check points, root mean square")));
    }
    for [zh, en] in &report.warnings {
        print(&format!("! {}", say(zh, en)));
    }
    if args.dry_run {
        print(say("试拟合：没有保存", "dry run: nothing was kept"));
        return;
    }
    print(&format!(
        "{} {}: ditu import … --control {}",
        say("已加密保存", "kept, sealed:"),
        control.name,
        control.name
    ));
    if !Sealed::of(settings).apart {
        print(say(
            "! 密钥在数据文件夹里；请用 DITU_KEY_FILE 放到别处保管",
            "! the key lies in the data folder; keep it elsewhere with DITU_KEY_FILE",
        ));
    }
}
