//! Roads between the settlements: a planar web of straight relations, drawn with bends, crossing in shared points.

use crate::plane::{Near, P, add, along, dist, from_lonlat, key, left, length, lerp, mm, scale, smooth, sub};
use crate::rng::{Rng, noise};
use crate::settlement::{Rank, Site};
use crate::streets::{Class, Street};
use crate::water::Water;
use std::collections::BTreeMap;

/// A settlement as roads see it: where it can be entered.
pub(crate) struct Gates {
    /// The outermost street ends in sixteen directions.
    pub(crate) points: Vec<P>,
}

impl Gates {
    /// Gates of a settlement with these streets.
    pub(crate) fn new(streets: &[Street]) -> Gates {
        let mut points: Vec<P> = Vec::new();
        for k in 0..16 {
            let a = f64::from(k) * std::f64::consts::TAU / 16.0;
            let ends = streets
                .iter()
                .filter(|s| !s.bridge)
                .flat_map(|s| [s.line[0], s.line[s.line.len() - 1]])
                .max_by(|p, q| {
                    (p[0] * a.cos() + p[1] * a.sin()).total_cmp(&(q[0] * a.cos() + q[1] * a.sin()))
                });
            points.extend(ends);
        }
        Gates { points }
    }

    fn towards(&self, from: P, to: P) -> P {
        self.points.iter().copied().min_by(|a, b| dist(*a, to).total_cmp(&dist(*b, to))).unwrap_or(from)
    }
}

