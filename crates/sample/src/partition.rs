//! Who governs where: one planar partition into villages, whose arcs all higher levels share.
//!
//! Towns grow from their seats over a grid of cells until they meet (so each is one piece and none leaves a gap);
//! villages grow likewise within a town. The borders between cells are traced once into arcs and smoothed arc by arc,
//! so that every area of every level is put together from the same vertices.

use crate::facts::{COUNTIES, OUTSIDE, STEMS, TOWNS};
use crate::plane::{P, add, area, direction, from_lonlat, inside, key, mm};
use crate::rng::{Rng, at, hash, noise};
use crate::water::Water;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

const WEST: f64 = 448_000.0;
const SOUTH: f64 = 3_140_000.0;
const CELL: f64 = 400.0;
const COLUMNS: usize = 450;
const ROWS: usize = 486;

/// A village or community: its town (index into [`TOWNS`]), twelve-digit code, name, and where its houses are.
pub(crate) struct Village {
    pub(crate) town: usize,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) place: P,
}

/// A border between two villages (or a village and the outside, −1), with nothing else meeting between its ends.
pub(crate) struct Arc {
    pub(crate) line: Vec<P>,
    pub(crate) left: i32,
    pub(crate) right: i32,
}

/// The partition of the prefecture.
pub(crate) struct Partition {
    pub(crate) villages: Vec<Village>,
    pub(crate) arcs: Vec<Arc>,
    labels: Vec<i32>,
}

/// The county (index into [`COUNTIES`]) a town belongs to; the statistical 430771 counts as 鼎城区.
pub(crate) fn county_of(town: usize) -> usize {
    let code = &TOWNS[town].0[..6];
    let code = if code == "430771" { "430703" } else { code };
    COUNTIES.iter().position(|c| c.0 == code).unwrap_or(0)
}

impl Partition {
    /// Grows about `villages` villages in all.
    pub(crate) fn new(seed: u64, villages: usize, water: &Water) -> Partition {
        let slow = barriers(water);
        let mut seeds: Vec<(P, i32)> =
            TOWNS.iter().enumerate().map(|(i, t)| (from_lonlat([t.2, t.3]), i as i32)).collect();
        seeds.extend(OUTSIDE.iter().map(|&(x, y)| (from_lonlat([x, y]), -1)));
        let all: Vec<usize> = (0..COLUMNS * ROWS).collect();
        let mut towns = vec![i32::MIN; COLUMNS * ROWS];
        grow(seed, &seeds, &all, &slow, &mut towns);
        // The grid's rim is outside, so that the outline closes.
        for (i, t) in towns.iter_mut().enumerate() {
            let (c, r) = (i % COLUMNS, i / COLUMNS);
            if c == 0 || r == 0 || c == COLUMNS - 1 || r == ROWS - 1 {
                *t = -1;
            }
        }
        let mut cells: Vec<Vec<usize>> = vec![Vec::new(); TOWNS.len()];
        for (i, &t) in towns.iter().enumerate() {
            if t >= 0 {
                cells[t as usize].push(i);
            }
        }
        let total: usize = cells.iter().map(Vec::len).sum();
        let mut list = Vec::new();
        let mut labels = vec![-1i32; COLUMNS * ROWS];
        for (t, own) in cells.iter().enumerate() {
            let wanted = (own.len() * villages).div_ceil(total).clamp(1, own.len().max(1));
            let mut rng = Rng::new(seed ^ 0x7111, &[t as i64]);
            let mut places: Vec<P> = vec![from_lonlat([TOWNS[t].2, TOWNS[t].3])];
            while places.len() < wanted {
                // The farthest of a few candidates spreads villages evenly without a lattice.
                let candidate = (0..5)
                    .map(|_| centre(*rng.pick(own)))
                    .max_by(|a, b| {
                        let d = |p: &P| {
                            places.iter().map(|q| crate::plane::dist(*p, *q)).fold(f64::MAX, f64::min)
                        };
                        d(a).total_cmp(&d(b))
                    })
                    .unwrap_or(places[0]);
                places.push(candidate);
            }
            let base = list.len();
            let mut grown = vec![i32::MIN; COLUMNS * ROWS];
            let mut near: Vec<(P, i32)> = Vec::new();
            for (k, &place) in places.iter().enumerate() {
                near.push((place, (base + k) as i32));
                let urban = TOWNS[t].1.ends_with("街道");
                let stem = STEMS[(hash(seed, &[t as i64, 3]) as usize + k * 7) % STEMS.len()];
                let turn = k / STEMS.len();
                let more = ["", "新", "东", "西", "南", "北"][turn % 6];
                list.push(Village {
                    town: t,
                    code: format!("{}{:03}", TOWNS[t].0, if urban { 1 + k } else { 201 + k }),
                    name: format!("{more}{stem}{}", if urban || k == 0 { "社区" } else { "村" }),
                    place: mm(place),
                });
            }
            grow(seed ^ 0x55, &near, own, &slow, &mut grown);
            for &c in own {
                labels[c] = grown[c];
            }
        }
        let arcs = trace(seed, &labels);
        Partition { villages: list, arcs, labels }
    }

