//! An independent look at a tile: decoded by another library, judged by the MVT 2.1 specification and by `geo`'s OGC
//! validity.

use crate::TileCoord;
use fast_mvt::{MvtGeometry, MvtReaderRef};
use geo::{Area, MapCoords, Validation};
use geo_types as gt;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) id: u64,
    pub(super) geometry: gt::Geometry<f64>,
    pub(super) properties: BTreeMap<String, String>,
}

/// Layers by name, features in tile order. Panics with what is wrong.
pub(super) fn check(tile: &[u8], at: TileCoord) -> BTreeMap<String, Vec<Decoded>> {
    let mut out = BTreeMap::new();
    let reader = MvtReaderRef::new(tile).unwrap_or_else(|e| panic!("{at:?}: {e}"));
    for layer in reader.layers() {
        assert_eq!((layer.version(), layer.extent()), (2, 4096), "{at:?}");
        assert!(!layer.is_empty(), "{at:?}: an empty layer");
        let keys: BTreeSet<&str> = layer.keys().iter().copied().collect();
        assert_eq!(keys.len(), layer.keys().len(), "{at:?}: a key twice");
        let values: BTreeSet<String> = layer.values().map(|v| format!("{v:?}")).collect();
        assert_eq!(values.len(), layer.values().len(), "{at:?}: a value twice");
        let (mut used_keys, mut used_values) = (BTreeSet::new(), BTreeSet::new());
        let mut features = Vec::new();
        for feature in layer.features() {
            for pair in feature.tags().chunks(2) {
                used_keys.insert(pair[0]);
                used_values.insert(pair[1]);
            }
            let geometry = feature.geometry().unwrap_or_else(|e| panic!("{at:?}: {e}"));
            let geometry = to_f64(geometry);
            valid(&geometry, &format!("{at:?} {} {:?}", layer.name(), feature.id()));
            let properties = feature.properties_vec().unwrap();
            features.push(Decoded {
                id: feature.id().expect("an id"),
                geometry,
                properties: properties.into_iter().map(|(k, v)| (k.to_owned(), format!("{v:?}"))).collect(),
            });
        }
        assert_eq!(
            (used_keys.len(), used_values.len()),
            (keys.len(), values.len()),
            "{at:?}: unused keys or values"
        );
        assert!(out.insert(layer.name().to_owned(), features).is_none(), "{at:?}: a layer twice");
    }
    out
}

fn to_f64(g: MvtGeometry) -> gt::Geometry<f64> {
    g.map_coords(|c| gt::Coord { x: f64::from(c.x), y: f64::from(c.y) })
}

fn valid(g: &gt::Geometry<f64>, what: &str) {
    let inside = |c: &gt::Coord<f64>| (-64.0..=4160.0).contains(&c.x) && (-64.0..=4160.0).contains(&c.y);
    let line = |l: &gt::LineString<f64>| {
        assert!(l.0.len() >= 2 && l.0.iter().all(inside), "{what}: {l:?}");
        assert!(l.0.windows(2).all(|w| w[0] != w[1]), "{what}: a point twice in a row");
    };
    let polygon = |p: &gt::Polygon<f64>| {
        std::iter::once(p.exterior()).chain(p.interiors()).for_each(line);
        // y points down: an exterior that is clockwise on screen has positive area in tile coordinates.
        assert!(
            gt::Polygon::new(p.exterior().clone(), vec![]).signed_area() > 0.0,
            "{what}: exterior turned round"
        );
        for hole in p.interiors() {
            assert!(gt::Polygon::new(hole.clone(), vec![]).signed_area() < 0.0, "{what}: hole turned round");
        }
        assert!(p.is_valid(), "{what}: {:?} in {p:?}", p.validation_errors());
    };
    match g {
        gt::Geometry::Point(p) => assert!(inside(&p.0), "{what}"),
        gt::Geometry::MultiPoint(p) => assert!(p.0.iter().all(|p| inside(&p.0)), "{what}"),
        gt::Geometry::LineString(l) => line(l),
        gt::Geometry::MultiLineString(l) => l.0.iter().for_each(line),
        gt::Geometry::Polygon(p) => polygon(p),
        gt::Geometry::MultiPolygon(p) => p.0.iter().for_each(polygon),
        other => panic!("{what}: {other:?}"),
    }
}
