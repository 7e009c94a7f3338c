//! Cuts a feature down to what a view shows: the one place where hidden fields and area limits are applied.

use ditu_access::Scope;
use ditu_model::{Bounds, Feature, Geometry, Shape, Value};
use geo::BooleanOps;
use geo_types as gt;

/// The feature as the scope shows it; `None` when it lies outside its area. A feature without geometry shows only where
/// there is no area limit.
pub(crate) fn show(scope: &Scope, mut feature: Feature) -> Option<Feature> {
    for (i, value) in feature.row.values.iter_mut().enumerate() {
        if !scope.shows(i) {
            *value = Value::Null;
        }
    }
    if let Some(boxes) = scope.area() {
        let geometry = feature.row.geometry.take()?;
        feature.row.geometry = Some(cut(geometry, boxes)?);
    }
    Some(feature)
}

/// The part of a shape within the union of boxes; `None` when there is none. Heights are kept on shapes that are not
/// cut, for a cut one they would have to be invented.
fn cut(g: Geometry, boxes: &[Bounds]) -> Option<Geometry> {
    let b = g.bounds();
    if boxes.iter().any(|area| area.contains(&b)) {
        return Some(g);
    }
    if !boxes.iter().any(|area| area.intersects(&b)) {
        return None;
    }
    let inside = |p: &[f64; 2]| boxes.iter().any(|a| a.contains(&Bounds::new(p[0], p[1], p[0], p[1])));
    if g.shape == Shape::Point {
        let kept: Vec<usize> = (0..g.coords.len()).filter(|&i| inside(&g.coords[i])).collect();
        let mut out = Geometry::new(Shape::Point);
        out.coords = kept.iter().map(|&i| g.coords[i]).collect();
        if g.has_z() {
            out.z = kept.iter().map(|&i| g.z[i]).collect();
        }
        return (!out.is_empty()).then_some(out);
    }
    let area = boxes.iter().map(|b| {
        let rect =
            gt::Rect::new(gt::coord! { x: b.min[0], y: b.min[1] }, gt::coord! { x: b.max[0], y: b.max[1] });
        gt::MultiPolygon(vec![rect.to_polygon()])
    });
    let area = area.reduce(|a, b| a.union(&b))?;
    let cut: gt::Geometry<f64> = match g.to_geo() {
        gt::Geometry::LineString(l) => area.clip(&gt::MultiLineString(vec![l]), false).into(),
        gt::Geometry::MultiLineString(l) => area.clip(&l, false).into(),
        gt::Geometry::Polygon(p) => area.intersection(&gt::MultiPolygon(vec![p])).into(),
        gt::Geometry::MultiPolygon(p) => area.intersection(&p).into(),
        _ => return None,
    };
    let mut cut = Geometry::from_geo(&cut).filter(|g| !g.is_empty())?;
    // The overlay rounds; nothing may lie outside, not by the last digit.
    cut.map_coords(|p| if inside(&p) { p } else { nearest(p, boxes) });
    Some(cut)
}

/// The place in the boxes nearest to a point.
fn nearest(p: [f64; 2], boxes: &[Bounds]) -> [f64; 2] {
    let clamped = boxes.iter().map(|b| [p[0].clamp(b.min[0], b.max[0]), p[1].clamp(b.min[1], b.max[1])]);
    let far = |q: &[f64; 2]| (q[0] - p[0]).hypot(q[1] - p[1]);
    clamped.min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(p)
}