    /// The village at a place; None outside the prefecture.
    pub(crate) fn village_at(&self, p: P) -> Option<usize> {
        let (c, r) = ((p[0] - WEST) / CELL, (p[1] - SOUTH) / CELL);
        if c < 0.0 || r < 0.0 || c >= COLUMNS as f64 || r >= ROWS as f64 {
            return None;
        }
        usize::try_from(self.labels[r as usize * COLUMNS + c as usize]).ok()
    }

    /// The polygons (outer ring first, counter-clockwise; holes clockwise; rings closed) of the villages that `is_in` picks.
    pub(crate) fn polygons(&self, is_in: impl Fn(usize) -> bool) -> Vec<Vec<Vec<P>>> {
        let member = |v: i32| usize::try_from(v).is_ok_and(&is_in);
        let mut starts: BTreeMap<(i64, i64), Vec<(usize, bool)>> = BTreeMap::new();
        let mut count = 0;
        for (i, arc) in self.arcs.iter().enumerate() {
            let (l, r) = (member(arc.left), member(arc.right));
            if l != r {
                let first = if l { arc.line[0] } else { arc.line[arc.line.len() - 1] };
                starts.entry(key(first)).or_default().push((i, l));
                count += 1;
            }
        }
        let mut rings: Vec<Vec<P>> = Vec::new();
        while count > 0 {
            let Some((_, list)) = starts.iter_mut().find(|(_, l)| !l.is_empty()) else { break };
            let mut next = list.swap_remove(0);
            let mut ring: Vec<P> = Vec::new();
            loop {
                count -= 1;
                let line = &self.arcs[next.0].line;
                ring.pop();
                if next.1 {
                    ring.extend(line.iter());
                } else {
                    ring.extend(line.iter().rev());
                }
                let (end, before) = (ring[ring.len() - 1], ring[ring.len() - 2]);
                if key(end) == key(ring[0]) {
                    break;
                }
                let came = direction(before, end);
                let Some(ways) = starts.get_mut(&key(end)) else { break };
                // The sharpest left turn keeps areas that touch at a corner apart.
                let best = (0..ways.len()).max_by(|&a, &b| {
                    let turn = |w: (usize, bool)| {
                        let line = &self.arcs[w.0].line;
                        let second = if w.1 { line[1] } else { line[line.len() - 2] };
                        let goes = direction(end, second);
                        (came[0] * goes[1] - came[1] * goes[0]).atan2(came[0] * goes[0] + came[1] * goes[1])
                    };
                    turn(ways[a]).total_cmp(&turn(ways[b]))
                });
                let Some(best) = best else { break };
                next = ways.swap_remove(best);
            }
            rings.push(ring);
        }
        let mut outers: Vec<Vec<Vec<P>>> = Vec::new();
        let (positive, negative): (Vec<_>, Vec<_>) = rings.into_iter().partition(|r| area(r) > 0.0);
        outers.extend(positive.into_iter().map(|r| vec![r]));
        for hole in negative {
            // A point just outside the hole's first edge lies in the area that holds it.
            let d = direction(hole[0], hole[1]);
            let probe = add(crate::plane::lerp(hole[0], hole[1], 0.5), [-d[1] * 0.01, d[0] * 0.01]);
            if let Some(o) = outers.iter_mut().find(|o| inside(&o[0], probe)) {
                o.push(hole);
            }
        }
        outers
    }
}

