//! A settlement's streets and the blocks between them.
//!
//! Lattice lines carry the main streets; each built super-block is cut by local streets of its own. Every crossing is
//! one rounded point that all its streets share, so the network is a graph without searching for near ends.

use crate::facts::{AVENUES, CROSS_AVENUES, STEMS};
use crate::plane::{P, key};
use crate::rng::{Rng, at, hash};
use crate::settlement::{Lattice, Rank, Row, Site, Use};
use crate::water::Water;
use std::collections::{BTreeMap, BTreeSet};

/// Street classes, from the widest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    Motorway,
    Expressway,
    National,
    Provincial,
    Arterial,
    Secondary,
    County,
    Local,
    Township,
    Lane,
}

impl Class {
    /// Width of the carriageway with walks, in metres.
    pub(crate) fn width(self) -> f64 {
        match self {
            Class::Motorway => 34.5,
            Class::Expressway => 50.0,
            Class::National => 24.0,
            Class::Provincial => 16.0,
            Class::Arterial => 40.0,
            Class::Secondary => 28.0,
            Class::County => 9.0,
            Class::Local => 15.0,
            Class::Township => 7.0,
            Class::Lane => 6.0,
        }
    }

    pub(crate) fn lanes(self) -> i64 {
        match self {
            Class::Motorway | Class::Arterial => 6,
            Class::Expressway => 8,
            Class::National | Class::Secondary => 4,
            Class::Provincial | Class::County | Class::Local | Class::Township => 2,
            Class::Lane => 1,
        }
    }
}

/// A street between two crossings.
#[derive(Clone)]
pub(crate) struct Street {
    pub(crate) line: Vec<P>,
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) bridge: bool,
    /// Where it runs in the settlement's own axes: from (u, v) to (u, v). Equal ends for roads outside.
    pub(crate) from: P,
    pub(crate) to: P,
}

/// A block: a box in the settlement's axes, inset from the streets around it.
pub(crate) struct Block {
    pub(crate) low: P,
    pub(crate) high: P,
    pub(crate) usage: Use,
    /// Number of its super-block within the settlement.
    pub(crate) quarter: usize,
}

/// Streets and blocks of a settlement.
pub(crate) struct Plan {
    pub(crate) streets: Vec<Street>,
    pub(crate) blocks: Vec<Block>,
    /// Number of built super-blocks.
    pub(crate) quarters: usize,
}

/// Spacing of the vertices that lines get between crossings.
pub(crate) const SAMPLE: f64 = 60.0;

/// Multiples of [`SAMPLE`] strictly between two values, a metre off the ends at least; ascending.
pub(crate) fn samples(a: f64, b: f64) -> impl Iterator<Item = f64> {
    let (first, last) = (((a + 1.0) / SAMPLE).ceil() as i64, ((b - 1.0) / SAMPLE).floor() as i64);
    (first..=last).map(|k| k as f64 * SAMPLE)
}

/// A super-block's own streets: cut positions and which pieces of them exist.
struct Cuts {
    us: Vec<f64>,
    vs: Vec<f64>,
    /// `upright[a][b]`: the street at `us[a]` exists between row cuts b and b+1. `level[b][a]` likewise.
    upright: Vec<Vec<bool>>,
    level: Vec<Vec<bool>>,
    blocks: Vec<[usize; 4]>,
}

struct Builder<'a> {
    seed: u64,
    site: &'a Site,
    lattice: &'a Lattice,
    water: &'a Water,
    streets: Vec<Street>,
}

/// Lays out a settlement.
pub(crate) fn lay_out(seed: u64, site: &Site, lattice: &Lattice, water: &Water) -> Plan {
    let mut b = Builder { seed, site, lattice, water, streets: Vec::new() };
    let (columns, rows) = (lattice.columns(), lattice.rows.len());
    let mut cuts: BTreeMap<(usize, usize), Cuts> = BTreeMap::new();
    let mut blocks = Vec::new();
    let mut quarters = 0;
    for i in 0..columns {
        for j in 0..rows {
            if let Some(usage) = lattice.built(i as i64, j as i64) {
                let c = b.cuts(i, j, usage);
                b.local_streets(&c, i, j);
                b.blocks(&c, i, j, usage, quarters, &mut blocks);
                quarters += 1;
                cuts.insert((i, j), c);
            }
        }
    }
    b.lattice_streets(&cuts);
    let mut streets = b.streets;
    prune(&mut streets);
    keep_largest_component(&mut streets);
    Plan { streets, blocks, quarters }
}

