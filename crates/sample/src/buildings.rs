//! What stands on the parcels: right-angled outlines by kind of use, each wholly within its parcel.

use crate::frame::Frame;
use crate::parcels::{Kind, Parcel};
use crate::plane::{P, add, inside, mm, scale};
use crate::rng::Rng;

/// A building.
pub(crate) struct Building {
    /// Ring, counter-clockwise, not closed.
    pub(crate) ring: Vec<P>,
    pub(crate) floors: i64,
    pub(crate) height: f64,
    pub(crate) usage: &'static str,
    pub(crate) structure: &'static str,
}

/// How a building is made: floors, height of one in metres, use, structure.
#[derive(Clone, Copy)]
struct Make {
    floors: i64,
    storey: f64,
    usage: &'static str,
    structure: &'static str,
}

fn of(floors: i64, storey: f64, usage: &'static str, structure: &'static str) -> Make {
    Make { floors, storey, usage, structure }
}

/// A box in the parcel's own straight axes: west, south, east, north.
type Box4 = [f64; 4];

struct Lot<'a> {
    parcel: &'a Parcel,
    origin: P,
    ex: P,
    ey: P,
    /// Half sizes less the setback.
    a: f64,
    b: f64,
    out: Vec<Building>,
}

impl Lot<'_> {
    fn place(&self, x: f64, y: f64) -> P {
        mm(add(self.origin, add(scale(self.ex, x), scale(self.ey, y))))
    }

    fn put(&mut self, outline: &[P], make: Make) {
        let ring: Vec<P> = outline.iter().map(|p| self.place(p[0], p[1])).collect();
        // Parcels bend a little, buildings do not: what would stand over the border is not built.
        if crate::plane::area(&ring) > 9.0 && ring.iter().all(|p| inside(&self.parcel.ring, *p)) {
            let Make { floors, storey, usage, structure } = make;
            let height = ((floors as f64 * storey + 0.6) * 10.0).round() / 10.0;
            self.out.push(Building { ring, floors, height, usage, structure });
        }
    }

    fn rect(&mut self, r: Box4, make: Make) {
        let [w, s, e, n] = r;
        self.put(&[[w, s], [e, s], [e, n], [w, n]], make);
    }

    /// A box with the corner cut out that `corner` (0..4) names: an L.
    fn ell(&mut self, r: Box4, wing: f64, corner: usize, make: Make) {
        let [w, s, e, n] = r;
        let outline: [P; 6] = match corner {
            0 => [[w, s], [e, s], [e, n], [e - wing, n], [e - wing, s + wing], [w, s + wing]],
            1 => [[w, s], [e, s], [e, s + wing], [w + wing, s + wing], [w + wing, n], [w, n]],
            2 => [[w, s], [w + wing, s], [w + wing, n - wing], [e, n - wing], [e, n], [w, n]],
            _ => [[w, n - wing], [e - wing, n - wing], [e - wing, s], [e, s], [e, n], [w, n]],
        };
        self.put(&outline, make);
    }

    /// A court open to the south: a U.
    fn court(&mut self, r: Box4, wing: f64, make: Make) {
        let [w, s, e, n] = r;
        self.put(
            &[
                [w, s],
                [w + wing, s],
                [w + wing, n - wing],
                [e - wing, n - wing],
                [e - wing, s],
                [e, s],
                [e, n],
                [w, n],
            ],
            make,
        );
    }
}

const MIXED: &str = "混合结构";
const FRAME: &str = "钢筋混凝土结构";
const STEEL: &str = "钢结构";
const BRICK: &str = "砖木结构";

