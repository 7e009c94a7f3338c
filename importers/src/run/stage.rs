//! One row's way: values, place, mending, checks.

use super::stated::{Numbers, Precision};
use crate::check::plane::Map;
use crate::check::{Phase, RowCheck, Seen, Verdict};
use crate::geometry::repair::{closed_as_area, repair};
use crate::notes::{both, finding};
use crate::plan::Source;
use crate::recognise::fields;
use crate::table::{Raw, ShapeSource, SourceRow, coordinate};
use crate::value::{Converter, Remark};
use ditu_crs::Transform;
use ditu_model::layer::Policy;
use ditu_model::value::meant;
use ditu_model::{Bounds, Finding, Geometry, Place, Row, Severity, Shape, Stated, Text, Value};
use std::sync::Arc;

/// How far outside the city's box (degrees) a feature may lie.
const MARGIN: f64 = 0.25;

/// What becomes of a row.
pub(super) enum Fate {
    Keep(Row),
    /// Kept out; the hash of its key, where it has one.
    Quarantine(Option<u128>),
    Refuse(Text),
}

/// Keys seen in a layer, with the row they came from.
pub(super) struct Keys {
    /// The how manieth key each is, by 96 bits of its hash: of ten million keys two are the same by chance once in 10^15 times.
    seen: Map<[u32; 3], u32>,
    /// Where rows do not simply follow one another: from which key on, in which file, at which row.
    runs: Vec<(u32, usize, u64)>,
    files: Vec<Arc<str>>,
}

impl Keys {
    /// With room for so many.
    pub(super) fn with_capacity(keys: usize) -> Keys {
        let seen = Map::with_capacity_and_hasher(keys, Default::default());
        Keys { seen, runs: Vec::new(), files: Vec::new() }
    }

    /// Takes a key of a row; where it was seen before, the file and row of that.
    fn take(&mut self, hash: u128, file: &Arc<str>, row: u64) -> Result<(), (usize, u64)> {
        let file = self.file(file);
        let key = [hash as u32, (hash >> 32) as u32, (hash >> 64) as u32];
        let next = self.seen.len() as u32;
        match self.seen.entry(key) {
            std::collections::hash_map::Entry::Vacant(v) => {
                v.insert(next);
                let follows =
                    |(from, f, r): &(u32, usize, u64)| *f == file && r + u64::from(next - from) == row;
                if !self.runs.last().is_some_and(follows) {
                    self.runs.push((next, file, row));
                }
                Ok(())
            }
            std::collections::hash_map::Entry::Occupied(o) => {
                let at = *o.get();
                let run = self.runs.partition_point(|(from, ..)| *from <= at);
                let (from, file, row) = self.runs.get(run.wrapping_sub(1)).copied().unwrap_or_default();
                Err((file, row + u64::from(at - from)))
            }
        }
    }

    /// The number of a file; rows come file by file.
    fn file(&mut self, name: &Arc<str>) -> usize {
        if self.files.last() != Some(name) {
            self.files.push(Arc::clone(name));
        }
        self.files.len() - 1
    }
}

/// The way of one table's rows.
pub(super) struct Stage<'a> {
    source: &'a Source,
    converters: Vec<Converter>,
    transform: Option<Transform>,
    /// The city with a margin.
    city: Option<Bounds>,
    pub(super) names: Vec<String>,
    /// Which fields are wanted; all of them when a row is to be kept.
    fields: Vec<bool>,
    /// Which fields a check may fill.
    filled: Vec<bool>,
    remarks: Vec<Remark>,
    /// Columns of the row at hand about which something was said.
    said: Vec<usize>,
    /// Its first coordinate as the file has it.
    at: Option<[f64; 2]>,
    precision: Precision,
}

