//! The unit of coordinates that carry none: metres, unless the numbers fall on the city only as another one. That is asked.

use super::crs::{self, Decision, Stated, Undecided};
use super::nodata::is_conventional;
use crate::formats::Refused;
use crate::notes::both;
use crate::options::{CrsChoice, Unit};
use crate::question::Answer;
use crate::table::{Raw, Reader, ShapeSource, Sink, SourceRow, Table, coordinate};
use ditu_crs::control::Control;
use ditu_model::{Bounds, Severity, Text};
use std::sync::Arc;

/// What is known beside the table.
pub(crate) struct Beside<'a> {
    pub(crate) crs: Option<&'a CrsChoice>,
    pub(crate) controls: &'a [Arc<Control>],
    pub(crate) city: Option<Bounds>,
    pub(crate) stated: &'a Stated,
}

impl Beside<'_> {
    pub(crate) fn decide(&self, table: &Table) -> Result<Decision, Undecided> {
        crs::decide(table, self.crs, self.controls, self.city, self.stated)
    }
}

/// What the unit is, or the question.
pub(crate) enum Drawn {
    /// Its coordinates are metres (or what its CRS says): what CRS that is, and what the file says against it.
    Metres(Result<Decision, Undecided>, Option<(Severity, Text, Text)>),
    /// In another, by the likeliest first.
    Asked { message: Text, cure: Text, answers: Vec<Answer>, likeliest: Unit },
}

/// Where a table would lie, with how well that fits; `None` where not on the city.
fn fits(
    table: &Table,
    beside: &Beside<'_>,
    city: &Bounds,
    decided: &Result<Decision, Undecided>,
) -> Option<f64> {
    let numbers = table.numbers?;
    match decided {
        Ok(decision) => {
            let middle = [(numbers[0] + numbers[2]) / 2.0, (numbers[1] + numbers[3]) / 2.0];
            let mut places = vec![[numbers[0], numbers[1]], [numbers[2], numbers[3]], middle];
            decision.place(&mut places);
            let near = |p: &&[f64; 2]| crs::near(city, **p);
            (places.iter().filter(near).count() > 0).then_some(if beside.crs.is_some() { 0.9 } else { 0.7 })
        }
        // Which datum, or whether an internet map's, is another question: the numbers are on the city.
        Err(undecided) if !matches!(undecided.rule, "crs.unknown" | "crs.outside" | "crs.unsupported") => {
            Some(undecided.guesses.first().and_then(|g| g.confidence()).unwrap_or(0.5))
        }
        Err(_) => None,
    }
}

