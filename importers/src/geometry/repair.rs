//! From a shape as a file holds it to one that a layer may hold, or the reason why not.
//!
//! What is mended: repeated vertices, spikes, open rings, empty parts, the direction of rings, boundaries that cross
//! themselves (by the even-odd rule: what GIS programs fill), closed lines where areas are wanted.

use super::sweep::{Crossing, crossing};
use super::{measure, rings};
use crate::notes::both;
use ditu_model::{Geometry, Shape, Text};
use geo::BooleanOps;

/// Something that was done, or that stands in the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Defect {
    pub(crate) rule: &'static str,
    pub(crate) at: Option<[f64; 2]>,
    pub(crate) message: Text,
    /// What was done; empty when nothing could be.
    pub(crate) done: Text,
}

fn defect(rule: &'static str, at: Option<[f64; 2]>, message: Text, done: Text) -> Defect {
    Defect { rule, at, message, done }
}

/// What cannot be mended.
fn fatal(rule: &'static str, at: Option<[f64; 2]>, message: Text, done: Text) -> Box<Defect> {
    Box::new(defect(rule, at, message, done))
}

/// A closed line may stand for an area (CAD draws areas as closed polylines).
pub(crate) fn closed_as_area(geometry: Geometry) -> Result<Geometry, Geometry> {
    let closed = geometry.shape == Shape::Line
        && !geometry.rings.is_empty()
        && geometry.rings().all(|r| r.len() >= 4 && r.first() == r.last());
    if !closed {
        return Err(geometry);
    }
    let loose = Geometry { shape: Shape::Polygon, ..geometry };
    rings::assemble(loose.clone()).ok_or(Geometry { shape: Shape::Line, ..loose })
}

/// Checks and mends a shape in longitude and latitude. What was mended is pushed to `mended`.
///
/// # Errors
/// What cannot be mended.
pub(crate) fn repair(geometry: Geometry, mended: &mut Vec<Defect>) -> Result<Geometry, Box<Defect>> {
    if geometry.is_empty() {
        return Err(fatal(
            "geometry.empty",
            None,
            both("没有坐标", "the shape has no coordinates"),
            Text::default(),
        ));
    }
    let mut g = geometry;
    if !g.z.is_empty() && g.z.iter().any(|z| !z.is_finite()) {
        g.z.clear();
        mended.push(defect(
            "geometry.height",
            g.coords.first().copied(),
            both("有的高程不是数", "some heights are not numbers"),
            both("已去掉高程", "heights were left out"),
        ));
    }
    match g.shape {
        Shape::Point => Ok(g),
        Shape::Line => lines(g, mended),
        Shape::Polygon => polygons(g, mended),
    }
}

fn lines(g: Geometry, mended: &mut Vec<Defect>) -> Result<Geometry, Box<Defect>> {
    if !repeats(&g) && g.rings().all(|r| r.len() >= 2) {
        return Ok(g);
    }
    let at = g.coords.first().copied();
    let mut out = Geometry::new(Shape::Line);
    let (mut doubled, mut lost) = (0, 0);
    let has_z = g.has_z();
    let mut from = 0;
    for &end in &g.rings {
        let end = end as usize;
        let begin = out.coords.len();
        for i in from..end {
            if out.coords.len() > begin && out.coords.last() == Some(&g.coords[i]) {
                doubled += 1;
                continue;
            }
            out.coords.push(g.coords[i]);
            if has_z {
                out.z.push(g.z[i]);
            }
        }
        from = end;
        if out.coords.len() < begin + 2 {
            out.coords.truncate(begin);
            out.z.truncate(if has_z { begin } else { 0 });
            lost += 1;
        } else {
            out.rings.push(out.coords.len() as u32);
        }
    }
    if out.is_empty() {
        return Err(fatal(
            "geometry.too_few_points",
            at,
            both("线少于两个不同的点", "the line has fewer than two different points"),
            Text::default(),
        ));
    }
    note_repeats(doubled, at, mended);
    note_lost(lost, at, mended);
    Ok(out)
}

/// True when a vertex is followed by itself inside a ring.
fn repeats(g: &Geometry) -> bool {
    g.rings().any(|r| r.windows(2).any(|w| w[0] == w[1]))
}

fn note_repeats(n: usize, at: Option<[f64; 2]>, mended: &mut Vec<Defect>) {
    if n > 0 {
        mended.push(defect(
            "geometry.repeated_vertex",
            at,
            both(format!("{n} 个重复的点"), format!("{n} vertices stand twice")),
            both("已去掉", "removed"),
        ));
    }
}

