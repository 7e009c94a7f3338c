//! Which CRS numbers are in: the user's word, the file's, then the numbers together with what the delivery says
//! elsewhere. A datum is never guessed.

mod control;
mod doubt;
mod numbers;

pub(crate) use doubt::{Guess, sample};

use super::pairs;
use crate::notes::both;
use crate::options::CrsChoice;
use crate::table::{Claim, ShapeSource, Table};
use ditu_crs::control::Control;
use ditu_crs::{Crs, Datum, Projection, Transform, TransformError, detect, obfuscated};
use ditu_model::{Bounds, Severity, Text};
use std::sync::Arc;

/// An offset that internet maps of China put on coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Gcj02,
    Bd09,
}

impl Shift {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Shift::Gcj02 => "GCJ-02",
            Shift::Bd09 => "BD-09",
        }
    }

    /// Longitude and latitude without the offset.
    pub(crate) fn undo(self, p: [f64; 2]) -> [f64; 2] {
        match self {
            Shift::Gcj02 => obfuscated::gcj02_to_wgs84(p),
            Shift::Bd09 => obfuscated::bd09_to_wgs84(p),
        }
    }
}

/// How a table's numbers become longitude and latitude.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The CRS; `None` when PROJ reprojects while reading.
    pub(crate) crs: Option<Crs>,
    /// The first number is the northing (latitude).
    pub(crate) swapped: bool,
    /// The offset to be undone.
    pub(crate) shift: Option<Shift>,
    /// Decimals of degrees are minutes and seconds.
    pub(crate) packed: bool,
    /// The fitted control to go by.
    pub(crate) control: Option<Arc<Control>>,
    pub(crate) evidence: Text,
    /// What somebody should look at.
    pub(crate) remarks: Vec<(&'static str, Severity, Text, Text)>,
}

impl Decision {
    /// A CRS with nothing to be undone.
    fn plain(crs: Option<Crs>, evidence: Text) -> Decision {
        Decision {
            crs,
            swapped: false,
            shift: None,
            packed: false,
            control: None,
            evidence,
            remarks: Vec::new(),
        }
    }

    /// The way to EPSG:4490; `None` where PROJ has gone it already.
    pub(crate) fn transform(&self) -> Option<Transform> {
        match &self.control {
            Some(control) => Transform::by_control(self.crs.as_ref(), control).ok(),
            None => Transform::to_geographic(&self.crs?, &Crs::CGCS2000).ok(),
        }
    }

    /// The file's numbers as longitude and latitude; what lies outside the CRS is left out.
    pub(crate) fn place(&self, points: &mut Vec<[f64; 2]>) {
        if self.swapped {
            points.iter_mut().for_each(|p| p.swap(0, 1));
        }
        if let Some(t) = self.transform() {
            t.apply(points);
        }
        if let Some(shift) = self.shift {
            points.iter_mut().for_each(|p| *p = shift.undo(*p));
        }
        points.retain(|p| p[0].abs() <= 180.0 && p[1].abs() <= 90.0);
    }
}

/// Why there is no decision, and the choices.
pub(crate) struct Undecided {
    pub(crate) rule: &'static str,
    pub(crate) message: Text,
    pub(crate) cure: Text,
    pub(crate) guesses: Vec<Guess>,
}

fn undecided(rule: &'static str, message: Text, cure: Text) -> Undecided {
    Undecided { rule, message, cure, guesses: Vec::new() }
}

/// The CRSs that files of the delivery state: what they agree on is evidence for those that state none.
#[derive(Default)]
pub(crate) struct Stated(Vec<Crs>);

impl Stated {
    pub(crate) fn of<'a>(tables: impl Iterator<Item = &'a Table>) -> Stated {
        let mut all: Vec<Crs> = Vec::new();
        for crs in tables.filter_map(|t| t.claim.as_ref()?.crs.as_ref().ok()) {
            if !all.contains(crs) {
                all.push(*crs);
            }
        }
        Stated(all)
    }

    /// The one datum of all plane CRSs that the delivery states.
    fn datum(&self) -> Option<Datum> {
        let mut plane =
            self.0.iter().filter(|c| !c.is_geographic() && c.projection() != &Projection::WebMercator);
        let first = plane.next()?.datum();
        plane.all(|c| c.datum() == first).then_some(first)
    }
}

/// How far outside the city (degrees) a delivery may reach.
const MARGIN: f64 = 0.25;

