//! The CRSs that a table may be in, with where its features would lie in each: what a person is asked.

use super::{Decision, Shift, Undecided, settle, undecided};
use crate::notes::both;
use crate::question::Answer;
use crate::recognise::fields;
use crate::table::{ShapeSource, Table, coordinate, sexagesimal};
use ditu_crs::control::Control;
use ditu_crs::{Crs, Transform, detect};
use ditu_model::{Bounds, Text};
use std::ops::ControlFlow;

/// Rows that are read for a sample.
const ROWS: usize = 20_000;
/// Points of a sample.
const POINTS: usize = 200;

/// One CRS that a table may be in.
#[derive(Debug)]
pub(crate) struct Guess {
    value: String,
    label: Text,
    confidence: Option<f64>,
    crs: Crs,
    swapped: bool,
    shift: Option<Shift>,
    packed: bool,
    way: Option<Transform>,
}

impl Guess {
    /// A fitted control.
    pub(super) fn by_control(control: &Control, table: &Table, label: Text) -> Option<Guess> {
        let stated = table.claim.as_ref().and_then(|c| c.crs.as_ref().ok());
        Some(Guess {
            value: format!("control:{}", control.name),
            label,
            confidence: None,
            crs: Crs::CGCS2000,
            swapped: false,
            shift: None,
            packed: false,
            way: Some(Transform::by_control(stated, control).ok()?),
        })
    }

    /// What the numbers allow; `None` where there is no name to choose it by.
    pub(super) fn of(c: &detect::Candidate) -> Option<Guess> {
        Some(Guess {
            value: format!("EPSG:{}", c.crs.epsg()?),
            label: both(c.zh.clone(), c.en.clone()),
            confidence: Some(c.confidence),
            crs: c.crs,
            swapped: c.swapped,
            shift: None,
            packed: false,
            way: None,
        })
    }

    /// How well it fits, where that can be said.
    pub(crate) fn confidence(&self) -> Option<f64> {
        self.confidence
    }

    /// The answer, with where the points (in the file's numbers) would lie.
    pub(crate) fn answer(&self, points: &[[f64; 2]]) -> Answer {
        let place = |p: &[f64; 2]| {
            let p = &if self.packed { unpack(*p)? } else { *p };
            let p = if self.swapped { [p[1], p[0]] } else { *p };
            let p = match &self.way {
                Some(way) => {
                    let mut one = [p];
                    way.apply(&mut one);
                    one[0]
                }
                None => self.crs.unproject(p),
            };
            let p = self.shift.map_or(p, |s| s.undo(p));
            p.iter().all(|v| v.is_finite()).then_some(p)
        };
        let sample: Vec<[f64; 2]> = points.iter().filter_map(place).collect();
        let answer = Answer::new(self.value.clone(), self.label.clone()).lying_at(sample);
        Answer { confidence: self.confidence, ..answer }
    }
}

/// A file that looks like an internet map's and says nothing of it.
pub(super) fn obfuscated(table: &Table, shift: Shift, decision: &Decision) -> Undecided {
    let name = shift.name();
    let plain = decision.crs.unwrap_or(Crs::CGCS2000);
    let code = plain.epsg().unwrap_or(4490);
    let guess = |value: String, label: Text, confidence: f64, shift: Option<Shift>| Guess {
        value,
        label,
        confidence: Some(confidence),
        crs: plain,
        swapped: decision.swapped,
        shift,
        packed: false,
        way: None,
    };
    let mut guesses = vec![guess(
        name.to_owned(),
        both(
            format!("是 {name}：按公开公式还原，精度约 1～2 m，不可作测绘成果"),
            format!("it is {name}: undone by the public formula, good to 1–2 m, no survey data"),
        ),
        0.9,
        Some(shift),
    )];
    guesses.push(guess(
        format!("EPSG:{code}"),
        both(
            format!("已是真实坐标 {}：原样使用", plain.name()),
            format!("it is true {} already: taken as it is", plain.name()),
        ),
        0.1,
        None,
    ));
    Undecided {
        guesses,
        ..undecided(
            "crs.obfuscated",
            both(
                format!("很像互联网地图的数据（{name}），比真实位置偏约 600 m，{} 没有说明", table.file),
                format!(
                    "looks like data of an internet map ({name}), about 600 m off; {} does not say so",
                    table.file
                ),
            ),
            both(
                format!("核对来源后选用：\n  --crs {name}：还原后导入\n  --crs EPSG:{code}：原样导入"),
                format!(
                    "check where it comes from, then choose:\n  --crs {name}: undo the offset\n  --crs EPSG:{code}: take it as it is"
                ),
            ),
        )
    }
}

/// Degrees, minutes and seconds packed into one number as decimal degrees.
fn unpack(p: [f64; 2]) -> Option<[f64; 2]> {
    Some([sexagesimal(&p[0].to_string(), true)?, sexagesimal(&p[1].to_string(), true)?])
}

/// Points that must all read as degrees, minutes and seconds. Of decimal degrees, about one in eight does by chance.
const PACKED: usize = 12;

