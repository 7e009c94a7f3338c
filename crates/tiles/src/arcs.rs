//! Simplifies polygons that share borders: each arc between junctions once, so that neighbours keep meeting.

use crate::coord::P;
use crate::simplify::{simplify, simplify_ring};
use std::collections::HashMap;

/// Points at which a ring's way differs from another ring's: they end arcs and are always kept.
pub(crate) struct Junctions(HashMap<P, Option<(P, P)>>);

impl Junctions {
    /// Finds them over all rings (without repeated last points).
    pub(crate) fn of<'a>(rings: impl Iterator<Item = &'a [P]>) -> Junctions {
        let mut seen: HashMap<P, Option<(P, P)>> = HashMap::new();
        for ring in rings {
            let n = ring.len();
            for i in 0..n {
                let (a, b) = (ring[(i + n - 1) % n], ring[(i + 1) % n]);
                let way = if a <= b { (a, b) } else { (b, a) };
                seen.entry(ring[i])
                    .and_modify(|e| {
                        if *e != Some(way) {
                            *e = None;
                        }
                    })
                    .or_insert(Some(way));
            }
        }
        // Only the junctions are asked for again.
        seen.retain(|_, way| way.is_none());
        Junctions(seen)
    }

    /// A ring with each of its arcs simplified; equal arcs come out equal in every ring.
    pub(crate) fn simplify(&self, ring: &[P], tolerance: f64, out: &mut Vec<P>) {
        let ends: Vec<usize> = (0..ring.len()).filter(|&i| self.0.contains_key(&ring[i])).collect();
        let Some(&first) = ends.first() else {
            return simplify_ring(ring, tolerance, out);
        };
        let mut arc = Vec::new();
        for (k, &from) in ends.iter().enumerate() {
            let to = ends.get(k + 1).copied().unwrap_or(first + ring.len());
            arc.clear();
            arc.extend((from..=to).map(|i| ring[i % ring.len()]));
            // A short arc is simplified less: arcs that meet at a point must not come to cross each other.
            simplify(&arc, tolerance.min(0.1 * extent(&arc)), out);
            out.pop();
        }
    }
}

/// The longer side of the box around points.
fn extent(points: &[P]) -> f64 {
    let side = |i: usize| {
        let (low, high) = points.iter().fold((i32::MAX, i32::MIN), |(l, h), p| (l.min(p[i]), h.max(p[i])));
        f64::from(high) - f64::from(low)
    };
    side(0).max(side(1))
}
