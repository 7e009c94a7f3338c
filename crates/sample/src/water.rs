//! Rivers and lakes as shapes: courses with a width and a falling level, lakes as wavy ellipses.

use crate::facts::{LAKES, RIVERS};
use crate::plane::{Near, P, add, direction, dist, from_lonlat, left, mm, scale, smooth, sub, to_segment};
use crate::rng::{noise, unit};

/// A river: a smooth course sampled about every 120 m, with its half width and water level at each sample.
pub(crate) struct River {
    pub(crate) name: &'static str,
    pub(crate) class: u8,
    pub(crate) line: Vec<P>,
    pub(crate) half: Vec<f64>,
    pub(crate) level: Vec<f64>,
}

/// A lake or reservoir.
pub(crate) struct Lake {
    pub(crate) name: String,
    pub(crate) reservoir: bool,
    pub(crate) centre: P,
    axes: P,
    turn: P,
    seed: u64,
    pub(crate) level: f64,
}

impl Lake {
    /// A lake with a shore that wavers by its seed; `bearing` of the long axis in degrees from north.
    pub(crate) fn new(
        name: String,
        reservoir: bool,
        centre: P,
        axes: P,
        bearing: f64,
        seed: u64,
        level: f64,
    ) -> Lake {
        let b = (90.0 - bearing).to_radians();
        Lake { name, reservoir, centre, axes, turn: [b.cos(), b.sin()], seed, level }
    }

    fn radius(&self, theta: f64) -> f64 {
        let (a, b) = (self.axes[0], self.axes[1]);
        let ellipse = a * b / (b * theta.cos()).hypot(a * theta.sin());
        let wave = |k: f64, phase: u64| {
            (k * theta
                + unit(self.seed.wrapping_mul(phase).wrapping_add(phase << 40)) * std::f64::consts::TAU)
                .sin()
        };
        let rough = if self.reservoir { 0.16 } else { 0.075 };
        ellipse
            * (1.0 + rough * (wave(2.0, 3) + 0.8 * wave(5.0, 7) + 0.5 * wave(9.0, 11) + 0.3 * wave(17.0, 13)))
    }

    /// About how far a point is from the shore; negative in the water.
    pub(crate) fn clearance(&self, p: P) -> f64 {
        let d = sub(p, self.centre);
        let r = d[0].hypot(d[1]);
        if r > self.axes[0] * 1.6 + 1500.0 {
            return 1500.0;
        }
        let (x, y) = (d[0] * self.turn[0] + d[1] * self.turn[1], d[1] * self.turn[0] - d[0] * self.turn[1]);
        let theta = y.atan2(x);
        let shore = self.radius(theta);
        // Along a radius the way to a slanting shore is too long by its slant.
        let slant = (self.radius(theta + 0.01) - self.radius(theta - 0.01)) / (0.02 * shore);
        (r - shore) / 1.0_f64.hypot(slant)
    }

    /// The shore, counter-clockwise, not closed.
    pub(crate) fn ring(&self, points: usize) -> Vec<P> {
        (0..points)
            .map(|i| {
                let theta = i as f64 / points as f64 * std::f64::consts::TAU;
                let r = self.radius(theta);
                let (x, y) = (r * theta.cos(), r * theta.sin());
                mm(add(
                    self.centre,
                    [x * self.turn[0] - y * self.turn[1], x * self.turn[1] + y * self.turn[0]],
                ))
            })
            .collect()
    }

    pub(crate) fn reach(&self) -> f64 {
        self.axes[0] * 1.35
    }
}

/// All great water, and what else streets keep clear of (railways).
pub(crate) struct Water {
    pub(crate) rivers: Vec<River>,
    pub(crate) lakes: Vec<Lake>,
    near: Near<(u16, u32)>,
    tracks: Near<(P, P)>,
}