/// Builds on a parcel.
pub(crate) fn build(rng: &mut Rng, parcel: &Parcel, frame: &Frame) -> Vec<Building> {
    let (u, v) = ((parcel.low[0] + parcel.high[0]) / 2.0, (parcel.low[1] + parcel.high[1]) / 2.0);
    let (ex, ey) = frame.axes(u, v);
    // The largest box in straight axes that a bent or slanting parcel surely holds.
    let origin = frame.exact(u, v);
    let local = |p: P| {
        let d = crate::plane::sub(p, origin);
        [d[0] * ex[0] + d[1] * ex[1], d[0] * ey[0] + d[1] * ey[1]]
    };
    let corner = |x: f64, y: f64| local(frame.exact(x, y));
    let (sw, se) = (corner(parcel.low[0], parcel.low[1]), corner(parcel.high[0], parcel.low[1]));
    let (nw, ne) = (corner(parcel.low[0], parcel.high[1]), corner(parcel.high[0], parcel.high[1]));
    let (west, east) = (sw[0].max(nw[0]), se[0].min(ne[0]));
    let (south, north) = (sw[1].max(se[1]), nw[1].min(ne[1]));
    let (w, h) = (east - west, north - south);
    let small = w.min(h) < 30.0;
    let setback = if small { rng.range(0.7, 1.8) } else { rng.range(3.0, 6.0) };
    let middle = [(west + east) / 2.0, (south + north) / 2.0];
    let mut lot = Lot {
        parcel,
        origin: add(origin, add(scale(ex, middle[0]), scale(ey, middle[1]))),
        ex,
        ey,
        a: w / 2.0 * 0.99 - setback,
        b: h / 2.0 * 0.99 - setback,
        out: Vec::new(),
    };
    let (a, b) = (lot.a, lot.b);
    if a < 3.0 || b < 3.0 {
        return Vec::new();
    }
    match parcel.kind {
        Kind::House | Kind::Farmhouse => house(rng, &mut lot),
        Kind::Villa => villas(rng, &mut lot),
        Kind::Slabs => slabs(rng, &mut lot),
        Kind::Tower => towers(rng, &mut lot),
        Kind::Shop => shop(rng, &mut lot),
        Kind::Office => {
            let (x, y) = (a * rng.range(0.55, 0.85), b * rng.range(0.5, 0.8));
            let floors = 4 + rng.below(9) as i64;
            if x > 14.0 && y > 14.0 && rng.chance(0.5) {
                lot.court([-x, -y, x, y], x.min(y) * 0.5, of(floors, 3.8, "办公", FRAME));
            } else {
                lot.rect([-x, -y, x, y], of(floors, 3.8, "办公", FRAME));
            }
        }
        Kind::School => school(rng, &mut lot),
        Kind::Hospital => {
            let x = a.min(48.0);
            lot.rect([-x, b - 20.0, x, b], of(12 + rng.below(8) as i64, 3.6, "医疗", FRAME));
            lot.rect([-x, b - 58.0, x * 0.2, b - 28.0], of(4, 4.2, "医疗", FRAME));
            lot.rect([x * 0.4, b - 58.0, x, b - 28.0], of(5, 3.9, "医疗", FRAME));
        }
        Kind::Works => works(rng, &mut lot, "工业"),
        Kind::Depot => works(rng, &mut lot, "仓储"),
        Kind::Temple => {
            lot.rect([-a * 0.7, b * 0.2, a * 0.7, b * 0.8], of(1, 6.5, "宗教", BRICK));
            lot.rect([-a * 0.5, -b * 0.7, a * 0.5, -b * 0.25], of(1, 4.5, "宗教", BRICK));
        }
        Kind::Park => {
            // A pavilion in each half.
            for half in [-0.5, 0.5] {
                let (x, y) = (a * half + rng.range(-a, a) * 0.2, rng.range(-b, b) * 0.8);
                if a > 22.0 {
                    lot.rect([x - 5.0, y - 4.0, x + 5.0, y + 4.0], of(1, 4.2, "其他", BRICK));
                }
            }
        }
        Kind::Square | Kind::Vacant => {}
    }
    lot.out
}

/// Houses of families: one on a small plot, a row or a yard of them on a larger one.
fn house(rng: &mut Rng, lot: &mut Lot) {
    let (a, b) = (lot.a, lot.b);
    let along_u = a >= b;
    let (long, deep) = if along_u { (a, b) } else { (b, a) };
    let rows = (2.0 * deep / 12.5).floor().max(1.0) as usize;
    let pitch = 2.0 * deep / rows as f64;
    for r in 0..rows {
        let n = (2.0 * long / rng.range(10.0, 15.0)).floor().max(1.0) as usize;
        for k in 0..n {
            if n * rows > 2 && rng.chance(0.14) {
                continue;
            }
            let (from, to) = (
                -long + 2.0 * long * k as f64 / n as f64,
                -long + 2.0 * long * (k as f64 + 1.0) / n as f64 - 1.2,
            );
            let to = to.min(from + 15.0);
            let side = rng.range(7.0, 12.0).min(pitch - 1.0);
            let s = -deep + pitch * r as f64 + (pitch - 0.8 - side).max(0.0) * rng.unit();
            let e = s + side;
            let r4 = if along_u { [from, s, to, e] } else { [s, from, e, to] };
            let floors = 2 + rng.below(4) as i64;
            let structure = if floors < 3 { BRICK } else { MIXED };
            if rng.chance(0.3) {
                lot.ell(r4, (to - from).min(side) * 0.55, rng.below(4), of(floors, 3.2, "住宅", structure));
            } else {
                lot.rect(r4, of(floors, 3.2, "住宅", structure));
            }
        }
    }
}