fn note_lost(n: usize, at: Option<[f64; 2]>, mended: &mut Vec<Defect>) {
    if n > 0 {
        mended.push(defect(
            "geometry.empty_part",
            at,
            both(format!("{n} 个部分没有长度或面积"), format!("{n} parts have no extent")),
            both("已去掉", "removed"),
        ));
    }
}

fn polygons(mut g: Geometry, mended: &mut Vec<Defect>) -> Result<Geometry, Box<Defect>> {
    let at = g.coords.first().copied();
    let sound = |r: &[[f64; 2]]| r.len() >= 4 && r.first() == r.last();
    let spiky =
        |r: &[[f64; 2]]| r.windows(3).any(|w| w[0] == w[2]) || (r.len() > 3 && r[1] == r[r.len() - 2]);
    if repeats(&g) || !g.rings().all(sound) || g.rings().any(spiky) || g.parts.is_empty() {
        g = tidy(&g, mended)?;
    }
    if g.parts.is_empty() {
        return Err(too_few(at));
    }
    match crossing(&g) {
        Crossing::None => {}
        Crossing::TooMany => {
            return Err(fatal(
                "geometry.too_complex",
                at,
                both(
                    "边界的线段互相重叠太多，无法检查",
                    "too many of the boundary's segments lie over each other to check it",
                ),
                Text::default(),
            ));
        }
        Crossing::At(place) => {
            let before = measure::area(&g);
            let fixed = even_odd(&g).ok_or_else(|| {
                fatal(
                    "geometry.self_intersection",
                    Some(place),
                    both("边界自相交，且没有面积", "the boundary crosses itself and encloses nothing"),
                    Text::default(),
                )
            })?;
            let after = measure::area(&fixed);
            let parts = fixed.parts.len();
            mended.push(defect(
                "geometry.self_intersection",
                Some(place),
                both("边界自相交", "the boundary crosses itself"),
                both(
                    format!("已按奇偶规则改为 {parts} 个面，面积 {before:.1} → {after:.1} m²"),
                    format!("made {parts} polygons by the even-odd rule, area {before:.1} → {after:.1} m²"),
                ),
            ));
            g = fixed;
        }
    }
    if g.rings.len() > 1 {
        g = nested(g, mended);
    }
    let flat = (0..g.parts.len()).all(|p| rings::twice_area(g.ring(g.part(p).start)) == 0.0);
    if flat {
        return Err(too_few(at));
    }
    Ok(rings::turned(g))
}

/// Sorts rings by what lies in what where they are not: a hole outside its polygon, a hole in a hole, a polygon in another.
fn nested(g: Geometry, mended: &mut Vec<Defect>) -> Geometry {
    let plane = |g: &Geometry| -> f64 {
        let signed = (0..g.parts.len()).flat_map(|p| g.part(p).enumerate());
        signed.map(|(k, r)| rings::twice_area(g.ring(r)).abs() * if k == 0 { 1.0 } else { -1.0 }).sum()
    };
    let stated = plane(&g);
    let Some(sorted) = rings::assemble(g.clone()) else { return g };
    if (plane(&sorted) - stated).abs() <= 1e-9 * stated.abs() {
        return g;
    }
    let (before, after) = (measure::area(&g), measure::area(&sorted));
    mended.push(defect(
        "geometry.ring_nesting",
        g.coords.first().copied(),
        both(
            "有的洞不在面内，或面、洞互相套叠",
            "a hole lies outside its polygon, or polygons and holes lie in each other",
        ),
        both(
            format!("已按包含关系重排，面积 {before:.1} → {after:.1} m²"),
            format!("sorted by what lies in what, area {before:.1} → {after:.1} m²"),
        ),
    ));
    sorted
}

fn too_few(at: Option<[f64; 2]>) -> Box<Defect> {
    fatal(
        "geometry.no_area",
        at,
        both(
            "面少于三个不同的点，或没有面积",
            "the polygon has fewer than three different points, or no area",
        ),
        Text::default(),
    )
}

