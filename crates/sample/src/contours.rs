//! Contours by marching squares on the terrain's own grid, so that they agree with the DEM everywhere.

use crate::plane::{P, key, length};
use crate::terrain::{COLUMNS, ROWS, Terrain, node};
use std::collections::BTreeMap;

/// Metres between contours; every fifth is an index contour.
pub(crate) const INTERVAL: f64 = 20.0;

/// A contour: height and line; closed when its ends are one point.
pub(crate) struct Contour {
    pub(crate) height: f64,
    pub(crate) line: Vec<P>,
}

/// Traces all contours within cells whose four nodes `is_in` accepts.
pub(crate) fn trace(terrain: &Terrain, is_in: impl Fn(usize, usize) -> bool) -> Vec<Contour> {
    // Segments by height; each end lies on a grid edge, which names it.
    type End = (u32, u8);
    let mut levels: BTreeMap<i64, Vec<(End, End)>> = BTreeMap::new();
    for row in 0..ROWS - 1 {
        for column in 0..COLUMNS - 1 {
            let corner = |i: usize, j: usize| f64::from(terrain.z[(row + j) * COLUMNS + column + i]);
            let z = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
            let (low, high) = z.iter().fold((f64::MAX, f64::MIN), |m, &x| (m.0.min(x), m.1.max(x)));
            let first = (low / INTERVAL).floor() as i64 + 1;
            let last = (high / INTERVAL).ceil() as i64 - 1;
            // A node exactly on a height counts as above it; such a height can equal the highest corner.
            let last = if high == (last + 1) as f64 * INTERVAL { last + 1 } else { last };
            if first > last
                || !(is_in(column, row)
                    && is_in(column + 1, row)
                    && is_in(column, row + 1)
                    && is_in(column + 1, row + 1))
            {
                continue;
            }
            let at = |c: usize, r: usize| (r * COLUMNS + c) as u32;
            // Edges: south, east, north, west; named by their lower-left node and direction (0 east, 1 north).
            let edges: [End; 4] = [
                (at(column, row), 0),
                (at(column + 1, row), 1),
                (at(column, row + 1), 0),
                (at(column, row), 1),
            ];
            for k in first..=last {
                let h = k as f64 * INTERVAL;
                let case = (0..4).fold(0, |c, i| c | (usize::from(z[i] >= h) << i));
                let centre = (z[0] + z[1] + z[2] + z[3]) / 4.0 >= h;
                // Pairs of edges, the higher ground to the left of the way.
                let pairs: &[(usize, usize)] = match case {
                    1 => &[(0, 3)],
                    2 => &[(1, 0)],
                    3 => &[(1, 3)],
                    4 => &[(2, 1)],
                    5 if centre => &[(0, 1), (2, 3)],
                    5 => &[(0, 3), (2, 1)],
                    6 => &[(2, 0)],
                    7 => &[(2, 3)],
                    8 => &[(3, 2)],
                    9 => &[(0, 2)],
                    10 if centre => &[(3, 0), (1, 2)],
                    10 => &[(1, 0), (3, 2)],
                    11 => &[(1, 2)],
                    12 => &[(3, 1)],
                    13 => &[(0, 1)],
                    14 => &[(3, 0)],
                    _ => &[],
                };
                let list = levels.entry(k).or_default();
                list.extend(pairs.iter().map(|&(a, b)| (edges[a], edges[b])));
            }
        }
    }
    let mut contours = Vec::new();
    for (k, segments) in levels {
        let h = k as f64 * INTERVAL;
        let place = |(n, dir): End| -> P {
            let (c, r) = (n as usize % COLUMNS, n as usize / COLUMNS);
            let a = f64::from(terrain.z[n as usize]);
            let b = f64::from(terrain.z[if dir == 0 { n as usize + 1 } else { n as usize + COLUMNS }]);
            let (p, q) = (node(c, r), if dir == 0 { node(c + 1, r) } else { node(c, r + 1) });
            crate::plane::lerp(p, q, (h - a) / (b - a))
        };
        let next: BTreeMap<End, End> = segments.iter().copied().collect();
        let targets: std::collections::BTreeSet<End> = segments.iter().map(|s| s.1).collect();
        let mut done: std::collections::BTreeSet<End> = std::collections::BTreeSet::new();
        // Open lines from their heads, then what is left: rings.
        let heads = segments.iter().map(|s| s.0).filter(|e| !targets.contains(e)).collect::<Vec<_>>();
        for start in heads.into_iter().chain(segments.iter().map(|s| s.0)) {
            if done.contains(&start) {
                continue;
            }
            let mut line = vec![place(start)];
            let mut at = start;
            while let Some(&to) = next.get(&at) {
                if !done.insert(at) {
                    break;
                }
                line.push(place(to));
                at = to;
            }
            line.dedup_by_key(|p| key(*p));
            // Rings of a few hundred metres are noise at this grid.
            if line.len() > 2 && length(&line) > 900.0 {
                contours.push(Contour { height: h, line });
            }
        }
    }
    contours
}
