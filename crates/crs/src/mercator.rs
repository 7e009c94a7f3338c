//! Spherical (web) Mercator, EPSG:3857, and its unit square, in which tiles are counted.

use std::f64::consts::PI;

/// The sphere's radius in metres.
pub const RADIUS: f64 = 6_378_137.0;
/// The latitude (degrees) at which the square ends: atan(sinh π).
pub const LAT_LIMIT: f64 = 85.051_128_779_806_59;

/// Longitude and latitude in degrees → the unit square, x to the east from 180° W, y to the south from
/// [`LAT_LIMIT`] N. NaN for what is not finite or lies at or beyond a pole.
#[inline]
pub fn to_world(lonlat: [f64; 2]) -> [f64; 2] {
    if lonlat[1].abs() >= 90.0 {
        return [f64::NAN; 2];
    }
    let s = lonlat[1].to_radians().sin();
    [lonlat[0] / 360.0 + 0.5, 0.5 - ((1.0 + s) / (1.0 - s)).ln() / (4.0 * PI)]
}

/// The inverse of [`to_world`].
#[inline]
pub fn from_world(world: [f64; 2]) -> [f64; 2] {
    let lat = ((0.5 - world[1]) * 2.0 * PI).sinh().atan().to_degrees();
    [(world[0] - 0.5) * 360.0, lat]
}

/// Longitude and latitude in degrees → EPSG:3857 metres.
pub fn project(lonlat: [f64; 2]) -> [f64; 2] {
    let w = to_world(lonlat);
    [(w[0] - 0.5) * 2.0 * PI * RADIUS, (0.5 - w[1]) * 2.0 * PI * RADIUS]
}

/// EPSG:3857 metres → longitude and latitude in degrees; NaN outside the square.
pub fn unproject(xy: [f64; 2]) -> [f64; 2] {
    let limit = PI * RADIUS * (1.0 + 1e-9);
    if !(xy[0].abs() <= limit && xy[1].abs() <= limit) {
        return [f64::NAN; 2];
    }
    from_world([xy[0] / (2.0 * PI * RADIUS) + 0.5, 0.5 - xy[1] / (2.0 * PI * RADIUS)])
}