/// Closes rings, takes out repeated vertices, spikes and rings without area; sorts the rings anew.
fn tidy(g: &Geometry, mended: &mut Vec<Defect>) -> Result<Geometry, Box<Defect>> {
    let at = g.coords.first().copied();
    let mut out = Geometry::new(Shape::Polygon);
    let (mut doubled, mut open, mut spikes, mut lost) = (0, 0, 0, 0);
    let has_z = g.has_z();
    let mut from = 0;
    for &end in &g.rings {
        let end = end as usize;
        let mut ring: Vec<([f64; 2], f64)> =
            (from..end).map(|i| (g.coords[i], if has_z { g.z[i] } else { 0.0 })).collect();
        from = end;
        let before = ring.len();
        ring.dedup_by(|b, a| a.0 == b.0);
        doubled += before - ring.len();
        let closed = ring.len() > 1 && ring.first().map(|p| p.0) == ring.last().map(|p| p.0);
        if closed {
            ring.pop();
        } else if ring.len() > 2 {
            open += 1;
        }
        // Now an open cycle: out and straight back is a spike.
        let mut changed = true;
        while changed && ring.len() >= 3 {
            changed = false;
            let mut i = 0;
            while i < ring.len() && ring.len() >= 3 {
                let n = ring.len();
                if ring[(i + n - 1) % n].0 == ring[(i + 1) % n].0 {
                    // The tip and one of the two equal feet go.
                    let (a, b) = (i, (i + 1) % n);
                    ring.remove(a.max(b));
                    ring.remove(a.min(b));
                    spikes += 1;
                    changed = true;
                    i = i.saturating_sub(2);
                } else {
                    i += 1;
                }
            }
        }
        if ring.len() < 3 {
            lost += 1;
            continue;
        }
        ring.push(ring[0]);
        let coords: Vec<[f64; 2]> = ring.iter().map(|p| p.0).collect();
        if rings::twice_area(&coords) == 0.0 && coords.len() <= 4 {
            lost += 1;
            continue;
        }
        out.push_ring(&coords);
        if has_z {
            out.z.extend(ring.iter().map(|p| p.1));
        }
    }
    if out.rings.is_empty() {
        return Err(too_few(at));
    }
    note_repeats(doubled, at, mended);
    note_lost(lost, at, mended);
    if open > 0 {
        mended.push(defect(
            "geometry.open_ring",
            at,
            both(format!("{open} 个环没有闭合"), format!("{open} rings are not closed")),
            both("已闭合", "closed"),
        ));
    }
    if spikes > 0 {
        mended.push(defect(
            "geometry.spike",
            at,
            both(format!("{spikes} 处尖刺"), format!("{spikes} spikes without area")),
            both("已去掉", "removed"),
        ));
    }
    rings::assemble(out).ok_or_else(|| {
        fatal("geometry.too_complex", at, both("环太多", "there are too many rings"), Text::default())
    })
}

