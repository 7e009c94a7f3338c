//! 水系: rivers, lakes, ponds and ditches as one GeoPackage.

use super::Folder;
use crate::SampleError;
use crate::city::City;
use crate::plane::{P, add, area, key, left, mm, scale, sub, to_lonlat};
use crate::rng::{Rng, noise};
use crate::water::Lake;
use ditu_geopackage::GeoPackage;
use ditu_model::{Geometry, Shape};
use geo::{Area, BooleanOps, BoundingRect, Intersects, LineString, MultiPolygon, Polygon};
use rusqlite::types::Value;

/// A reach of a river is this many samples long (about 5 km).
const REACH: usize = 42;

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let name = "06水系/水系.gpkg";
    let path = folder.path(name)?;
    let at = |source| SampleError::Sqlite { path: path.clone(), source };
    let mut gpkg = GeoPackage::create(&path).map_err(at)?;

    let mut areas: Vec<Surface> = Vec::new();
    for lake in &city.water.lakes {
        let ring = lake.ring((lake.reach() / 25.0).clamp(40.0, 260.0) as usize);
        areas.push(Surface::new(
            lake.name.clone(),
            if lake.reservoir { "水库" } else { "湖泊" },
            ring,
            lake.level,
        ));
    }
    // Great rivers first: where waters meet, the lesser ends at the bank of the greater.
    let mut rivers: Vec<_> = city.water.rivers.iter().filter(|r| r.half.iter().any(|h| *h > 20.0)).collect();
    rivers.sort_by_key(|r| r.class);
    for river in rivers {
        let n = river.line.len() - 1;
        let mut from = 0;
        let others = areas.len();
        let mut own = Vec::new();
        while from < n {
            let to = if n - from < REACH + 8 { n } else { from + REACH };
            let mut ring: Vec<P> = (from..=to).map(|i| river.banks(i, 0.0).1).collect();
            ring.extend((from..=to).rev().map(|i| river.banks(i, 0.0).0));
            let within = |i: usize| city.partition.village_at(river.line[i]).is_some();
            if within(from) || within(to) {
                let whole = Surface::new(river.name.to_string(), "河流", ring, river.level[(from + to) / 2]);
                own.extend(whole.without(&areas[..others]));
            }
            from = to;
        }
        areas.extend(own);
    }
    let mut rng = Rng::new(city.seed, &[205]);
    for pond in ponds(city, &mut rng) {
        let ring = pond.ring(14);
        areas.push(Surface::new(pond.name, if pond.reservoir { "水库" } else { "池塘" }, ring, pond.level));
    }
    let rows = areas.iter().map(|s| {
        let title = if s.name.is_empty() { Value::Null } else { Value::Text(s.name.clone()) };
        let m2 = (area(&s.ring).abs() * 10.0).round() / 10.0;
        (
            Geometry::polygon(vec![s.ring.iter().map(|p| to_lonlat(*p)).collect()]),
            vec![
                title,
                Value::Text(s.kind.into()),
                Value::Real(m2),
                Value::Real((s.level * 100.0).round() / 100.0),
            ],
        )
    });
    let columns = [("名称", "TEXT(60)"), ("类型", "TEXT(20)"), ("面积", "REAL"), ("水位", "REAL")];
    let count = gpkg.table("水域", Some(Shape::Polygon), &columns, rows).map_err(at)?;
    folder.note(name, "water.area", count);

    let mut lines: Vec<(String, &'static str, f64, Vec<P>)> = Vec::new();
    for river in &city.water.rivers {
        let n = river.line.len() - 1;
        for from in (0..n).step_by(REACH) {
            let to = (from + REACH).min(n);
            if city.partition.village_at(river.line[from]).is_some()
                || city.partition.village_at(river.line[to]).is_some()
            {
                let width = river.half[(from + to) / 2] * 2.0;
                lines.push((river.name.to_string(), "河流", width, river.reach(from, to)));
            }
        }
    }
    ditches(city, &mut rng, &mut lines);
    let rows = lines.iter().map(|(name, kind, width, line)| {
        let title = if name.is_empty() { Value::Null } else { Value::Text(name.clone()) };
        (
            Geometry::line(line.iter().map(|p| to_lonlat(*p)).collect()),
            vec![title, Value::Text((*kind).into()), Value::Real((width * 10.0).round() / 10.0)],
        )
    });
    let columns = [("名称", "TEXT(60)"), ("类型", "TEXT(20)"), ("宽度", "REAL")];
    let count = gpkg.table("水系线", Some(Shape::Line), &columns, rows).map_err(at)?;
    folder.note(name, "water.line", count);
    gpkg.finish().map_err(at)
}

/// A water area: name, kind, closed ring, level.
struct Surface {
    name: String,
    kind: &'static str,
    ring: Vec<P>,
    level: f64,
}

impl Surface {
    fn new(name: String, kind: &'static str, mut ring: Vec<P>, level: f64) -> Surface {
        ring.extend(ring.first().copied());
        Surface { name, kind, ring, level }
    }

