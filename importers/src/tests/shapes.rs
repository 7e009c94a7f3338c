//! Our shapefile reader beside GDAL's, shape by shape.

use super::written::{Cell, Manner, Shape as Kind, Shapefile, towns};
use super::*;
use crate::delivery::Found;
use crate::formats::shapefile;
use ditu_gdal::ReadOptions;
use ditu_model::{Geometry, Shape};
use std::ops::ControlFlow;

/// What must be equal whatever the order and direction of rings: kind, parts, rings, and all coordinates.
fn essence(g: &Geometry) -> (Shape, usize, usize, Vec<[u64; 2]>) {
    let mut coords: Vec<[u64; 2]> = g.coords.iter().map(|c| c.map(f64::to_bits)).collect();
    coords.sort_unstable();
    (g.shape, g.part_count(), g.rings.len(), coords)
}

/// The shapes of a shapefile as GDAL reads them, which wants an index beside.
pub(super) fn theirs(path: &Path, options: &Options) -> Vec<Option<Geometry>> {
    let stem = path.file_stem().unwrap().to_string_lossy();
    let rows = options.worker.read(path, &stem, &ReadOptions::default()).unwrap();
    rows.map(|row| row.unwrap().geometry.map(Result::unwrap)).collect()
}

/// Fails unless our reader gives the shapes that GDAL gave.
pub(super) fn reads_as(path: &Path, theirs: &[Option<Geometry>], options: &Options) {
    let stem = path.file_stem().unwrap().to_string_lossy();
    let found = Found { name: "x.shp".into(), path: path.to_owned(), explicit: true };
    let tables = shapefile::open(&found, "Shapefile", options).unwrap_or_else(|r| panic!("{stem}: {r:?}"));
    let mut ours = Vec::new();
    tables[0]
        .reader
        .read(&[true], &mut |row| {
            ours.push(row.geometry.map(|g| g.unwrap_or_else(|why| panic!("{stem}: {}", why.en))));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(ours.len(), theirs.len(), "{stem}");
    for (i, (our, their)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(our.as_ref().map(essence), their.as_ref().map(essence), "{stem} {i}");
        if let (Some(a), Some(b)) = (our, their)
            && b.has_z()
        {
            assert!(a.has_z(), "{stem} {i}");
        }
    }
}

type Part = Vec<[f64; 4]>;

/// A ring about a place, clockwise as the format has outer rings, or the other way round as it has holes.
fn ring(x: f64, y: f64, half: f64, outer: bool) -> Part {
    let mut corners = [[-1., -1.], [-1., 1.], [1., 1.], [1., -1.], [-1., -1.]];
    if !outer {
        corners.reverse();
    }
    corners
        .iter()
        .enumerate()
        .map(|(i, [a, b])| [x + a * half, y + b * half, 30.0 + i as f64, i as f64])
        .collect()
}

fn path(x: f64, y: f64, n: usize) -> Part {
    (0..n)
        .map(|i| [x + i as f64 * 0.01, y + (i % 3) as f64 * 0.01, 31.0 + i as f64, 100.0 * i as f64])
        .collect()
}

/// Shapes that a type can hold: one part and many, holes, an island in a hole, several areas with holes.
fn shapes(kind: Kind) -> Vec<Vec<Part>> {
    let (x, y) = (111.7, 29.0);
    if kind.is_point() {
        return (0..4).map(|i| vec![vec![[x + f64::from(i) * 0.1, y, 35.5, 7.0]]]).collect();
    }
    if kind.is_multipoint() {
        return vec![vec![path(x, y, 1)], vec![path(x, y, 7)]];
    }
    if matches!(kind, Kind::Line | Kind::LineZ | Kind::LineM) {
        return vec![
            vec![path(x, y, 2)],
            vec![path(x, y, 9)],
            vec![path(x, y, 4), path(x, y + 0.1, 3), path(x + 0.2, y, 2)],
        ];
    }
    let (outer, hole) = (ring(x, y, 0.1, true), ring(x, y, 0.05, false));
    let (island, other) = (ring(x, y, 0.02, true), ring(x + 0.5, y, 0.1, true));
    let in_other = ring(x + 0.5, y, 0.03, false);
    vec![
        vec![outer.clone()],
        vec![outer.clone(), hole.clone()],
        vec![outer.clone(), other.clone()],
        vec![outer.clone(), hole.clone(), other, in_other],
        vec![outer.clone(), hole.clone(), island.clone()],
        // The order of rings says nothing.
        vec![hole, island, outer],
    ]
}

#[test]
fn u11_every_shape_type_reads_as_gdal_reads_it_with_and_without_an_index() {
    let scratch = tempfile::tempdir().unwrap();
    let options = options(scratch.path());
    for kind in Kind::ALL.into_iter().filter(|k| *k != Kind::MultiPatch) {
        let path = scratch.path().join(format!("{kind:?}"));
        let mut file = Shapefile::create_as(&path, kind, &[("ID", 'N', 4, 0)], &towns::DEGREES).unwrap();
        let shapes = shapes(kind);
        for (i, parts) in shapes.iter().enumerate() {
            let parts: Vec<&[[f64; 4]]> = parts.iter().map(Vec::as_slice).collect();
            file.put_shape(&parts, &[Cell::Whole(i as i64)]).unwrap();
            if i == 0 {
                file.null(&[Cell::Null]).unwrap();
            }
        }
        file.finish().unwrap();
        let path = path.with_extension("shp");
        let theirs = theirs(&path, &options);
        assert_eq!(theirs.len(), shapes.len() + 1, "{kind:?}");
        assert_eq!(theirs.iter().flatten().all(Geometry::has_z), kind.has_z(), "{kind:?}");
        reads_as(&path, &theirs, &options);
        std::fs::remove_file(path.with_extension("shx")).unwrap();
        reads_as(&path, &theirs, &options);
    }
}

#[test]
fn surfaces_in_space_are_refused_and_not_flattened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名");
    let manner = Manner { prefix: 0.0, ..towns::DEGREES };
    let mut file = Shapefile::create_as(&path, Kind::MultiPatch, &[("ID", 'N', 4, 0)], &manner).unwrap();
    file.put_shape(&[&self::path(111.7, 29.0, 5)[..]], &[Cell::Whole(1)]).unwrap();
    file.finish().unwrap();
    let (_scratch, refused) = planned(&[path.with_extension("shp")], |_| {});
    assert_eq!(rules(&refused.unwrap_err()), ["format.unsupported"]);
}