/// The box of numbers in degrees.
fn placed(crs: &Crs, numbers: [f64; 4], swapped: bool) -> Option<Bounds> {
    let n = if swapped { [numbers[1], numbers[0], numbers[3], numbers[2]] } else { numbers };
    let mut b = Bounds::EMPTY;
    for i in 0..9 {
        let (u, v) = (f64::from(i % 3) / 2.0, f64::from(i / 3) / 2.0);
        let p = crs.unproject([n[0] + (n[2] - n[0]) * u, n[1] + (n[3] - n[1]) * v]);
        if !p[0].is_finite() || p[0].abs() > 180.0 || p[1].abs() > 90.0 {
            return None;
        }
        b.add(p);
    }
    Some(b)
}

fn meets(city: &Bounds, b: &Bounds) -> bool {
    let wide =
        Bounds::new(city.min[0] - MARGIN, city.min[1] - MARGIN, city.max[0] + MARGIN, city.max[1] + MARGIN);
    wide.intersects(b)
}

/// Whether a place in degrees lies in the city, or not far from it.
pub(crate) fn near(city: &Bounds, p: [f64; 2]) -> bool {
    meets(city, &Bounds::new(p[0], p[1], p[0], p[1]))
}

/// How numbers lie on the city in a CRS: whether the first is the northing; `None` where they do not.
pub(crate) fn lies(crs: &Crs, numbers: [f64; 4], city: Option<Bounds>) -> Option<bool> {
    // Degrees are metres near the equator, too.
    if crs.is_geographic() != numbers.iter().all(|n| n.abs() <= 181.0) {
        return None;
    }
    let here = |b: Bounds| city.as_ref().is_none_or(|c| meets(c, &b));
    [false, true].into_iter().find(|swapped| placed(crs, numbers, *swapped).is_some_and(here))
}

/// Decides for one table.
pub(crate) fn decide(
    table: &Table,
    user: Option<&CrsChoice>,
    controls: &[Arc<Control>],
    city: Option<Bounds>,
    stated: &Stated,
) -> Result<Decision, Undecided> {
    let decision = match user {
        Some(CrsChoice::Control(name)) => control::decide(table, name, controls, city),
        Some(choice) => by_user(table, choice, city),
        None => by_file(table, city, stated),
    };
    let decision = decision.map_err(|u| control::offer(u, table, controls))?;
    let degrees =
        decision.crs.is_none_or(|c| c.is_geographic() || c.projection() == &Projection::WebMercator);
    match suspicion(table).filter(|_| degrees && user.is_none() && decision.shift.is_none()) {
        Some(shift) => return Err(doubt::obfuscated(table, shift, &decision)),
        None if degrees && user.is_none() && doubt::looks_packed(table) => {
            return Err(doubt::packed(&decision));
        }
        None => {}
    }
    let mut decision = decision;
    decision.remarks.extend(other_zone(table, &decision));
    Ok(decision)
}

/// Degrees from a central meridian beyond which another three-degree zone, or six-degree one, is nearer by a degree.
const HALF_ZONE: [f64; 2] = [2.0, 3.5];

/// Data that lie in another zone than the one they are projected in: right where they are, stretched on paper, and often a
/// wrong zone was stated.
fn other_zone(table: &Table, decision: &Decision) -> Option<(&'static str, Severity, Text, Text)> {
    let crs = decision.crs.filter(|_| decision.control.is_none())?;
    let Projection::TransverseMercator(tm) = crs.projection() else { return None };
    let b = placed(&crs, table.numbers?, decision.swapped)?;
    let (meridian, longitude) = (tm.central_meridian, (b.min[0] + b.max[0]) / 2.0);
    // UTM has a scale; a zone number of a six-degree zone stands before the easting.
    let six = tm.scale != 1.0 || (13.0..24.0).contains(&(tm.false_easting / 1e6));
    let off = (longitude - meridian).abs();
    if off <= HALF_ZONE[usize::from(six)] {
        return None;
    }
    let right = if six { (longitude / 6.0).floor() * 6.0 + 3.0 } else { (longitude / 3.0).round() * 3.0 };
    Some((
        "crs.other_zone",
        Severity::Warning,
        both(
            format!("数据在中央经线 {meridian}° 的带里，离它 {off:.1}°；当地的带是 {right}°"),
            format!("projected about {meridian}°, {off:.1}° away; the zone of the place is that of {right}°"),
        ),
        both(
            "核对坐标系是否选错带；选对了则位置无误",
            "check that the zone is not a mistake; if it is not, all is in place",
        ),
    ))
}

