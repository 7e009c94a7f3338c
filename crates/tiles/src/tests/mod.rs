//! The engine's rules (DESIGN §6, "Correctness rules") and what others' users reported, seen by another decoder.

mod checker;
mod source;

use crate::coord::to_grid;
use crate::{Config, Encoding, Engine, TileCoord, TileError};
use checker::{Decoded, check};
use ditu_access::{Grant, LayerSet};
use ditu_model::{Bounds, Geometry, Row, Value};
use geo::{Area, BooleanOps, BoundingRect};
use geo_types as gt;
use source::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

struct World {
    engine: Arc<Engine>,
    source: Source,
    dir: tempfile::TempDir,
}

async fn world(source: Source) -> World {
    let dir = tempfile::tempdir().unwrap();
    let engine = Arc::new(Engine::open(dir.path(), layers(), Config::default()).unwrap());
    for layer in ids() {
        engine.build(&source, &layer, &|_, _| ()).await.unwrap();
    }
    engine.catch_up(&source, source.head()).await.unwrap();
    World { engine, source, dir }
}

impl World {
    fn tile(&self, at: TileCoord) -> Vec<u8> {
        self.engine.encode(&everything(), &ids(), at).unwrap()
    }
    async fn catch_up(&self) {
        self.engine.catch_up(&self.source, self.source.head()).await.unwrap();
    }
}

/// Tiles of a zoom that meet a box.
fn cover(z: u8, b: Bounds) -> Vec<TileCoord> {
    let at = |lon: f64, lat: f64| {
        let p = to_grid([lon, lat]).unwrap();
        let n = |v: i32| ((u64::from(v as u32) << z) >> 30) as u32;
        (n(p[0]), n(p[1]))
    };
    let ((x0, y0), (x1, y1)) = (at(b.min[0], b.max[1]), at(b.max[0], b.min[1]));
    (x0..=x1).flat_map(|x| (y0..=y1).map(move |y| TileCoord { z, x, y })).collect()
}

fn city_box() -> Bounds {
    Bounds::new(111.59, 28.99, 111.67, 29.07)
}

