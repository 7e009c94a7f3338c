//! Whether a delivered row is what is there already: the same shape and the same values, however they are written.
//!
//! A ring may begin anywhere and run either way, rings and parts may come in any order, and coordinates may have gone
//! through another zone or been rounded. A hash cannot tell that: what lies on either side of a rounding edge hashes apart
//! however near it is. So rows whose hashes differ are compared themselves, and always with what is there: moves too
//! small to count do not add up unseen.

use ditu_model::layer::Resolution;
use ditu_model::value::meant;
use ditu_model::{Geometry, LayerDef, Row, Shape, Stated, Value};
use std::cell::Cell;
use std::collections::HashMap;

/// Metres a degree of latitude; of the equator's, so that it is at most half a percent too much.
const DEGREE_M: f64 = 111_320.0;

/// A file's own rounding beyond this is a difference: half of 7 decimals of a degree.
const COARSEST_M: f64 = 0.012;

/// How near is the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    /// Between vertices, in metres.
    plane_m: f64,
    /// Between heights, in metres.
    height_m: f64,
}

impl Near {
    /// The layer's resolution, and what rounding to the last decimal of a delivery can move a vertex.
    pub(crate) fn new(layer: Resolution, stated: Stated) -> Near {
        let half = |unit: f64| unit.clamp(0.0, COARSEST_M) / 2.0;
        Near {
            plane_m: layer.plane_m + half(stated.plane_m) * std::f64::consts::SQRT_2,
            height_m: layer.height_m + half(stated.height_m),
        }
    }

    /// The same in degrees, with room for how a spatial index rounds boxes (32 bits).
    pub(crate) fn degrees(self, latitude: f64) -> f64 {
        4e-5 + self.plane_m / (DEGREE_M * latitude.to_radians().cos().max(0.01))
    }
}

/// What a delivered row is beside the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The same.
    Same,
    /// Another one.
    Other,
    /// Another one, in which what is the same has been put back to how it is there.
    Mixed,
}

/// Compares a delivered row with the one that is there, and gives it what is the same as it stands there: an owner's new
/// name must not move his parcel by a tenth of a millimetre.
pub(crate) fn settle(def: &LayerDef, there: &Row, row: &mut Row, near: Near) -> Told {
    let (mut same, mut put_back) = (true, false);
    let each = def.fields.iter().zip(&there.values).zip(&mut row.values);
    for ((field, old), new) in each.filter(|((_, old), new)| *old != &**new) {
        if equal(old, new, if field.elevation { near.height_m } else { 0.0 }) {
            *new = old.clone();
            put_back = true;
        } else {
            same = false;
        }
    }
    match (&there.geometry, &mut row.geometry) {
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) if same_shape(old, new, near, def.directed) => {
            *new = old.clone();
            put_back = true;
        }
        (None, None) => {}
        _ => same = false,
    }
    match (same, put_back) {
        (true, _) => Told::Same,
        (false, true) => Told::Mixed,
        (false, false) => Told::Other,
    }
}

/// True when a delivered row is the one that is there.
pub(crate) fn is_same(def: &LayerDef, there: &Row, row: &Row, near: Near) -> bool {
    let mut each = def.fields.iter().zip(&there.values).zip(&row.values);
    each.all(|((field, old), new)| equal(old, new, if field.elevation { near.height_m } else { 0.0 }))
        && match (&there.geometry, &row.geometry) {
            (Some(old), Some(new)) => same_shape(old, new, near, def.directed),
            (old, new) => old.is_none() && new.is_none(),
        }
}

/// True for values that mean the same number or document.
fn equal(a: &Value, b: &Value, near: f64) -> bool {
    match (a, b) {
        (Value::Real(a), Value::Real(b)) => {
            // The last bits of a double are what arithmetic leaves there.
            let noise = a.abs().max(b.abs()) * 1e-14;
            (a - b).abs() <= near.max(noise) || single(*a) == single(*b)
        }
        (Value::Json(a), Value::Json(b)) => {
            let read = |t: &str| serde_json::from_str::<serde_json::Value>(t).ok();
            read(a).is_some_and(|a| Some(a) == read(b))
        }
        (a, b) => a == b,
    }
}