impl Water {
    /// Draws the rivers, then the lakes between them.
    pub(crate) fn new(seed: u64) -> Water {
        let mut near = Near::new(1000.0);
        let mut rivers: Vec<River> = Vec::new();
        for (r, fact) in RIVERS.iter().enumerate() {
            let mut control: Vec<P> = fact.course.iter().map(|&(x, y)| from_lonlat([x, y])).collect();
            let mut mouth = fact.level[1];
            if let Some(end) = control.last_mut()
                && let Some((place, level)) = meet(&rivers, fact.class, *end)
            {
                (*end, mouth) = (place, level);
            }
            let mut line = smooth(&control, 120.0);
            if fact.class > 1 {
                meander(&mut line, seed.wrapping_add(r as u64), if fact.class == 2 { 260.0 } else { 330.0 });
            }
            let n = line.len();
            let t = |i: usize| i as f64 / (n - 1) as f64;
            let half = (0..n)
                .map(|i| {
                    let base = fact.half[0] + (fact.half[1] - fact.half[0]) * t(i);
                    base * (1.0 + 0.16 * noise(seed ^ 0x51, i as f64 / 14.0, r as f64))
                })
                .collect();
            // Steep at the head, flat at the mouth.
            let level = (0..n)
                .map(|i| mouth + (fact.level[0] - mouth) * (1.0 - t(i)).powf(1.7) - 0.001 * i as f64)
                .collect();
            for i in 1..n {
                near.insert(line[i - 1], line[i], (r as u16, i as u32));
            }
            rivers.push(River { name: fact.name, class: fact.class, line, half, level });
        }
        let mut water = Water { rivers, lakes: Vec::new(), near, tracks: Near::new(500.0) };
        water.lakes = LAKES
            .iter()
            .enumerate()
            .map(|(i, &(name, reservoir, lon, lat, a, b, bearing))| {
                let centre = from_lonlat([lon, lat]);
                let level = water.floor(centre) + if reservoir { 6.0 } else { 0.8 };
                Lake::new(name.into(), reservoir, centre, [a, b], bearing, seed ^ (i as u64 * 977 + 5), level)
            })
            .collect();
        water
    }

    /// Height of the valley floors at a place: the rivers' levels, the nearer the more.
    pub(crate) fn floor(&self, p: P) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for river in &self.rivers {
            for i in (0..river.line.len()).step_by(25) {
                let d = dist(river.line[i], p) / 1000.0;
                let w = (d * d + 3.0).powf(-1.6);
                sum += w * river.level[i];
                weights += w;
            }
        }
        sum / weights
    }

    /// Keeps later streets and blocks off a railway.
    pub(crate) fn add_track(&mut self, line: &[P]) {
        for w in line.windows(2) {
            self.tracks.insert(w[0], w[1], (w[0], w[1]));
        }
    }

    /// How far a point is from the nearest bank, at most a kilometre; negative in the water.
    pub(crate) fn clearance(&self, p: P) -> f64 {
        let mut least: f64 = 1000.0;
        for (r, i) in self.near.around(p) {
            let river = &self.rivers[r as usize];
            let i = i as usize;
            let (d, t) = to_segment(p, river.line[i - 1], river.line[i]);
            least = least.min(d - (river.half[i - 1] + (river.half[i] - river.half[i - 1]) * t));
        }
        for lake in &self.lakes {
            least = least.min(lake.clearance(p));
        }
        least
    }

    /// How far a point is from the nearest railway, at most half a kilometre.
    pub(crate) fn off_tracks(&self, p: P) -> f64 {
        self.tracks.around(p).map(|(a, b)| to_segment(p, a, b).0).fold(500.0, f64::min)
    }

    /// River and position of its sample nearest to a point, however far.
    pub(crate) fn sample_near(&self, river: usize, p: P) -> usize {
        let line = &self.rivers[river].line;
        (0..line.len()).min_by(|&a, &b| dist(line[a], p).total_cmp(&dist(line[b], p))).unwrap_or(0)
    }
}

/// Where a tributary with this mouth meets a greater river near by, and the level there.
fn meet(rivers: &[River], class: u8, mouth: P) -> Option<(P, f64)> {
    rivers
        .iter()
        .filter(|r| r.class < class)
        .flat_map(|r| r.line.iter().copied().zip(r.level.iter().copied()))
        .map(|(p, level)| (dist(p, mouth), p, level))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|m| m.0 < 2500.0)
        .map(|m| (m.1, m.2))
}

/// Bends a course sideways by noise, ends fixed.
fn meander(line: &mut [P], seed: u64, reach: f64) {
    let n = line.len();
    let bent: Vec<P> = (0..n)
        .map(|i| {
            let (a, b) = (line[i.saturating_sub(1)], line[(i + 1).min(n - 1)]);
            let ends = (i.min(n - 1 - i) as f64 / 12.0).min(1.0);
            let off = reach
                * ends
                * (noise(seed, i as f64 / 9.0, 0.5) + 0.4 * noise(seed ^ 9, i as f64 / 4.0, 0.5));
            add(line[i], scale(left(direction(a, b)), off))
        })
        .collect();
    line.copy_from_slice(&bent);
}

impl River {
    /// Left and right bank points at a sample, `extra` metres beyond the water's edge.
    pub(crate) fn banks(&self, i: usize, extra: f64) -> (P, P) {
        let n = self.line.len();
        // A wide tangent keeps neighbouring cross-sections from meeting in bends.
        let (a, b) = (self.line[i.saturating_sub(3)], self.line[(i + 3).min(n - 1)]);
        let out = scale(left(direction(a, b)), self.half[i] + extra);
        (mm(add(self.line[i], out)), mm(sub(self.line[i], out)))
    }

    /// The course between two samples, as a line.
    pub(crate) fn reach(&self, from: usize, to: usize) -> Vec<P> {
        self.line[from..=to].iter().map(|&p| mm(p)).collect()
    }
}