fn centre(cell: usize) -> P {
    [WEST + ((cell % COLUMNS) as f64 + 0.5) * CELL, SOUTH + ((cell / COLUMNS) as f64 + 0.5) * CELL]
}

/// What it costs to enter each cell beyond the way itself: great rivers part towns.
fn barriers(water: &Water) -> Vec<u8> {
    let mut slow = vec![0u8; COLUMNS * ROWS];
    for river in water.rivers.iter().filter(|r| r.class <= 2) {
        for p in &river.line {
            let (c, r) = ((p[0] - WEST) / CELL, (p[1] - SOUTH) / CELL);
            if c >= 0.0 && r >= 0.0 && c < COLUMNS as f64 && r < ROWS as f64 {
                slow[r as usize * COLUMNS + c as usize] = if river.class == 1 { 110 } else { 60 };
            }
        }
    }
    slow
}

/// Spreads labels from seeds over the allowed cells, by cost of way over uneven ground.
fn grow(seed: u64, seeds: &[(P, i32)], allowed: &[usize], slow: &[u8], labels: &mut [i32]) {
    let mut open = vec![false; labels.len()];
    for &c in allowed {
        open[c] = true;
    }
    let mut queue: BinaryHeap<Reverse<(u32, u32, i32)>> = BinaryHeap::new();
    for &(p, label) in seeds {
        // A seed outside its own cells (a seat by the border) starts from the nearest of them.
        let cell = {
            let c = ((p[0] - WEST) / CELL).clamp(0.0, (COLUMNS - 1) as f64) as usize;
            let r = ((p[1] - SOUTH) / CELL).clamp(0.0, (ROWS - 1) as f64) as usize;
            r * COLUMNS + c
        };
        let d = |c: &usize| crate::plane::dist(centre(*c), p);
        let start = if open[cell] {
            Some(cell)
        } else {
            allowed.iter().copied().min_by(|a, b| d(a).total_cmp(&d(b)))
        };
        if let Some(start) = start {
            queue.push(Reverse((0, start as u32, label)));
        }
    }
    while let Some(Reverse((cost, cell, label))) = queue.pop() {
        let cell = cell as usize;
        if labels[cell] != i32::MIN {
            continue;
        }
        labels[cell] = label;
        let (c, r) = (cell % COLUMNS, cell / COLUMNS);
        for (dc, dr, way) in [(-1i64, 0i64, 10.0), (1, 0, 10.0), (0, -1, 10.0), (0, 1, 10.0)] {
            let (nc, nr) = (c as i64 + dc, r as i64 + dr);
            if nc < 0 || nr < 0 || nc >= COLUMNS as i64 || nr >= ROWS as i64 {
                continue;
            }
            let n = nr as usize * COLUMNS + nc as usize;
            if open[n] && labels[n] == i32::MIN {
                let rough =
                    1.0 + 0.75 * noise(seed, nc as f64 / 6.0, nr as f64 / 6.0) + 0.3 * at(seed, &[nc, nr]);
                let step = (way * rough.max(0.15)) as u32 + 1 + u32::from(slow[n]);
                queue.push(Reverse((cost + step, n as u32, label)));
            }
        }
    }
    for &c in allowed {
        if labels[c] == i32::MIN {
            labels[c] = -1;
        }
    }
}