fn polygons(d: &Decoded) -> gt::MultiPolygon<f64> {
    match &d.geometry {
        gt::Geometry::Polygon(p) => gt::MultiPolygon(vec![p.clone()]),
        gt::Geometry::MultiPolygon(p) => p.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t09_t11_every_tile_of_a_city_is_valid_at_every_zoom() {
    let w = world(city()).await;
    let mut features = 0;
    for z in 0..=19 {
        let tiles = cover(z, city_box());
        // Deep zooms have thousands of tiles: every seventh.
        for at in tiles.iter().step_by(if z > 16 { 7 } else { 1 }) {
            features += check(&w.tile(*at), *at).values().map(Vec::len).sum::<usize>();
        }
    }
    assert!(features > 20_000, "{features}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_the_pieces_of_a_zoom_together_are_the_source() {
    let w = world(city()).await;
    for z in [14, 16, 18] {
        let mut areas: BTreeMap<(String, u64), f64> = BTreeMap::new();
        let own = gt::Rect::new(gt::coord! { x: 0., y: 0. }, gt::coord! { x: 4096., y: 4096. }).to_polygon();
        for at in cover(z, city_box()) {
            for (layer, list) in check(&w.tile(at), at) {
                for d in list.iter().filter(|_| layer == "t.building") {
                    let area = polygons(d).intersection(&own).unsigned_area();
                    *areas.entry((layer.clone(), d.id)).or_default() += area;
                }
            }
        }
        // The source on the grid of the zoom.
        let unit = f64::from(1u32 << (18 - z));
        for i in 1..=860u64 {
            let row = w.source_row("t.building", i);
            let g = row.geometry.unwrap();
            let rings: Vec<gt::LineString<f64>> = g
                .rings()
                .map(|r| {
                    let p = r.iter().map(|c| to_grid(*c).unwrap());
                    gt::LineString(
                        p.map(|p| gt::coord! { x: f64::from(p[0]) / unit, y: f64::from(p[1]) / unit })
                            .collect(),
                    )
                })
                .collect();
            let around: f64 = rings.iter().flat_map(|r| r.lines()).map(|l| (l.dx()).hypot(l.dy())).sum();
            let source = gt::Polygon::new(rings[0].clone(), rings[1..].to_vec()).unsigned_area();
            // Half a pixel of simplification at z 14 and 16, half a unit of rounding at the finest.
            let slack = around * if z == 18 { 0.8 } else { 8.5 } + 2.0;
            let found = areas.get(&("t.building".into(), i)).copied().unwrap_or(0.0);
            assert!((found - source).abs() <= slack, "z{z} building {i}: {found} of {source} ± {slack}");
        }
    }
}

impl World {
    fn source_row(&self, layer: &str, fid: u64) -> Row {
        self.source.row(layer, fid)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t08_neighbours_meet_without_gap_or_overlap_at_every_zoom() {
    let w = world(city()).await;
    for z in 10..=17 {
        let mut whole = 0.0;
        let mut pieces: Vec<gt::MultiPolygon<f64>> = Vec::new();
        for at in cover(z, city_box()) {
            let tile = check(&w.tile(at), at);
            let own =
                gt::Rect::new(gt::coord! { x: 0., y: 0. }, gt::coord! { x: 4096., y: 4096. }).to_polygon();
            let cut: Vec<_> =
                tile.get("t.parcel").into_iter().flatten().map(|d| polygons(d).intersection(&own)).collect();
            if cut.is_empty() {
                continue;
            }
            let sum: f64 = cut.iter().map(Area::unsigned_area).sum();
            let union = geo::unary_union(cut.iter());
            let joined = union.unsigned_area();
            // Each border vertex may be rounded by the clipping at the edge; overlaps would add up along all borders.
            assert!((sum - joined).abs() <= 1e-4 * joined + 40.0, "z{z} {at:?}: overlap {}", sum - joined);
            let holes: f64 = union
                .iter()
                .flat_map(|p| p.interiors())
                .map(|h| gt::Polygon::new(h.clone(), vec![]).unsigned_area())
                .sum();
            assert!(holes <= 8.0, "z{z} {at:?}: gaps of {holes}");
            whole += joined;
            pieces.push(union);
        }
        assert!(whole > 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t06_t26_what_shows_at_a_zoom_shows_at_the_next() {
    let w = world(city()).await;
    let shown = |w: &World, z: u8| {
        let mut seen: BTreeSet<(String, u64)> = BTreeSet::new();
        for at in cover(z, city_box()) {
            for (layer, list) in check(&w.tile(at), at) {
                // What lies in the buffer only is another tile's to show.
                let own = list.into_iter().filter(|d| {
                    let b = d.geometry.bounding_rect().unwrap();
                    b.min().x < 4096. && b.min().y < 4096. && b.max().x > 0. && b.max().y > 0.
                });
                seen.extend(own.map(|d| (layer.clone(), d.id)));
            }
        }
        seen
    };
    let mut before = shown(&w, 5);
    for z in 6..=16 {
        let now = shown(&w, z);
        let lost: Vec<_> = before.difference(&now).take(5).collect();
        assert!(lost.is_empty(), "z{z} lost {lost:?}");
        before = now;
    }
    assert!(before.len() > 1400, "{}", before.len());
    // With a small budget too, and the same features each time.
    let dir = tempfile::tempdir().unwrap();
    let config = Config { max_features: 150, ..Config::default() };
    let small = Arc::new(Engine::open(dir.path(), layers(), config).unwrap());
    small.catch_up(&w.source, w.source.head()).await.unwrap();
    let w = World { engine: small, source: w.source, dir };
    let mut before = shown(&w, 10);
    for z in 11..=16 {
        let now = shown(&w, z);
        assert!(before.is_subset(&now), "z{z}");
        before = now;
        for at in cover(z, city_box()) {
            assert!(check(&w.tile(at), at).values().all(|l| l.len() <= 150));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_data_gives_equal_bytes_whatever_the_batches_and_after_a_rebuild() {
    let a = world(city()).await;
    let mut other = city();
    other.batch = 13;
    let b = world(other).await;
    let files = |w: &World| {
        let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(w.dir.path())
            .unwrap()
            .map(|e| e.unwrap())
            .map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap()))
            .collect();
        all.sort();
        all
    };
    assert!(files(&a) == files(&b));
    // The same again after edits that lead back: through the delta, and through a rebuild.
    let at = TileCoord { z: 13, x: 6635, y: 3405 };
    let tiles: Vec<Vec<u8>> = cover(13, city_box()).into_iter().map(|t| a.tile(t)).collect();
    let row = a.source_row("t.building", 5);
    a.source.put("t.building", vec![(5, None), (900, Some(row.clone()))]);
    a.catch_up().await;
    a.source.put("t.building", vec![(5, Some(row)), (900, None)]);
    a.catch_up().await;
    let delta: Vec<Vec<u8>> = cover(13, city_box()).into_iter().map(|t| a.tile(t)).collect();
    assert!(tiles == delta, "the delta keeps the generation's order, {at:?}");
    a.engine.build(&a.source, &id("t.building"), &|_, _| ()).await.unwrap();
    let rebuilt: Vec<Vec<u8>> = cover(13, city_box()).into_iter().map(|t| a.tile(t)).collect();
    assert!(tiles == rebuilt);
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_an_edit_shows_at_once_and_changes_the_validators_of_the_tiles_it_touches_only() {
    let w = world(city()).await;
    let tiles: Vec<TileCoord> = (8..=17).flat_map(|z| cover(z, city_box())).collect();
    let etags = |w: &World| -> Vec<String> {
        tiles.iter().map(|t| w.engine.etag(&everything(), &ids(), *t).unwrap()).collect()
    };
    let bodies = |w: &World| -> Vec<Vec<u8>> { tiles.iter().map(|t| w.tile(*t)).collect() };
    let (old_tags, old) = (etags(&w), bodies(&w));
    // Add, move, delete.
    let there = building([111.655, 29.055], 2e-4, 1);
    let from = w.source_row("t.spot", 7);
    let moved = Row { geometry: Some(Geometry::point(111.601, 29.061)), ..from };
    w.source.put("t.building", vec![(2000, Some(there)), (3, None)]);
    w.source.put("t.spot", vec![(7, Some(moved))]);
    w.catch_up().await;
    let (new_tags, new) = (etags(&w), bodies(&w));
    let mut changed = 0;
    for (i, at) in tiles.iter().enumerate() {
        if old[i] != new[i] {
            changed += 1;
            assert_ne!(old_tags[i], new_tags[i], "{at:?} changed under its validator");
        }
        check(&new[i], *at);
    }
    assert!(changed > 20, "{changed}");
    let same = old_tags.iter().zip(&new_tags).filter(|(a, b)| a == b).count();
    assert!(same * 100 > tiles.len() * 90, "{same} of {} validators are as they were", tiles.len());
    // Folding the changes into a generation leaves bytes and validators alone.
    for layer in ["t.building", "t.spot"] {
        w.engine.build(&w.source, &id(layer), &|_, _| ()).await.unwrap();
    }
    assert!(bodies(&w) == new);
    assert_eq!(etags(&w), new_tags);
    // So does another process that opens the folder.
    let again = Arc::new(Engine::open(w.dir.path(), layers(), Config::default()).unwrap());
    let w = World { engine: again, source: w.source, dir: w.dir };
    w.catch_up().await;
    assert!(bodies(&w) == new);
    assert_eq!(etags(&w), new_tags);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_changes_build_the_layer_again_and_another_process_picks_it_up() {
    let w = world(city()).await;
    let other = Arc::new(Engine::open(w.dir.path(), layers(), Config::default()).unwrap());
    other.catch_up(&w.source, w.source.head()).await.unwrap();
    let rows = (0..6000u64).map(|i| (i + 1, Some(building([111.6 + i as f64 * 1e-5, 29.0], 1e-4, i as i64))));
    w.source.put("t.building", rows.collect());
    w.catch_up().await;
    assert_eq!(w.engine.generation(&id("t.building")).unwrap().features, 6000);
    other.catch_up(&w.source, w.source.head()).await.unwrap();
    let at = cover(15, city_box())[30];
    assert!(other.encode(&everything(), &ids(), at).unwrap() == w.tile(at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_hides_fields_zooms_layers_and_what_lies_outside_its_area() {
    let w = world(city()).await;
    let at = cover(13, city_box())[1];
    let open = view(Grant::open_layers());
    assert!(matches!(w.engine.encode(&open, &ids(), at), Err(TileError::NoLayer(l)) if l == id("t.spot")));
    assert!(matches!(w.engine.etag(&open, &[id("t.spot")], at), Err(TileError::NoLayer(_))));
    assert!(matches!(w.engine.tilejson(&open, &[id("t.spot")]), Err(TileError::NoLayer(_))));
    let parcels = [id("t.parcel")];
    let tile = w.engine.encode(&open, &parcels, at).unwrap();
    assert!(check(&tile, at)["t.parcel"].iter().all(|d| !d.properties.contains_key("secret")));
    assert!(!tile.windows(6).any(|w| w == "秘密".as_bytes()), "not in the value table either");
    assert!(w.tile(at).windows(6).any(|w| w == "秘密".as_bytes()));
    let high = view(Grant { zooms: Some(14..=22), ..Grant::open_layers() });
    assert!(w.engine.encode(&high, &parcels, at).unwrap().is_empty());
    let area = Bounds::new(111.61, 29.01, 111.62, 29.02);
    let limited = view(Grant { area: Some(area), ..Grant::public(LayerSet::All) });
    for z in 8..=16 {
        for at in cover(z, city_box()) {
            let tile = w.engine.encode(&limited, &ids(), at).unwrap();
            let n = f64::from(1u32 << z) * 4096.0;
            let corner = |lon, lat| ditu_crs::mercator::to_world([lon, lat]).map(|v| v * n);
            let (nw, se) = (corner(111.61, 29.02), corner(111.62, 29.01));
            for d in check(&tile, at).into_values().flatten() {
                use geo::CoordsIter;
                for c in d.geometry.coords_iter() {
                    let (x, y) = (c.x + f64::from(at.x) * 4096.0, c.y + f64::from(at.y) * 4096.0);
                    assert!(x >= nw[0] && x <= se[0] && y >= nw[1] && y <= se[1], "{at:?} {d:?}");
                }
            }
        }
    }
    assert_ne!(w.engine.etag(&limited, &parcels, at).unwrap(), w.engine.etag(&open, &parcels, at).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_t14_t15_t20_odd_geometry_and_null_values_never_break_a_tile() {
    let source = Source::of(3);
    let spot = |name: Option<&str>, g: Option<Geometry>| Row {
        values: vec![name.map_or(Value::Null, |n| Value::Text(n.into())), Value::Null],
        geometry: g,
    };
    let multi = Geometry {
        coords: vec![[111.61, 29.01], [111.62, 29.02]],
        ..Geometry::new(ditu_model::Shape::Point)
    };
    source.put(
        "t.spot",
        vec![
            (1, Some(spot(None, None))),
            (2, Some(spot(Some(""), Some(Geometry::new(ditu_model::Shape::Point))))),
            (3, Some(spot(Some("x"), Some(Geometry::point(f64::NAN, 29.0))))),
            (4, Some(spot(Some("x"), Some(Geometry::point(111.0, 90.0))))),
            (5, Some(spot(Some("x"), Some(Geometry::point(f64::INFINITY, 0.0))))),
            (6, Some(spot(Some(""), Some(Geometry::point(111.61, 29.01))))),
            (7, Some(spot(None, Some(multi)))),
        ],
    );
    let polygon = |rings: Vec<Vec<[f64; 2]>>| Row {
        values: vec![Value::Integer(0), Value::Real(f64::NAN), Value::Boolean(false)],
        geometry: Some(Geometry::polygon(rings)),
    };
    let p = |x: f64, y: f64| [111.61 + x * 1e-3, 29.01 + y * 1e-3];
    source.put(
        "t.building",
        vec![
            (1, Some(polygon(vec![vec![p(0., 0.), p(1., 1.), p(0., 0.)]]))),
            (2, Some(polygon(vec![vec![p(0., 0.); 5]]))),
            // A bow tie, a spike, a hole outside, a sub-pixel sliver, a wrong turn.
            (3, Some(polygon(vec![ring(&[p(0., 0.), p(9., 9.), p(9., 0.), p(0., 9.)])]))),
            (
                4,
                Some(polygon(vec![ring(&[
                    p(0., 0.),
                    p(9., 0.),
                    p(9., 20.),
                    p(9., 0.),
                    p(9., 9.),
                    p(0., 9.),
                ])])),
            ),
            (
                5,
                Some(polygon(vec![
                    ring(&[p(0., 0.), p(5., 0.), p(5., 5.)]),
                    ring(&[p(20., 20.), p(22., 20.), p(21., 22.)]),
                ])),
            ),
            (6, Some(polygon(vec![ring(&[p(0., 0.), p(9., 1e-7), p(9., 2e-7)])]))),
            (7, Some(polygon(vec![ring(&[p(0., 0.), p(0., 9.), p(9., 9.), p(9., 0.)])]))),
        ],
    );
    source.put(
        "t.road",
        vec![(
            1,
            Some(Row {
                values: vec![Value::text("main")],
                geometry: Some(Geometry::line(vec![p(0., 0.); 4])),
            }),
        )],
    );
    let w = world(source).await;
    for z in 0..=22 {
        for at in cover(z, Bounds::new(111.61, 29.01, 111.61, 29.01)) {
            let tile = check(&w.tile(at), at);
            if z < 16 {
                assert_eq!(
                    tile.get("t.spot").into_iter().flatten().map(|d| d.id).collect::<BTreeSet<_>>(),
                    BTreeSet::from([6, 7]),
                    "{at:?}"
                );
            }
            if let Some(spot) = tile.get("t.spot").and_then(|l| l.iter().find(|d| d.id == 6)) {
                assert_eq!(spot.properties["name"], "\"\"", "an empty text is not NULL");
            }
            if let Some(spot) = tile.get("t.spot").and_then(|l| l.iter().find(|d| d.id == 7)) {
                assert!(!spot.properties.contains_key("name"), "NULL is absent");
            }
        }
    }
    assert_eq!(w.engine.generation(&id("t.spot")).unwrap().skipped, 5);
    let at = cover(14, Bounds::new(111.6101, 29.0101, 111.6102, 29.0102))[0];
    let tile = check(&w.tile(at), at);
    let turned = tile["t.building"].iter().find(|d| d.id == 7).unwrap();
    assert_eq!(turned.properties["n"], "0 (int)", "zero is a value");
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_features_at_the_edge_of_the_world_lose_nothing() {
    let source = Source::of(9);
    let square = |x: f64| ring(&[[x, 10.], [x + 9.9, 10.], [x + 9.9, 20.], [x, 20.]]);
    let row = |x: f64| Row {
        values: vec![Value::Integer(1), Value::Null, Value::Null],
        geometry: Some(Geometry::polygon(vec![square(x)])),
    };
    source.put("t.building", vec![(1, Some(row(-180.0))), (2, Some(row(170.1)))]);
    let w = world(source).await;
    for (x, wanted) in [(0, 1), (63, 2)] {
        let mut seen = BTreeSet::new();
        for y in 24..32 {
            let at = TileCoord { z: 6, x, y };
            seen.extend(check(&w.tile(at), at).into_values().flatten().map(|d| d.id));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [wanted]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t37_coordinates_outside_the_matrix_are_no_tiles_and_deep_zooms_scale_up() {
    for (z, x, y) in [(0, 1, 0), (3, 8, 0), (25, 0, 0), (200, 0, 0), (24, 1 << 24, 0)] {
        assert!(TileCoord::new(z, x, y).is_none(), "{z}/{x}/{y}");
    }
    let w = world(city()).await;
    let place = Bounds::new(111.63, 29.03, 111.63, 29.03);
    let parcel = |z: u8| {
        let at = cover(z, place)[0];
        let tile = w.tile(at);
        (check(&tile, at).get("t.parcel").map_or(0, Vec::len), tile.len())
    };
    for z in 18..=24 {
        assert!(parcel(z).0 >= 1, "z{z}");
        assert!(z == 18 || parcel(z).1 <= parcel(z - 1).1 + 64, "z{z} is larger than its parent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_t32_damaged_cut_or_foreign_files_are_set_aside_and_built_again() {
    let w = world(city()).await;
    let at = cover(14, city_box())[5];
    let good = w.tile(at);
    let path = w
        .dir
        .path()
        .join(format!("t.building.{}.gen", w.engine.generation(&id("t.building")).unwrap().revision));
    let bytes = std::fs::read(&path).unwrap();
    let flipped = |i: usize| {
        let mut b = bytes.clone();
        b[i] ^= 0x40;
        b
    };
    let bad = [
        flipped(3),
        flipped(9),
        flipped(40),
        flipped(bytes.len() / 2),
        bytes[..bytes.len() - 9].to_vec(),
        vec![],
        b"DITUGEN1".to_vec(),
    ];
    for bytes in bad {
        std::fs::remove_file(&path).ok();
        std::fs::write(&path, &bytes).unwrap();
        let engine = Arc::new(Engine::open(w.dir.path(), layers(), Config::default()).unwrap());
        assert!(engine.generation(&id("t.building")).is_none());
        engine.build(&w.source, &id("t.building"), &|_, _| ()).await.unwrap();
        engine.catch_up(&w.source, w.source.head()).await.unwrap();
        assert!(engine.encode(&everything(), &ids(), at).unwrap() == good);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_t34_each_encoding_decodes_to_the_same_bytes_and_one_build_serves_all_who_ask() {
    let w = world(city()).await;
    let at = cover(13, city_box())[2];
    let plain = w.tile(at);
    for encoding in [Encoding::Identity, Encoding::Gzip, Encoding::Zstd, Encoding::Brotli] {
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (engine, view) = (w.engine.clone(), everything());
                tokio::spawn(async move { engine.tile(&view, &ids(), at, encoding).await.unwrap() })
            })
            .collect();
        for task in tasks {
            let tile = task.await.unwrap();
            assert!(
                encoding == Encoding::Identity || tile.body.len() < plain.len(),
                "{encoding:?}: {} of {}",
                tile.body.len(),
                plain.len()
            );
            let mut out = Vec::new();
            match encoding {
                Encoding::Identity => out.extend_from_slice(&tile.body),
                Encoding::Gzip => {
                    out = vec![0; plain.len()];
                    let n = libdeflater::Decompressor::new().gzip_decompress(&tile.body, &mut out).unwrap();
                    out.truncate(n);
                }
                Encoding::Zstd => out = zstd::decode_all(&tile.body[..]).unwrap(),
                Encoding::Brotli => {
                    brotli::Decompressor::new(&tile.body[..], 4096).read_to_end(&mut out).unwrap();
                }
            }
            assert!(out == plain, "{encoding:?}");
            assert_eq!(tile.etag, w.engine.etag(&everything(), &ids(), at).unwrap());
        }
    }
    let (bytes, tiles) = w.engine.cached();
    assert!(tiles <= 4 && bytes < 4 * (plain.len() as u64 + 200), "{tiles} tiles, {bytes} bytes");
    let nothing =
        w.engine.tile(&everything(), &ids(), TileCoord { z: 14, x: 0, y: 0 }, Encoding::Gzip).await.unwrap();
    assert!(nothing.empty && nothing.body.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn t24_tilejson_lists_every_layer_with_the_fields_its_tiles_have() {
    let w = world(city()).await;
    let json = serde_json::to_value(w.engine.tilejson(&everything(), &ids()).unwrap()).unwrap();
    assert_eq!(json["tilejson"], "3.0.0");
    assert_eq!(json["vector_layers"].as_array().unwrap().len(), 4);
    let bounds: Vec<f64> = json["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!(bounds[0] > 111.58 && bounds[2] < 111.8 && bounds[1] > 28.9 && bounds[3] < 29.2, "{bounds:?}");
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for at in cover(14, city_box()) {
        for (layer, list) in check(&w.tile(at), at) {
            keys.entry(layer).or_default().extend(list.into_iter().flat_map(|d| d.properties.into_keys()));
        }
    }
    for layer in json["vector_layers"].as_array().unwrap() {
        let fields: BTreeSet<String> = layer["fields"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, keys[layer["id"].as_str().unwrap()]);
    }
    let twice = [id("t.road"), id("t.road")];
    assert!(matches!(w.engine.tilejson(&everything(), &twice), Err(TileError::NamedTwice(_))));
}