    /// What is left of it outside the others; nothing but itself where it meets none.
    fn without(self, others: &[Surface]) -> Vec<Surface> {
        // About its own first point: seven-digit coordinates cost the clipper digits.
        let o = self.ring[0];
        let shape =
            |ring: &[P]| Polygon::new(LineString::from_iter(ring.iter().map(|p| sub(*p, o))), Vec::new());
        let mine = shape(&self.ring);
        let met: Vec<Polygon> = others
            .iter()
            .map(|s| shape(&s.ring))
            .filter(|s| s.bounding_rect().zip(mine.bounding_rect()).is_some_and(|(a, b)| a.intersects(&b)))
            .filter(|s| s.intersects(&mine))
            .collect();
        if met.is_empty() {
            return vec![self];
        }
        mine.difference(&MultiPolygon::new(met))
            .into_iter()
            .filter(|p| p.unsigned_area() > 400.0)
            .map(|p| {
                let mut ring: Vec<P> = p.exterior().coords().map(|c| mm(add([c.x, c.y], o))).collect();
                ring.dedup_by_key(|p| key(*p));
                Surface { name: self.name.clone(), kind: self.kind, ring, level: self.level }
            })
            .collect()
    }
}

/// Ponds in the plain and small reservoirs in the hills, clear of all else.
fn ponds(city: &City, rng: &mut Rng) -> Vec<Lake> {
    let wanted = (1500.0 * city.scale.powf(0.7)) as usize;
    let mut list: Vec<Lake> = Vec::new();
    let mut near = crate::plane::Near::new(600.0);
    let mut tries = 0;
    while list.len() < wanted && tries < wanted * 60 {
        tries += 1;
        let village = &city.partition.villages[rng.below(city.partition.villages.len())];
        let p = mm([
            village.place[0] + rng.range(-3200.0, 3200.0),
            village.place[1] + rng.range(-3200.0, 3200.0),
        ]);
        let ground = city.terrain.at(p);
        let hill = ground > 90.0;
        if hill && !rng.chance(0.12) {
            continue;
        }
        let a = if hill { rng.range(60.0, 240.0) } else { rng.range(18.0, 75.0) };
        let reach = a * 1.4;
        let clear = city.partition.village_at(p).is_some()
            && city.water.clearance(p) > reach + 60.0
            && city.water.off_tracks(p) > reach + 30.0
            && city.sites.iter().all(|s| crate::plane::dist(s.centre, p) > s.radius() * 1.8 + reach + 60.0)
            && near.around(p).all(|(q, r): (P, f64)| crate::plane::dist(q, p) > r + reach + 8.0);
        if clear {
            near.insert(p, p, (p, reach));
            let title = if hill { format!("{}水库", rng.pick(crate::facts::STEMS)) } else { String::new() };
            list.push(Lake::new(
                title,
                hill,
                p,
                [a, a * rng.range(0.45, 0.9)],
                rng.range(0.0, 180.0),
                rng.next(),
                ground - 0.8,
            ));
        }
    }
    list
}

/// Streams down the hills and ditches over the plain.
fn ditches(city: &City, rng: &mut Rng, lines: &mut Vec<(String, &'static str, f64, Vec<P>)>) {
    let wanted = (1000.0 * city.scale.powf(0.6)) as usize;
    let mut made = 0;
    let mut tries = 0;
    while made < wanted && tries < wanted * 60 {
        tries += 1;
        let village = &city.partition.villages[rng.below(city.partition.villages.len())];
        let mut p = mm([
            village.place[0] + rng.range(-4000.0, 4000.0),
            village.place[1] + rng.range(-4000.0, 4000.0),
        ]);
        let (slope, _) = city.terrain.slope(p);
        let hilly = slope > 0.05;
        let mut line = vec![p];
        let seed = rng.next();
        // Ditches of one polder run square to one another.
        let turn = 0.9 * noise(city.seed ^ 44, p[0] / 11_000.0, p[1] / 11_000.0)
            + f64::from(rng.below(4) as u32) * std::f64::consts::FRAC_PI_2;
        let n = 8 + rng.below(30);
        for k in 0..n {
            let way = if hilly {
                let (s, up) = city.terrain.slope(p);
                if s < 0.004 {
                    break;
                }
                scale(up, -1.0)
            } else {
                [turn.cos(), turn.sin()]
            };
            let off = if hilly {
                0.45 * noise(seed, k as f64 / 2.0, 0.0)
            } else {
                0.03 * noise(seed, k as f64 / 3.0, 0.0)
            };
            p = mm(add(p, scale(add(way, scale(left(way), off)), 90.0)));
            if city.water.clearance(p) < 12.0 || city.partition.village_at(p).is_none() {
                break;
            }
            line.push(p);
        }
        let built = line
            .iter()
            .any(|q| city.sites.iter().any(|s| crate::plane::dist(s.centre, *q) < s.radius() * 1.5));
        if line.len() > 5 && !built {
            made += 1;
            let stem = rng.pick(crate::facts::STEMS);
            let (title, kind, width) = if hilly {
                (format!("{stem}溪"), "溪流", rng.range(2.0, 9.0))
            } else if rng.chance(0.25) {
                (format!("{stem}干渠"), "干渠", rng.range(6.0, 14.0))
            } else {
                (String::new(), "支渠", rng.range(1.5, 4.0))
            };
            lines.push((title, kind, width, line));
        }
    }
}