/// True when the decimals of all degrees of a table can be minutes and seconds, which decimal degrees never are for long.
pub(super) fn looks_packed(table: &Table) -> bool {
    let ShapeSource::Columns(a, _) = table.shapes else { return false };
    if fields::is_sexagesimal(&table.columns[a]) {
        return false;
    }
    let points = sample(table);
    // Round numbers read either way and tell nothing.
    let telling = |v: f64| (v * 1e4).fract().abs() > 1e-6 || (v * 1e4).round() as i64 % 100 != 0;
    points.iter().filter(|p| p.iter().all(|v| telling(*v))).count() >= PACKED
        && points.iter().all(|p| unpack(*p).is_some())
}

/// Degrees that are probably minutes and seconds behind the point.
pub(super) fn packed(decision: &Decision) -> Undecided {
    let guess = |value: &str, label: Text, confidence: f64, packed: bool| Guess {
        value: value.to_owned(),
        label,
        confidence: Some(confidence),
        crs: Crs::CGCS2000,
        swapped: decision.swapped,
        shift: None,
        packed,
        way: None,
    };
    let guesses = vec![
        guess(
            "DMS",
            both("度.分秒：111.4154 是 111°41′54″", "degrees.minutes and seconds: 111.4154 is 111° 41′ 54″"),
            0.9,
            true,
        ),
        guess("EPSG:4490", both("十进制度：原样使用", "decimal degrees: taken as they are"), 0.1, false),
    ];
    Undecided {
        guesses,
        ..undecided(
            "crs.packed_degrees",
            both(
                "经纬度的小数都在 60 以内，像“度.分秒”写法（111.4154 表示 111°41′54″），当作十进制度会偏差几十千米",
                "the decimals of all degrees stay below 60, as in degrees.minutes and seconds (111.4154 for 111° 41′ 54″); taken as decimal degrees, all would be up to tens of kilometres off",
            ),
            both(
                "核对后选用：\n  --crs DMS：按度分秒读\n  --crs EPSG:4490：按十进制度读",
                "check, then choose:\n  --crs DMS: degrees, minutes and seconds\n  --crs EPSG:4490: decimal degrees",
            ),
        )
    }
}

/// Decides for degrees that somebody says are packed.
pub(super) fn unpacked(table: &Table, city: Option<Bounds>) -> Result<Decision, Undecided> {
    if !matches!(table.shapes, ShapeSource::Columns(..)) {
        return Err(undecided(
            "crs.packed_degrees",
            both(
                "只有坐标列才能按“度.分秒”读",
                "only columns of coordinates can be degrees.minutes and seconds",
            ),
            both("用 --crs EPSG:代码 指定", "name it with --crs EPSG:code"),
        ));
    }
    let points = sample(table);
    let wrong = points.iter().filter(|p| unpack(**p).is_none()).count();
    if wrong * 2 > points.len() {
        let n = points.len();
        return Err(undecided(
            "crs.packed_degrees",
            both(
                format!("{n} 个坐标中有 {wrong} 个的小数超过 60，不是“度.分秒”"),
                format!(
                    "{wrong} of {n} places have decimals above 60: these are not degrees.minutes and seconds"
                ),
            ),
            both("按十进制度用 --crs EPSG:4490", "take them as decimal degrees with --crs EPSG:4490"),
        ));
    }
    let evidence = both(
        "由使用者指定：小数是分和秒（--crs DMS）",
        "named by the user: decimals are minutes and seconds (--crs DMS)",
    );
    let corner = |x: f64, y: f64| unpack([x, y]).unwrap_or([x, y]);
    let numbers = table.numbers.map(|n| {
        let (low, high) = (corner(n[0], n[1]), corner(n[2], n[3]));
        [low[0], low[1], high[0], high[1]]
    });
    let decision = settle(&Table { numbers, ..table.clone() }, Crs::CGCS2000, evidence, city, Some(true))?;
    Ok(Decision { packed: true, ..decision })
}

/// Some points of a table in the file's numbers, spread over its first rows.
pub(crate) fn sample(table: &Table) -> Vec<[f64; 2]> {
    let mut wanted = vec![false; table.columns.len()];
    let mut packed = false;
    if let ShapeSource::Columns(a, b) = table.shapes {
        (wanted[a], wanted[b]) = (true, true);
        packed = fields::is_sexagesimal(&table.columns[a]);
    }
    let (mut points, mut rows, mut every) = (Vec::new(), 0usize, 1usize);
    // What is wrong with the file is said elsewhere.
    let _ = table.reader.read(&wanted, &mut |row| {
        if rows.is_multiple_of(every) {
            let point = match (table.shapes, row.geometry) {
                (ShapeSource::Columns(a, b), _) => {
                    let of = |i: usize| row.values.get(i).and_then(|v| coordinate(v, packed));
                    of(a).zip(of(b)).map(|(x, y)| [x, y])
                }
                (_, Some(Ok(g))) => g.coords.first().copied(),
                _ => None,
            };
            points.extend(point);
            if points.len() >= 2 * POINTS {
                let mut i = 0;
                points.retain(|_| {
                    i += 1;
                    i % 2 == 0
                });
                every *= 2;
            }
        }
        rows += 1;
        if rows < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    points.truncate(POINTS);
    points
}