/// The same filled surface without crossings.
fn even_odd(g: &Geometry) -> Option<Geometry> {
    // Each ring is a polygon of its own here; XOR of all is the even-odd rule over all. A ring that crosses itself is
    // resolved by the first operation that it takes part in.
    let origin = g.coords[0];
    let local = |r: &[[f64; 2]]| {
        geo_types::LineString(
            r.iter().map(|c| geo_types::Coord { x: c[0] - origin[0], y: c[1] - origin[1] }).collect(),
        )
    };
    let rings: Vec<geo_types::LineString<f64>> = g.rings().map(local).collect();
    let mut rings = rings.into_iter();
    let outer = rings.next()?;
    let whole = geo_types::MultiPolygon(
        std::iter::once(geo_types::Polygon::new(outer, rings.by_ref().collect())).collect(),
    );
    let nothing = geo_types::MultiPolygon(Vec::<geo_types::Polygon<f64>>::new());
    let fixed = whole.xor(&nothing);
    let mut out = Geometry::from_geo(&fixed.into())?;
    out.map_coords(|c| [c[0] + origin[0], c[1] + origin[1]]);
    let kept = (0..out.parts.len()).any(|p| rings::twice_area(out.ring(out.part(p).start)) != 0.0);
    kept.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(ring: &[[f64; 2]]) -> Geometry {
        Geometry::polygon(vec![ring.to_vec()])
    }

    fn fixed(g: Geometry) -> (Result<Geometry, Box<Defect>>, Vec<&'static str>) {
        let mut mended = Vec::new();
        let result = repair(g, &mut mended);
        (result, mended.iter().map(|d| d.rule).collect())
    }

    #[test]
    fn u10_a_bow_tie_becomes_two_triangles() {
        let (g, rules) = fixed(one(&[[111., 29.], [112., 30.], [112., 29.], [111., 30.], [111., 29.]]));
        assert_eq!(rules, ["geometry.self_intersection"]);
        let g = g.unwrap();
        assert_eq!(g.parts.len(), 2);
        assert_eq!(crossing(&g), Crossing::None);
        let plane: f64 = (0..2).map(|p| rings::twice_area(g.ring(g.part(p).start)) / 2.0).sum();
        assert!((plane - 0.5).abs() < 1e-6, "{plane}");
    }

    #[test]
    fn u10_an_open_ring_is_closed_and_a_spike_taken_off() {
        let (g, rules) = fixed(one(&[[0., 0.], [1., 0.], [1., 1.], [0., 1.]]));
        assert_eq!(rules, ["geometry.open_ring"]);
        assert_eq!(g.unwrap().coords.len(), 5);
        let (g, rules) = fixed(one(&[[0., 0.], [1., 0.], [1., 1.], [5., 5.], [1., 1.], [0., 1.], [0., 0.]]));
        assert_eq!(rules, ["geometry.spike"]);
        assert_eq!(g.unwrap().coords.len(), 5);
    }

    #[test]
    fn rings_that_lie_wrongly_in_each_other_are_sorted_anew() {
        let square =
            |x: f64, size: f64| vec![[x, x], [x + size, x], [x + size, x + size], [x, x + size], [x, x]];
        let area = |g: &Geometry| geo::Area::unsigned_area(&g.to_geo());
        // A hole beside its polygon, a hole in a hole, a polygon in a polygon.
        let two = |inner: Geometry| {
            let mut g = one(&square(0.0, 10.0));
            g.push_ring(&inner.coords);
            g.end_part();
            g
        };
        for (g, after) in [
            (Geometry::polygon(vec![square(0.0, 10.0), square(20.0, 2.0)]), 104.0),
            (Geometry::polygon(vec![square(0.0, 10.0), square(2.0, 6.0), square(4.0, 2.0)]), 68.0),
            (two(one(&square(2.0, 3.0))), 91.0),
        ] {
            let (g, rules) = fixed(g);
            assert_eq!(rules, ["geometry.ring_nesting"]);
            assert!((area(&g.unwrap()) - after).abs() < 1e-9, "{after}");
        }
        for sound in [
            Geometry::polygon(vec![square(0.0, 10.0), square(2.0, 6.0)]),
            Geometry::polygon(vec![square(0.0, 10.0), square(1.0, 2.0), square(5.0, 2.0)]),
            two(one(&square(20.0, 3.0))),
        ] {
            assert_eq!(fixed(sound).1, [""; 0]);
        }
    }

    #[test]
    fn u10_what_has_no_area_or_no_length_cannot_be_mended() {
        for ring in [
            &[[0., 0.], [1., 1.], [0., 0.]][..],
            &[[0., 0.], [0., 0.], [0., 0.], [0., 0.]],
            &[[0., 0.], [1., 0.], [2., 0.], [0., 0.]],
        ] {
            assert!(fixed(one(ring)).0.is_err(), "{ring:?}");
        }
        let (g, _) = fixed(Geometry::line(vec![[1., 1.], [1., 1.]]));
        assert_eq!(g.unwrap_err().rule, "geometry.too_few_points");
    }

    #[test]
    fn repeated_vertices_go_and_heights_stay_beside_their_vertices() {
        let mut g = Geometry::line(vec![[0., 0.], [0., 0.], [1., 1.], [2., 2.]]);
        g.z = vec![5., 5., 6., 7.];
        let (g, rules) = fixed(g);
        let g = g.unwrap();
        assert_eq!(rules, ["geometry.repeated_vertex"]);
        assert_eq!((g.coords.len(), g.z), (3, vec![5., 6., 7.]));
    }

    #[test]
    fn a_sound_polygon_is_left_as_it_is_but_for_its_direction() {
        let ccw = one(&[[0., 0.], [1., 0.], [1., 1.], [0., 0.]]);
        let cw = one(&[[0., 0.], [1., 1.], [1., 0.], [0., 0.]]);
        assert_eq!(fixed(ccw.clone()), (Ok(ccw.clone()), vec![]));
        assert_eq!(fixed(cw), (Ok(ccw), vec![]));
    }

    #[test]
    fn closed_lines_stand_for_areas_and_open_ones_do_not() {
        let closed = Geometry::line(vec![[0., 0.], [1., 0.], [1., 1.], [0., 0.]]);
        assert_eq!(closed_as_area(closed).unwrap().shape, Shape::Polygon);
        assert!(closed_as_area(Geometry::line(vec![[0., 0.], [1., 0.], [1., 1.]])).is_err());
    }
}