impl Builder<'_> {
    /// Class of the lattice line across the river at column line `i`.
    fn u_class(&self, i: usize) -> Class {
        let zero = self.lattice.us.iter().position(|u| *u == 0.0).unwrap_or(0);
        self.line_class(i.abs_diff(zero))
    }

    fn v_class(&self, j: usize) -> Class {
        let zero = self.lattice.vs.iter().position(|v| *v >= 0.0).unwrap_or(0);
        self.line_class(j.abs_diff(zero))
    }

    fn line_class(&self, away: usize) -> Class {
        match self.site.rank {
            Rank::City if away.is_multiple_of(3) => Class::Arterial,
            Rank::City => Class::Secondary,
            Rank::Seat if away.is_multiple_of(2) => Class::Secondary,
            Rank::Seat => Class::Local,
            Rank::Town if away == 0 => Class::Secondary,
            Rank::Town => Class::Local,
            Rank::Village => Class::Lane,
        }
    }

    fn local_class(&self) -> Class {
        match self.site.rank {
            Rank::City | Rank::Seat => Class::Local,
            _ => Class::Lane,
        }
    }

    fn cuts(&self, i: usize, j: usize, usage: Use) -> Cuts {
        let l = self.lattice;
        let mut rng = Rng::new(self.seed, &[i as i64, j as i64, 61]);
        let (w, h) = match usage {
            Use::Core => (150.0, 130.0),
            Use::OldTown => (125.0, 105.0),
            Use::Homes => (190.0, 160.0),
            Use::Towers => (230.0, 200.0),
            Use::Villas => (170.0, 120.0),
            Use::Hamlet => (130.0, 95.0),
            Use::Industry => (300.0, 240.0),
            Use::Campus => (380.0, 330.0),
            Use::Park => (360.0, 320.0),
        };
        let mut along = |a: f64, b: f64, size: f64| {
            let n = ((b - a) / (size * rng.range(0.85, 1.2))).round().max(1.0);
            let mut at = Vec::new();
            for k in 1..n as usize {
                let x = a + (b - a) * (k as f64 + rng.range(-0.18, 0.18)) / n;
                at.push((x / 30.0).round() * 30.0);
            }
            at.dedup();
            at.retain(|x| *x > a + 45.0 && *x < b - 45.0);
            at
        };
        let us = along(l.us[i], l.us[i + 1], w);
        let vs = along(l.vs[j], l.vs[j + 1], h);
        let (nu, nv) = (us.len() + 1, vs.len() + 1);
        let mut upright = vec![vec![true; nv]; us.len()];
        let mut level = vec![vec![true; nu]; vs.len()];
        let mut used = vec![false; nu * nv];
        let mut blocks = Vec::new();
        for a in 0..nu {
            for b in 0..nv {
                if used[a * nv + b] {
                    continue;
                }
                used[a * nv + b] = true;
                let (mut a1, mut b1) = (a + 1, b + 1);
                let x = rng.unit();
                if x < 0.14 && a1 < nu && !used[a1 * nv + b] {
                    used[a1 * nv + b] = true;
                    upright[a][b] = false;
                    a1 += 1;
                } else if x > 0.86 && b1 < nv && !used[a * nv + b1] {
                    used[a * nv + b1] = true;
                    level[b][a] = false;
                    b1 += 1;
                }
                blocks.push([a, b, a1, b1]);
            }
        }
        Cuts { us, vs, upright, level, blocks }
    }

    fn name(&self, kind: i64, index: i64, suffix: &str) -> String {
        let h = hash(self.seed, &[kind, index, 71]);
        let stem = STEMS[(h % STEMS.len() as u64) as usize];
        format!("{stem}{suffix}")
    }

    fn avenue(&self, upright: bool, index: usize, class: Class) -> String {
        let lines = if upright { &self.lattice.us } else { &self.lattice.vs };
        let zero = lines.iter().position(|x| *x >= 0.0).unwrap_or(0) as i64;
        let k = index as i64 - zero;
        let known = if upright { AVENUES } else { CROSS_AVENUES };
        if self.site.rank == Rank::City {
            let slot = if k >= 0 { 2 * k } else { -2 * k - 1 };
            if let Some(name) = known.get(slot as usize) {
                return (*name).to_string();
            }
        }
        let suffix = match class {
            Class::Arterial => "大道",
            Class::Lane => "巷",
            _ => "路",
        };
        self.name(i64::from(upright) + 2, k, suffix)
    }

    fn push(&mut self, from: P, to: P, class: Class, name: String, may_bridge: bool) {
        let f = &self.lattice.frame;
        let mut line = vec![f.at(from[0], from[1])];
        if from[1] == to[1] {
            line.extend(samples(from[0], to[0]).map(|u| f.at(u, from[1])));
        } else {
            line.extend(samples(from[1], to[1]).map(|v| f.at(from[0], v)));
        }
        line.push(f.at(to[0], to[1]));
        let margin = class.width() / 2.0 + 4.0;
        let soaked = line.iter().filter(|p| self.water.clearance(**p) < margin).count();
        let wet = soaked > 0;
        // A main street takes a brook in its stride, a river only where a bridge is meant.
        let may_bridge = may_bridge || (soaked <= 3 && class < Class::Local);
        let crosses_rail = may_bridge && self.site.rank == Rank::City;
        let blocked = !crosses_rail && line.iter().any(|p| self.water.off_tracks(*p) < 20.0);
        if blocked || (wet && !may_bridge) {
            return;
        }
        self.streets.push(Street { line, class, name, bridge: wet, from, to });
    }

    fn local_streets(&mut self, c: &Cuts, i: usize, j: usize) {
        let l = self.lattice;
        let us: Vec<f64> = [l.us[i]].into_iter().chain(c.us.iter().copied()).chain([l.us[i + 1]]).collect();
        let vs: Vec<f64> = [l.vs[j]].into_iter().chain(c.vs.iter().copied()).chain([l.vs[j + 1]]).collect();
        let class = self.local_class();
        let suffix = if class == Class::Lane { "巷" } else { "路" };
        for a in 0..c.us.len() {
            let name = self.name(5, (i * 64 + a) as i64 * 4096 + j as i64, suffix);
            for b in 0..c.vs.len() + 1 {
                if c.upright[a][b] {
                    self.push([us[a + 1], vs[b]], [us[a + 1], vs[b + 1]], class, name.clone(), false);
                }
            }
        }
        for b in 0..c.vs.len() {
            let name = self.name(6, (j * 64 + b) as i64 * 4096 + i as i64, suffix);
            for a in 0..c.us.len() + 1 {
                if c.level[b][a] {
                    self.push([us[a], vs[b + 1]], [us[a + 1], vs[b + 1]], class, name.clone(), false);
                }
            }
        }
    }

    fn blocks(&self, c: &Cuts, i: usize, j: usize, usage: Use, quarter: usize, out: &mut Vec<Block>) {
        let l = self.lattice;
        let local = self.local_class().width() / 2.0 + 1.0;
        let half = |x: f64| (x * 2.0).round() / 2.0;
        let us: Vec<f64> = [l.us[i]].into_iter().chain(c.us.iter().copied()).chain([l.us[i + 1]]).collect();
        let vs: Vec<f64> = [l.vs[j]].into_iter().chain(c.vs.iter().copied()).chain([l.vs[j + 1]]).collect();
        let inset_u = |k: usize| {
            if k == 0 {
                self.u_class(i).width() / 2.0 + 3.0
            } else if k == us.len() - 1 {
                self.u_class(i + 1).width() / 2.0 + 3.0
            } else {
                local
            }
        };
        let inset_v = |k: usize| {
            if k == 0 {
                self.v_class(j).width() / 2.0 + 3.0
            } else if k == vs.len() - 1 {
                self.v_class(j + 1).width() / 2.0 + 3.0
            } else {
                local
            }
        };
        for &[a0, b0, a1, b1] in &c.blocks {
            let low = [half(us[a0] + inset_u(a0)), half(vs[b0] + inset_v(b0))];
            let high = [half(us[a1] - inset_u(a1)), half(vs[b1] - inset_v(b1))];
            if high[0] - low[0] < 18.0 || high[1] - low[1] < 18.0 {
                continue;
            }
            self.dry(low, high, usage, quarter, 0, out);
        }
        if l.frame.band > 0.0 {
            // The promenade between the dyke and the street along it.
            for (touches, v) in [
                (l.vs[j] == l.frame.band, l.frame.band - 48.0),
                (l.vs[j + 1] == -l.frame.band, -l.frame.band + 18.0),
            ] {
                if touches && l.us[i + 1] - l.us[i] > 120.0 {
                    let (low, high) =
                        ([half(l.us[i] + 26.0), half(v)], [half(l.us[i + 1] - 26.0), half(v + 30.0)]);
                    self.dry(low, high, Use::Park, quarter, 0, out);
                }
            }
        }
    }

    /// Takes a block, or what is left of it clear of water and railways.
    fn dry(&self, low: P, high: P, usage: Use, quarter: usize, depth: u32, out: &mut Vec<Block>) {
        let (w, h) = (high[0] - low[0], high[1] - low[1]);
        // Close enough that no brook slips through between the samples.
        let (n, m) = ((w / 14.0).ceil() as usize, (h / 14.0).ceil() as usize);
        let clear = (0..=n).all(|a| {
            (0..=m).all(|b| {
                let (u, v) = (low[0] + w * a as f64 / n as f64, low[1] + h * b as f64 / m as f64);
                let p = self.lattice.frame.exact(u, v);
                self.water.clearance(p) > 28.0 && self.water.off_tracks(p) > 30.0
            })
        });
        if clear {
            out.push(Block { low, high, usage, quarter });
        } else if depth < 5 && w.max(h) > 56.0 {
            let (mut first, mut second) = (high, low);
            let d = usize::from(h > w);
            // A footpath between the parts: parcels share borders within a block only.
            let middle = ((low[d] + high[d]) / 2.0).round();
            first[d] = middle - 2.0;
            second[d] = middle + 2.0;
            self.dry(low, first, usage, quarter, depth + 1, out);
            self.dry(second, high, usage, quarter, depth + 1, out);
        }
    }

    /// Streets on lattice lines, cut where local streets meet them; bridges; the ring of the city.
    fn lattice_streets(&mut self, cuts: &BTreeMap<(usize, usize), Cuts>) {
        let l = self.lattice;
        let (columns, rows) = (l.columns(), l.rows.len());
        let ring = (self.site.rank == Rank::City).then(|| self.ring()).flatten();
        let on_ring = |i: usize, j: usize, upright: bool| {
            ring.is_some_and(|[i0, j0, i1, j1]| {
                if upright {
                    (i == i0 || i == i1) && j > j0 && j + 1 < j1
                } else {
                    (j == j0 || j == j1) && i > i0 && i + 1 < i1
                }
            })
        };
        let within_ring = |i: usize, j: usize| {
            ring.is_some_and(|[i0, j0, i1, j1]| i >= i0 && i <= i1 && j >= j0 && j <= j1)
        };
        // Upright lines: between rows.
        for i in 0..=columns {
            let class = self.u_class(i);
            for j in 0..rows {
                let (west, east) = ((i as i64 - 1, j as i64), (i as i64, j as i64));
                let beside = l.built(west.0, west.1).is_some() || l.built(east.0, east.1).is_some();
                let (v0, v1) = (l.vs[j], l.vs[j + 1]);
                let fair = l.frame.is_fair(l.us[i], (v0 + v1) / 2.0);
                let ring_here = fair && on_ring(i, j, true);
                let spoke = fair && class == Class::Arterial && within_ring(i, j) && within_ring(i, j + 1);
                let over = l.rows[j] != Row::Land && {
                    let touches =
                        |j: i64| l.built(i as i64 - 1, j).is_some() || l.built(i as i64, j).is_some();
                    let both = touches(j as i64 - 1) && touches(j as i64 + 1);
                    both && (l.rows[j] == Row::Rail || self.is_bridge(i))
                };
                if !(beside || ring_here || over || spoke)
                    || (l.rows[j] == Row::River && !(over || ring_here || (spoke && self.is_bridge(i))))
                {
                    continue;
                }
                let mut stops: BTreeSet<i64> = BTreeSet::new();
                if let Some(c) = i.checked_sub(1).and_then(|w| cuts.get(&(w, j))) {
                    stops.extend(
                        c.vs.iter().zip(&c.level).filter(|(_, s)| s[s.len() - 1]).map(|(v, _)| *v as i64),
                    );
                }
                if let Some(c) = cuts.get(&(i, j)) {
                    stops.extend(c.vs.iter().zip(&c.level).filter(|(_, s)| s[0]).map(|(v, _)| *v as i64));
                }
                let class = if ring_here { Class::Expressway } else { class };
                let name =
                    if ring_here { "环城快速路".to_string() } else { self.avenue(true, i, class) };
                let mut at = v0;
                for stop in stops.iter().map(|s| *s as f64).chain([v1]) {
                    let bridge =
                        over || ring_here || (spoke && !self.over_lake([l.us[i], at], [l.us[i], stop]));
                    self.push([l.us[i], at], [l.us[i], stop], class, name.clone(), bridge);
                    at = stop;
                }
            }
        }
        // Level lines: between columns.
        for j in 0..=rows {
            let class = self.v_class(j);
            for i in 0..columns {
                let beside =
                    l.built(i as i64, j as i64 - 1).is_some() || l.built(i as i64, j as i64).is_some();
                let ring_here =
                    on_ring(i, j, false) && l.frame.is_fair((l.us[i] + l.us[i + 1]) / 2.0, l.vs[j]);
                let fair = l.frame.is_fair((l.us[i] + l.us[i + 1]) / 2.0, l.vs[j]);
                let spoke = fair && class == Class::Arterial && within_ring(i, j) && within_ring(i + 1, j);
                if !(beside || ring_here || spoke) {
                    continue;
                }
                let mut stops: BTreeSet<i64> = BTreeSet::new();
                if let Some(c) = j.checked_sub(1).and_then(|s| cuts.get(&(i, s))) {
                    stops.extend(
                        c.us.iter().zip(&c.upright).filter(|(_, s)| s[s.len() - 1]).map(|(u, _)| *u as i64),
                    );
                }
                if let Some(c) = cuts.get(&(i, j)) {
                    stops.extend(c.us.iter().zip(&c.upright).filter(|(_, s)| s[0]).map(|(u, _)| *u as i64));
                }
                let class = if ring_here { Class::Expressway } else { class };
                let name =
                    if ring_here { "环城快速路".to_string() } else { self.avenue(false, j, class) };
                let mut at = l.us[i];
                for stop in stops.iter().map(|s| *s as f64).chain([l.us[i + 1]]) {
                    self.push([at, l.vs[j]], [stop, l.vs[j]], class, name.clone(), ring_here);
                    at = stop;
                }
            }
        }
        if let Some([i0, j0, i1, j1]) = ring {
            // Rounded corners, from the last crossing of one side to the first of the next.
            for (ci, ni, cj, nj) in [
                (i0, i0 + 1, j0, j0 + 1),
                (i1, i1 - 1, j0, j0 + 1),
                (i0, i0 + 1, j1, j1 - 1),
                (i1, i1 - 1, j1, j1 - 1),
            ] {
                // A built corner keeps its own streets.
                if l.built(ci.min(ni) as i64, cj.min(nj) as i64).is_some() {
                    continue;
                }
                let (a, c, b) = ([l.us[ci], l.vs[nj]], [l.us[ci], l.vs[cj]], [l.us[ni], l.vs[cj]]);
                let line: Vec<P> = (0..=24)
                    .map(|k| {
                        let t = f64::from(k) / 24.0;
                        let w = [(1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t];
                        l.frame.at(
                            w[0] * a[0] + w[1] * c[0] + w[2] * b[0],
                            w[0] * a[1] + w[1] * c[1] + w[2] * b[1],
                        )
                    })
                    .collect();
                let bridge = line.iter().any(|p| self.water.clearance(*p) < 30.0);
                self.streets.push(Street {
                    line,
                    class: Class::Expressway,
                    name: "环城快速路".into(),
                    bridge,
                    from: a,
                    to: a,
                });
            }
        }
    }

    /// Whether the middle of a piece of street would lie in a lake.
    fn over_lake(&self, from: P, to: P) -> bool {
        let p = self.lattice.frame.exact((from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0);
        self.water.lakes.iter().any(|l| l.clearance(p) < 0.0)
    }

    /// Whether column line `i` crosses the river: the middle one, then every third.
    fn is_bridge(&self, i: usize) -> bool {
        let zero = self.lattice.us.iter().position(|u| *u == 0.0).unwrap_or(0);
        i.abs_diff(zero) % 3 == 0
    }

    /// Lattice lines of the ring: one beyond the outermost built super-blocks on every side.
    fn ring(&self) -> Option<[usize; 4]> {
        let l = self.lattice;
        let rows = l.rows.len();
        let built: Vec<(usize, usize)> =
            (0..l.built.len()).filter(|&k| l.built[k].is_some()).map(|k| (k / rows, k % rows)).collect();
        // The outermost twentieth does not count: one far block must not drag the ring out.
        let nth = |mut xs: Vec<usize>, t: f64| {
            xs.sort_unstable();
            xs.get((xs.len().saturating_sub(1) as f64 * t) as usize).copied()
        };
        let is: Vec<usize> = built.iter().map(|b| b.0).collect();
        let js: Vec<usize> = built.iter().map(|b| b.1).collect();
        let i0 = nth(is.clone(), 0.02)?.checked_sub(1)?;
        let j0 = nth(js.clone(), 0.02)?.checked_sub(1)?;
        let i1 = (nth(is, 0.98)? + 2).min(l.columns());
        let j1 = (nth(js, 0.98)? + 2).min(rows);
        (i1 > i0 + 3 && j1 > j0 + 3).then_some([i0, j0, i1, j1])
    }
}

/// Drops bridges and main streets that lead nowhere, again and again until none is left.
fn prune(streets: &mut Vec<Street>) {
    loop {
        let ends = |s: &Street| [key(s.line[0]), key(s.line[s.line.len() - 1])];
        let mut degree: BTreeMap<(i64, i64), u32> = BTreeMap::new();
        for e in streets.iter().flat_map(ends) {
            *degree.entry(e).or_default() += 1;
        }
        let before = streets.len();
        let main = |s: &Street| s.bridge || matches!(s.class, Class::Arterial | Class::Expressway);
        streets.retain(|s| !(main(s) && ends(s).iter().any(|e| degree[e] == 1)));
        if streets.len() == before {
            return;
        }
    }
}

/// Drops streets that do not hang together with most of the others.
pub(crate) fn keep_largest_component(streets: &mut Vec<Street>) {
    let mut nodes: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    let mut parent: Vec<usize> = Vec::new();
    let mut ends = Vec::with_capacity(streets.len());
    for s in streets.iter() {
        let mut id = |p: P| {
            *nodes.entry(key(p)).or_insert_with(|| {
                parent.push(parent.len());
                parent.len() - 1
            })
        };
        ends.push((id(s.line[0]), id(s.line[s.line.len() - 1])));
    }
    fn find(parent: &mut [usize], mut x: usize) -> usize {
        while parent[x] != x {
            parent[x] = parent[parent[x]];
            x = parent[x];
        }
        x
    }
    for &(a, b) in &ends {
        let (a, b) = (find(&mut parent, a), find(&mut parent, b));
        parent[a.max(b)] = a.min(b);
    }
    let mut size: BTreeMap<usize, usize> = BTreeMap::new();
    let roots: Vec<usize> = ends.iter().map(|e| find(&mut parent, e.0)).collect();
    for &r in &roots {
        *size.entry(r).or_default() += 1;
    }
    let Some((&best, _)) = size.iter().max_by_key(|(r, n)| (**n, std::cmp::Reverse(**r))) else { return };
    let mut roots = roots.into_iter();
    streets.retain(|_| roots.next() == Some(best));
}

/// A made-up year between 1978 and 2024, later ones more likely.
pub(crate) fn year(seed: u64, k: &[i64]) -> i64 {
    let x = at(seed, k);
    1978 + (46.0 * x.sqrt()) as i64
}