/// The offset that a file's name or its maker's columns betray, whatever the file says of its CRS.
pub(crate) fn suspicion(table: &Table) -> Option<Shift> {
    const MAKERS: [(&str, Shift); 5] = [
        ("acroutes", Shift::Gcj02),
        ("childrenNum", Shift::Gcj02),
        ("subFeatureIndex", Shift::Gcj02),
        ("amap_id", Shift::Gcj02),
        ("baidu_id", Shift::Bd09),
    ];
    const NAMES: [(&str, Shift); 11] = [
        ("火星", Shift::Gcj02),
        ("腾讯", Shift::Gcj02),
        ("gcj_02", Shift::Gcj02),
        ("bd09", Shift::Bd09),
        ("bd-09", Shift::Bd09),
        ("百度", Shift::Bd09),
        ("gcj02", Shift::Gcj02),
        ("gcj-02", Shift::Gcj02),
        ("amap", Shift::Gcj02),
        ("datav", Shift::Gcj02),
        ("高德", Shift::Gcj02),
    ];
    let file = table.file.to_lowercase();
    let by_column = |m: &&(&str, Shift)| table.columns.iter().any(|c| c.eq_ignore_ascii_case(m.0));
    // What a heading says of its coordinates counts as much as the file's name.
    let headings = match table.shapes {
        ShapeSource::Columns(a, b) => format!("{} {}", table.columns[a], table.columns[b]).to_lowercase(),
        _ => String::new(),
    };
    let says = |n: &&(&str, Shift)| file.contains(n.0) || headings.contains(n.0);
    MAKERS.iter().find(by_column).or_else(|| NAMES.iter().find(says)).map(|m| m.1)
}

fn by_user(table: &Table, choice: &CrsChoice, city: Option<Bounds>) -> Result<Decision, Undecided> {
    let evidence = both("由使用者指定（--crs）", "named by the user (--crs)");
    let shift = match choice {
        CrsChoice::Epsg(code) => {
            let Some(crs) = Crs::from_epsg(*code) else {
                return Err(undecided(
                    "crs.unknown_code",
                    both(format!("不认识坐标系 EPSG:{code}"), format!("EPSG:{code} is not known here")),
                    both(
                        "用 4490、4326、3857 或国内高斯—克吕格带的代码（如 4525、4546）",
                        "use 4490, 4326, 3857 or a code of a Chinese Gauss-Krueger zone such as 4525 or 4546",
                    ),
                ));
            };
            // Columns called longitude and latitude hold degrees, whatever the tables beside them hold.
            let degrees = pairs::of(table).is_some_and(|p| p.degrees);
            let crs = if degrees { Crs::new(crs.datum(), Projection::Geographic) } else { crs };
            return settle(table, crs, evidence, city, Some(true));
        }
        CrsChoice::Dms => return doubt::unpacked(table, city),
        CrsChoice::Gcj02 => Shift::Gcj02,
        CrsChoice::Bd09 | CrsChoice::Control(_) => Shift::Bd09,
    };
    if table.raster.is_some() {
        return Err(undecided(
            "crs.raster",
            both(
                format!("栅格不能按 {} 还原", shift.name()),
                format!("a raster cannot be brought back from {}", shift.name()),
            ),
            both("使用测绘部门的栅格", "use a raster of the survey office"),
        ));
    }
    // Maps of China in Mercator metres carry the offset too; Baidu's own Mercator is another thing.
    let mercator = shift == Shift::Gcj02 && table.numbers.is_some_and(|n| n.iter().any(|v| v.abs() > 181.0));
    let crs = if mercator { Crs::from_epsg(3857) } else { Crs::from_epsg(4326) };
    let decision = settle(table, crs.unwrap_or(Crs::CGCS2000), evidence, city, Some(true))?;
    Ok(Decision { shift: Some(shift), ..decision })
}

/// What the file says of itself, or else its numbers.
fn by_file(table: &Table, city: Option<Bounds>, stated: &Stated) -> Result<Decision, Undecided> {
    if table.projected {
        let by = table.claim.as_ref().map(|c| c.by.clone()).unwrap_or_default();
        let evidence =
            both(format!("{by} 所述，由 PROJ 转换"), format!("stated by {by}, transformed by PROJ"));
        return Ok(Decision::plain(None, evidence));
    }
    match &table.claim {
        Some(Claim { by, crs: Ok(crs) }) => {
            let evidence = both(format!("{by} 所述"), format!("stated by {by}"));
            settle(table, *crs, evidence, city, Some(false))
        }
        Some(Claim { by, crs: Err(why) }) => Err(undecided(
            "crs.unsupported",
            both(
                format!("{by} 的坐标系无法使用：{why}"),
                format!("the CRS that {by} states cannot be used: {why}"),
            ),
            both(
                "转换到 EPSG:4490 后再导入，或用 --crs 指定",
                "convert to EPSG:4490 first, or name another with --crs",
            ),
        )),
        None => numbers::decide(table, city, stated),
    }
}

