//! Blocks cut into parcels: boxes in the settlement's axes whose common corners become common vertices.
//!
//! All values are multiples of half a metre, so corners that meet are equal before the frame bends them, and every
//! parcel gets the corners of its neighbours that lie on its own sides. Borders therefore match vertex for vertex.

use crate::frame::Frame;
use crate::plane::P;
use crate::rng::Rng;
use crate::settlement::Use;
use crate::streets::{Block, samples};
use std::collections::BTreeMap;

/// A parcel of a block.
pub(crate) struct Parcel {
    pub(crate) low: P,
    pub(crate) high: P,
    /// Ring, counter-clockwise, not closed.
    pub(crate) ring: Vec<P>,
    /// Positions in `ring` of the parcel's own corners and of neighbours' corners (not the bend samples).
    pub(crate) marks: Vec<usize>,
    pub(crate) kind: Kind,
}

/// What stands on a parcel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Shop,
    Tower,
    Slabs,
    Office,
    School,
    Hospital,
    Works,
    Depot,
    House,
    Villa,
    Farmhouse,
    Park,
    Square,
    Vacant,
    Temple,
}

fn half(x: f64) -> f64 {
    (x * 2.0).round() / 2.0
}

/// Cuts a block.
pub(crate) fn cut(rng: &mut Rng, block: &Block, frame: &Frame, density: f64) -> Vec<Parcel> {
    let mut boxes = Vec::new();
    split(rng, block.low, block.high, block.usage, density, 0, &mut boxes);
    // Corners by the line they lie on.
    let mut on_v: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let mut on_u: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let k = |x: f64| (x * 2.0) as i64;
    for (low, high) in &boxes {
        for v in [low[1], high[1]] {
            on_v.entry(k(v)).or_default().extend([low[0], high[0]]);
        }
        for u in [low[0], high[0]] {
            on_u.entry(k(u)).or_default().extend([low[1], high[1]]);
        }
    }
    for list in on_v.values_mut().chain(on_u.values_mut()) {
        list.sort_by(f64::total_cmp);
        list.dedup();
    }
    let between = |list: Option<&Vec<f64>>, a: f64, b: f64| -> Vec<(f64, bool)> {
        let corners = || list.into_iter().flatten().copied();
        // Samples next to any corner of the line are left out, by both neighbours alike.
        let bends = samples(a, b).filter(|x| corners().all(|c| (c - x).abs() >= 1.0)).map(|x| (x, false));
        let mut all: Vec<(f64, bool)> =
            corners().filter(|x| *x > a && *x < b).map(|x| (x, true)).chain(bends).collect();
        all.sort_by(|x, y| x.0.total_cmp(&y.0));
        all
    };
    boxes
        .into_iter()
        .map(|(low, high)| {
            let mut uv: Vec<(P, bool)> = vec![(low, true)];
            uv.extend(
                between(on_v.get(&k(low[1])), low[0], high[0]).into_iter().map(|(u, m)| ([u, low[1]], m)),
            );
            uv.push(([high[0], low[1]], true));
            uv.extend(
                between(on_u.get(&k(high[0])), low[1], high[1]).into_iter().map(|(v, m)| ([high[0], v], m)),
            );
            uv.push((high, true));
            uv.extend(
                between(on_v.get(&k(high[1])), low[0], high[0])
                    .into_iter()
                    .rev()
                    .map(|(u, m)| ([u, high[1]], m)),
            );
            uv.push(([low[0], high[1]], true));
            uv.extend(
                between(on_u.get(&k(low[0])), low[1], high[1])
                    .into_iter()
                    .rev()
                    .map(|(v, m)| ([low[0], v], m)),
            );
            let ring: Vec<P> = uv.iter().map(|(p, _)| frame.at(p[0], p[1])).collect();
            let marks = uv.iter().enumerate().filter(|(_, m)| m.1).map(|(i, _)| i).collect();
            let kind = kind(rng, block.usage, (high[0] - low[0]) * (high[1] - low[1]));
            Parcel { low, high, ring, marks, kind }
        })
        .collect()
}

