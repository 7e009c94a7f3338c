//! The drawing: streets join, parcels share borders, pipes meet, water falls, areas tile.

use super::city;
use crate::buildings::build;
use crate::contours;
use crate::facts::{COUNTIES, HILLS, TOWNS};
use crate::parcels::{Parcel, cut};
use crate::partition::county_of;
use crate::pipes::{KINDS, Pipes, lay};
use crate::plane::{P, add, area, dist, from_lonlat, inside, key, length, lerp, to_lonlat};
use crate::rng::Rng;
use crate::settlement::Rank;
use crate::streets::{Class, Street};
use crate::terrain::{COLUMNS, ROWS, node};
use geo::{Area, BooleanOps, BoundingRect, Intersects, LineString, Polygon};
use std::collections::{BTreeMap, BTreeSet};

fn polygon(ring: &[P]) -> Polygon {
    // About the ring's own first point: boolean operations lose digits far from zero.
    Polygon::new(LineString::from(ring.to_vec()), Vec::new())
}

/// Vectors of EPSG:4490 → EPSG:4546, computed with PROJ 9.1.1.
#[test]
fn the_plane_agrees_with_proj() {
    for (lat, lon, n, e) in [
        (29.0316, 111.6985, 3_212_973.023_3, 568_041.264_7),
        (30.05, 110.6, 3_325_723.470_1, 461_424.692_6),
        (28.45, 111.2, 3_148_328.427_0, 519_590.066_9),
        (29.4114, 112.1711, 3_255_439.033_8, 613_660.054_1),
    ] {
        let p = from_lonlat([lon, lat]);
        assert!((p[0] - e).abs() < 2e-4 && (p[1] - n).abs() < 2e-4, "{p:?}");
        let g = to_lonlat(p);
        assert!((g[0] - lon).abs() < 1e-10 && (g[1] - lat).abs() < 1e-10, "{g:?}");
    }
}

fn all_streets() -> impl Iterator<Item = &'static Street> {
    city().built.iter().flat_map(|(_, plan)| &plan.streets).chain(&city().roads)
}

#[test]
fn one_can_drive_from_every_street_to_every_other() {
    let mut nodes: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    let mut parent: Vec<usize> = Vec::new();
    fn find(parent: &mut [usize], mut x: usize) -> usize {
        while parent[x] != x {
            parent[x] = parent[parent[x]];
            x = parent[x];
        }
        x
    }
    for s in all_streets() {
        let ends = [s.line[0], s.line[s.line.len() - 1]].map(|p| {
            *nodes.entry(key(p)).or_insert_with(|| {
                parent.push(parent.len());
                parent.len() - 1
            })
        });
        let (a, b) = (find(&mut parent, ends[0]), find(&mut parent, ends[1]));
        parent[a] = b;
    }
    let roots: BTreeSet<usize> = (0..parent.len()).map(|i| find(&mut parent, i)).collect();
    assert_eq!(roots.len(), 1, "the network is in {} pieces", roots.len());
}

