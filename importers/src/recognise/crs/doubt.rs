//! The CRSs that a table may be in, with where its features would lie in each: what a person is asked.

use super::{Decision, Shift, Undecided, undecided};
use crate::notes::both;
use crate::question::Answer;
use crate::recognise::fields;
use crate::table::{ShapeSource, Table, coordinate};
use ditu_crs::control::Control;
use ditu_crs::{Crs, Transform, detect};
use ditu_model::Text;
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
            way: None,
        })
    }

    /// The answer, with where the points (in the file's numbers) would lie.
    pub(crate) fn answer(&self, points: &[[f64; 2]]) -> Answer {
        let place = |p: &[f64; 2]| {
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
        let bounds = sample.iter().fold(None, |b: Option<[f64; 4]>, p| {
            let [w, s, e, n] = b.unwrap_or([p[0], p[1], p[0], p[1]]);
            Some([w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1])])
        });
        Answer {
            value: self.value.clone(),
            label: self.label.clone(),
            confidence: self.confidence,
            bounds,
            sample,
        }
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
