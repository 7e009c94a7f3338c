//! Which CRS numbers are in: the user's word, the file's, then the numbers together with what the delivery says
//! elsewhere. A datum is never guessed.

use super::fields;
use crate::notes::both;
use crate::table::{Claim, ShapeSource, Table};
use ditu_crs::{Crs, Datum, Projection, Transform, TransformError, detect};
use ditu_model::{Bounds, Severity, Text};

/// How a table's numbers become longitude and latitude.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The CRS; `None` when PROJ reprojects while reading.
    pub(crate) crs: Option<Crs>,
    /// The first number is the northing (latitude).
    pub(crate) swapped: bool,
    pub(crate) evidence: Text,
    /// What somebody should look at.
    pub(crate) remarks: Vec<(&'static str, Severity, Text, Text)>,
}

/// Why there is no decision, and the choices.
pub(crate) struct Undecided {
    pub(crate) rule: &'static str,
    pub(crate) message: Text,
    pub(crate) cure: Text,
}

fn undecided(rule: &'static str, message: Text, cure: Text) -> Undecided {
    Undecided { rule, message, cure }
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

/// Decides for one table.
pub(crate) fn decide(
    table: &Table,
    user: Option<u32>,
    city: Option<Bounds>,
    stated: &Stated,
) -> Result<Decision, Undecided> {
    if table.projected {
        let by = table.claim.as_ref().map(|c| c.by.clone()).unwrap_or_default();
        return Ok(Decision {
            crs: None,
            swapped: false,
            evidence: both(
                format!("{by} 所述，由 PROJ 转换"),
                format!("stated by {by}, transformed by PROJ"),
            ),
            remarks: Vec::new(),
        });
    }
    if let Some(code) = user {
        let Some(crs) = Crs::from_epsg(code) else {
            return Err(undecided(
                "crs.unknown_code",
                both(format!("不认识坐标系 EPSG:{code}"), format!("EPSG:{code} is not known here")),
                both(
                    "用 4490、4326、3857 或国内高斯—克吕格带的代码（如 4525、4546）",
                    "use 4490, 4326, 3857 or a code of a Chinese Gauss-Krueger zone such as 4525 or 4546",
                ),
            ));
        };
        let evidence = both("由 --crs 指定", "named by --crs");
        // Columns called longitude and latitude hold degrees, whatever the tables beside them hold.
        let degrees = matches!(table.shapes, ShapeSource::Columns(..)) && fields::are_degrees(&table.columns);
        let crs = if degrees { Crs::new(crs.datum(), Projection::Geographic) } else { crs };
        return settle(table, crs, evidence, city, Some(true));
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
        None => by_numbers(table, city, stated),
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
                "先用本地控制点拟合参数转换到 CGCS2000",
                "fit parameters with local control points and convert to CGCS2000 first",
            ),
        ));
    }
    let mut decision = Decision { crs: Some(crs), swapped: false, evidence, remarks: Vec::new() };
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
    Err(outside(&crs, numbers, Some(city)))
}

fn swap(table: &Table, decision: &mut Decision) {
    decision.swapped = true;
    if !matches!(table.shapes, ShapeSource::File(_)) {
        // Tables have no convention: X is the northing on Chinese paper.
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
    let cure = match other.first().and_then(|c| c.crs.epsg()) {
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
    undecided(
        "crs.outside",
        both(
            format!("按 {name}，坐标 {extent} {zh}"),
            format!("taken as {name}, the coordinates {extent} {en}"),
        ),
        cure,
    )
}

fn by_numbers(table: &Table, city: Option<Bounds>, stated: &Stated) -> Result<Decision, Undecided> {
    let Some(numbers) = table.numbers else {
        // Nothing to place.
        let evidence = both("没有坐标", "there are no coordinates");
        return Ok(Decision { crs: Some(Crs::CGCS2000), swapped: false, evidence, remarks: Vec::new() });
    };
    let extent = format!("{:.3} … {:.3}, {:.3} … {:.3}", numbers[0], numbers[2], numbers[1], numbers[3]);
    let found = match city {
        Some(c) => detect::candidates(numbers, [c.min[0], c.min[1], c.max[0], c.max[1]]),
        // Without a city only degrees in or near China are evidence.
        None => detect::candidates(numbers, [73.0, 3.0, 136.0, 54.0])
            .into_iter()
            .filter(|c| c.crs.is_geographic() && c.confidence > 0.9)
            .collect(),
    };
    let Some(best) = found.first() else {
        return Err(undecided(
            "crs.unknown",
            both(
                format!("文件没有说明坐标系，坐标 {extent} 也不像本市常用的坐标系"),
                format!(
                    "no CRS is stated, and the coordinates {extent} fall on the city in none that is usual"
                ),
            ),
            both("用 --crs EPSG:代码 指定", "name it with --crs EPSG:code"),
        ));
    };
    let rivals: Vec<_> = found.iter().filter(|c| c.confidence >= best.confidence * 0.5).collect();
    if best.crs.is_geographic() && rivals.len() == 1 {
        return Ok(Decision {
            crs: Some(Crs::CGCS2000),
            swapped: best.swapped,
            evidence: both(
                format!("坐标是经纬度，{}", best.zh),
                format!("the numbers are degrees; {}", best.en),
            ),
            remarks: vec![(
                "crs.degrees",
                Severity::Note,
                both(
                    "文件没有说明坐标系，按 CGCS2000 经纬度处理",
                    "no CRS is stated; the degrees are taken as CGCS2000",
                ),
                both(
                    "WGS 84 与之相差不到 0.1 m；若来自互联网地图（GCJ-02、BD-09），会偏差约 600 m，请勿导入",
                    "WGS 84 differs by less than 0.1 m; degrees from internet maps (GCJ-02, BD-09) are 600 m off and must not be imported",
                ),
            )],
        });
    }
    if let Some(datum) = stated.datum() {
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
            let evidence = both(
                format!("{}；基准取自同批其他文件（{}）", c.zh, datum.name()),
                format!("{}; the datum is what other files of the delivery state ({})", c.en, datum.name()),
            );
            let remark = (
                "crs.by_delivery",
                Severity::Note,
                both("文件没有说明坐标系", "the file states no CRS"),
                both(
                    format!("按坐标数值和同批文件定为 {}", c.crs.name()),
                    format!("taken as {} by the numbers and by the delivery's other files", c.crs.name()),
                ),
            );
            return Ok(Decision { crs: Some(c.crs), swapped: c.swapped, evidence, remarks: vec![remark] });
        }
    }
    let mut zh = String::new();
    let mut en = String::new();
    for c in rivals.iter().take(4) {
        let Some(code) = c.crs.epsg() else { continue };
        zh += &format!("\n  --crs EPSG:{code}：{}", c.zh);
        en += &format!("\n  --crs EPSG:{code}: {}", c.en);
    }
    Err(undecided(
        "crs.unclear",
        both(
            format!(
                "文件没有说明坐标系；坐标 {extent} 能看出投影，看不出基准（CGCS2000、西安80、北京54 相差几十米）"
            ),
            format!(
                "no CRS is stated; the coordinates {extent} show the projection, not the datum (CGCS2000, Xian 1980 and Beijing 1954 differ by tens of metres)"
            ),
        ),
        both(format!("确认基准后选用：{zh}"), format!("find out the datum, then choose:{en}")),
    ))
}
