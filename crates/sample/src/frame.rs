//! A settlement's own axes: u along its river (or main street), v across, bent gently so that streets follow the bank.

use crate::plane::{P, add, dist, left, mm, scale, sub};
use crate::rng::noise;
use crate::water::Water;

/// Maps (u, v) in metres to the plane.
pub(crate) struct Frame {
    pub(crate) centre: P,
    pub(crate) axis: P,
    /// Sideways offset of the river from the axis every [`BEND_STEP`] metres of u, from −`reach`.
    bend: Vec<f64>,
    /// Its slope at the same places, smoothed: what turns cross streets square to the bank.
    slope: Vec<f64>,
    reach: f64,
    /// Half width of the strip kept for the river; 0 without one.
    pub(crate) band: f64,
    seed: u64,
    waver: f64,
}

const BEND_STEP: f64 = 50.0;

impl Frame {
    /// Axes around a centre. A river of the given index that passes within `look` metres becomes the u axis.
    pub(crate) fn new(
        seed: u64,
        water: &Water,
        centre: P,
        river: Option<usize>,
        reach: f64,
        waver: f64,
    ) -> Frame {
        let turn = (crate::rng::at(seed, &[4]) - 0.5) * 0.7;
        let plain = Frame {
            centre,
            axis: [turn.cos(), turn.sin()],
            bend: Vec::new(),
            slope: Vec::new(),
            reach,
            band: 0.0,
            seed,
            waver,
        };
        let Some(r) = river else { return plain };
        let line = &water.rivers[r].line;
        let k = water.sample_near(r, centre);
        // The axis is the chord of the river over the settlement's reach.
        let find = |range: &mut dyn Iterator<Item = usize>| {
            let mut last = k;
            for i in range {
                if dist(line[i], line[k]) > reach * 0.8 {
                    break;
                }
                last = i;
            }
            last
        };
        let (from, to) = (find(&mut (0..k).rev()), find(&mut (k..line.len())));
        let axis = crate::plane::direction(line[from], line[to]);
        let mut frame = Frame { centre: line[k], axis, ..plain };
        let samples = (2.0 * reach / BEND_STEP) as usize + 1;
        let uv: Vec<P> = line.iter().map(|&p| frame.unbent(p)).collect();
        frame.bend = (0..samples)
            .map(|s| {
                let u = -reach + s as f64 * BEND_STEP;
                // The crossing nearest to the axis, should the river come back on itself.
                let mut best: Option<f64> = None;
                for i in from.saturating_sub(40)..(to + 40).min(line.len() - 1) {
                    let (a, b) = (uv[i], uv[i + 1]);
                    if (a[0] <= u) != (b[0] <= u) {
                        let v = a[1] + (b[1] - a[1]) * (u - a[0]) / (b[0] - a[0]);
                        if best.is_none_or(|o| v.abs() < o.abs()) {
                            best = Some(v);
                        }
                    }
                }
                best.unwrap_or(f64::NAN)
            })
            .collect();
        fill_gaps(&mut frame.bend);
        frame.slope = smooth_slope(&frame.bend);
        let widest =
            line[from..=to].iter().zip(&water.rivers[r].half[from..=to]).map(|(_, &h)| h).fold(0.0, f64::max);
        frame.band = ((widest + 95.0) / 10.0).ceil() * 10.0;
        frame
    }

    fn unbent(&self, p: P) -> P {
        let d = sub(p, self.centre);
        [d[0] * self.axis[0] + d[1] * self.axis[1], d[1] * self.axis[0] - d[0] * self.axis[1]]
    }

    /// A value of a table along u, between its entries.
    fn along(&self, table: &[f64], u: f64) -> f64 {
        if table.is_empty() {
            return 0.0;
        }
        let x = ((u + self.reach) / BEND_STEP).clamp(0.0, (table.len() - 1) as f64 - 1e-9);
        let i = x as usize;
        table[i] + (table[i + 1] - table[i]) * (x - i as f64)
    }

    /// The place of (u, v).
    pub(crate) fn at(&self, u: f64, v: f64) -> P {
        mm(self.exact(u, v))
    }

    /// The place of (u, v) before rounding.
    pub(crate) fn exact(&self, u: f64, v: f64) -> P {
        let far = (v.abs() - self.band).max(0.0) / 5200.0;
        let pull = 1.0 / (1.0 + far * far * 2.0 + far);
        let (x, y) = (u / 1700.0, v / 1700.0);
        let near = (v.abs() / 1200.0).min(1.0);
        let du = self.waver * noise(self.seed ^ 1, x, y)
            + self.waver * 0.05 * noise(self.seed ^ 3, u / 190.0, v / 190.0);
        let dv = near * self.waver * noise(self.seed ^ 2, x, y)
            + self.waver * 0.05 * noise(self.seed ^ 4, u / 190.0, v / 190.0);
        let y = v + self.along(&self.bend, u) * pull + dv;
        // Shifting along u by the slope makes the two families of streets cross square, as far as bends allow.
        let fade = v / 1500.0;
        let x = u + du - self.along(&self.slope, u) * v / (1.0 + fade * fade);
        add(self.centre, add(scale(self.axis, x), scale(left(self.axis), y)))
    }

    /// Whether the axes are fit to build on here: neither squeezed nor stretched nor slanting too much.
    pub(crate) fn is_fair(&self, u: f64, v: f64) -> bool {
        let half = |a: P, b: P| scale(sub(b, a), 1.0 / 80.0);
        let du = half(self.exact(u - 40.0, v), self.exact(u + 40.0, v));
        let dv = half(self.exact(u, v - 40.0), self.exact(u, v + 40.0));
        let (lu, lv) = (du[0].hypot(du[1]), dv[0].hypot(dv[1]));
        let sine = (du[0] * dv[1] - du[1] * dv[0]) / (lu * lv);
        (0.5..1.9).contains(&lu) && (0.5..1.9).contains(&lv) && sine > 0.6
    }

    /// Unit vectors of u and its left normal at (u, v).
    pub(crate) fn axes(&self, u: f64, v: f64) -> (P, P) {
        let (a, b) = (self.exact(u - 20.0, v), self.exact(u + 20.0, v));
        let d = crate::plane::direction(a, b);
        (d, left(d))
    }
}

/// Slopes of a table, averaged over about two kilometres.
fn smooth_slope(values: &[f64]) -> Vec<f64> {
    const HALF: usize = 22;
    (0..values.len())
        .map(|i| {
            let (a, b) = (i.saturating_sub(HALF), (i + HALF).min(values.len() - 1));
            ((values[b] - values[a]) / ((b - a) as f64 * BEND_STEP)).clamp(-0.8, 0.8)
        })
        .collect()
}

/// Carries known values over NaN gaps, linearly inside and level at the ends.
fn fill_gaps(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else {
        values.fill(0.0);
        return;
    };
    let (head, tail) = (values[first], values[last]);
    values[..first].fill(head);
    values[last..].fill(tail);
    for w in known.windows(2) {
        let (a, b) = (values[w[0]], values[w[1]]);
        let n = (w[1] - w[0]) as f64;
        for (k, value) in values[w[0]..w[1]].iter_mut().enumerate() {
            *value = a + (b - a) * k as f64 / n;
        }
    }
    // Soften kinks, which would show as kinks in every street along the bank.
    for _ in 0..6 {
        let old = values.to_vec();
        for i in 1..values.len() - 1 {
            values[i] = (old[i - 1] + 2.0 * old[i] + old[i + 1]) / 4.0;
        }
    }
}
