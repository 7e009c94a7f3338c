//! Pipes under the streets: eight kinds, each at its own distance from the axis, so that lines meet where streets meet.
//!
//! Drains are trees that fall to an outlet by the water; pressure pipes and cables keep a cover below the ground. Every
//! line runs from point to point, and points are shared, never copied.

use crate::frame::Frame;
use crate::plane::{P, add, along, dist, key, length, mm, scale};
use crate::rng::{Rng, at, hash, unit};
use crate::streets::{Class, Plan, Street};
use crate::terrain::Terrain;
use crate::water::Water;
use std::collections::BTreeMap;

/// A kind of pipe or cable, with how offices code it.
pub(crate) struct Kind {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) owner: &'static str,
    /// Distance from the street's axis in metres, to the left positive.
    offset: f64,
    gravity: bool,
    /// Cover in metres: pressure pipes to the top, drains at their heads.
    cover: f64,
    /// Share of streets that have it, by arterial, secondary, local.
    share: [f64; 3],
}

/// The eight kinds, in the order of their files.
pub(crate) const KINDS: [Kind; 8] = [
    Kind {
        code: "JS",
        name: "给水",
        owner: "常德市自来水公司",
        offset: 6.5,
        gravity: false,
        cover: 1.1,
        share: [0.44, 0.28, 0.06],
    },
    Kind {
        code: "YS",
        name: "雨水",
        owner: "常德市排水管理处",
        offset: 2.0,
        gravity: true,
        cover: 1.3,
        share: [0.48, 0.26, 0.05],
    },
    Kind {
        code: "WS",
        name: "污水",
        owner: "常德市排水管理处",
        offset: -2.5,
        gravity: true,
        cover: 1.6,
        share: [0.46, 0.25, 0.05],
    },
    Kind {
        code: "RQ",
        name: "燃气",
        owner: "常德中燃城市燃气公司",
        offset: -6.0,
        gravity: false,
        cover: 1.2,
        share: [0.32, 0.16, 0.03],
    },
    Kind {
        code: "DL",
        name: "电力",
        owner: "国网常德供电公司",
        offset: 9.0,
        gravity: false,
        cover: 0.7,
        share: [0.34, 0.16, 0.03],
    },
    Kind {
        code: "TX",
        name: "通信",
        owner: "中国电信常德分公司",
        offset: -9.0,
        gravity: false,
        cover: 0.8,
        share: [0.34, 0.16, 0.03],
    },
    Kind {
        code: "RL",
        name: "热力",
        owner: "常德热力公司",
        offset: 4.2,
        gravity: false,
        cover: 1.4,
        share: [0.22, 0.06, 0.01],
    },
    Kind {
        code: "GY",
        name: "工业",
        owner: "常德经开区管网公司",
        offset: -4.2,
        gravity: false,
        cover: 1.5,
        share: [0.12, 0.04, 0.01],
    },
];

/// A pipe point.
pub(crate) struct Point {
    pub(crate) number: u32,
    pub(crate) p: P,
    pub(crate) ground: f64,
    /// Depth of the pipe there (drains: invert; others: top), metres below ground.
    pub(crate) depth: f64,
    pub(crate) well: f64,
    pub(crate) feature: &'static str,
    pub(crate) fitting: &'static str,
    pub(crate) street: u32,
    pub(crate) year: i64,
}

/// A pipe between two points (indices into the points of its kind).
pub(crate) struct Line {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) depth: [f64; 2],
    pub(crate) size: String,
    pub(crate) material: &'static str,
    pub(crate) laid: &'static str,
    pub(crate) pressure: &'static str,
    pub(crate) cables: i64,
    pub(crate) street: u32,
    pub(crate) year: i64,
}

/// All pipes of a kind.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) points: Vec<Point>,
    pub(crate) lines: Vec<Line>,
}

/// All kinds, and the names of the streets they lie under.
#[derive(Default)]
pub(crate) struct Pipes {
    pub(crate) kinds: [Network; 8],
    pub(crate) streets: Vec<String>,
}

