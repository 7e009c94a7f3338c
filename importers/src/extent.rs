//! For which part of a layer a delivery is whole: by the caller's word, by the layer's declaration, by what its rows hold.

use crate::notes::both;
use crate::options::PartChoice;
use ditu_model::layer::DeliveredBy;
use ditu_model::{LayerDef, Part, Row, Text};
use std::collections::BTreeSet;

/// Texts beyond which a field does not tell parts.
const MOST: usize = 2_000;
/// Corners that are kept before their hull is made.
const CORNERS: usize = 4_096;

/// How the part is found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Rule {
    /// It is the whole layer.
    #[default]
    Whole,
    /// It is what the rows hold in a field, or the first characters of it.
    Held { field: usize, prefix: Option<usize> },
    /// It was said.
    Said(Part),
    /// It is the hull of the rows.
    Hull,
}

impl Rule {
    /// The rule for a layer, and why.
    ///
    /// # Errors
    /// Why the caller's word does not fit the layer.
    pub(crate) fn of(layer: &LayerDef, said: Option<&PartChoice>) -> Result<(Rule, Option<Text>), Text> {
        let by_word = |rule| Ok((rule, Some(both("按指定（--part）", "as stated by --part"))));
        match said {
            Some(PartChoice::All) => Ok((Rule::Whole, None)),
            Some(PartChoice::Area) => by_word(Rule::Hull),
            Some(PartChoice::Field { name, values }) => by_word(Rule::Said(said_of(layer, name, values)?)),
            None => match layer.delivered_by {
                None => Ok((Rule::Whole, None)),
                Some(DeliveredBy::Area) => Ok((
                    Rule::Hull,
                    Some(both(
                        "这个图层按范围交付（layers/ 的 delivered_by）：只替换这批数据覆盖的范围",
                        "this layer is delivered by area (delivered_by in layers/): only what the delivery covers is replaced",
                    )),
                )),
                Some(DeliveredBy::Field { field, prefix }) => {
                    let title = &layer.fields[field].title;
                    let (zh, en) = match prefix {
                        None => (title.zh.clone(), title.en.clone()),
                        Some(n) => (
                            format!("{}前 {n} 位", title.zh),
                            format!("the first {n} characters of {}", title.en),
                        ),
                    };
                    let why = both(
                        format!(
                            "这个图层按“{zh}”分批交付（layers/ 的 delivered_by）：只替换这批数据里出现的"
                        ),
                        format!(
                            "this layer is delivered by {en} (delivered_by in layers/): only those that come are replaced"
                        ),
                    );
                    Ok((Rule::Held { field, prefix }, Some(why)))
                }
            },
        }
    }
}

fn said_of(layer: &LayerDef, name: &str, values: &[String]) -> Result<Part, Text> {
    let field = layer.fields.iter().position(|f| f.name.eq_ignore_ascii_case(name) || f.is_called(name));
    let Some(field) = field.filter(|f| layer.fields[*f].kind == ditu_model::FieldType::Text) else {
        let texts = layer.fields.iter().filter(|f| f.kind == ditu_model::FieldType::Text);
        let all: Vec<&str> = texts.map(|f| f.name.as_str()).collect();
        return Err(both(
            format!("{} 没有可用来分批的字段 {name}；有：{}", layer.id, all.join("、")),
            format!("{} has no field of texts called {name}; there are: {}", layer.id, all.join(", ")),
        ));
    };
    let mut coded = BTreeSet::new();
    for value in values {
        match &layer.fields[field].codes {
            None => drop(coded.insert(value.clone())),
            Some(list) => match list.find(value) {
                Some(code) => drop(coded.insert(code.code.clone())),
                None => {
                    let all: Vec<&str> = list.codes.iter().map(|c| c.code.as_str()).collect();
                    return Err(both(
                        format!("{} 的 {name} 没有 {value}；有：{}", layer.id, all.join("、")),
                        format!("{value} is no {name} of {}; there are: {}", layer.id, all.join(", ")),
                    ));
                }
            },
        }
    }
    Ok(Part::Values { field, prefix: None, values: coded })
}

