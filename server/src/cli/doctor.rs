//! `ditu doctor`: what is wrong with this installation, and the cure.

use super::{Failure, open, operator, print, say};
use crate::glyphs;
use crate::settings::Settings;

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: &Args, settings: &Settings) -> Result<(), Failure> {
    let mut bad = 0;
    let mut line = |ok: bool, zh: String, en: String, cure_zh: &str, cure_en: &str| {
        let text = say(settings.lang, &zh, &en).to_owned();
        if ok {
            print(&format!("✓ {text}"));
        } else {
            bad += 1;
            print(&format!("✗ {text} — {}", say(settings.lang, cure_zh, cure_en)));
        }
    };
    let n = settings.layers.len();
    line(true, format!("图层定义 {n} 个"), format!("{n} layer definitions"), "", "");
    let home = &settings.home;
    let (place, [lon, lat], zoom) = (home.city.described(), home.view.centre, home.view.zoom);
    let (from_zh, from_en) = if home.stated {
        ("由 ditu.toml 的 [city] 设定", "set by [city] in ditu.toml")
    } else {
        ("默认；其他城市在 ditu.toml 写 [city]", "the default; another city is set by [city] in ditu.toml")
    };
    let zones = home.city.codes();
    line(
        true,
        format!("城市：{}，地图打开在 {lon}, {lat} 第 {zoom} 级，平面坐标 {zones}；{from_zh}", place.zh),
        format!(
            "city: {}, maps open at {lon}, {lat} zoom {zoom}, plane coordinates {zones}; {from_en}",
            place.en
        ),
        "",
        "",
    );
    let fonts = glyphs::Fonts::find();
    let missing: Vec<&str> = glyphs::STACKS.into_iter().filter(|s| !fonts.has(s)).collect();
    line(
        missing.is_empty(),
        format!(
            "中文字体：{}",
            if missing.is_empty() { "已找到".to_owned() } else { format!("缺 {}", missing.join("、")) }
        ),
        format!(
            "Chinese fonts: {}",
            if missing.is_empty() { "found".to_owned() } else { format!("missing {}", missing.join(", ")) }
        ),
        "安装 fonts-noto-cjk",
        "install fonts-noto-cjk",
    );
    let web = crate::assets::web("index.html").is_some();
    line(
        web,
        "网页已内置".into(),
        "the web viewer is built in".into(),
        "先构建 web/ 再编译",
        "build web/, then the binary",
    );
    if settings.exists() {
        match open(settings).await {
            Ok(store) => {
                let head = store.head().await?;
                line(
                    true,
                    format!("数据库可用，当前版本 {head}"),
                    format!("the store answers, head {head}"),
                    "",
                    "",
                );
                let reader = store.reader(operator(settings));
                for def in settings.layers.iter() {
                    if let Err(e) = reader.count(&def.id).await {
                        line(
                            false,
                            format!("{}：{e}", def.id),
                            format!("{}: {e}", def.id),
                            "见上",
                            "see above",
                        );
                    }
                }
            }
            Err(failure) => {
                let text = failure.text();
                line(
                    false,
                    format!("数据库不可用：{}", text.zh),
                    format!("the store fails: {}", text.en),
                    "检查磁盘或数据库",
                    "check disk or database",
                );
            }
        }
    } else {
        print(say(settings.lang, "· 还没有数据；运行 ditu import", "· no data yet; run `ditu import`"));
    }
    if bad == 0 { Ok(()) } else { Err(Failure::Environment(format!("{bad}"))) }
}