fn cm(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

/// Lays the pipes of a settlement; `dense` scales how many streets have them.
pub(crate) fn lay(
    seed: u64,
    plan: &Plan,
    frame: &Frame,
    terrain: &Terrain,
    water: &Water,
    dense: f64,
    all: &mut Pipes,
) {
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    for s in &plan.streets {
        names.entry(&s.name).or_insert_with(|| {
            all.streets.push(s.name.clone());
            all.streets.len() as u32 - 1
        });
    }
    for (k, kind) in KINDS.iter().enumerate() {
        let chosen: Vec<&Street> = plan
            .streets
            .iter()
            .filter(|s| {
                let share = match s.class {
                    Class::Arterial => kind.share[0],
                    Class::Secondary => kind.share[1],
                    Class::Local => kind.share[2],
                    _ => 0.0,
                };
                let name = hash(seed, &[i64::from(names[s.name.as_str()]), k as i64, 81]);
                !s.bridge && s.from != s.to && unit(name) < share * dense
            })
            .collect();
        let mut layer =
            Layer { seed, kind, k, frame, terrain, water, net: &mut all.kinds[k], nodes: BTreeMap::new() };
        if kind.gravity { layer.drains(&chosen, &names) } else { layer.mains(&chosen, &names) }
    }
}

struct Layer<'a> {
    seed: u64,
    kind: &'static Kind,
    k: usize,
    frame: &'a Frame,
    terrain: &'a Terrain,
    water: &'a Water,
    net: &'a mut Network,
    nodes: BTreeMap<(i64, i64), u32>,
}

/// Spacing of points along a street in metres.
const SPACING: f64 = 42.0;

