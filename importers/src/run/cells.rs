//! What a raster's cells hold that is no height: told where that is certain, asked where it is not.

use crate::formats::{Refused, refused};
use crate::notes::{both, of_file};
use crate::options::NoData;
use crate::question::{Answer, Subject};
use crate::recognise::nodata::{is_conventional, written};
use ditu_gdal::{Cells, End};
use ditu_model::{Finding, Severity};

/// Metres by which the lowest or highest cells stand off from all others before they are asked about.
const APART: f64 = 20.0;
/// Cells that have a number in common by more than chance.
const MANY: u64 = 4;
/// Metres from nought within which there is land where nought is the level of the sea.
const SHORE: f64 = 2.0;

/// The number that may be a height or may stand for none: nought where no height comes near it; the lowest or highest number
/// where it is a mark, or common, and stands far off from all others.
pub(super) fn doubtful(cells: &Cells) -> Option<(f64, u64)> {
    let (low, high) = (cells.lowest?, cells.highest?);
    if cells.noughts > 0 && cells.near_nought.is_some_and(|n| n > SHORE) {
        return Some((if low.metres == 0.0 { low.number } else { 0.0 }, cells.noughts));
    }
    let off = |end: &End, other: &End| {
        let gap = (end.next - end.metres).abs();
        let rest = (other.metres - end.next).abs();
        let strange = is_conventional(end.number) || end.cells >= MANY && gap > rest;
        end.metres != 0.0 && gap > APART && strange
    };
    [(low, high), (high, low)].into_iter().find(|(e, o)| off(e, o)).map(|(e, _)| (e.number, e.cells))
}

/// What is to be said of the cells, or the question that they leave open.
///
/// # Errors
/// The question, where the caller has not answered it.
pub(super) fn judge(
    cells: &Cells,
    range: [f64; 2],
    file: &str,
    said: Option<NoData>,
) -> Result<Vec<Finding>, Refused> {
    let all = cells.heights + cells.empty + cells.outside();
    let share = |n: u64| format!("{:.1}%", n as f64 * 100.0 / all as f64);
    if let (Some((number, n)), None) = (doubtful(cells), said) {
        let (low, high) = (cells.lowest.map_or(0.0, |e| e.next), cells.highest.map_or(0.0, |e| e.metres));
        let (number, share) = (written(number), share(n));
        let none = both(
            format!("没有无效值，{number} 是高程"),
            format!("nothing stands for \"no height\": {number} is one"),
        );
        let answers = vec![
            Answer::new(
                number.clone(),
                both(
                    format!("{number} 表示没有高程（{n} 个格网）"),
                    format!("{number} stands for \"no height\" ({n} cells)"),
                ),
            ),
            Answer::new("none", none),
        ];
        return Err(refused(
            "raster.nodata",
            both(
                format!("{n} 个格网（{share}）是 {number}，文件没有说它是不是无效值；其余高程在 {low:.1}～{high:.1} m"),
                format!(
                    "{n} cells ({share}) are {number}, and the file does not say whether that is \"no data\"; the other heights run from {low:.1} to {high:.1} m"
                ),
            ),
            both(
                format!("用 --nodata {number} 或 --nodata none 说明"),
                format!("say with --nodata {number} or --nodata none"),
            ),
        )
        .asking(Subject::NoData, answers));
    }
    let mut findings = Vec::new();
    let mut wild = cells.wild.clone();
    wild.sort_by_key(|w| std::cmp::Reverse(w.cells));
    let (marks, others): (Vec<_>, Vec<_>) = wild.into_iter().partition(|w| is_conventional(w.number));
    let list = |of: &[ditu_gdal::Wild], open: bool| {
        let each = of.iter().take(5).map(|w| format!("{} × {}", written(w.number), w.cells));
        let more = if open || of.len() > 5 { vec![String::from("…")] } else { Vec::new() };
        each.chain(more).collect::<Vec<_>>().join(", ")
    };
    let mut tell = |rule, zh: String, en: String, cure| {
        findings.push(of_file(rule, Severity::Warning, file, both(zh, en), cure));
    };
    if !marks.is_empty() {
        let (n, list) = (marks.iter().map(|w| w.cells).sum::<u64>(), list(&marks, false));
        tell(
            "raster.nodata",
            format!("{n} 个格网（{}）是没有声明的无效值：{list}", share(n)),
            format!(
                "{n} cells ({}) hold what stands for \"no data\" without the file saying so: {list}",
                share(n)
            ),
            both("不作高程，也不参与内插", "taken as no heights, and kept out of the resampling"),
        );
    }
    let n = others.iter().map(|w| w.cells).sum::<u64>() + cells.wild_others;
    if n > 0 {
        let list = list(&others, cells.wild_others > 0);
        let [least, greatest] = range;
        tell(
            "raster.range",
            format!("{n} 个格网（{}）不在 {least}～{greatest} m 之内：{list}", share(n)),
            format!("{n} cells ({}) are outside {least} to {greatest} m: {list}", share(n)),
            both("不作高程；核对单位和基准", "taken as no heights; check the unit and the datum"),
        );
    }
    if cells.noughts > 0 {
        let n = cells.noughts;
        findings.push(of_file(
            "raster.nought",
            Severity::Note,
            file,
            both(
                format!("{n} 个格网（{}）的高程恰好是 0", share(n)),
                format!("{n} cells ({}) are exactly 0", share(n)),
            ),
            both(
                "已按 0 m 入库；若 0 表示没有高程，用 --nodata 0 导入",
                "kept as 0 m; where 0 stands for \"no height\", import with --nodata 0",
            ),
        ));
    }
    Ok(findings)
}