/// What the rows of a delivery cover.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extent {
    rule: Rule,
    values: BTreeSet<String>,
    corners: Vec<[f64; 2]>,
    /// A row does not say where it belongs, or there are too many parts: nothing is said of parts.
    unclear: bool,
    /// Rows that lie outside the part that was said.
    pub(crate) outside: u64,
}

impl Extent {
    pub(crate) fn new(rule: &Rule) -> Extent {
        Extent { rule: rule.clone(), ..Extent::default() }
    }

    pub(crate) fn take(&mut self, row: &Row) {
        match &self.rule {
            Rule::Whole => {}
            Rule::Held { field, prefix } => match Part::text_of(&row.values[*field], *prefix) {
                _ if self.unclear => {}
                Some(text) if self.values.contains(text) => {}
                Some(text) if self.values.len() < MOST => drop(self.values.insert(text.to_owned())),
                _ => self.unclear = true,
            },
            Rule::Said(part) => self.outside += u64::from(!part.holds(row)),
            Rule::Hull => {
                let Some(b) = row.geometry.as_ref().map(|g| g.bounds()).filter(|b| !b.is_empty()) else {
                    return;
                };
                self.corners.extend([b.min, b.max, [b.min[0], b.max[1]], [b.max[0], b.min[1]]]);
                if self.corners.len() > CORNERS {
                    self.corners = hull(std::mem::take(&mut self.corners));
                    // A round city may have many corners: the hull is not made anew at each row.
                    self.corners.dedup();
                }
            }
        }
    }

    /// True when the rows do not tell the part by which the layer is delivered.
    pub(crate) fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// The part, when all rows have come.
    pub(crate) fn part(self) -> Part {
        match self.rule {
            Rule::Held { field, prefix } if !self.unclear && !self.values.is_empty() => {
                Part::Values { field, prefix, values: self.values }
            }
            Rule::Whole | Rule::Held { .. } => Part::All,
            Rule::Said(part) => part,
            Rule::Hull => Part::Area(hull(self.corners)),
        }
    }
}

/// The convex hull of points, counter-clockwise (A. M. Andrew, 1979: monotone chain).
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let left = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| {
        (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0.0
    };
    let chain = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut out: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while out.len() > 1 && !left(out[out.len() - 2], out[out.len() - 1], p) {
                out.pop();
            }
            out.push(p);
        }
        out.pop();
        out
    };
    let mut ring = chain(&mut points.iter().copied());
    ring.extend(chain(&mut points.iter().rev().copied()));
    ring
}

#[cfg(test)]
mod tests {
    use super::*;
    use ditu_model::{Geometry, Value};

    fn row(text: &str, at: [f64; 2]) -> Row {
        Row { values: vec![Value::text(text)], geometry: Some(Geometry::point(at[0], at[1])) }
    }

    #[test]
    fn a_part_is_what_all_rows_hold_and_nothing_where_one_does_not_say() {
        let rule = Rule::Held { field: 0, prefix: Some(4) };
        let mut extent = Extent::new(&rule);
        for text in ["4307-1", "4307-2", "4308-1"] {
            extent.take(&row(text, [0.0, 0.0]));
        }
        let Part::Values { values, .. } = extent.clone().part() else { panic!("{extent:?}") };
        assert_eq!(values, ["4307".to_owned(), "4308".to_owned()].into());
        extent.take(&row("4307", [0.0, 0.0]));
        assert!(extent.is_unclear());
        assert_eq!(extent.part(), Part::All);
        assert_eq!(Extent::new(&rule).part(), Part::All);
    }

    #[test]
    fn an_area_is_the_hull_of_however_many_rows() {
        let mut extent = Extent::new(&Rule::Hull);
        for i in 0..10_000u32 {
            let (x, y) = (f64::from(i % 100) / 100.0, f64::from(i / 100) / 100.0);
            if x + y <= 1.0 {
                extent.take(&row("", [x, y]));
            }
        }
        let part = extent.part();
        assert!(part.holds(&row("", [0.3, 0.3])) && part.holds(&row("", [0.99, 0.0])));
        assert!(!part.holds(&row("", [0.8, 0.8])) && !part.holds(&row("", [-0.1, 0.0])));
    }
}
