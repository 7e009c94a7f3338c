//! A packed R-tree over boxes in a fixed order: levels of 16 children, searched in order.

/// Children of a node.
const FAN: usize = 16;

/// Left, top, right, bottom on a band's grid.
pub(crate) type Box4 = [i32; 4];

/// Boxes of all levels above the leaves, lowest level first.
pub(crate) fn pack(leaves: &[Box4]) -> Vec<Box4> {
    let mut nodes = Vec::new();
    let (mut from, mut level): (usize, Vec<Box4>) = (0, join(leaves));
    while level.len() > 1 {
        nodes.extend_from_slice(&level);
        level = join(&nodes[from..]);
        from = nodes.len();
    }
    nodes
}

fn join(boxes: &[Box4]) -> Vec<Box4> {
    let join = |c: &[Box4]| {
        c.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |a, b| {
            [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
        })
    };
    boxes.chunks(FAN).map(join).collect()
}

#[inline]
fn meets(a: &Box4, b: &Box4) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// Boxes stored little-endian.
#[derive(Clone, Copy)]
pub(crate) struct Boxes<'a>(pub(crate) &'a [u8]);

impl Boxes<'_> {
    #[inline]
    pub(crate) fn get(&self, i: usize) -> Box4 {
        let b = &self.0[i * 16..i * 16 + 16];
        let n = |k: usize| i32::from_le_bytes([b[k], b[k + 1], b[k + 2], b[k + 3]]);
        [n(0), n(4), n(8), n(12)]
    }
}

/// Calls `hit` with the index of each of `count` leaves (from `first`) that meets the box, in order. `nodes` are the
/// boxes that [`pack`] made of these leaves.
pub(crate) fn search(
    leaves: Boxes<'_>,
    first: usize,
    count: usize,
    nodes: Boxes<'_>,
    query: &Box4,
    hit: &mut impl FnMut(usize, &Box4),
) {
    let mut levels = [(0usize, count); 10];
    let (mut depth, mut from, mut n) = (0, 0, count.div_ceil(FAN));
    while n > 1 {
        depth += 1;
        levels[depth] = (from, n);
        from += n;
        n = n.div_ceil(FAN);
    }
    descend(leaves, first, nodes, &levels, depth, 0, levels[depth].1, query, hit);
}

#[allow(clippy::too_many_arguments)] // A recursion that carries its surroundings.
fn descend(
    leaves: Boxes<'_>,
    first: usize,
    nodes: Boxes<'_>,
    levels: &[(usize, usize); 10],
    depth: usize,
    from: usize,
    to: usize,
    query: &Box4,
    hit: &mut impl FnMut(usize, &Box4),
) {
    for i in from..to {
        if depth == 0 {
            let b = leaves.get(first + i);
            if meets(&b, query) {
                hit(first + i, &b);
            }
        } else if meets(&nodes.get(levels[depth].0 + i), query) {
            let to = ((i + 1) * FAN).min(levels[depth - 1].1);
            descend(leaves, first, nodes, levels, depth - 1, i * FAN, to, query, hit);
        }
    }
}
