//! Transverse Mercator by Krüger's series: Gauss–Krüger zones and UTM.
//!
//! Source: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011), eqs.
//! 35–36; the series from conformal to geodetic latitude from L. Krüger (1912). Four harmonics with coefficients to n⁶:
//! under a micrometre within 1,000 km of the central meridian.

use crate::ellipsoid::Ellipsoid;

/// The parameters of a transverse Mercator projection on one ellipsoid, with its series worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransverseMercator {
    /// Longitude of the central meridian in degrees.
    pub central_meridian: f64,
    /// Latitude of origin in degrees.
    pub latitude_of_origin: f64,
    /// Scale on the central meridian.
    pub scale: f64,
    /// Metres added to eastings.
    pub false_easting: f64,
    /// Metres added to northings.
    pub false_northing: f64,
    ellipsoid: Ellipsoid,
    /// Rectifying radius times scale.
    radius: f64,
    /// Northing of the latitude of origin, before the false northing.
    origin: f64,
    forward: [f64; 4],
    inverse: [f64; 4],
    latitude: [f64; 4],
}

/// Farther from the central meridian than this (metres) no survey projects; the numbers are of something else.
const WIDEST: f64 = 2_000_000.0;
/// A quarter of the meridian, with room for a false northing's rounding.
const LONGEST: f64 = 10_002_000.0;

impl TransverseMercator {
    /// Works out the series.
    pub fn new(
        ellipsoid: Ellipsoid,
        central_meridian: f64,
        latitude_of_origin: f64,
        scale: f64,
        false_easting: f64,
        false_northing: f64,
    ) -> TransverseMercator {
        let f = ellipsoid.f();
        let n = f / (2.0 - f);
        let poly = |c: &[f64]| c.iter().rev().fold(0.0, |sum, c| (sum + c) * n);
        let radius =
            ellipsoid.a / (1.0 + n) * (1.0 + poly(&[0.0, 1. / 4., 0.0, 1. / 64., 0.0, 1. / 256.])) * scale;
        let forward = [
            poly(&[1. / 2., -2. / 3., 5. / 16., 41. / 180., -127. / 288., 7891. / 37800.]),
            poly(&[0., 13. / 48., -3. / 5., 557. / 1440., 281. / 630., -1983433. / 1935360.]),
            poly(&[0., 0., 61. / 240., -103. / 140., 15061. / 26880., 167603. / 181440.]),
            poly(&[0., 0., 0., 49561. / 161280., -179. / 168., 6601661. / 7257600.]),
        ];
        let inverse = [
            poly(&[1. / 2., -2. / 3., 37. / 96., -1. / 360., -81. / 512., 96199. / 604800.]),
            poly(&[0., 1. / 48., 1. / 15., -437. / 1440., 46. / 105., -1118711. / 3870720.]),
            poly(&[0., 0., 17. / 480., -37. / 840., -209. / 4480., 5569. / 90720.]),
            poly(&[0., 0., 0., 4397. / 161280., -11. / 504., -830251. / 7257600.]),
        ];
        let latitude = [
            poly(&[2., -2. / 3., -2., 116. / 45., 26. / 45., -2854. / 675.]),
            poly(&[0., 7. / 3., -8. / 5., -227. / 45., 2704. / 315., 2323. / 945.]),
            poly(&[0., 0., 56. / 15., -136. / 35., -1262. / 105., 73814. / 2835.]),
            poly(&[0., 0., 0., 4279. / 630., -332. / 35., -399572. / 14175.]),
        ];
        let mut tm = TransverseMercator {
            central_meridian,
            latitude_of_origin,
            scale,
            false_easting,
            false_northing,
            ellipsoid,
            radius,
            origin: 0.0,
            forward,
            inverse,
            latitude,
        };
        if latitude_of_origin != 0.0 {
            tm.origin = tm.project([central_meridian, latitude_of_origin])[1] - false_northing;
        }
        tm
    }