/// Decides for a table of whose unit nobody said anything.
pub(crate) fn decide(table: &Table, beside: &Beside<'_>) -> Drawn {
    let header = table.reader.unit();
    let as_metres = beside.decide(table);
    let plain = table.raster.is_none() && !table.projected;
    let Some(city) = beside.city.filter(|_| plain && table.numbers.is_some()) else {
        return Drawn::Metres(as_metres, None);
    };
    if fits(table, beside, &city, &as_metres).is_some() {
        let against = header.filter(|(unit, _)| *unit != Unit::Metre && !is_degrees(&as_metres));
        let against = against.map(|(unit, by)| {
            let name = unit.name();
            (
                Severity::Note,
                both(
                    format!("{by} 说单位是{}，而坐标按米落在本市，按米读", name.zh),
                    format!(
                        "{by} says {}, but the coordinates fall on the city as metres: taken as metres",
                        name.en
                    ),
                ),
                both(
                    format!("确是{}时用 --units {unit}", name.zh),
                    format!("if they are in {} all the same, say --units {unit}", name.en),
                ),
            )
        });
        return Drawn::Metres(as_metres, against);
    }
    let mut found: Vec<(f64, Unit, Result<Decision, Undecided>)> = Vec::new();
    for unit in Unit::ALL.into_iter().filter(|u| *u != Unit::Metre) {
        let scaled = in_unit(table, unit);
        let decided = beside.decide(&scaled);
        if let Some(fit) = fits(&scaled, beside, &city, &decided) {
            // What the file says counts most; feet of two lengths and rarer units come after.
            let says = header.is_some_and(|(u, _)| u == unit);
            found.push((if says { fit.max(0.95) } else { fit * unit.usual() }, unit, decided));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some((_, likeliest, _)) = found.first() else { return Drawn::Metres(as_metres, None) };
    let likeliest = *likeliest;
    let points = crs::sample(table);
    let answers: Vec<Answer> = found
        .iter()
        .map(|(fit, unit, decided)| {
            let mut points: Vec<[f64; 2]> = points.iter().map(|p| p.map(|n| n * unit.metres())).collect();
            let name = unit.name();
            let says = header.filter(|(u, _)| u == unit).map(|(_, by)| by);
            let (zh, en) = match says {
                Some(by) => (format!("，{by} 这样说"), format!(", as {by} says")),
                None => Default::default(),
            };
            let label = both(
                format!("{}：按此落在本市范围内{zh}", name.zh),
                format!("{}: so they fall on the city{en}", name.en),
            );
            let answer = match decided {
                Ok(decision) => {
                    decision.place(&mut points);
                    Answer { sample: points, ..Answer::new(unit.to_string(), label) }
                }
                Err(undecided) => {
                    let as_guessed = undecided.guesses.first().map(|g| g.answer(&points));
                    Answer {
                        sample: as_guessed.map(|a| a.sample).unwrap_or_default(),
                        ..Answer::new(unit.to_string(), label)
                    }
                }
            };
            let bounds = answer.sample.iter().fold(None, |b: Option<[f64; 4]>, p| {
                let [w, s, e, n] = b.unwrap_or([p[0], p[1], p[0], p[1]]);
                Some([w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1])])
            });
            Answer { confidence: Some(fit.min(1.0)), bounds, ..answer }
        })
        .collect();
    let n = table.numbers.unwrap_or_default();
    let extent = format!("{:.3} … {:.3}, {:.3} … {:.3}", n[0], n[2], n[1], n[3]);
    let (zh, en) = (likeliest.name().zh, likeliest.name().en);
    let lines = |of: &dyn Fn(&Text) -> String| -> String {
        answers.iter().map(|a| format!("\n  --units {}: {}", a.value, of(&a.label))).collect()
    };
    Drawn::Asked {
        message: both(
            format!("坐标 {extent} 按米不在本市，像是以{zh}为单位"),
            format!("the coordinates {extent} are not on the city as metres; they look like {en}"),
        ),
        cure: both(
            format!("核对后选用：{}", lines(&|t| t.zh.clone())),
            format!("check, then choose:{}", lines(&|t| t.en.clone())),
        ),
        answers,
        likeliest,
    }
}

fn is_degrees(decided: &Result<Decision, Undecided>) -> bool {
    decided.as_ref().is_ok_and(|d| d.crs.is_some_and(|c| c.is_geographic()))
}

/// A table whose coordinates are in a unit, with metres instead: before anything is known of its CRS, and its heights with them.
pub(crate) fn in_unit(table: &Table, unit: Unit) -> Table {
    let metres = unit.metres();
    let reader = table.reader.in_metres(metres).unwrap_or_else(|| {
        Arc::new(InMetres { of: Arc::clone(&table.reader), metres, shapes: table.shapes })
    });
    Table { numbers: table.numbers.map(|n| n.map(|v| v * metres)), reader, ..table.clone() }
}

/// A reader's rows with their coordinates multiplied.
struct InMetres {
    of: Arc<dyn Reader>,
    metres: f64,
    shapes: ShapeSource,
}

impl Reader for InMetres {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        self.of.read(wanted, &mut |mut row: SourceRow| {
            if let Some(Ok(shape)) = &mut row.geometry {
                shape.map_coords(|c| c.map(|n| n * self.metres));
                // A mark of "no height" is one in any unit.
                let heights = shape.z.iter_mut().filter(|z| **z >= 0.0 || !is_conventional(**z));
                heights.for_each(|z| *z *= self.metres);
            }
            if let ShapeSource::Columns(a, b) = self.shapes {
                for i in [a, b] {
                    let Some(value) = row.values.get_mut(i) else { continue };
                    if let Some(n) = coordinate(value, false) {
                        *value = Raw::Real(n * self.metres);
                    }
                }
            }
            sink(row)
        })
    }
}