impl<'a> Stage<'a> {
    /// `fields` limits what is read to some fields (and what fills them).
    pub(super) fn new(source: &'a Source, city: Option<Bounds>, fields: Option<&[&str]>) -> Stage<'a> {
        let layer = &source.layer;
        let fills = |name: &str| {
            layer.checks.iter().any(|c| c.rule == "fill" && c.texts.get("from").is_some_and(|f| f == name))
        };
        let wanted = |name: &str| fields.is_none_or(|f| f.contains(&name) || fills(name));
        let mut names = vec![source.table.name.clone()];
        names.extend(source.table.other_names.iter().cloned());
        Stage {
            source,
            converters: layer.fields.iter().map(|_| Converter::new()).collect(),
            transform: source.decision.transform(),
            city: city.map(|c| {
                Bounds::new(c.min[0] - MARGIN, c.min[1] - MARGIN, c.max[0] + MARGIN, c.max[1] + MARGIN)
            }),
            names,
            fields: layer.fields.iter().map(|f| wanted(&f.name)).collect(),
            filled: layer.fields.iter().map(|f| layer.is_filled(&f.name)).collect(),
            remarks: Vec::new(),
            said: Vec::new(),
            at: None,
            precision: Precision::new(numbers(source)),
        }
    }

    /// To which decimal the rows so far state their coordinates.
    pub(super) fn stated(&self) -> Stated {
        self.precision.stated()
    }

    /// Which columns the reader must give.
    pub(super) fn wanted(&self) -> Vec<bool> {
        let mut wanted = vec![false; self.source.table.columns.len()];
        for (column, _) in self.source.mapping.iter().zip(&self.fields).filter(|(_, w)| **w) {
            if let Some(c) = column {
                wanted[*c] = true;
            }
        }
        if let ShapeSource::Columns(a, b) = self.source.table.shapes {
            (wanted[a], wanted[b]) = (true, true);
        }
        wanted
    }

    /// Values and place without any judgement: what other layers look up. `None` where the shape is broken.
    pub(super) fn bare(&mut self, mut raw: SourceRow) -> Option<Row> {
        let geometry = match self.shape(&mut raw) {
            None => None,
            Some(Ok(g)) => Some(self.placed(g)?),
            Some(Err(_)) => return None,
        };
        let values = self.values(raw.values);
        self.remarks.clear();
        Some(Row { values, geometry })
    }

    fn values(&mut self, mut raw: Vec<Raw>) -> Vec<Value> {
        let layer = &self.source.layer;
        let remarks = &mut self.remarks;
        let offset = self.source.height_offset;
        let source = self.source.mapping.iter().zip(&self.source.factors);
        let each = layer.fields.iter().zip(source).zip(&mut self.converters).zip(&self.fields);
        each.map(|(((field, (column, factor)), converter), wanted)| match column {
            Some(c) if *wanted => {
                let mut value = raw.get_mut(*c).map_or(Raw::Null, |v| std::mem::replace(v, Raw::Null));
                if *factor != 1.0
                    && let Some(n) = value.as_f64()
                {
                    // Decimal digits stay: 12 cm is 0.12 m.
                    value = Raw::Real((meant(n) * factor * 1e9).round() / 1e9);
                }
                let before = remarks.len();
                let value = converter.convert(field, value, remarks);
                for r in &mut remarks[before..] {
                    r.column = *c;
                }
                if field.elevation && offset != 0.0 { raised(value, offset) } else { value }
            }
            _ => Value::Null,
        })
        .collect()
    }

    /// The shape in the file's numbers, wherever it comes from.
    fn shape(&self, raw: &mut SourceRow) -> Option<Result<Geometry, Text>> {
        let ShapeSource::Columns(a, b) = self.source.table.shapes else { return raw.geometry.take() };
        if let Some(Err(why)) = raw.geometry.take() {
            return Some(Err(why));
        }
        let (x, y) = (raw.values.get(a)?, raw.values.get(b)?);
        let packed = self.source.decision.packed || fields::is_sexagesimal(&self.source.table.columns[a]);
        if *x == Raw::Null && *y == Raw::Null {
            return None;
        }
        Some(match (coordinate(x, packed), coordinate(y, packed)) {
            (Some(x), Some(y)) => Ok(Geometry::point(x, y)),
            _ => Err(both("坐标不是数", "the coordinates are no numbers")),
        })
    }

    /// Longitude and latitude; `None` when any coordinate is outside the CRS.
    fn placed(&mut self, mut g: Geometry) -> Option<Geometry> {
        self.precision.take(&g);
        if self.source.decision.swapped {
            g.map_coords(|c| [c[1], c[0]]);
        }
        if let Some(t) = &self.transform {
            if t.apply(&mut g.coords) > 0 {
                return None;
            }
        } else if g.coords.iter().any(|c| !(c[0].abs() <= 180.0 && c[1].abs() <= 90.0)) {
            return None;
        }
        if let Some(shift) = self.source.decision.shift {
            g.map_coords(|c| shift.undo(c));
        }
        // Programs that know no height write nought: that stays.
        if self.source.height_offset != 0.0 && g.z.iter().any(|z| *z != 0.0) {
            g.z.iter_mut().for_each(|z| *z += self.source.height_offset);
        }
        Some(g)
    }

    /// The whole way.
    pub(super) fn take(
        &mut self,
        mut raw: SourceRow,
        checks: &mut [Box<dyn RowCheck>],
        keys: &mut Keys,
        findings: &mut Vec<Finding>,
    ) -> Fate {
        let number = raw.row;
        let shape = self.shape(&mut raw);
        self.at = shape.as_ref().and_then(|s| s.as_ref().ok()?.coords.first().copied());
        let mut row = Row { values: self.values(raw.values), geometry: None };
        let mut verdict = self.remark(&row, number, findings);
        let shaped = match shape {
            None => None,
            Some(Err(why)) => {
                self.reject("geometry.unreadable", number, &row, None, why, findings);
                return self.fate_of_shape(&row, both("图形不能读", "the shape cannot be read"));
            }
            Some(Ok(g)) if !g.is_empty() && !g.is_finite() && !finite_plane(&g) => {
                let why =
                    both("坐标不是有限的数（NaN 或无穷）", "a coordinate is not finite (NaN or infinite)");
                self.reject("geometry.not_finite", number, &row, None, why.clone(), findings);
                return self.fate_of_shape(&row, why);
            }
            Some(Ok(g)) => {
                let first = g.coords.first().copied();
                match self.placed(g) {
                    Some(g) => Some(g),
                    None => {
                        let [x, y] = first.unwrap_or_default();
                        let why = both(
                            format!("坐标 {x:.3}, {y:.3} 不在坐标系范围内"),
                            format!("the coordinates {x:.3}, {y:.3} are outside the CRS"),
                        );
                        self.reject("geometry.outside_crs", number, &row, None, why.clone(), findings);
                        return self.fate_of_shape(&row, why);
                    }
                }
            }
        };
        row.geometry = shaped;
        // What completes a row goes before what judges it; checks are in that order.
        let split = checks.partition_point(|c| c.phase() == Phase::Complete);
        let (complete, judge) = checks.split_at_mut(split);
        for check in complete {
            verdict = verdict.max(check.row(&mut row, &mut self.seen(number, findings)));
        }
        if verdict == Verdict::Keep {
            verdict = self.mend(&mut row, number, findings);
        }
        if verdict == Verdict::Keep {
            self.required(&row, number, findings);
            verdict = self.key(&row, number, keys, findings);
        }
        if verdict == Verdict::Keep {
            for check in judge {
                verdict = verdict.max(check.row(&mut row, &mut self.seen(number, findings)));
                if verdict != Verdict::Keep {
                    break;
                }
            }
        }
        match verdict {
            Verdict::Keep => Fate::Keep(row),
            Verdict::Quarantine => self.kept_out(&row),
            Verdict::Refuse => Fate::Refuse(both(
                format!("第 {number} 行不合格，整批拒绝"),
                format!("row {number} breaks a rule for which the delivery is refused"),
            )),
        }
    }

    fn seen<'b>(&'b self, row: u64, findings: &'b mut Vec<Finding>) -> Seen<'b> {
        let (layer, file) = (&self.source.layer, &self.source.table.file);
        Seen { layer, file, row, names: &self.names, source: self.at, findings }
    }

    fn place(&self, number: u64, row: &Row, at: Option<[f64; 2]>) -> Place {
        let mut none = Vec::new();
        let seen = self.seen(number, &mut none);
        seen.place(row, at)
    }

    /// Turns remarks about values into findings.
    fn remark(&mut self, row: &Row, number: u64, findings: &mut Vec<Finding>) -> Verdict {
        let mut verdict = Verdict::Keep;
        self.said.clear();
        for r in std::mem::take(&mut self.remarks) {
            self.said.push(r.column);
            if r.severity == Severity::Error {
                verdict = Verdict::Quarantine;
            }
            let mut place = self.place(number, row, None);
            place.field = self.source.table.columns.get(r.column).cloned();
            let value = Value::text(r.written);
            findings.push(Finding { value, ..finding(r.rule, r.severity, place, r.message, r.cure) });
        }
        verdict
    }

    fn reject(
        &self,
        rule: &'static str,
        number: u64,
        row: &Row,
        at: Option<[f64; 2]>,
        why: Text,
        findings: &mut Vec<Finding>,
    ) {
        let cure = both("未入库，改正后重新导入", "kept out; correct it and import again");
        findings.push(finding(rule, Severity::Error, self.place(number, row, at), why, cure));
    }

    /// What the layer wants to happen to a shape that cannot be mended.
    fn fate_of_shape(&self, row: &Row, why: Text) -> Fate {
        match self.source.layer.geometry_policy {
            Policy::Refuse => Fate::Refuse(why),
            Policy::Repair | Policy::Quarantine => self.kept_out(row),
        }
    }

    fn kept_out(&self, row: &Row) -> Fate {
        Fate::Quarantine(row.key_hash(&self.source.layer.key))
    }

    fn verdict_of_shape(&self) -> Verdict {
        match self.source.layer.geometry_policy {
            Policy::Refuse => Verdict::Refuse,
            Policy::Repair | Policy::Quarantine => Verdict::Quarantine,
        }
    }

    /// Kind, place and soundness of the shape.
    fn mend(&mut self, row: &mut Row, number: u64, findings: &mut Vec<Finding>) -> Verdict {
        let wanted = self.source.layer.kind.shape();
        let Some(mut g) = row.geometry.take() else {
            self.reject("geometry.none", number, row, None, both("没有图形", "there is no shape"), findings);
            return self.verdict_of_shape();
        };
        if g.shape != wanted && wanted == Shape::Polygon {
            g = closed_as_area(g).unwrap_or_else(|g| g);
        }
        if g.z.iter().all(|z| *z == 0.0) {
            // Programs that know no height write nought.
            g.z.clear();
        }
        let at = g.coords.first().copied();
        if g.shape != wanted {
            let (zh, en) = (shape_word(g.shape).zh, shape_word(g.shape).en);
            let (wzh, wen) = (shape_word(wanted).zh, shape_word(wanted).en);
            let why = both(format!("是{zh}，图层要{wzh}"), format!("is a {en} where the layer holds {wen}s"));
            self.reject("geometry.kind", number, row, at, why, findings);
            return self.verdict_of_shape();
        }
        if let Some(city) = &self.city
            && !city.contains(&g.bounds())
            && !city.intersects(&g.bounds())
        {
            let why = both("在本市范围之外", "lies outside the city");
            self.reject("geometry.outside_city", number, row, at, why, findings);
            return self.verdict_of_shape();
        }
        let mut mended = Vec::new();
        let strict = self.source.layer.geometry_policy;
        match repair(g, &mut mended) {
            Err(d) => {
                self.reject(d.rule, number, row, d.at, d.message, findings);
                self.verdict_of_shape()
            }
            Ok(g) => {
                let serious = mended.iter().any(|d| is_serious(d.rule));
                row.geometry = Some(g);
                for d in mended {
                    let severity = match (strict, is_serious(d.rule)) {
                        (_, false) => Severity::Note,
                        (Policy::Repair, true) => Severity::Warning,
                        (_, true) => Severity::Error,
                    };
                    let place = self.place(number, row, d.at);
                    findings.push(finding(d.rule, severity, place, d.message, d.done));
                }
                if serious && strict != Policy::Repair { self.verdict_of_shape() } else { Verdict::Keep }
            }
        }
    }

    fn required(&self, row: &Row, number: u64, findings: &mut Vec<Finding>) {
        let layer = &self.source.layer;
        for (i, field) in layer.fields.iter().enumerate() {
            if !field.required || !row.values[i].is_null() {
                continue;
            }
            // A column that is not there at all was said once, unless something might have filled the field; a value that
            // could not be taken was said just now.
            let column = self.source.mapping[i];
            if column.is_none() && !self.filled[i] || column.is_some_and(|c| self.said.contains(&c)) {
                continue;
            }
            let mut place = self.place(number, row, None);
            place.field = column.and_then(|c| self.source.table.columns.get(c).cloned());
            let message = both(format!("缺“{}”", field.title.zh), format!("{} is missing", field.title.en));
            let cure = both("已入库，请补上", "committed; please add it");
            findings.push(finding("value.required", Severity::Warning, place, message, cure));
        }
    }

    /// One key, one row: the second is kept out, for a store could not tell them apart at the next delivery.
    fn key(&self, row: &Row, number: u64, keys: &mut Keys, findings: &mut Vec<Finding>) -> Verdict {
        let Some(hash) = row.key_hash(&self.source.layer.key) else { return Verdict::Keep };
        let Err((of, first)) = keys.take(hash, &self.source.table.file, number) else { return Verdict::Keep };
        let other = keys.files.get(of).filter(|f| **f != self.source.table.file);
        let (zh, en) = match other {
            Some(other) => (format!("{other} 的第 {first} 行"), format!("row {first} of {other}")),
            None => (format!("第 {first} 行"), format!("row {first}")),
        };
        let why = both(format!("业务主键与{zh}相同"), format!("has the key of {en}"));
        self.reject("key.duplicate", number, row, None, why, findings);
        Verdict::Quarantine
    }
}

/// What a source's coordinates are.
fn numbers(source: &Source) -> Numbers {
    let decision = &source.decision;
    match &decision.crs {
        // An offset is undone by numbers that nobody wrote.
        _ if decision.shift.is_some() => Numbers::Computed,
        Some(crs) if crs.is_geographic() => Numbers::Degrees,
        Some(_) => Numbers::Lengths,
        None if decision.control.is_some() => Numbers::Lengths,
        None => Numbers::Computed,
    }
}

/// A height above another datum, to a tenth of a millimetre.
fn raised(value: Value, offset: f64) -> Value {
    let height = match value {
        Value::Real(v) => v,
        #[expect(clippy::cast_precision_loss, reason = "heights in metres")]
        Value::Integer(v) => v as f64,
        other => return other,
    };
    Value::Real(((height + offset) * 1e4).round() / 1e4)
}

fn finite_plane(g: &Geometry) -> bool {
    g.coords.iter().all(|c| c[0].is_finite() && c[1].is_finite())
}

/// Mending that changes what the shape encloses, not only how it is written.
fn is_serious(rule: &str) -> bool {
    matches!(
        rule,
        "geometry.self_intersection" | "geometry.ring_nesting" | "geometry.open_ring" | "geometry.height"
    )
}

fn shape_word(shape: Shape) -> Text {
    match shape {
        Shape::Point => both("点", "point"),
        Shape::Line => both("线", "line"),
        Shape::Polygon => both("面", "polygon"),
    }
}