/// A CRS that somebody states: is there a way to EPSG:4490, and do the numbers fall where they should?
fn settle(
    table: &Table,
    crs: Crs,
    evidence: Text,
    city: Option<Bounds>,
    stated_by_user: Option<bool>,
) -> Result<Decision, Undecided> {
    if let Err(TransformError::NeedsControl { from, .. }) = Transform::to_geographic(&crs, &Crs::CGCS2000) {
        return Err(undecided(
            "crs.needs_control",
            both(
                format!("{} 与 CGCS2000 之间没有公开的转换参数，直接使用会偏差几十米", from.name()),
                format!(
                    "there is no published transformation from {} to CGCS2000; taken as it is, all would be tens of metres off",
                    from.name()
                ),
            ),
            both(
                "先用 ditu crs fit 由公共点拟合参数，再用 --control 名称 导入",
                "fit control from points known in both with ditu crs fit, then import with --control NAME",
            ),
        ));
    }
    let shift = table.obfuscated.then_some(Shift::Gcj02);
    let mut decision = Decision { shift, ..Decision::plain(Some(crs), evidence) };
    let (Some(numbers), Some(city)) = (table.numbers, city) else {
        if let Some(numbers) = table.numbers
            && placed(&crs, numbers, false).is_none()
        {
            if placed(&crs, numbers, true).is_some() {
                swap(table, &mut decision);
            } else {
                return Err(outside(&crs, numbers, None));
            }
        }
        return Ok(decision);
    };
    if placed(&crs, numbers, false).is_some_and(|b| meets(&city, &b)) {
        return Ok(decision);
    }
    if placed(&crs, numbers, true).is_some_and(|b| meets(&city, &b)) {
        swap(table, &mut decision);
        return Ok(decision);
    }
    if stated_by_user == Some(true) && placed(&crs, numbers, false).is_some() {
        // Somebody says so in so many words: rows outside the city are still found one by one.
        return Ok(decision);
    }
    // A few rows may be elsewhere, or nowhere: they are found one by one.
    if most_lie(table, &decision, &city) {
        return Ok(decision);
    }
    Err(outside(&crs, numbers, Some(city)))
}

/// True when most of a table's places, as decided, lie in the city.
fn most_lie(table: &Table, decision: &Decision, city: &Bounds) -> bool {
    let all = sample(table);
    let mut placed = all.clone();
    decision.place(&mut placed);
    let inside = placed.iter().filter(|p| city.intersects(&Bounds::new(p[0], p[1], p[0], p[1]))).count();
    all.len() >= 4 && inside * 4 >= all.len() * 3
}

fn swap(table: &Table, decision: &mut Decision) {
    decision.swapped = true;
    if !matches!(table.shapes, ShapeSource::File(_)) {
        // Tables have no convention: X is the northing on Chinese paper. Longitude is no latitude on any.
        if pairs::of(table).is_some_and(|p| p.degrees) {
            decision.remarks.push((
                "crs.axes_swapped",
                Severity::Warning,
                both(
                    "“经度”列里是纬度，“纬度”列里是经度",
                    "the column of longitudes holds latitudes, and the other way round",
                ),
                both(
                    "已按数值交换；请改正列名",
                    "the axes were exchanged by their numbers; please name the columns right",
                ),
            ));
        }
        return;
    }
    decision.remarks.push((
        "crs.axes_swapped",
        Severity::Warning,
        both(
            "第一个坐标是北（纬度），与格式约定相反",
            "the first coordinate is the northing (latitude), against the format's convention",
        ),
        both("已交换两轴", "the axes were exchanged"),
    ));
}

fn outside(crs: &Crs, numbers: [f64; 4], city: Option<Bounds>) -> Undecided {
    let name = crs.name();
    let extent = format!("{:.3} … {:.3}, {:.3} … {:.3}", numbers[0], numbers[2], numbers[1], numbers[3]);
    let other = city
        .map(|c| detect::candidates(numbers, [c.min[0], c.min[1], c.max[0], c.max[1]]))
        .unwrap_or_default();
    // The box of all numbers may look like what was said already: then single rows are what is wrong.
    let cure = match other.iter().map(|c| &c.crs).find(|c| *c != crs).and_then(Crs::epsg) {
        Some(code) => both(
            format!("看坐标像 EPSG:{code}；若是，用 --crs EPSG:{code}"),
            format!("the numbers look like EPSG:{code}; if so, use --crs EPSG:{code}"),
        ),
        None => both("用 --crs 指定正确的坐标系", "name the right CRS with --crs"),
    };
    let (zh, en) = if city.is_some() {
        ("不在本市范围", "are not in the city")
    } else {
        ("不可能存在", "cannot be")
    };
    Undecided {
        guesses: other.iter().filter_map(Guess::of).take(6).collect(),
        ..undecided(
            "crs.outside",
            both(
                format!("按 {name}，坐标 {extent} {zh}"),
                format!("taken as {name}, the coordinates {extent} {en}"),
            ),
            cure,
        )
    }
}
