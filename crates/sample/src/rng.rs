//! Chance that repeats: a SplitMix64 stream, integer hashing of keys, and lattice noise built on it.
//!
//! Equal seeds give equal numbers on every run; nothing here reads a clock or iterates a hash map.

/// A SplitMix64 stream (Steele, Lea, Flood 2014): 64 bits of state, one multiplication chain a number.
#[derive(Clone)]
pub(crate) struct Rng(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A hash of a seed and a key; neighbouring keys give unrelated numbers.
pub(crate) fn hash(seed: u64, key: &[i64]) -> u64 {
    let mut h = mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
    for &k in key {
        h = mix(h ^ (k as u64).wrapping_add(0x9e37_79b9_7f4a_7c15));
    }
    h
}

/// A hash as a number in [0, 1).
pub(crate) fn unit(h: u64) -> f64 {
    (h >> 11) as f64 / (1u64 << 53) as f64
}

/// A number in [0, 1) for a seed and a key.
pub(crate) fn at(seed: u64, key: &[i64]) -> f64 {
    unit(hash(seed, key))
}

impl Rng {
    pub(crate) fn new(seed: u64, key: &[i64]) -> Rng {
        Rng(hash(seed, key))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.next())
    }

    /// In [a, b).
    pub(crate) fn range(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.unit()
    }

    /// In 0..n; 0 when n is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Smooth value noise in [-1, 1] with a lattice of one unit.
pub(crate) fn noise(seed: u64, x: f64, y: f64) -> f64 {
    let (xf, yf) = (x.floor(), y.floor());
    let (i, j) = (xf as i64, yf as i64);
    let fade = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (fade(x - xf), fade(y - yf));
    let c = |a, b| at(seed, &[i + a, j + b]);
    let top = c(0, 0) + (c(1, 0) - c(0, 0)) * u;
    let bottom = c(0, 1) + (c(1, 1) - c(0, 1)) * u;
    (top + (bottom - top) * v) * 2.0 - 1.0
}

/// Gradient noise in about [-1, 1] with a lattice of one unit: rounder than [`noise`], for ground.
pub(crate) fn gradient(seed: u64, x: f64, y: f64) -> f64 {
    let (xf, yf) = (x.floor(), y.floor());
    let (i, j) = (xf as i64, yf as i64);
    let (fx, fy) = (x - xf, y - yf);
    let fade = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let corner = |a: i64, b: i64| {
        // Sixteen directions, evenly around.
        let turn = (hash(seed, &[i + a, j + b]) >> 60) as f64 * (std::f64::consts::TAU / 16.0);
        turn.cos() * (fx - a as f64) + turn.sin() * (fy - b as f64)
    };
    let (u, v) = (fade(fx), fade(fy));
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * u;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * u;
    (top + (bottom - top) * v) * 1.5
}

/// Octaves of [`gradient`], each at twice the frequency and half the height; in about [-1, 1].
pub(crate) fn fbm(seed: u64, mut x: f64, mut y: f64, octaves: u32) -> f64 {
    let (mut sum, mut height, mut total) = (0.0, 1.0, 0.0);
    for o in 0..octaves {
        sum += height * gradient(seed.wrapping_add(u64::from(o) * 7919), x, y);
        total += height;
        height *= 0.5;
        // A turn between octaves hides the lattice.
        (x, y) = (1.6 * x + 1.2 * y, -1.2 * x + 1.6 * y);
    }
    sum / total
}

/// Octaves of ridged noise in [0, 1]: sharp crests, wide valleys.
pub(crate) fn ridged(seed: u64, mut x: f64, mut y: f64, octaves: u32) -> f64 {
    let (mut sum, mut height, mut total, mut weight) = (0.0, 1.0, 0.0, 1.0);
    for o in 0..octaves {
        let r = (1.0 - gradient(seed.wrapping_add(u64::from(o) * 104_729), x, y).abs()).max(0.0);
        let r = r * r;
        sum += height * r * weight;
        total += height;
        weight = (r * 1.6).min(1.0);
        height *= 0.5;
        (x, y) = (1.6 * x + 1.2 * y, -1.2 * x + 1.6 * y);
    }
    sum / total
}