#[test]
fn streets_of_a_settlement_cross_only_in_shared_points() {
    for (lattice, plan) in &city().built[..8] {
        assert!(plan.streets.len() > 60, "{} streets at {:?}", plan.streets.len(), lattice.frame.centre);
        let mut near = crate::plane::Near::new(300.0);
        for (i, s) in plan.streets.iter().enumerate() {
            for w in s.line.windows(2) {
                near.insert(w[0], w[1], (i, w[0], w[1]));
            }
        }
        for (i, s) in plan.streets.iter().enumerate() {
            for w in s.line.windows(2) {
                for (j, c, d) in near.around(w[0]).filter(|o| o.0 > i) {
                    let line = |a: P, b: P| {
                        geo::Line::new(geo::coord! {x: a[0], y: a[1]}, geo::coord! {x: b[0], y: b[1]})
                    };
                    if line(w[0], w[1]).intersects(&line(c, d)) {
                        let ends = |s: &Street| [key(s.line[0]), key(s.line[s.line.len() - 1])];
                        let other = ends(&plan.streets[j]);
                        let shared = ends(s).iter().any(|k| other.contains(k));
                        assert!(
                            shared,
                            "{} and {} cross at {:?} without a node",
                            s.name, plan.streets[j].name, w[0]
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_street_classes_form_a_hierarchy() {
    let mut of: BTreeMap<Class, f64> = BTreeMap::new();
    for s in all_streets() {
        *of.entry(s.class).or_default() += length(&s.line) / 1000.0;
    }
    for class in [
        Class::Motorway,
        Class::Expressway,
        Class::National,
        Class::Provincial,
        Class::Arterial,
        Class::Township,
    ] {
        assert!(of.get(&class).is_some_and(|km| *km > 15.0), "{class:?}: {of:?}");
    }
    assert!(
        of[&Class::Local] > of[&Class::Secondary] && of[&Class::Secondary] > of[&Class::Expressway],
        "{of:?}"
    );
    let long = all_streets().filter(|s| s.bridge && length(&s.line) > 500.0).count();
    assert!(long >= 3, "{long} bridges over the Yuan");
}

/// Parcels of the first blocks of every settlement.
fn each_block(mut f: impl FnMut(usize, &[Parcel], &crate::frame::Frame, &mut Rng)) {
    for (i, (lattice, plan)) in city().built.iter().enumerate() {
        for (b, block) in plan.blocks.iter().enumerate() {
            let mut rng = Rng::new(city().site_seed(i), &[b as i64, 206]);
            let parcels = cut(&mut rng, block, &lattice.frame, 1.0);
            f(i, &parcels, &lattice.frame, &mut rng);
        }
    }
}

#[test]
fn t08_parcels_of_a_block_share_borders_vertex_for_vertex_and_leave_no_gap() {
    let mut seen = 0;
    each_block(|_, parcels, _, _| {
        // Every inner edge once in each direction; what has no partner makes one ring around the block.
        let mut edges: BTreeMap<_, P> = BTreeMap::new();
        let mut sum = 0.0;
        for parcel in parcels {
            let a = area(&parcel.ring);
            assert!(a > 30.0, "a parcel of {a} m²");
            sum += a;
            for i in 0..parcel.ring.len() {
                let (p, q) = (parcel.ring[i], parcel.ring[(i + 1) % parcel.ring.len()]);
                assert_ne!(key(p), key(q), "a vertex twice");
                assert!(
                    edges.insert((key(p), key(q)), p).is_none(),
                    "an edge is used twice in one direction"
                );
            }
            seen += 1;
        }
        let outer: BTreeMap<_, _> = edges
            .iter()
            .filter(|((p, q), _)| !edges.contains_key(&(*q, *p)))
            .map(|((p, q), at)| (*p, (*q, *at)))
            .collect();
        let start = *outer.keys().next().expect("a block has an outside");
        let (mut at, mut ring) = (start, Vec::new());
        loop {
            let (next, p) = outer[&at];
            ring.push(p);
            at = next;
            if at == start {
                break;
            }
        }
        assert_eq!(ring.len(), outer.len(), "the block's outside is one ring");
        assert!((area(&ring) - sum).abs() < 1e-3, "parcels {sum} m², block {} m²", area(&ring));
    });
    assert!(seen > 10_000, "{seen}");
}

#[test]
fn blocks_do_not_overlap_and_keep_out_of_the_water() {
    for (i, (lattice, plan)) in city().built.iter().enumerate() {
        let rings: Vec<Polygon> = plan
            .blocks
            .iter()
            .map(|b| {
                // The outline with the bends of its sides.
                let corners = [b.low, [b.high[0], b.low[1]], b.high, [b.low[0], b.high[1]]];
                let ring: Vec<P> = (0..40)
                    .map(|k| lerp(corners[k / 10], corners[(k / 10 + 1) % 4], (k % 10) as f64 / 10.0))
                    .map(|uv| lattice.frame.at(uv[0], uv[1]))
                    .collect();
                polygon(&ring)
            })
            .collect();
        let mut near = crate::plane::Near::new(800.0);
        for (k, ring) in rings.iter().enumerate() {
            let r = ring.bounding_rect().expect("a ring has bounds");
            near.insert([r.min().x, r.min().y], [r.max().x, r.max().y], k);
            for c in ring.exterior().coords() {
                assert!(
                    city().water.clearance([c.x, c.y]) > 5.0,
                    "a block of {} in the water",
                    city().sites[i].name
                );
            }
        }
        for (k, ring) in rings.iter().enumerate() {
            let r = ring.bounding_rect().expect("a ring has bounds");
            let others: BTreeSet<usize> = near.around([r.min().x, r.min().y]).filter(|o| *o > k).collect();
            for o in others {
                assert!(
                    !ring.intersects(&rings[o]),
                    "blocks {k} and {o} of {} overlap at {:?}",
                    city().sites[i].name,
                    ring.exterior().0[0]
                );
            }
        }
    }
}

#[test]
fn buildings_stand_on_their_parcels_and_apart() {
    let mut seen = 0;
    each_block(|_, parcels, frame, rng| {
        for parcel in parcels {
            let list = build(rng, parcel, frame);
            let shapes: Vec<Polygon> = list
                .iter()
                .map(|b| {
                    assert!(area(&b.ring) > 4.0, "a building of {} m²", area(&b.ring));
                    assert!(b.ring.iter().all(|p| inside(&parcel.ring, *p)), "a corner beyond the parcel");
                    let o = parcel.ring[0];
                    polygon(&b.ring.iter().map(|p| crate::plane::sub(*p, o)).collect::<Vec<_>>())
                })
                .collect();
            for (i, a) in shapes.iter().enumerate() {
                for b in &shapes[i + 1..] {
                    if a.bounding_rect().zip(b.bounding_rect()).is_some_and(|(x, y)| x.intersects(&y))
                        && a.intersects(b)
                    {
                        let m2 = a.intersection(b).unsigned_area();
                        assert!(m2 < 0.5, "{:?}: two buildings overlap by {m2} m²", parcel.kind);
                    }
                }
            }
            seen += list.len();
        }
    });
    assert!(seen > 20_000, "{seen}");
}

#[test]
fn pipes_meet_in_their_points_and_drains_fall() {
    let city = city();
    let mut pipes = Pipes::default();
    for i in 0..8 {
        let (lattice, plan) = &city.built[i];
        lay(city.site_seed(i), plan, &lattice.frame, &city.terrain, &city.water, 1.0, &mut pipes);
    }
    for (kind, net) in KINDS.iter().zip(&pipes.kinds) {
        assert!(net.lines.len() > 50, "{}: {} lines", kind.name, net.lines.len());
        let mut used = vec![false; net.points.len()];
        let mut places = BTreeSet::new();
        for p in &net.points {
            assert!(places.insert(key(p.p)), "{}: two points on one spot", kind.name);
            assert!((0.2..15.0).contains(&p.depth), "{}: depth {}", kind.name, p.depth);
            assert!((p.ground - city.terrain.at(p.p)).abs() < 0.006, "a point off the ground");
        }
        for l in &net.lines {
            let (a, b) = (&net.points[l.from as usize], &net.points[l.to as usize]);
            used[l.from as usize] = true;
            used[l.to as usize] = true;
            let d = dist(a.p, b.p);
            assert!(d > 0.5 && d < 75.0, "{}: a line of {d} m", kind.name);
            assert!(l.depth.iter().all(|d| (0.2..15.0).contains(d)), "{}: {:?}", kind.name, l.depth);
            if matches!(kind.code, "YS" | "WS") {
                let (from, to) = (a.ground - l.depth[0], b.ground - l.depth[1]);
                assert!(to < from + 1e-9, "{} rises from {from} to {to}", kind.name);
                // What leaves a point does not lie higher than what comes in, save at a pump.
                assert!((a.ground - a.depth - from).abs() < 0.011, "a drain starts beside its point");
            }
        }
        assert!(used.iter().all(|u| *u), "{}: a point without a line", kind.name);
    }
}

#[test]
fn rivers_lie_in_valleys_and_run_down() {
    let city = city();
    for river in &city.water.rivers {
        assert!(river.level.windows(2).all(|w| w[1] < w[0]), "{} runs uphill", river.name);
        let mut higher = 0;
        let mut all = 0;
        for i in (20..river.line.len() - 20).step_by(25) {
            let (left, right) = river.banks(i, 1800.0);
            let here = city.terrain.at(river.line[i]);
            all += 2;
            higher += usize::from(city.terrain.at(left) > here - 0.5)
                + usize::from(city.terrain.at(right) > here - 0.5);
        }
        assert!(higher * 10 >= all * 8, "{}: {higher} of {all} banks are higher", river.name);
    }
}

#[test]
fn the_highest_point_is_huping_mountain() {
    let city = city();
    let top =
        (0..COLUMNS * ROWS).max_by(|&a, &b| city.terrain.z[a].total_cmp(&city.terrain.z[b])).expect("a grid");
    let peak = from_lonlat([HILLS[0].1, HILLS[0].2]);
    assert!(dist(node(top % COLUMNS, top / COLUMNS), peak) < 300.0);
    assert!((f64::from(city.terrain.z[top]) - 2098.7).abs() < 5.0, "{}", city.terrain.z[top]);
}

#[test]
fn contours_lie_on_the_ground_everywhere() {
    let city = city();
    let list = contours::trace(&city.terrain, |c, r| city.partition.village_at(node(c, r)).is_some());
    assert!(list.len() > 500);
    for c in &list {
        for p in &c.line {
            assert!(
                (city.terrain.at(*p) - c.height).abs() < 1e-3,
                "{} m at {:?}, ground {}",
                c.height,
                p,
                city.terrain.at(*p)
            );
        }
        // Higher ground lies to the left, as it is drawn.
        let (a, b) = (c.line[0], c.line[1]);
        if dist(a, b) > 60.0 {
            let d = crate::plane::direction(a, b);
            let m = lerp(a, b, 0.5);
            let (l, r) = (add(m, [-d[1] * 5.0, d[0] * 5.0]), add(m, [d[1] * 5.0, -d[0] * 5.0]));
            assert!(city.terrain.at(l) > city.terrain.at(r) - 0.05, "{} m at {m:?}", c.height);
        }
    }
}

#[test]
fn areas_of_every_level_tile_the_prefecture() {
    let part = &city().partition;
    let size = |is_in: &dyn Fn(usize) -> bool| {
        let polygons = part.polygons(is_in);
        for rings in &polygons {
            assert!(area(&rings[0]) > 0.0 && rings[1..].iter().all(|h| area(h) < 0.0));
            for ring in rings {
                assert_eq!(key(ring[0]), key(ring[ring.len() - 1]), "a ring is closed");
                let points: BTreeSet<_> = ring[1..].iter().map(|p| key(*p)).collect();
                assert_eq!(points.len(), ring.len() - 1, "a ring touches itself");
            }
        }
        polygons.iter().flatten().map(|r| area(r)).sum::<f64>()
    };
    let whole = size(&|_| true);
    assert!((15.0e9..20.0e9).contains(&whole), "{} km²", whole / 1e6);
    let counties: f64 = (0..COUNTIES.len()).map(|c| size(&|v| county_of(part.villages[v].town) == c)).sum();
    let towns: f64 = (0..TOWNS.len()).map(|t| size(&|v| part.villages[v].town == t)).sum();
    let villages: f64 = (0..part.villages.len()).map(|i| size(&|v| v == i)).sum();
    for (what, sum) in [("counties", counties), ("towns", towns), ("villages", villages)] {
        assert!((sum - whole).abs() < 1.0, "{what}: {sum} of {whole} m²");
    }
    // Each arc parts two villages, and its ends are ends of others (or its own).
    let mut ends: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for arc in &part.arcs {
        assert_ne!(arc.left, arc.right);
        for p in [arc.line[0], arc.line[arc.line.len() - 1]] {
            *ends.entry(key(p)).or_default() += 1;
        }
    }
    assert!(ends.values().all(|n| *n >= 2), "an arc ends in the open");
}

#[test]
fn seats_lie_in_their_own_counties() {
    let part = &city().partition;
    for (c, county) in COUNTIES.iter().enumerate().skip(2) {
        let v = part.village_at(from_lonlat([county.2, county.3])).expect("a seat is inside");
        assert_eq!(county_of(part.villages[v].town), c, "{}", county.1);
    }
}

#[test]
fn a_greater_scale_makes_greater_towns_not_a_greater_prefecture() {
    let small = city();
    let site = |c: &crate::city::City, r: Rank| {
        c.sites.iter().filter(|s| s.rank == r).map(|s| s.hectares).sum::<f64>()
    };
    let big = crate::city::City::new(3, 1);
    assert!(site(&big, Rank::City) > 2.0 * site(small, Rank::City));
    assert!(site(&big, Rank::Village) > 2.0 * site(small, Rank::Village));
    let whole =
        |c: &crate::city::City| c.partition.polygons(|_| true).iter().flatten().map(|r| area(r)).sum::<f64>();
    assert!((whole(&big) / whole(small) - 1.0).abs() < 1e-3);
}