/// Traces the borders between labels into arcs.
fn trace(seed: u64, labels: &[i32]) -> Vec<Arc> {
    // Corner (c, r) is the south-west corner of cell (c, r). Steps: east, north, west, south.
    const STEPS: [(i64, i64); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];
    let label = |c: i64, r: i64| {
        if c < 0 || r < 0 || c >= COLUMNS as i64 || r >= ROWS as i64 {
            -1
        } else {
            labels[r as usize * COLUMNS + c as usize]
        }
    };
    // Labels left and right of a step out of a corner.
    let sides = |c: i64, r: i64, step: usize| match step {
        0 => (label(c, r), label(c, r - 1)),
        1 => (label(c - 1, r), label(c, r)),
        2 => (label(c - 1, r - 1), label(c - 1, r)),
        _ => (label(c, r - 1), label(c - 1, r - 1)),
    };
    let is_edge = |c: i64, r: i64, step: usize| {
        let (a, b) = sides(c, r, step);
        a != b
    };
    let degree = |c: i64, r: i64| (0..4).filter(|&s| is_edge(c, r, s)).count();
    let place = |c: i64, r: i64| {
        let j = |k: i64| (at(seed ^ 0xa5c, &[c, r, k]) - 0.5) * 0.5 * CELL;
        [WEST + c as f64 * CELL + j(0), SOUTH + r as f64 * CELL + j(1)]
    };
    let width = COLUMNS as i64 + 1;
    let mut done = vec![[false; 4]; (width * (ROWS as i64 + 1)) as usize];
    let mut arcs = Vec::new();
    for only_nodes in [true, false] {
        for r in 0..=ROWS as i64 {
            for c in 0..=COLUMNS as i64 {
                let d = degree(c, r);
                if d == 0 || (only_nodes && d == 2) {
                    continue;
                }
                for first in 0..4 {
                    if !is_edge(c, r, first) || done[(r * width + c) as usize][first] {
                        continue;
                    }
                    let (left, right) = sides(c, r, first);
                    let mut corners = vec![(c, r)];
                    let (mut at, mut step) = ((c, r), first);
                    loop {
                        done[(at.1 * width + at.0) as usize][step] = true;
                        at = (at.0 + STEPS[step].0, at.1 + STEPS[step].1);
                        let back = (step + 2) % 4;
                        done[(at.1 * width + at.0) as usize][back] = true;
                        corners.push(at);
                        if degree(at.0, at.1) != 2 || at == (c, r) {
                            break;
                        }
                        step = (0..4).find(|&s| s != back && is_edge(at.0, at.1, s)).unwrap_or(back);
                    }
                    let line: Vec<P> = corners.iter().map(|&(c, r)| place(c, r)).collect();
                    arcs.push(Arc { line: round_corners(&line), left, right });
                }
            }
        }
    }
    arcs
}

/// Cuts corners twice (Chaikin) between fixed ends. A cut curve stays in the triangles of its own corners, which no
/// other arc enters, so arcs cannot come to cross.
fn round_corners(line: &[P]) -> Vec<P> {
    let mut line = line.to_vec();
    for _ in 0..2 {
        if line.len() < 3 {
            break;
        }
        let mut cut = vec![line[0]];
        for w in line.windows(2) {
            cut.push(crate::plane::lerp(w[0], w[1], 0.25));
            cut.push(crate::plane::lerp(w[0], w[1], 0.75));
        }
        cut.push(line[line.len() - 1]);
        // The quarter points next to fixed ends add nothing.
        cut.remove(1);
        let n = cut.len();
        cut.remove(n - 2);
        line = cut;
    }
    let mut out: Vec<P> = line.into_iter().map(mm).collect();
    out.dedup_by_key(|p| key(*p));
    out
}