/// A number as it was meant before it went through 32 bits, also where that was written out in decimals.
fn single(n: f64) -> f64 {
    let short = meant(n);
    if short != n || n.fract() == 0.0 {
        return short;
    }
    let text = n.to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let decimals = text.split_once('.').map_or(0, |(_, d)| d.len());
    let rounded = n as f32;
    // 32.450000763 is what nine decimals show of the 32 bits nearest to 32.45.
    if digits >= 10 && format!("{:.decimals$}", f64::from(rounded)) == text {
        return ditu_model::value::of_single(rounded);
    }
    n
}

/// Two shapes being compared.
struct Pair<'a> {
    a: &'a Geometry,
    b: &'a Geometry,
    /// Metres a degree of longitude and latitude here.
    scale: [f64; 2],
    near: Near,
    directed: bool,
    /// Comparisons that are left: shapes made to be slow are as good as different.
    left: Cell<u64>,
}

/// True when two shapes are the same.
fn same_shape(a: &Geometry, b: &Geometry, near: Near, directed: bool) -> bool {
    if a.shape != b.shape || a.has_z() != b.has_z() || a.part_count() != b.part_count() {
        return false;
    }
    let Some(first) = a.coords.first() else { return b.is_empty() };
    let scale = [DEGREE_M * first[1].to_radians().cos(), DEGREE_M];
    let left = Cell::new(100_000 + 64 * (a.coords.len() + b.coords.len()) as u64);
    let pair = Pair { a, b, scale, near, directed, left };
    match a.shape {
        Shape::Point => {
            pair.matched(0..a.coords.len(), 0..b.coords.len(), &|g, i| g.coords[i], &|i, j| pair.vertex(i, j))
        }
        Shape::Line => pair.matched(0..a.rings.len(), 0..b.rings.len(), &corner, &|i, j| pair.line(i, j)),
        Shape::Polygon => {
            let exterior = |g: &Geometry, part: usize| corner(g, g.part(part).start);
            pair.matched(0..a.parts.len(), 0..b.parts.len(), &exterior, &|i, j| pair.polygon(i, j))
        }
    }
}

/// The lower left corner of the box around a line or ring.
fn corner(g: &Geometry, ring: usize) -> [f64; 2] {
    g.ring(ring).iter().fold([f64::INFINITY; 2], |m, c| [m[0].min(c[0]), m[1].min(c[1])])
}

/// The vertices of a line or ring.
fn vertices(g: &Geometry, ring: usize) -> std::ops::Range<usize> {
    let start = if ring == 0 { 0 } else { g.rings[ring - 1] as usize };
    start..g.rings[ring] as usize
}

type Anchor<'a> = dyn Fn(&Geometry, usize) -> [f64; 2] + 'a;
type Same<'a> = dyn Fn(usize, usize) -> bool + 'a;

