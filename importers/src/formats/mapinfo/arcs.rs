//! Ellipses, arcs and rounded corners, which GDAL strokes by two degrees and more whatever their size. Such a run of vertices
//! says which curve it was: it is stroked anew.

use crate::formats::curves;
use ditu_model::{Geometry, Shape};

/// Cosines of the steps that GDAL takes along an arc: one to three degrees.
const STEPS: std::ops::Range<f64> = 0.998_6..0.999_85;
/// How much two steps of an arc may differ: vertices are doubles, the curve's own frame may be in centimetres.
const EVEN: f64 = 1e-6;

/// Whether a line is an arc with too few vertices to tell which: GDAL gives an arc's end twice.
pub(super) fn is_short_arc(line: &Geometry) -> bool {
    line.shape == Shape::Line
        && matches!(line.coords.as_slice(), [.., _, a, b] if a == b)
        && (3..=4).contains(&line.coords.len())
}

pub(super) fn finer(geometry: &mut Geometry) {
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
        let tolerance = curves::tolerance(centre[0], centre[1]);
        if widest * (1.0 - (step / 2.0).cos()) > tolerance {
            all.extend_from_slice(&line[kept..=i]);
            let n = curves::steps(widest, step * steps, tolerance);
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
