//! GCJ-02 and BD-09, the shifted coordinates of Chinese web maps.
//!
//! The formulas are public reconstructions; a provider's own shift may differ by a metre or two. Never a source for
//! survey: such data keeps a flag. All coordinates are longitude and latitude in degrees.

use std::f64::consts::PI;

const A: f64 = 6_378_245.0;
const EE: f64 = 0.006_693_421_622_965_943;
const X_PI: f64 = PI * 3000.0 / 180.0;
/// Stop iterating below this (degrees; a tenth of a millimetre).
const CLOSE: f64 = 1e-9;

fn shift([lon, lat]: [f64; 2]) -> [f64; 2] {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let root = x.abs().sqrt();
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let t_lat = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + common
        + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let t_lon = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + common
        + (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let (s, c) = lat.to_radians().sin_cos();
    let w = 1.0 - EE * s * s;
    let root_w = w.sqrt();
    [t_lon * 180.0 / (A / root_w * c * PI), t_lat * 180.0 / (A * (1.0 - EE) / (w * root_w) * PI)]
}

/// Inverts a forward shift by fixed-point iteration.
fn invert(target: [f64; 2], forward: impl Fn([f64; 2]) -> [f64; 2]) -> [f64; 2] {
    let mut p = target;
    // Each step gains two to three digits; thirty is far beyond what any finite input needs.
    for _ in 0..30 {
        let q = forward(p);
        let d = [q[0] - target[0], q[1] - target[1]];
        p = [p[0] - d[0], p[1] - d[1]];
        if d[0].abs() < CLOSE && d[1].abs() < CLOSE {
            break;
        }
    }
    p
}

/// WGS 84 → GCJ-02.
pub fn wgs84_to_gcj02(p: [f64; 2]) -> [f64; 2] {
    let d = shift(p);
    [p[0] + d[0], p[1] + d[1]]
}

/// GCJ-02 → WGS 84, to under a millimetre against the forward formula.
pub fn gcj02_to_wgs84(p: [f64; 2]) -> [f64; 2] {
    invert(p, wgs84_to_gcj02)
}

/// GCJ-02 → BD-09.
pub fn gcj02_to_bd09([x, y]: [f64; 2]) -> [f64; 2] {
    let z = x.hypot(y) + 2e-5 * (y * X_PI).sin();
    let theta = y.atan2(x) + 3e-6 * (x * X_PI).cos();
    [z * theta.cos() + 0.0065, z * theta.sin() + 0.006]
}

/// BD-09 → GCJ-02, to under a millimetre against the forward formula.
pub fn bd09_to_gcj02(p: [f64; 2]) -> [f64; 2] {
    invert(p, gcj02_to_bd09)
}

/// WGS 84 → BD-09.
pub fn wgs84_to_bd09(p: [f64; 2]) -> [f64; 2] {
    gcj02_to_bd09(wgs84_to_gcj02(p))
}

/// BD-09 → WGS 84.
pub fn bd09_to_wgs84(p: [f64; 2]) -> [f64; 2] {
    gcj02_to_wgs84(bd09_to_gcj02(p))
}
