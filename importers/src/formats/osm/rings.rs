//! Ways of a relation joined to rings.

use std::collections::HashMap;

/// Ways of one relation beyond which nobody means a map.
pub(super) const WAYS: usize = 20_000;

/// Joins ways, each a list of node numbers, to closed rings of node numbers; `None` when an end is left over. Rings
/// that touch in a node where ways end are kept apart.
pub(super) fn join(ways: &[&[i64]]) -> Option<Vec<Vec<i64>>> {
    let mut ends: HashMap<i64, Vec<usize>> = HashMap::new();
    for (i, way) in ways.iter().enumerate() {
        let (first, last) = (way.first()?, way.last()?);
        ends.entry(*first).or_default().push(i);
        if first != last {
            ends.entry(*last).or_default().push(i);
        }
    }
    let mut used = vec![false; ways.len()];
    let mut rings = Vec::new();
    for start in 0..ways.len() {
        if used[start] {
            continue;
        }
        // The walk so far: ways, each turned the way it is walked, and where in the walk each joint is.
        let mut walk: Vec<Vec<i64>> = Vec::new();
        let mut joints: HashMap<i64, usize> = HashMap::new();
        let mut here = ways[start][0];
        joints.insert(here, 0);
        let mut next = Some(start);
        while let Some(i) = next {
            used[i] = true;
            let mut way = ways[i].to_vec();
            if way[0] != here {
                way.reverse();
            }
            here = *way.last()?;
            walk.push(way);
            if let Some(&from) = joints.get(&here) {
                let mut ring: Vec<i64> = Vec::new();
                for way in walk.drain(from..) {
                    ring.extend(way.iter().skip(usize::from(!ring.is_empty())));
                    joints.remove(&way[0]);
                }
                joints.insert(here, from);
                rings.push(ring);
            } else {
                joints.insert(here, walk.len());
            }
            next = if walk.is_empty() { None } else { ends[&here].iter().copied().find(|i| !used[*i]) };
        }
        if !walk.is_empty() {
            return None;
        }
    }
    Some(rings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_in_any_order_and_direction_are_joined_and_open_ends_are_seen() {
        let rings = join(&[&[1, 2, 3], &[1, 5, 4], &[4, 3]]).unwrap();
        assert_eq!(rings, [vec![1, 2, 3, 4, 5, 1]]);
        assert_eq!(join(&[&[1, 2, 3, 1], &[7, 8, 9, 7]]).unwrap().len(), 2);
        assert!(join(&[&[1, 2, 3], &[3, 4]]).is_none());
        assert!(join(&[&[]]).is_none());
    }

    #[test]
    fn rings_that_touch_in_a_joint_stay_two() {
        let mut rings = join(&[&[1, 2, 3], &[3, 6, 7, 3], &[3, 4, 1]]).unwrap();
        rings.sort_by_key(Vec::len);
        assert_eq!(rings.iter().map(Vec::len).collect::<Vec<_>>(), [4, 5]);
    }
}
