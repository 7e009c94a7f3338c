//! Geocentric coordinates and the Bursa–Wolf transformation between them.

use crate::ellipsoid::Ellipsoid;
use serde::{Deserialize, Serialize};

/// The sign of rotations: the same numbers in the wrong one are tens of metres off, so it is always named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// EPSG method 1033, PROJ `position_vector`: the vector is turned.
    PositionVector,
    /// EPSG method 1032, PROJ `coordinate_frame`, usual in Chinese texts: the axes are turned.
    CoordinateFrame,
}

impl Convention {
    /// Its name as PROJ writes it.
    pub fn name(self) -> &'static str {
        match self {
            Convention::PositionVector => "position_vector",
            Convention::CoordinateFrame => "coordinate_frame",
        }
    }
}

/// Seven parameters with small angles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BursaWolf {
    /// How rotations count.
    pub convention: Convention,
    /// Shift along X, Y, Z in metres.
    pub translation: [f64; 3],
    /// Rotation about X, Y, Z in seconds of arc.
    pub rotation_s: [f64; 3],
    /// Change of scale in parts per million.
    pub scale_ppm: f64,
}

impl BursaWolf {
    /// Rotations in radians, in the coordinate-frame sense.
    fn frame(&self) -> [f64; 3] {
        let sign = if self.convention == Convention::CoordinateFrame { 1.0 } else { -1.0 };
        self.rotation_s.map(|s| sign * (s / 3600.0).to_radians())
    }

    /// Geocentric X, Y, Z in metres, from the source datum to the target's.
    pub fn apply(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let ([ex, ey, ez], m, t) = (self.frame(), 1.0 + self.scale_ppm * 1e-6, self.translation);
        [t[0] + m * (x + ez * y - ey * z), t[1] + m * (y - ez * x + ex * z), t[2] + m * (z + ey * x - ex * y)]
    }

    /// The way back, exactly (not by changed signs).
    pub fn invert(&self, p: [f64; 3]) -> [f64; 3] {
        let ([ex, ey, ez], m, t) = (self.frame(), 1.0 + self.scale_ppm * 1e-6, self.translation);
        let q = [0, 1, 2].map(|i| (p[i] - t[i]) / m);
        // Inverse of I + E for a skew E with vector w = (ex, ey, ez): (q + w(w·q) + q × … ) / (1 + |w|²).
        let w2 = ex * ex + ey * ey + ez * ez;
        let dot = ex * q[0] + ey * q[1] + ez * q[2];
        let cross = [ez * q[1] - ey * q[2], ex * q[2] - ez * q[0], ey * q[0] - ex * q[1]];
        [
            (q[0] + ex * dot - cross[0]) / (1.0 + w2),
            (q[1] + ey * dot - cross[1]) / (1.0 + w2),
            (q[2] + ez * dot - cross[2]) / (1.0 + w2),
        ]
    }
}

/// Longitude, latitude (degrees) and ellipsoidal height (metres) → X, Y, Z.
pub(crate) fn to_xyz(e: &Ellipsoid, [lon, lat, h]: [f64; 3]) -> [f64; 3] {
    let ((sl, cl), (sp, cp)) = (lon.to_radians().sin_cos(), lat.to_radians().sin_cos());
    let n = e.a / (1.0 - e.e2() * sp * sp).sqrt();
    [(n + h) * cp * cl, (n + h) * cp * sl, (n * (1.0 - e.e2()) + h) * sp]
}

/// X, Y, Z → longitude, latitude, height. Bowring's start (1976), then his iteration until nothing changes.
pub(crate) fn to_lonlat(e: &Ellipsoid, [x, y, z]: [f64; 3]) -> [f64; 3] {
    let (e2, p) = (e.e2(), x.hypot(y));
    let b = e.a * (1.0 - e.f());
    let mut beta = (z * e.a).atan2(p * b);
    let mut phi = 0.0;
    for _ in 0..4 {
        let (s, c) = beta.sin_cos();
        phi = (z + e2 / (1.0 - e2) * b * s.powi(3)).atan2(p - e2 * e.a * c.powi(3));
        beta = ((1.0 - e.f()) * phi.sin()).atan2(phi.cos());
    }
    let (s, c) = phi.sin_cos();
    let n = e.a / (1.0 - e2 * s * s).sqrt();
    let h = if c.abs() > 1e-6 { p / c - n } else { z.abs() / s.abs() - n * (1.0 - e2) };
    [y.atan2(x).to_degrees(), phi.to_degrees(), h]
}