impl Pair<'_> {
    fn vertex(&self, i: usize, j: usize) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else { return false };
        self.left.set(left);
        let (p, q) = (self.a.coords[i], self.b.coords[j]);
        self.close(p, q) && (self.a.z.is_empty() || self.level(self.a.z[i], self.b.z[j]))
    }

    fn close(&self, p: [f64; 2], q: [f64; 2]) -> bool {
        let (dx, dy) = ((p[0] - q[0]) * self.scale[0], (p[1] - q[1]) * self.scale[1]);
        dx * dx + dy * dy <= self.near.plane_m * self.near.plane_m
    }

    fn level(&self, a: f64, b: f64) -> bool {
        (a - b).abs() <= self.near.height_m || a.is_nan() && b.is_nan()
    }

    /// True when each of `ours` is one of `theirs`, in any order. `anchor` is a place by which the same are found.
    fn matched(
        &self,
        ours: std::ops::Range<usize>,
        theirs: std::ops::Range<usize>,
        anchor: &Anchor<'_>,
        same: &Same<'_>,
    ) -> bool {
        if ours.len() != theirs.len() {
            return false;
        }
        // Nearly always in the order in which they are.
        let ahead = ours.clone().zip(theirs.clone()).take_while(|(i, j)| same(*i, *j)).count();
        let (ours, theirs) = (ours.start + ahead..ours.end, theirs.start + ahead..theirs.end);
        if ours.len() < 2 {
            return ours.is_empty();
        }
        let cell_m = self.near.plane_m * 8.0;
        let cell = |p: [f64; 2], by: [f64; 2]| -> [i64; 2] {
            [0, 1].map(|i| ((p[i] * self.scale[i] + by[i]) / cell_m).floor() as i64)
        };
        let mut cells: HashMap<[i64; 2], Vec<usize>> = HashMap::new();
        for j in theirs {
            cells.entry(cell(anchor(self.b, j), [0.0; 2])).or_default().push(j);
        }
        let reach = self.near.plane_m;
        ours.into_iter().all(|i| {
            let at = anchor(self.a, i);
            let mut seen = [None; 4];
            let corners = [[-reach, -reach], [reach, -reach], [-reach, reach], [reach, reach]];
            corners.iter().enumerate().any(|(n, by)| {
                let key = cell(at, *by);
                if seen.contains(&Some(key)) {
                    return false;
                }
                seen[n] = Some(key);
                let Some(list) = cells.get_mut(&key) else { return false };
                let found = list.iter().position(|j| same(i, *j));
                found.is_some_and(|at| {
                    list.swap_remove(at);
                    true
                })
            })
        })
    }

    fn line(&self, i: usize, j: usize) -> bool {
        let (ours, theirs) = (vertices(self.a, i), vertices(self.b, j));
        let closed = |g: &Geometry, r: &std::ops::Range<usize>| {
            r.len() > 3 && self.close(g.coords[r.start], g.coords[r.end - 1])
        };
        if closed(self.a, &ours) && closed(self.b, &theirs) {
            return self.ring(i, j, !self.directed);
        }
        self.path(ours.clone(), theirs.clone()) || {
            let (p, q) = (self.thin(self.a, ours.clone()), self.thin(self.b, theirs.clone()));
            (p.len() < ours.len() || q.len() < theirs.len()) && self.along(&p, &q)
        }
    }

    fn path(&self, ours: std::ops::Range<usize>, theirs: std::ops::Range<usize>) -> bool {
        ours.len() == theirs.len()
            && (ours.clone().zip(theirs.clone()).all(|(i, j)| self.vertex(i, j))
                || !self.directed && ours.zip(theirs.rev()).all(|(i, j)| self.vertex(i, j)))
    }

    fn along(&self, p: &[usize], q: &[usize]) -> bool {
        p.len() == q.len()
            && (p.iter().zip(q).all(|(i, j)| self.vertex(*i, *j))
                || !self.directed && p.iter().zip(q.iter().rev()).all(|(i, j)| self.vertex(*i, *j)))
    }

    fn polygon(&self, i: usize, j: usize) -> bool {
        let (ours, theirs) = (self.a.part(i), self.b.part(j));
        if ours.is_empty() || theirs.is_empty() {
            return ours.is_empty() && theirs.is_empty();
        }
        ours.len() == theirs.len()
            && self.ring(ours.start, theirs.start, true)
            && self.matched(ours.start + 1..ours.end, theirs.start + 1..theirs.end, &corner, &|i, j| {
                self.ring(i, j, true)
            })
    }

    /// Closed lines, wherever they begin; `either` way round.
    fn ring(&self, i: usize, j: usize, either: bool) -> bool {
        let open = |r: std::ops::Range<usize>| r.start..r.end.saturating_sub(1).max(r.start);
        let (ours, theirs) = (open(vertices(self.a, i)), open(vertices(self.b, j)));
        if ours.len() == theirs.len() {
            let same = |i: usize, j: usize| self.vertex(ours.start + i, theirs.start + j);
            if turned(ours.len(), either, &same) {
                return true;
            }
        }
        // Rounding may have made two vertices one.
        let around = |g: &Geometry, of: std::ops::Range<usize>| {
            let mut kept = self.thin(g, of);
            while kept.len() > 1 && self.close(g.coords[kept[0]], g.coords[kept[kept.len() - 1]]) {
                kept.pop();
            }
            kept
        };
        let (p, q) = (around(self.a, ours.clone()), around(self.b, theirs.clone()));
        (p.len() < ours.len() || q.len() < theirs.len())
            && p.len() == q.len()
            && turned(p.len(), either, &|i, j| self.vertex(p[i], q[j]))
    }

    /// Vertices without those that lie on the one before.
    fn thin(&self, g: &Geometry, of: std::ops::Range<usize>) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::with_capacity(of.len());
        for i in of {
            if !kept.last().is_some_and(|l| self.close(g.coords[*l], g.coords[i])) {
                kept.push(i);
            }
        }
        kept
    }
}