    /// Longitude and latitude in degrees → easting and northing in metres; NaN outside ±45° of the central meridian.
    pub fn project(&self, lonlat: [f64; 2]) -> [f64; 2] {
        let mut lambda = lonlat[0] - self.central_meridian;
        if lambda > 180.0 {
            lambda -= 360.0;
        } else if lambda < -180.0 {
            lambda += 360.0;
        }
        if !(lambda.abs() <= 45.0 && lonlat[1].abs() <= 90.0) {
            return [f64::NAN; 2];
        }
        let (sin_l, cos_l) = lambda.to_radians().sin_cos();
        let sin_phi = lonlat[1].to_radians().sin();
        let e = self.ellipsoid.e2().sqrt();
        // Tangent of the conformal latitude.
        let t = (sin_phi.atanh() - e * (e * sin_phi).atanh()).sinh();
        // At a pole the tangent is infinite; the formulas below need only their limits.
        let (xi, eta) = if t.is_finite() {
            (t.atan2(cos_l), (sin_l / (t * t + cos_l * cos_l).sqrt()).asinh())
        } else {
            (std::f64::consts::FRAC_PI_2.copysign(t), 0.0)
        };
        let d = series(&self.forward, xi, eta);
        [
            self.false_easting + self.radius * (eta + d[1]),
            self.false_northing - self.origin + self.radius * (xi + d[0]),
        ]
    }

    /// Easting and northing in metres → longitude and latitude in degrees; NaN where no survey can be (more than
    /// 2,000 km from the central meridian, or beyond a pole).
    pub fn unproject(&self, en: [f64; 2]) -> [f64; 2] {
        let (x, y) = (en[0] - self.false_easting, en[1] - self.false_northing + self.origin);
        if !(x.abs() <= WIDEST && y.abs() <= LONGEST) {
            return [f64::NAN; 2];
        }
        let (xi, eta) = (y / self.radius, x / self.radius);
        let d = series(&self.inverse, xi, eta);
        let (sin_xi, cos_xi) = (xi - d[0]).sin_cos();
        let grow = (eta - d[1]).exp();
        let sinh = (grow - 1.0 / grow) * 0.5;
        let across = (sinh * sinh + cos_xi * cos_xi).sqrt();
        let chi = sin_xi.atan2(across);
        // sin and cos of twice the conformal latitude, without asking for them again.
        let h2 = 1.0 / (sin_xi * sin_xi + across * across);
        let (s2, c2) = (2.0 * sin_xi * across * h2, (across * across - sin_xi * sin_xi) * h2);
        let (mut b1, mut b2) = (0.0, 0.0);
        for c in self.latitude.iter().rev() {
            (b1, b2) = (2.0 * c2 * b1 - b2 + c, b1);
        }
        let phi = chi + s2 * b1;
        let lambda = sinh.atan2(cos_xi);
        [self.central_meridian + lambda.to_degrees(), phi.to_degrees()]
    }
}

/// Σ cⱼ sin 2j(ξ + iη) by Clenshaw's recurrence in complex numbers; real and imaginary part.
fn series(c: &[f64; 4], xi: f64, eta: f64) -> [f64; 2] {
    let (s, co) = (2.0 * xi).sin_cos();
    let grow = (2.0 * eta).exp();
    let (sinh, cosh) = ((grow - 1.0 / grow) * 0.5, (grow + 1.0 / grow) * 0.5);
    // 2 cos 2ζ
    let (ar, ai) = (2.0 * co * cosh, -2.0 * s * sinh);
    let (mut r1, mut i1, mut r2, mut i2) = (0.0, 0.0, 0.0, 0.0);
    for c in c.iter().rev() {
        let r = ar * r1 - ai * i1 - r2 + c;
        let i = ar * i1 + ai * r1 - i2;
        (r2, i2, r1, i1) = (r1, i1, r, i);
    }
    let (sr, si) = (s * cosh, co * sinh);
    [sr * r1 - si * i1, sr * i1 + si * r1]
}