/// Why a raster without any height is refused.
pub(super) fn no_heights(cells: &Cells, range: [f64; 2]) -> Refused {
    let [least, greatest] = range;
    if cells.outside() == 0 {
        return refused(
            "raster.empty",
            both("所有格网都没有数据", "no cell of the raster holds data"),
            both("核对文件", "check the file"),
        );
    }
    let example = cells.wild.iter().max_by_key(|w| w.cells).map_or_else(String::new, |w| written(w.number));
    refused(
        "raster.range",
        both(
            format!("没有一个格网的高程在 {least}～{greatest} m 之内（如 {example}）"),
            format!("no cell holds a height between {least} and {greatest} m ({example}, for one)"),
        ),
        both(
            "高程单位若是厘米或毫米，先换算为米；也请核对是不是高程模型",
            "where heights are in centimetres or millimetres make them metres first; check that it is an elevation model",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells with these heights, each so often.
    fn cells(heights: &[(f64, u64)]) -> Cells {
        let end = |mut all: Vec<(f64, u64)>| {
            let (metres, cells) = all.remove(0);
            Some(End { number: metres, metres, cells, next: all.first().map_or(metres, |n| n.0) })
        };
        let mut all = heights.to_vec();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        Cells {
            heights: all.iter().map(|h| h.1).sum(),
            noughts: all.iter().filter(|h| h.0 == 0.0).map(|h| h.1).sum(),
            near_nought: all.iter().map(|h| h.0.abs()).filter(|h| *h > 0.0).min_by(f64::total_cmp),
            lowest: end(all.clone()),
            highest: end(all.into_iter().rev().collect()),
            ..Cells::default()
        }
    }

    #[test]
    fn what_stands_far_off_is_asked_about_and_real_extremes_are_not() {
        let plain = [(28.5, 3), (30.0, 900), (41.0, 2)];
        let with = |n: f64, times: u64| cells(&[&plain[..], &[(n, times)]].concat());
        for (n, times) in [(0.0, 1), (-99.0, 40), (255.0, 9), (999.0, 1)] {
            assert_eq!(doubtful(&with(n, times)), Some((n, times)), "{n}");
        }
        for (n, times) in [(12.0, 50), (45.0, 50), (-60.0, 1), (300.0, 1)] {
            assert_eq!(doubtful(&with(n, times)), None, "{n}");
        }
        // The sea, with a shore.
        assert_eq!(doubtful(&cells(&[(0.0, 5000), (0.4, 3), (59.5, 2), (60.0, 900)])), None);
        assert_eq!(doubtful(&cells(&[(50.0, 100)])), None);
    }

    #[test]
    fn an_answer_ends_the_question() {
        let gap = cells(&[(0.0, 7), (30.0, 93)]);
        let asked = judge(&gap, [-500.0, 9000.0], "a.tif", None).unwrap_err();
        let (subject, answers) = *asked.asks.unwrap();
        let values: Vec<&str> = answers.iter().map(|a| a.value.as_str()).collect();
        assert_eq!((asked.rule, subject, values), ("raster.nodata", Subject::NoData, vec!["0", "none"]));
        let told = judge(&gap, [-500.0, 9000.0], "a.tif", Some(NoData::None)).unwrap();
        assert_eq!(told.iter().map(|f| f.rule).collect::<Vec<_>>(), ["raster.nought"]);
    }
}