/// True when two circles of `n` are the same from some start on.
fn turned(n: usize, either: bool, same: &Same<'_>) -> bool {
    n == 0
        || (0..n).any(|start| {
            same(0, start)
                && ((1..n).all(|i| same(i, (start + i) % n))
                    || either && (1..n).all(|i| same(i, (start + n - i) % n)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundredth of a millimetre in degrees.
    const HUNDREDTH_MM: f64 = 1e-5 / DEGREE_M;

    fn near() -> Near {
        Near::new(Resolution::default(), Stated::default())
    }

    fn ring(at: [f64; 2], n: usize) -> Vec<[f64; 2]> {
        let turn = |i: usize| (i % n) as f64 / n as f64 * std::f64::consts::TAU;
        (0..=n).map(|i| [at[0] + turn(i).cos() * 1e-4, at[1] + turn(i).sin() * 1e-4]).collect()
    }

    /// The same ring from another start on, the other way round, with noise.
    fn rewritten(ring: &[[f64; 2]], start: usize) -> Vec<[f64; 2]> {
        let mut open = ring[1..].to_vec();
        open.rotate_left(start);
        open.reverse();
        for (i, c) in open.iter_mut().enumerate() {
            c[i % 2] += if i % 3 == 0 { 3.0 } else { -4.0 } * HUNDREDTH_MM;
        }
        open.push(open[0]);
        open
    }

    fn same(a: &Geometry, b: &Geometry, directed: bool) -> bool {
        assert_eq!(same_shape(a, b, near(), directed), same_shape(b, a, near(), directed));
        same_shape(a, b, near(), directed)
    }

    #[test]
    fn start_direction_and_order_of_rings_and_parts_are_no_difference_and_a_moved_vertex_is() {
        let at = |i: f64| [111.5 + i * 1e-3, 29.0];
        let mut a = Geometry::polygon(vec![ring(at(0.0), 40), ring(at(0.1), 7), ring(at(0.2), 9)]);
        a.push_ring(&ring(at(5.0), 12));
        a.end_part();
        let mut b = Geometry::polygon(vec![rewritten(&ring(at(5.0), 12), 5)]);
        for r in [rewritten(&ring(at(0.0), 40), 33), rewritten(&ring(at(0.2), 9), 1), ring(at(0.1), 7)] {
            b.push_ring(&r);
        }
        b.end_part();
        assert!(same(&a, &b, true));
        for vertex in [0, 3, 14, b.coords.len() - 2] {
            let mut moved = b.clone();
            moved.coords[vertex][1] += 30.0 * HUNDREDTH_MM;
            assert!(!same(&a, &moved, true), "vertex {vertex}");
        }
        // A hole that became a part is another shape.
        let mut other = Geometry::polygon(vec![ring(at(0.0), 40), ring(at(0.1), 7)]);
        other.push_ring(&ring(at(0.2), 9));
        other.end_part();
        assert!(!same(&a, &other, true));
    }

    #[test]
    fn a_reversed_line_is_another_line_where_direction_means_something() {
        let path: Vec<[f64; 2]> = (0..9).map(|i| [111.5 + f64::from(i * i) * 1e-5, 29.0]).collect();
        let (a, b) = (Geometry::line(path.clone()), Geometry::line(path.iter().rev().copied().collect()));
        assert!(same(&a, &b, false) && !same(&a, &b, true));
        let circle = Geometry::line(ring([111.5, 29.0], 11));
        let (mut on, back) = (ring([111.5, 29.0], 11), rewritten(&ring([111.5, 29.0], 11), 4));
        on.pop();
        on.rotate_left(4);
        on.push(on[0]);
        assert!(same(&circle, &Geometry::line(on), true));
        assert!(same(&circle, &Geometry::line(back.clone()), false));
        assert!(!same(&circle, &Geometry::line(back), true));
    }

    #[test]
    fn points_in_any_order_heights_and_what_rounding_made_one() {
        let many: Vec<[f64; 2]> =
            (0..500).map(|i| [111.5 + f64::from(i % 23) * 1e-9, 29.0 + f64::from(i) * 1e-9]).collect();
        let a = Geometry { coords: many.clone(), ..Geometry::new(Shape::Point) };
        let b = Geometry { coords: many.iter().rev().copied().collect(), ..a.clone() };
        assert!(same(&a, &b, true));
        let high = |z: f64| Geometry { z: vec![z], ..Geometry::point(111.5, 29.0) };
        assert!(same(&high(31.5), &high(31.50004), true) && !same(&high(31.5), &high(31.5004), true));
        assert!(!same(&high(31.5), &Geometry::point(111.5, 29.0), true));
        let mut doubled = ring([111.5, 29.0], 8);
        doubled.insert(4, [doubled[4][0] + HUNDREDTH_MM, doubled[4][1]]);
        assert!(same(
            &Geometry::polygon(vec![doubled]),
            &Geometry::polygon(vec![ring([111.5, 29.0], 8)]),
            true
        ));
    }

    #[test]
    fn a_shape_made_to_be_slow_is_given_up() {
        let spot = |n: usize, last: f64| {
            let mut ring = vec![[111.5, 29.0]; n];
            ring[n / 2][0] += 0.001;
            ring[n / 2 + 1][0] += last;
            Geometry::polygon(vec![ring])
        };
        assert!(!same_shape(&spot(200_000, 0.002), &spot(200_000, 0.003), near(), true));
    }

    #[test]
    fn numbers_that_went_through_32_bits_are_the_same_and_others_are_not() {
        let real = |a: f64, b: f64| equal(&Value::Real(a), &Value::Real(b), 0.0);
        assert!(real(32.45, f64::from(32.45_f32)) && real(32.450000763, 32.45) && real(0.1 + 0.2, 0.3));
        assert!(!real(123_456.791, 123_456.792) && !real(32.45, 32.450001) && !real(1.0, 2.0));
        let json = |a: &str, b: &str| equal(&Value::Json(a.into()), &Value::Json(b.into()), 0.0);
        assert!(json("{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }") && !json("[1,2]", "[2,1]"));
        let text = |a: &str, b: &str| equal(&Value::text(a), &Value::text(b), 0.0);
        assert!(!text("1.0", "1"));
    }

    #[test]
    fn a_files_own_rounding_is_allowed_for_up_to_a_limit() {
        let at = |m: f64| Geometry::point(111.5, 29.0 + m / DEGREE_M);
        let stated = |m: f64| Near::new(Resolution::default(), Stated { plane_m: m, height_m: 0.0 });
        assert!(same_shape(&at(0.0), &at(0.000_7), stated(0.001), true));
        assert!(!same_shape(&at(0.0), &at(0.001), stated(0.001), true));
        assert!(!same_shape(&at(0.0), &at(0.01), stated(1.0), true));
    }
}