fn villas(rng: &mut Rng, lot: &mut Lot) {
    let (a, b) = (lot.a, lot.b);
    let (columns, rows) = ((2.0 * a / 22.0).floor().max(1.0), (2.0 * b / 22.0).floor().max(1.0));
    for c in 0..columns as usize {
        for r in 0..rows as usize {
            let (x, y) = (-a + 2.0 * a * (c as f64 + 0.5) / columns, -b + 2.0 * b * (r as f64 + 0.5) / rows);
            let (w, h) = (a.min(rng.range(5.5, 8.0)), b.min(rng.range(5.0, 7.5)));
            lot.ell([x - w, y - h, x + w, y + h], 1.1 * w.min(h), rng.below(4), of(3, 3.2, "住宅", MIXED));
        }
    }
}

/// Shops along the lower side of a lot, as estates have them towards the street; takes the strip off the lot.
fn arcade(rng: &mut Rng, lot: &mut Lot) {
    let (a, b) = (lot.a, lot.b);
    if b < 24.0 || !rng.chance(0.75) {
        return;
    }
    let n = (2.0 * a / rng.range(15.0, 26.0)).floor().max(1.0) as usize;
    let deep = rng.range(7.0, 10.0);
    let south = rng.chance(0.5);
    for k in 0..n {
        let (w, e) = (-a + 2.0 * a * k as f64 / n as f64, -a + 2.0 * a * (k as f64 + 1.0) / n as f64);
        // A gate is left open.
        if k == n / 2 && n > 3 {
            continue;
        }
        let (s, t) = if south { (-b, -b + deep) } else { (b - deep, b) };
        lot.rect([w, s, e - 0.4, t], of(1 + rng.below(3) as i64, 3.6, "商业", MIXED));
    }
    let strip = (deep + 7.0) / 2.0;
    lot.origin = add(lot.origin, scale(lot.ey, if south { strip } else { -strip }));
    lot.b -= strip;
}

/// Rows of flats, as deep as one stair needs, as far apart as the sun wants.
fn slabs(rng: &mut Rng, lot: &mut Lot) {
    arcade(rng, lot);
    let (a, b) = (lot.a, lot.b);
    let floors = *rng.pick(&[5, 6, 6, 6, 7, 7, 11]);
    let deep = rng.range(11.5, 14.0);
    let gap = (floors as f64 * 3.0 * 0.85).min(22.0);
    let rows = (((2.0 * b + gap) / (deep + gap)).floor()).max(1.0);
    let pitch = if rows > 1.0 { (2.0 * b - deep) / (rows - 1.0) } else { 0.0 };
    let long = rng.range(38.0, 58.0);
    let columns = ((2.0 * a + 9.0) / (long + 9.0)).floor().max(1.0);
    let wide = (2.0 * a + 9.0) / columns - 9.0;
    for r in 0..rows as usize {
        let s = if rows > 1.0 { -b + pitch * r as f64 } else { -deep / 2.0 };
        for c in 0..columns as usize {
            let w = -a + (wide + 9.0) * c as f64;
            if rng.chance(0.06) {
                continue;
            }
            let (e, n) = (w + wide * rng.range(0.88, 1.0), s + deep);
            if rng.chance(0.5) && wide > 24.0 {
                // Stairwells show as notches on the north side.
                let m = (w + e) / 2.0;
                lot.put(
                    &[
                        [w, s],
                        [e, s],
                        [e, n],
                        [m + 3.0, n],
                        [m + 3.0, n - 1.8],
                        [m - 3.0, n - 1.8],
                        [m - 3.0, n],
                        [w, n],
                    ],
                    of(floors, 2.9, "住宅", MIXED),
                );
            } else {
                lot.rect([w, s, e, n], of(floors, 2.9, "住宅", MIXED));
            }
        }
    }
}

