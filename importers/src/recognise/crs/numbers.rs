//! What numbers alone say, together with what other files of the delivery state.

use super::super::pairs;
use super::{Decision, Guess, Shift, Stated, Undecided, settle, undecided};
use crate::city::{self, City};
use crate::notes::both;
use crate::table::Table;
use ditu_crs::{Crs, Datum};
use ditu_model::Severity;

/// Decides for a table that states no CRS.
pub(super) fn decide(table: &Table, city: Option<&City>, stated: &Stated) -> Result<Decision, Undecided> {
    let shift = (table.obfuscated && city.is_none_or(City::is_chinese)).then_some(Shift::Gcj02);
    let Some(numbers) = table.numbers else {
        // Nothing to place.
        let evidence = both("没有坐标", "there are no coordinates");
        return Ok(Decision { shift, ..Decision::plain(Some(Crs::CGCS2000), evidence) });
    };
    let extent = format!("{:.3} … {:.3}, {:.3} … {:.3}", numbers[0], numbers[2], numbers[1], numbers[3]);
    let found = city::candidates(city, numbers);
    let chinese = city.is_none_or(City::is_chinese);
    let Some(best) = found.first() else {
        let name = city.map_or_else(|| both("中国", "China"), City::described);
        let other = city::cure();
        return Err(undecided(
            "crs.unknown",
            both(
                format!("文件没有说明坐标系，坐标 {extent} 按常用的坐标系都不在{}", name.zh),
                format!(
                    "no CRS is stated, and in none that is usual do the coordinates {extent} fall on {}",
                    name.en
                ),
            ),
            both(
                format!(
                    "用 --crs EPSG:代码 指定；若是城市独立坐标系，先用 ditu crs fit 由公共点拟合参数，再用 --control 名称 导入；{}",
                    other.zh
                ),
                format!(
                    "name it with --crs EPSG:code; if it is the city's own grid, fit control from points known in both with ditu crs fit, then import with --control NAME; {}",
                    other.en
                ),
            ),
        ));
    };
    let heading = pairs::of(table).and_then(|p| p.datum());
    if let Some(older) = heading.filter(|d| matches!(d, Datum::Xian80 | Datum::Beijing54)) {
        let evidence = both("表头所述", "stated by the headings");
        return settle(table, best.crs.on(older), evidence, city, Some(false));
    }
    let rivals: Vec<_> = found.iter().filter(|c| c.confidence >= best.confidence * 0.5).collect();
    if best.crs.is_geographic() && rivals.len() == 1 {
        let evidence =
            both(format!("坐标是经纬度，{}", best.zh), format!("the numbers are degrees; {}", best.en));
        return Ok(Decision {
            swapped: best.swapped,
            shift,
            remarks: vec![(
                "crs.degrees",
                Severity::Note,
                both(
                    format!("文件没有说明坐标系，按 {} 经纬度处理", best.crs.datum().name()),
                    format!("no CRS is stated; the degrees are taken as {}", best.crs.datum().name()),
                ),
                if chinese {
                    both(
                        "WGS 84 与之相差不到 0.1 m；若来自互联网地图（GCJ-02、BD-09），会偏差约 600 m，请勿导入",
                        "WGS 84 differs by less than 0.1 m; degrees from internet maps (GCJ-02, BD-09) are 600 m off and must not be imported",
                    )
                } else {
                    both(
                        "若是当地的旧基准，可能偏差上百米：用 --crs EPSG:代码 指定",
                        "an older national datum may lie 100 m and more away: name it with --crs EPSG:code",
                    )
                },
            )],
            ..Decision::plain(Some(best.crs), evidence)
        });
    }
    if let Some(datum) = heading.or_else(|| stated.datum()) {
        let fits: Vec<_> = rivals.iter().filter(|c| !c.crs.is_geographic()).collect();
        let same: Vec<_> = fits.iter().filter(|c| stated.0.contains(&c.crs)).collect();
        let chosen = match (same.as_slice(), fits.as_slice()) {
            ([one], _) => Some(**one),
            ([], [one]) => Some(*one),
            _ => None,
        };
        if let Some(c) = chosen
            && datum == Datum::Cgcs2000
        {
            let name = datum.name();
            let (rule, from_zh, from_en, by_zh, by_en) = match heading {
                Some(_) => ("crs.by_heading", "表头", "the headings state", "表头", "the headings"),
                None => (
                    "crs.by_delivery",
                    "同批其他文件",
                    "other files of the delivery state",
                    "同批文件",
                    "the delivery's other files",
                ),
            };
            let evidence = both(
                format!("{}；基准取自{from_zh}（{name}）", c.zh),
                format!("{}; the datum is what {from_en} ({name})", c.en),
            );
            let crs = c.crs.name();
            let remark = (
                rule,
                Severity::Note,
                both("文件没有说明坐标系", "the file states no CRS"),
                both(
                    format!("按坐标数值和{by_zh}定为 {crs}"),
                    format!("taken as {crs} by the numbers and by {by_en}"),
                ),
            );
            return Ok(Decision {
                swapped: c.swapped,
                shift,
                remarks: vec![remark],
                ..Decision::plain(Some(c.crs), evidence)
            });
        }
    }
    let mut zh = String::new();
    let mut en = String::new();
    for c in rivals.iter().take(4) {
        let Some(code) = c.crs.epsg() else { continue };
        zh += &format!("\n  --crs EPSG:{code}：{}", c.zh);
        en += &format!("\n  --crs EPSG:{code}: {}", c.en);
    }
    let guesses = rivals.iter().filter_map(|c| Guess::of(c)).take(6).collect();
    let doubt = undecided(
        "crs.unclear",
        if chinese {
            both(
                format!(
                    "文件没有说明坐标系；坐标 {extent} 能看出投影，看不出基准（CGCS2000、西安80、北京54 相差几十米）"
                ),
                format!(
                    "no CRS is stated; the coordinates {extent} show the projection, not the datum (CGCS2000, Xian 1980 and Beijing 1954 differ by tens of metres)"
                ),
            )
        } else {
            both(
                format!(
                    "文件没有说明坐标系；坐标 {extent} 能看出投影，看不出基准（当地的旧基准会偏差上百米）"
                ),
                format!(
                    "no CRS is stated; the coordinates {extent} show the projection, not the datum (an older national datum lies 100 m and more away)"
                ),
            )
        },
        both(format!("确认基准后选用：{zh}"), format!("find out the datum, then choose:{en}")),
    );
    Err(Undecided { guesses, ..doubt })
}