/// A motorway: number, name, course.
type Motorway = (&'static str, &'static str, &'static [P2]);
/// Longitude and latitude.
type P2 = (f64, f64);

/// Motorways as they run through the prefecture.
const MOTORWAYS: &[Motorway] = &[
    (
        "G5513",
        "长张高速",
        &[
            (112.22, 28.70),
            (112.08, 28.73),
            (111.95, 28.785),
            (111.83, 28.855),
            (111.74, 28.895),
            (111.62, 28.915),
            (111.55, 28.955),
            (111.44, 28.985),
            (111.36, 29.05),
            (111.30, 29.15),
            (111.20, 29.26),
            (111.10, 29.29),
        ],
    ),
    (
        "G55",
        "二广高速",
        &[
            (111.88, 29.90),
            (111.845, 29.77),
            (111.815, 29.68),
            (111.79, 29.56),
            (111.735, 29.46),
            (111.69, 29.33),
            (111.60, 29.22),
            (111.555, 29.12),
            (111.565, 29.00),
            (111.575, 28.93),
            (111.62, 28.80),
            (111.66, 28.66),
        ],
    ),
    (
        "G56",
        "杭瑞高速",
        &[
            (112.24, 29.23),
            (112.10, 29.235),
            (112.00, 29.18),
            (111.89, 29.15),
            (111.77, 29.155),
            (111.68, 29.145),
            (111.58, 29.13),
            (111.47, 29.12),
            (111.33, 29.08),
            (111.15, 29.06),
            (110.99, 29.08),
        ],
    ),
];

/// A motorway as drawn.
pub(crate) fn motorways() -> Vec<Vec<P>> {
    MOTORWAYS
        .iter()
        .map(|m| {
            let control: Vec<P> = m.2.iter().map(|&(x, y)| from_lonlat([x, y])).collect();
            smooth(&control, 200.0).into_iter().map(mm).collect()
        })
        .collect()
}

/// All roads between settlements, motorways included, cut where they meet.
pub(crate) fn connect(seed: u64, sites: &[Site], gates: &[Gates], water: &Water) -> Vec<Street> {
    let core: Vec<usize> = (0..sites.len()).filter(|&i| sites[i].rank < Rank::Village).collect();
    let mut edges: Vec<(usize, usize, Class)> = Vec::new();
    // Gabriel graph of towns and cities: connected and planar.
    for (x, &a) in core.iter().enumerate() {
        for &b in &core[x + 1..] {
            let (pa, pb) = (sites[a].centre, sites[b].centre);
            let (m, r) = (lerp(pa, pb, 0.5), dist(pa, pb) / 2.0);
            if core.iter().all(|&c| c == a || c == b || dist(sites[c].centre, m) >= r) {
                edges.push((a, b, Class::County));
            }
        }
    }
    highways(sites, &mut edges);
    // A great river between two places makes them far.
    let far = |a: usize, p: P| {
        let q = sites[a].centre;
        let wide = (1..8).any(|k| water.clearance(lerp(q, p, f64::from(k) / 8.0)) < -30.0);
        dist(q, p) + if wide { 9000.0 } else { 0.0 }
    };
    // Each village to the nearest place that is connected already.
    let mut best: Vec<(f64, usize)> = sites
        .iter()
        .map(|s| {
            core.iter()
                .map(|&c| (far(c, s.centre) - sites[c].radius(), c))
                .fold((f64::MAX, 0), |m, x| if x.0 < m.0 { x } else { m })
        })
        .collect();
    let mut waiting: Vec<usize> = (0..sites.len()).filter(|&i| sites[i].rank == Rank::Village).collect();
    while !waiting.is_empty() {
        let k = (0..waiting.len())
            .min_by(|&a, &b| best[waiting[a]].0.total_cmp(&best[waiting[b]].0).then(a.cmp(&b)))
            .unwrap_or(0);
        let v = waiting.swap_remove(k);
        edges.push((best[v].1, v, Class::Township));
        for &w in &waiting {
            let d = far(v, sites[w].centre);
            if d < best[w].0 {
                best[w] = (d, v);
            }
        }
    }
    let mut lines: Vec<Road> = edges
        .iter()
        .enumerate()
        .map(|(n, &(a, b, class))| {
            let from = gates[a].towards(sites[a].centre, sites[b].centre);
            let to = gates[b].towards(sites[b].centre, sites[a].centre);
            let line = draw(seed ^ (n as u64 * 31 + 7), from, to, water, sites);
            let name = road_name(seed, class, n, &sites[a], &sites[b]);
            Road { line, class, name }
        })
        .collect();
    let ways = motorways();
    for (m, way) in ways.iter().enumerate() {
        let name = format!("{}{}", MOTORWAYS[m].0, MOTORWAYS[m].1);
        let mut cuts = vec![0, way.len() - 1];
        for (i, site) in sites.iter().enumerate().filter(|(_, s)| s.rank <= Rank::Seat) {
            let Some(k) = (0..way.len())
                .min_by(|&a, &b| dist(way[a], site.centre).total_cmp(&dist(way[b], site.centre)))
            else {
                continue;
            };
            if dist(way[k], site.centre) < 13_000.0 + site.radius() && k > 3 && k + 4 < way.len() {
                cuts.push(k);
                let from = gates[i].towards(site.centre, way[k]);
                let line = draw(seed ^ (0x900 + (m * 64 + i) as u64), from, way[k], water, sites);
                lines.push(Road {
                    line, class: Class::Provincial, name: format!("{}互通连接线", site.name)
                });
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        for c in cuts.windows(2) {
            lines.push(Road { line: way[c[0]..=c[1]].to_vec(), class: Class::Motorway, name: name.clone() });
        }
    }
    meet(&mut lines);
    lines.into_iter().flat_map(|r| r.streets(water)).collect()
}

struct Road {
    line: Vec<P>,
    class: Class,
    name: String,
}

impl Road {
    /// The road as it is delivered: what crosses water by itself, from the last dry vertex before to the first after.
    fn streets(self, water: &Water) -> Vec<Street> {
        let n = self.line.len();
        let wet: Vec<bool> = self.line.iter().map(|p| water.clearance(*p) < 6.0).collect();
        let mut cuts = vec![0];
        for i in 1..n {
            let cut = if wet[i] { i - 1 } else { i };
            if wet[i] != wet[i - 1] && cut > cuts[cuts.len() - 1] && cut < n - 1 {
                cuts.push(cut);
            }
        }
        cuts.push(n - 1);
        cuts.windows(2)
            .map(|c| Street {
                line: self.line[c[0]..=c[1]].to_vec(),
                class: self.class,
                name: self.name.clone(),
                bridge: wet[c[0] + 1..c[1]].iter().any(|w| *w),
                from: [0.0, 0.0],
                to: [0.0, 0.0],
            })
            .collect()
    }
}

/// Makes the shortest ways between the seats national and provincial roads.
fn highways(sites: &[Site], edges: &mut [(usize, usize, Class)]) {
    let seats: Vec<usize> = (0..sites.len()).filter(|&i| sites[i].rank <= Rank::Seat).collect();
    for (x, &a) in seats.iter().enumerate() {
        let mut far = vec![f64::MAX; sites.len()];
        let mut came: Vec<Option<usize>> = vec![None; sites.len()];
        far[a] = 0.0;
        // Bellman–Ford: some hundreds of edges, done once.
        for _ in 0..sites.len() {
            let mut changed = false;
            for (e, &(p, q, _)) in edges.iter().enumerate() {
                let d = dist(sites[p].centre, sites[q].centre);
                for (s, t) in [(p, q), (q, p)] {
                    if far[s] < f64::MAX && far[s] + d < far[t] - 1e-6 {
                        far[t] = far[s] + d;
                        came[t] = Some(e);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        for &b in &seats[x + 1..] {
            let near = dist(sites[a].centre, sites[b].centre) < 60_000.0;
            if x > 0 && !near {
                continue;
            }
            let class = if x == 0 { Class::National } else { Class::Provincial };
            let mut at = b;
            while let Some(e) = came[at] {
                let (p, q, c) = edges[e];
                edges[e].2 = c.min(class);
                at = if p == at { q } else { p };
                if at == a {
                    break;
                }
            }
        }
    }
}

fn road_name(seed: u64, class: Class, n: usize, a: &Site, b: &Site) -> String {
    let short = |s: &Site| s.name.chars().take(2).collect::<String>();
    match class {
        Class::National => format!(
            "G{}",
            [207, 319, 353][(crate::rng::hash(seed, &[a.town as i64 + b.town as i64]) % 3) as usize]
        ),
        Class::Provincial => format!("S{}", 220 + (n * 7) % 90),
        Class::County => format!("X{:03}{}{}线", 1 + n % 400, short(a), short(b)),
        _ => format!("{}{}公路", short(a), short(b)),
    }
}

/// A bent line between two places that keeps out of lakes and other settlements where it can.
fn draw(seed: u64, from: P, to: P, water: &Water, sites: &[Site]) -> Vec<P> {
    let d = dist(from, to);
    if d < 60.0 {
        return vec![from, to];
    }
    let n = (d / 160.0).ceil().max(2.0) as usize;
    let side = left(crate::plane::direction(from, to));
    let bend = |bulge: f64| -> Vec<P> {
        (0..=n)
            .map(|i| {
                if i == 0 || i == n {
                    return if i == 0 { from } else { to };
                }
                let t = i as f64 / n as f64;
                let ease = (t * (1.0 - t) * 4.0).min(1.0);
                let off = bulge * d * (t * std::f64::consts::PI).sin()
                    + ease * (0.05 * d).min(420.0) * noise(seed, t * d / 2600.0, 0.3)
                    + ease * 28.0 * noise(seed ^ 3, t * d / 500.0, 0.3);
                mm(add(lerp(from, to, t), scale(side, off)))
            })
            .collect()
    };
    let cost = |line: &[P]| -> usize {
        line[1..line.len() - 1]
            .iter()
            .map(|p| {
                let lake = usize::from(water.clearance(*p) < 10.0) * 3;
                let built = usize::from(sites.iter().any(|s| {
                    dist(s.centre, *p) < s.radius() * 0.9
                        && dist(s.centre, from).min(dist(s.centre, to)) > s.radius() * 2.5
                })) * 4;
                lake + built
            })
            .sum()
    };
    [0.0, 0.05, -0.05, 0.12, -0.12, 0.22, -0.22, 0.34, -0.34, 0.48, -0.48]
        .into_iter()
        .map(bend)
        .map(|l| (cost(&l), l))
        .fold(None, |best: Option<(usize, Vec<P>)>, x| match best {
            Some(b) if b.0 <= x.0 => Some(b),
            _ => Some(x),
        })
        .map(|b| b.1)
        .unwrap_or_else(|| vec![from, to])
}

/// Puts a common vertex where roads cross, and cuts both there. Motorways pass over.
fn meet(roads: &mut Vec<Road>) {
    let mut near: Near<(u32, u32)> = Near::new(400.0);
    for (r, road) in roads.iter().enumerate() {
        if road.class != Class::Motorway {
            for i in 1..road.line.len() {
                near.insert(road.line[i - 1], road.line[i], (r as u32, i as u32));
            }
        }
    }
    // Per road: segment, position on it, point.
    let mut cuts: BTreeMap<u32, Vec<(u32, f64, P)>> = BTreeMap::new();
    for (r, road) in roads.iter().enumerate() {
        if road.class == Class::Motorway {
            continue;
        }
        for i in 1..road.line.len() {
            let (a, b) = (road.line[i - 1], road.line[i]);
            let mut others: Vec<(u32, u32)> =
                near.around(lerp(a, b, 0.5)).filter(|o| o.0 > r as u32).collect();
            others.sort_unstable();
            others.dedup();
            for (o, k) in others {
                let (c, e) = (roads[o as usize].line[k as usize - 1], roads[o as usize].line[k as usize]);
                let (d1, d2) = (sub(b, a), sub(e, c));
                let den = d1[0] * d2[1] - d1[1] * d2[0];
                if den.abs() < 1e-9 {
                    continue;
                }
                let w = sub(c, a);
                let t = (w[0] * d2[1] - w[1] * d2[0]) / den;
                let s = (w[0] * d1[1] - w[1] * d1[0]) / den;
                if t > 0.0 && t < 1.0 && s > 0.0 && s < 1.0 {
                    let p = mm(lerp(a, b, t));
                    cuts.entry(r as u32).or_default().push((i as u32, t, p));
                    cuts.entry(o).or_default().push((k, s, p));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (r, road) in std::mem::take(roads).into_iter().enumerate() {
        let Some(list) = cuts.get_mut(&(r as u32)) else {
            out.push(road);
            continue;
        };
        list.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut line = vec![road.line[0]];
        let mut next = 0;
        for i in 1..road.line.len() {
            while next < list.len() && list[next].0 as usize == i {
                let p = list[next].2;
                next += 1;
                if key(p) != key(line[line.len() - 1]) {
                    line.push(p);
                }
                if line.len() > 1 {
                    out.push(Road {
                        line: std::mem::replace(&mut line, vec![p]),
                        class: road.class,
                        name: road.name.clone(),
                    });
                }
            }
            if key(road.line[i]) != key(line[line.len() - 1]) {
                line.push(road.line[i]);
            }
        }
        if line.len() > 1 {
            out.push(Road { line, class: road.class, name: road.name });
        }
    }
    *roads = out;
}

/// Bus stops about every `every` metres along the wider streets: place, street name, number along the street.
pub(crate) fn stops(rng: &mut Rng, streets: &[Street], every: f64) -> Vec<(P, String)> {
    let mut list: Vec<(P, String)> = Vec::new();
    for s in streets {
        if s.bridge || !matches!(s.class, Class::Arterial | Class::Secondary) {
            continue;
        }
        let l = length(&s.line);
        if l > 60.0
            && rng.chance((l / every).min(1.0))
            && let Some((p, d)) = along(&s.line, l * rng.range(0.3, 0.7))
        {
            let side = if rng.chance(0.5) { s.class.width() / 2.0 } else { -s.class.width() / 2.0 };
            list.push((mm(add(p, scale(left(d), side))), s.name.clone()));
        }
    }
    list
}