fn towers(rng: &mut Rng, lot: &mut Lot) {
    arcade(rng, lot);
    let (a, b) = (lot.a, lot.b);
    let floors = 17 + rng.below(17) as i64;
    let side = rng.range(11.0, 14.0);
    let pitch = 2.0 * side + rng.range(16.0, 27.0);
    let (columns, rows) =
        ((2.0 * a / pitch).floor().max(1.0) as usize, (2.0 * b / pitch).floor().max(1.0) as usize);
    for c in 0..columns {
        for r in 0..rows {
            if columns * rows > 2 && rng.chance(0.15) {
                continue;
            }
            let x = -a + (2.0 * a) * (c as f64 + 0.5) / columns as f64;
            let y = -b + (2.0 * b) * (r as f64 + 0.5) / rows as f64;
            let (s, q) = (side.min(a).min(b), side.min(a).min(b) * 0.42);
            // A cross plan: four flats a floor.
            lot.put(
                &[
                    [x - s, y - q],
                    [x - q, y - q],
                    [x - q, y - s],
                    [x + q, y - s],
                    [x + q, y - q],
                    [x + s, y - q],
                    [x + s, y + q],
                    [x + q, y + q],
                    [x + q, y + s],
                    [x - q, y + s],
                    [x - q, y + q],
                    [x - s, y + q],
                ],
                of(floors + rng.below(3) as i64, 2.95, "住宅", FRAME),
            );
        }
    }
}

fn shop(rng: &mut Rng, lot: &mut Lot) {
    let (a, b) = (lot.a, lot.b);
    let floors = 2 + rng.below(5) as i64;
    let wing = rng.range(12.0, 18.0).min(a * 0.9).min(b * 0.9);
    match rng.below(4) {
        0 if a > 22.0 && b > 22.0 => lot.court([-a, -b, a, b], wing, of(floors, 3.9, "商业", FRAME)),
        1 | 2 if a > 10.0 && b > 10.0 => {
            lot.ell([-a, -b, a, b], wing, rng.below(4), of(floors, 3.9, "商业", FRAME))
        }
        _ => {
            let n = ((2.0 * a) / rng.range(18.0, 34.0)).ceil().max(1.0);
            for k in 0..n as usize {
                let (w, e) = (-a + 2.0 * a * k as f64 / n, -a + 2.0 * a * (k as f64 + 1.0) / n);
                lot.rect(
                    [w, -b, e - 0.6, b * rng.range(0.2, 0.95)],
                    of(floors + rng.below(3) as i64 - 1, 3.7, "商业", FRAME),
                );
            }
        }
    }
}

/// A campus: buildings on a loose grid, some cells left to sports grounds and trees.
fn school(rng: &mut Rng, lot: &mut Lot) {
    let (a, b) = (lot.a, lot.b);
    if a < 26.0 || b < 30.0 {
        lot.rect([-a, -b * 0.4, a, b * 0.4], of(4, 3.7, "教育", MIXED));
        return;
    }
    let (columns, rows) =
        ((2.0 * a / 66.0).floor().max(1.0) as usize, (2.0 * b / 58.0).floor().max(1.0) as usize);
    let ground = if columns * rows > 2 { rng.below(columns * rows) } else { usize::MAX };
    for c in 0..columns {
        for r in 0..rows {
            let (w, e) = (
                -a + 2.0 * a * c as f64 / columns as f64,
                -a + 2.0 * a * (c as f64 + 1.0) / columns as f64 - 9.0,
            );
            let (s, n) =
                (-b + 2.0 * b * r as f64 / rows as f64, -b + 2.0 * b * (r as f64 + 1.0) / rows as f64 - 9.0);
            if c * rows + r == ground {
                continue;
            }
            match rng.below(5) {
                0 | 1 => lot.court([w, s, e, n], 12.5, of(5, 3.7, "教育", FRAME)),
                2 => {
                    lot.rect([w, s, e, s + 13.0], of(6, 3.3, "教育", MIXED));
                    lot.rect([w, n - 13.0, e, n], of(6, 3.3, "教育", MIXED));
                }
                3 => lot.rect([w, s, w + 34.0_f64.min(e - w), s + 26.0], of(2, 6.0, "教育", FRAME)),
                _ => lot.ell([w, s, e, n], 14.0, rng.below(4), of(4, 3.8, "教育", FRAME)),
            }
        }
    }
}

fn works(rng: &mut Rng, lot: &mut Lot, usage: &'static str) {
    let (a, b) = (lot.a, lot.b);
    let n = (2.0 * a / rng.range(38.0, 70.0)).ceil().max(1.0);
    for k in 0..n as usize {
        let (w, e) = (-a + 2.0 * a * k as f64 / n, -a + 2.0 * a * (k as f64 + 1.0) / n - 8.0);
        if e - w < 10.0 {
            continue;
        }
        let split = rng.range(-0.25, 0.55) * b;
        lot.rect([w, split + 5.0, e, b], of(1 + rng.below(2) as i64, 8.5, usage, STEEL));
        if split + b > 16.0 && rng.chance(0.8) {
            lot.rect(
                [w, -b, e, split - 5.0],
                of(1 + rng.below(3) as i64, 6.0, usage, if rng.chance(0.5) { STEEL } else { FRAME }),
            );
        }
    }
}