/// Splits a box across its longer side until the pieces have a size that suits the use.
fn split(rng: &mut Rng, low: P, high: P, usage: Use, density: f64, depth: u32, out: &mut Vec<(P, P)>) {
    let (w, h) = (high[0] - low[0], high[1] - low[1]);
    let (size, least) = match usage {
        Use::Core => (5200.0, 34.0),
        Use::OldTown => (2000.0, 22.0),
        Use::Homes => (12_000.0, 60.0),
        Use::Towers => (16_000.0, 70.0),
        Use::Villas => (2400.0, 24.0),
        Use::Hamlet => (980.0, 18.0),
        Use::Industry => (22_000.0, 70.0),
        Use::Campus => (40_000.0, 90.0),
        Use::Park => (1e9, 60.0),
    };
    let size = size / density * rng.range(0.55, 1.6);
    let along_u = w >= h;
    let long = w.max(h);
    if depth > 12 || w * h <= size || long < 2.0 * least {
        out.push((low, high));
        return;
    }
    let t = rng.range(0.38, 0.62);
    let (mut first, mut second) = ((low, high), (low, high));
    if along_u {
        let u = half(low[0] + w * t);
        first.1[0] = u;
        second.0[0] = u;
    } else {
        let v = half(low[1] + h * t);
        first.1[1] = v;
        second.0[1] = v;
    }
    split(rng, first.0, first.1, usage, density, depth + 1, out);
    split(rng, second.0, second.1, usage, density, depth + 1, out);
}

fn kind(rng: &mut Rng, usage: Use, area: f64) -> Kind {
    let x = rng.unit();
    let of = |table: &[(f64, Kind)]| table.iter().find(|t| x < t.0).map_or(Kind::Vacant, |t| t.1);
    match usage {
        Use::Core => of(&[
            (0.42, Kind::Shop),
            (0.66, Kind::Office),
            (0.84, Kind::Tower),
            (0.93, Kind::Slabs),
            (0.97, Kind::Square),
            (1.0, Kind::Vacant),
        ]),
        Use::OldTown => of(&[
            (0.66, Kind::House),
            (0.94, Kind::Shop),
            (0.955, Kind::Temple),
            (0.98, Kind::Vacant),
            (1.0, Kind::Square),
        ]),
        Use::Homes => {
            of(&[(0.86, Kind::Slabs), (0.93, Kind::Shop), (0.96, Kind::School), (1.0, Kind::Vacant)])
        }
        Use::Towers => {
            of(&[(0.78, Kind::Tower), (0.88, Kind::Shop), (0.93, Kind::Office), (1.0, Kind::Vacant)])
        }
        Use::Villas => of(&[(0.95, Kind::Villa), (1.0, Kind::Square)]),
        Use::Hamlet => of(&[(0.9, Kind::Farmhouse), (0.94, Kind::Shop), (1.0, Kind::Vacant)]),
        Use::Industry => {
            of(&[(0.62, Kind::Works), (0.86, Kind::Depot), (0.93, Kind::Office), (1.0, Kind::Vacant)])
        }
        Use::Campus if area < 6000.0 => Kind::Square,
        Use::Campus => of(&[(0.78, Kind::School), (0.92, Kind::Hospital), (1.0, Kind::Office)]),
        Use::Park => Kind::Park,
    }
}

/// What an office calls the use of such a parcel: code of GB/T 21010-2017 and its name.
pub(crate) fn land_use(kind: Kind, rural: bool) -> (&'static str, &'static str) {
    match kind {
        Kind::Shop => ("0501", "零售商业用地"),
        Kind::Office => ("0505", "商务金融用地"),
        Kind::Tower | Kind::Slabs | Kind::Villa => ("0701", "城镇住宅用地"),
        Kind::House | Kind::Farmhouse if rural => ("0702", "农村宅基地"),
        Kind::House | Kind::Farmhouse => ("0701", "城镇住宅用地"),
        Kind::School => ("0803", "教育用地"),
        Kind::Hospital => ("0805", "医疗卫生用地"),
        Kind::Works => ("0601", "工业用地"),
        Kind::Depot => ("0604", "仓储用地"),
        Kind::Park => ("0810", "公园与绿地"),
        Kind::Square => ("0809", "公用设施用地"),
        Kind::Vacant => ("1201", "空闲地"),
        Kind::Temple => ("0904", "宗教用地"),
    }
}
