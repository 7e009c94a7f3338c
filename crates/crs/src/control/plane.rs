//! Plane similarity: shift, turn and scale of northing and easting.

use serde::{Deserialize, Serialize};

/// `X = dx + a·x − b·y`, `Y = dy + b·x + a·y` with x, X northings and y, Y eastings in metres; `a = m·cos t`,
/// `b = m·sin t`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plane4 {
    /// Metres north.
    pub dx: f64,
    /// Metres east.
    pub dy: f64,
    /// Scale times cosine of the turn.
    pub a: f64,
    /// Scale times sine of the turn.
    pub b: f64,
}

impl Plane4 {
    /// Northing and easting of the source → those of the target.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.dx + self.a * x - self.b * y, self.dy + self.b * x + self.a * y]
    }

    /// The way back.
    pub fn invert(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (u, v) = (x - self.dx, y - self.dy);
        let m2 = self.a * self.a + self.b * self.b;
        [(self.a * u + self.b * v) / m2, (self.a * v - self.b * u) / m2]
    }

    /// How much lengths grow, parts per million.
    pub fn scale_ppm(&self) -> f64 {
        (self.a.hypot(self.b) - 1.0) * 1e6
    }

    /// The turn in seconds of arc, clockwise from north.
    pub fn rotation_s(&self) -> f64 {
        self.b.atan2(self.a).to_degrees() * 3600.0
    }
}