impl Layer<'_> {
    fn point(&mut self, p: P, feature: &'static str, street: u32, year: i64) -> u32 {
        let p = mm(p);
        let id = self.net.points.len() as u32;
        let mut rng = Rng::new(self.seed, &[i64::from(id), self.k as i64, 82]);
        let fittings: &[&'static str] = match self.kind.code {
            "JS" => &["阀门井", "消防栓", "水表井", "阀门", "排气阀", ""],
            "YS" => &["检查井", "检查井", "雨水箅", "检查井"],
            "WS" => &["检查井", "检查井", "检查井", "化粪池"],
            "RQ" => &["阀门井", "阀门", "调压箱", "", ""],
            "DL" => &["人孔", "手孔", "接线箱", "路灯", "变压器"],
            "TX" => &["人孔", "手孔", "人孔", "接线箱"],
            _ => &["阀门井", "检查井", ""],
        };
        let ground = cm(self.terrain.at(p));
        let depth = cm(self.kind.cover + rng.range(-0.15, 0.3));
        self.net.points.push(Point {
            number: id + 1,
            p,
            ground,
            depth,
            well: cm(depth + rng.range(0.2, 0.6)),
            feature,
            fitting: fittings[rng.below(fittings.len())],
            street,
            year,
        });
        id
    }

    /// The point of a crossing: shifted to both sides' offset at once, so both streets' lines pass through it.
    fn crossing(&mut self, at: P, uv: P, street: u32, year: i64) -> u32 {
        if let Some(&n) = self.nodes.get(&key(at)) {
            return n;
        }
        let (eu, ev) = self.frame.axes(uv[0], uv[1]);
        let o = self.kind.offset;
        let id = self.point(add(at, add(scale(eu, o), scale(ev, o))), "三通", street, year);
        self.nodes.insert(key(at), id);
        id
    }

    /// Points along a street, ends included, from its first end to its last.
    fn chain(&mut self, s: &Street, street: u32) -> Vec<u32> {
        let year = crate::streets::year(self.seed, &[i64::from(street), self.k as i64, 83]);
        let first = self.crossing(s.line[0], s.from, street, year);
        let last = self.crossing(s.line[s.line.len() - 1], s.to, street, year);
        let upright = s.from[0] == s.to[0];
        let (a, b) = (self.net.points[first as usize].p, self.net.points[last as usize].p);
        let total = length(&s.line);
        let n = (dist(a, b).max(total) / SPACING).ceil().max(1.0) as usize;
        let mut ids = vec![first];
        for i in 1..n {
            let t = i as f64 / n as f64;
            if let Some((p, _)) = along(&s.line, total * t) {
                let uv = crate::plane::lerp(s.from, s.to, t);
                let (eu, ev) = self.frame.axes(uv[0], uv[1]);
                let out = scale(if upright { eu } else { ev }, self.kind.offset);
                // Crossings are shifted along the street too, so all between them is.
                let shift = scale(if upright { ev } else { eu }, self.kind.offset);
                ids.push(self.point(add(add(p, out), shift), "直线点", street, year));
            }
        }
        ids.push(last);
        ids
    }

    fn line(&mut self, s: &Street, street: u32, from: u32, to: u32, depth: [f64; 2], size_class: usize) {
        let mut rng = Rng::new(self.seed, &[i64::from(street), self.k as i64, 84]);
        let big = match s.class {
            Class::Arterial => 2,
            Class::Secondary => 1,
            _ => 0,
        };
        let big = big.max(size_class);
        let (sizes, materials, laid, pressure): (&[&str], &[&'static str], _, _) = match self.kind.code {
            "JS" => (&["DN200", "DN400", "DN800", "DN1000"], &["球墨铸铁", "PE", "钢"], "直埋", "0.4MPa"),
            "YS" => (&["600", "1000", "1500", "2000X1800"], &["砼"], "直埋", ""),
            "WS" => (&["400", "600", "1000", "1200"], &["砼", "PVC"], "直埋", ""),
            "RQ" => (&["DN110", "DN200", "DN315", "DN400"], &["PE", "钢"], "直埋", "中压"),
            "DL" => (&["300X200", "600X400", "1000X800", "1200X1000"], &["铜", "铝"], "管沟", "10kV"),
            "TX" => (&["200X100", "300X200", "400X300", "600X400"], &["光纤", "铜"], "管块", ""),
            "RL" => (&["DN150", "DN300", "DN500", "DN600"], &["钢"], "管沟", "1.0MPa"),
            _ => (&["DN80", "DN150", "DN250", "DN300"], &["钢"], "直埋", "0.8MPa"),
        };
        let size = sizes[big.min(sizes.len() - 1)].trim_start_matches("DN").to_string();
        let material = *rng.pick(materials);
        let cables = if matches!(self.kind.code, "DL" | "TX") { 2 + rng.below(10) as i64 } else { 0 };
        let year = crate::streets::year(self.seed, &[i64::from(street), self.k as i64, 83]);
        self.net.lines.push(Line { from, to, depth, size, material, laid, pressure, cables, street, year });
    }

    fn mains(&mut self, chosen: &[&Street], names: &BTreeMap<&str, u32>) {
        let begin = self.net.points.len();
        let mut degree: BTreeMap<u32, u32> = BTreeMap::new();
        for s in chosen {
            let street = names[s.name.as_str()];
            let ids = self.chain(s, street);
            for w in ids.windows(2) {
                let depth = [self.net.points[w[0] as usize].depth, self.net.points[w[1] as usize].depth];
                self.line(s, street, w[0], w[1], depth, 0);
                *degree.entry(w[0]).or_default() += 1;
                *degree.entry(w[1]).or_default() += 1;
            }
        }
        self.name_features(begin, &degree);
    }

    fn name_features(&mut self, begin: usize, degree: &BTreeMap<u32, u32>) {
        for (id, point) in self.net.points.iter_mut().enumerate().skip(begin) {
            point.feature = match degree.get(&(id as u32)).copied().unwrap_or(0) {
                0 | 1 => "终点",
                2 => {
                    if point.feature == "三通" {
                        "转折点"
                    } else {
                        "直线点"
                    }
                }
                3 => "三通",
                4 => "四通",
                _ => "多通",
            };
        }
    }

    /// Drains: along the shortest ways to an outlet, falling all the way, lifted where they would get too deep.
    fn drains(&mut self, chosen: &[&Street], names: &BTreeMap<&str, u32>) {
        // The graph of chosen streets.
        let mut ids: BTreeMap<(i64, i64), usize> = BTreeMap::new();
        let mut place: Vec<P> = Vec::new();
        let mut edges: Vec<Vec<(usize, usize, f64)>> = Vec::new();
        for (i, s) in chosen.iter().enumerate() {
            let mut id = |p: P| {
                *ids.entry(key(p)).or_insert_with(|| {
                    place.push(p);
                    edges.push(Vec::new());
                    place.len() - 1
                })
            };
            let (a, b) = (id(s.line[0]), id(s.line[s.line.len() - 1]));
            let l = length(&s.line);
            edges[a].push((b, i, l));
            edges[b].push((a, i, l));
        }
        // Outlets by wetness; each takes what it reaches first.
        let mut by_water: Vec<usize> = (0..place.len()).collect();
        by_water.sort_by(|&a, &b| {
            self.water.clearance(place[a]).total_cmp(&self.water.clearance(place[b])).then(a.cmp(&b))
        });
        let mut far = vec![f64::MAX; place.len()];
        let mut parent: Vec<Option<(usize, usize)>> = vec![None; place.len()];
        let mut order = Vec::new();
        for root in by_water {
            if far[root] < f64::MAX {
                continue;
            }
            far[root] = 0.0;
            let mut queue = std::collections::BinaryHeap::new();
            queue.push((std::cmp::Reverse(0u64), root));
            let mut settled = std::collections::BTreeSet::new();
            while let Some((_, n)) = queue.pop() {
                if !settled.insert(n) {
                    continue;
                }
                order.push(n);
                for &(m, street, l) in &edges[n] {
                    if far[n] + l < far[m] {
                        far[m] = far[n] + l;
                        parent[m] = Some((n, street));
                        queue.push((std::cmp::Reverse((far[m] * 1000.0) as u64), m));
                    }
                }
            }
        }
        // Points along the tree's streets, then inverts from the heads down.
        let begin = self.net.points.len();
        let mut degree: BTreeMap<u32, u32> = BTreeMap::new();
        let mut invert: BTreeMap<u32, f64> = BTreeMap::new();
        let mut load = vec![1usize; place.len()];
        for &n in order.iter().rev() {
            if let Some((p, _)) = parent[n] {
                load[p] += load[n];
            }
        }
        for &n in order.iter().rev() {
            let Some((_, i)) = parent[n] else { continue };
            let s = chosen[i];
            let street = names[s.name.as_str()];
            let mut chain = self.chain(s, street);
            if key(s.line[0]) != key(place[n]) {
                chain.reverse();
            }
            let fall = if s.class == Class::Arterial { 0.0012 } else { 0.002 };
            for w in chain.windows(2) {
                let (a, b) = (w[0] as usize, w[1] as usize);
                let (pa, pb) = (&self.net.points[a], &self.net.points[b]);
                let (ga, gb, run) = (pa.ground, pb.ground, dist(pa.p, pb.p));
                let top = *invert.entry(w[0]).or_insert(cm(ga - pa.depth));
                let start = top;
                // Never rises, and keeps its cover.
                let end = cm((start - fall * run).min(gb - self.kind.cover));
                let out = invert.entry(w[1]).or_insert(f64::MAX);
                *out = out.min(end);
                if gb - *out > 7.0 {
                    *out = cm(gb - self.kind.cover);
                    self.net.points[b].fitting = "泵站";
                }
                let depth = [cm(ga - start), cm(gb - end)];
                let size = usize::from(load[n] > 12) + usize::from(load[n] > 40) + usize::from(load[n] > 120);
                self.line(s, street, w[0], w[1], depth, size);
                *degree.entry(w[0]).or_default() += 1;
                *degree.entry(w[1]).or_default() += 1;
            }
        }
        for (&id, &z) in &invert {
            let point = &mut self.net.points[id as usize];
            point.depth = cm(point.ground - z);
            point.well = cm(point.depth + 0.3 * at(self.seed, &[i64::from(id), 85]));
        }
        self.name_features(begin, &degree);
        for (place_key, &n) in &ids {
            if let (None, Some(&id)) = (parent[n], self.nodes.get(place_key))
                && degree.contains_key(&id)
            {
                self.net.points[id as usize].feature = "进出水口";
            }
        }
    }
}
