//! MapInfo TAB and MIF through GDAL, which strokes ellipses, arcs and rounded corners by two degrees and more whatever their
//! size. Such a run of vertices says which curve it was: it is stroked anew.

use super::curves::{self, TOLERANCE};
use super::{Head, Refused, gdal};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::table::{Reader, ShapeSource, Sink, Table};
use ditu_model::{Geometry, Severity, Shape};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows that are looked at for arcs of too few vertices.
const LOOK: u64 = 20_000;
/// Cosines of the steps that GDAL takes along an arc: one to three degrees.
const STEPS: std::ops::Range<f64> = 0.998_6..0.999_85;
/// How much two steps of an arc may differ: vertices are doubles, the curve's own frame may be in centimetres.
const EVEN: f64 = 1e-6;

pub(super) fn is_tab(head: &Head<'_>) -> bool {
    head.begins("!table")
}

pub(super) fn is_mif(head: &Head<'_>) -> bool {
    head.ending == "mif" && head.begins("Version")
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let mut tables = gdal::open(found, format, options)?;
    for table in &mut tables {
        if matches!(table.shapes, ShapeSource::File(Some(Shape::Point))) {
            continue;
        }
        let (mut seen, mut short) = (0, 0u64);
        // What cannot be read is said when the rows are taken.
        let _ = table.reader.read(&vec![false; table.columns.len()], &mut |row| {
            seen += 1;
            short += u64::from(row.geometry.and_then(Result::ok).is_some_and(|g| is_short_arc(&g)));
            if seen < LOOK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if short > 0 {
            table.findings.push(of_file(
                "mapinfo.arc",
                Severity::Warning,
                &found.name,
                both(
                    format!("{short} 段圆弧不足 8 度，GDAL 只给一到三个折线段，不保证 1 厘米以内"),
                    format!("{short} arcs of less than eight degrees come as one to three straight lines, not surely within a centimetre"),
                ),
                both("半径大时在 MapInfo 中先转为折线", "turn wide ones into polylines in MapInfo"),
            ));
        }
        table.reader = Arc::new(Finer(Arc::clone(&table.reader)));
    }
    Ok(tables)
}

/// Whether a line is an arc with too few vertices to tell which: GDAL gives an arc's end twice.
fn is_short_arc(line: &Geometry) -> bool {
    line.shape == Shape::Line
        && matches!(line.coords.as_slice(), [.., _, a, b] if a == b)
        && (3..=4).contains(&line.coords.len())
}

struct Finer(Arc<dyn Reader>);

impl Reader for Finer {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        self.0.read(wanted, &mut |mut row| {
            if let Some(Ok(geometry)) = &mut row.geometry
                && geometry.shape != Shape::Point
                && geometry.z.is_empty()
            {
                finer(geometry);
            }
            sink(row)
        })
    }
}

fn finer(geometry: &mut Geometry) {
    let each: Vec<Option<Vec<[f64; 2]>>> = geometry.rings().map(finer_line).collect();
    if each.iter().all(Option::is_none) {
        return;
    }
    let mut coords = Vec::new();
    let ends = each.iter().enumerate().map(|(i, new)| {
        coords.extend_from_slice(new.as_deref().unwrap_or(geometry.ring(i)));
        coords.len() as u32
    });
    geometry.rings = ends.collect();
    geometry.coords = coords;
}

/// The line with its arcs stroked anew, if it has coarse ones.
///
/// Along an ellipse by even steps of its parameter, the chords before and after a chord add up to it times twice the step's
/// cosine, whatever the ellipse; its axes follow from three vertices.
fn finer_line(line: &[[f64; 2]]) -> Option<Vec<[f64; 2]>> {
    let off = |a: [f64; 2], b: [f64; 2]| [b[0] - a[0], b[1] - a[1]];
    let cosine = |i: usize| {
        let [before, at, after] = [0, 1, 2].map(|k| off(line[i + k], line[i + k + 1]));
        let long = at[0] * at[0] + at[1] * at[1];
        let sum = [before[0] + after[0], before[1] + after[1]];
        let aside = (sum[0] * at[1] - sum[1] * at[0]).abs();
        let cosine = (sum[0] * at[0] + sum[1] * at[1]) / long / 2.0;
        (aside <= EVEN * long && STEPS.contains(&cosine)).then_some(cosine)
    };
    let mut all: Vec<[f64; 2]> = Vec::new();
    let mut kept = 0;
    let mut i = 0;
    while i + 4 <= line.len() {
        let Some(first) = cosine(i) else {
            i += 1;
            continue;
        };
        let mut end = i + 3;
        while end + 1 < line.len() && cosine(end - 2).is_some_and(|c| (c - first).abs() <= EVEN) {
            end += 1;
        }
        let (step, steps) = (first.acos(), (end - i) as f64);
        let [a, b, c] = [0, 1, 2].map(|k| line[i + k]);
        let centre = [0, 1].map(|k| (a[k] + c[k] - 2.0 * first * b[k]) / (2.0 - 2.0 * first));
        let u = off(centre, a);
        let v = [0, 1].map(|k| (b[k] - centre[k] - u[k] * first) / step.sin());
        let widest = u[0].hypot(u[1]).hypot(v[0].hypot(v[1]));
        if widest * (1.0 - (step / 2.0).cos()) > TOLERANCE {
            all.extend_from_slice(&line[kept..=i]);
            let n = curves::steps(widest, step * steps);
            all.extend((1..n).map(|k| {
                let (sin, cos) = (step * steps * k as f64 / n as f64).sin_cos();
                [0, 1].map(|axis| centre[axis] + u[axis] * cos + v[axis] * sin)
            }));
            kept = end;
        }
        i = end;
    }
    if kept == 0 {
        return None;
    }
    all.extend_from_slice(&line[kept..]);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::options;

    /// Shapes of a MIF of these objects, as imported, and how many findings.
    fn shapes(objects: &[&str]) -> (Vec<Geometry>, usize) {
        let head = "Version 450\nCharset \"WindowsSimpChinese\"\nDelimiter \",\"\n\
             CoordSys NonEarth Units \"m\" Bounds (0, 0) (10000000, 10000000)\nColumns 1\n  n Char(20)\nData\n\n";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mif");
        std::fs::write(&path, format!("{head}{}\n", objects.join("\n"))).unwrap();
        std::fs::write(path.with_extension("mid"), "\"a\"\n".repeat(objects.len())).unwrap();
        let found = Found { name: "a.mif".into(), path, explicit: true };
        let tables =
            open(&found, "MapInfo MIF", &options(dir.path())).unwrap_or_else(|e| panic!("{:?}", e.message));
        let mut all = Vec::new();
        let mut told = 0;
        for table in &tables {
            told += table.findings.iter().filter(|f| f.rule == "mapinfo.arc").count();
            table
                .reader
                .read(&[true], &mut |row| {
                    all.push((row.row, row.geometry.unwrap().unwrap()));
                    ControlFlow::Continue(())
                })
                .unwrap_or_else(|e| panic!("{:?}", e.message));
        }
        all.sort_by_key(|(row, _)| *row);
        (all.into_iter().map(|(_, g)| g).collect(), told)
    }

    #[test]
    fn ellipses_arcs_and_rounded_corners_lie_within_a_centimetre() {
        let at = |a: f64, b: f64| format!("{} {} {} {}", 5e5 - a, 3.2e6 - b, 5e5 + a, 3.2e6 + b);
        for (a, b) in [(200.0, 100.0), (4_000.0, 4_000.0), (90.0, 2_000.0), (3.0, 2.0)] {
            let (ellipse, arc) = (format!("Ellipse {}", at(a, b)), format!("Arc {}\n30 310", at(a, b)));
            let (all, told) = shapes(&[&ellipse, &arc, &format!("Arc {}\n10 22.5", at(a, b))]);
            assert_eq!((all.len(), told), (3, 0));
            for (shape, from, to) in [(&all[0], 0.0, 360.0), (&all[1], 30.0, 310.0), (&all[2], 10.0, 22.5f64)]
            {
                let on = |p: &[f64; 2]| ((p[0] - 5e5) / a).hypot((p[1] - 3.2e6) / b);
                for c in &shape.coords {
                    assert!((on(c) - 1.0).abs() < 1e-6, "{a} {b}: {}", on(c));
                }
                // Where the curve is: none of its places further than a centimetre from a chord.
                let mut far = 0.0f64;
                for k in 0..4_000 {
                    let t = (from + (to - from) * f64::from(k) / 4_000.0).to_radians();
                    let p = [5e5 + a * t.cos(), 3.2e6 + b * t.sin()];
                    let near = shape.coords.windows(2).map(|w| {
                        let (d, q) =
                            ([w[1][0] - w[0][0], w[1][1] - w[0][1]], [p[0] - w[0][0], p[1] - w[0][1]]);
                        let long = d[0] * d[0] + d[1] * d[1];
                        let along = if long > 0.0 {
                            ((q[0] * d[0] + q[1] * d[1]) / long).clamp(0.0, 1.0)
                        } else {
                            0.0
                        };
                        (q[0] - along * d[0]).hypot(q[1] - along * d[1])
                    });
                    far = far.max(near.fold(f64::MAX, f64::min));
                }
                assert!(far < 0.010_1, "{a} {b} {from}: {far}");
                assert_eq!(all[0].coords.first(), all[0].coords.last());
            }
        }
        let (all, _) = shapes(&[&format!("Roundrect {} 300", at(400.0, 300.0))]);
        assert!(all[0].coords.len() > 190, "{}", all[0].coords.len());
        let corner = [5e5 + 250.0, 3.2e6 + 150.0];
        for w in all[0].coords.windows(2).filter(|w| w.iter().all(|p| p[0] > corner[0] && p[1] > corner[1])) {
            let middle = [0, 1].map(|i| (w[0][i] + w[1][i]) / 2.0 - corner[i]);
            assert!(150.0 - middle[0].hypot(middle[1]) < 0.010_1, "{w:?}");
        }
    }

    #[test]
    fn what_is_no_arc_stays_and_arcs_of_a_few_degrees_are_told() {
        let line = "Pline 6\n0 0\n100 0\n200 0\n300 3.5\n400 12\n500 12";
        let even = "Pline 5\n0 0\n100 0\n200 0\n300 0\n400 0";
        let (all, told) = shapes(&[line, even, "Arc 500000 3200000 504000 3204000\n10 15.5"]);
        assert_eq!((all[0].coords.len(), all[1].coords.len(), all[2].coords.len(), told), (6, 5, 4, 1));
        let mut circle = Geometry::polygon(vec![
            (0..=180)
                .map(|i| f64::from(i) * 2f64.to_radians())
                .map(|t| [500.0 * t.cos(), 500.0 * t.sin()])
                .collect(),
            vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
        ]);
        finer(&mut circle);
        assert_eq!((circle.rings.len(), circle.parts.len(), circle.ring(1).len()), (2, 1, 4));
        assert!(circle.ring(0).len() > 400);
    }
}
