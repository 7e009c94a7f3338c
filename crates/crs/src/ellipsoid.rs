//! The four datums that Chinese survey files come in, Europe's, and their ellipsoids.

/// A reference ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipsoid {
    /// Equatorial radius in metres.
    pub a: f64,
    /// Inverse flattening.
    pub inverse_flattening: f64,
}

impl Ellipsoid {
    /// Flattening.
    pub fn f(&self) -> f64 {
        1.0 / self.inverse_flattening
    }

    /// First eccentricity squared.
    pub fn e2(&self) -> f64 {
        self.f() * (2.0 - self.f())
    }
}

/// A geodetic datum. Xian 1980 and Beijing 1954 have no published way to CGCS2000: control must be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Datum {
    /// China Geodetic Coordinate System 2000 (EPSG:4490).
    Cgcs2000,
    /// World Geodetic System 1984 (EPSG:4326); within a decimetre of CGCS2000.
    Wgs84,
    /// Xian 1980 (EPSG:4610).
    Xian80,
    /// Beijing 1954 (EPSG:4214).
    Beijing54,
    /// European Terrestrial Reference System 1989 (EPSG:4258); within a metre of CGCS2000.
    Etrs89,
}

impl Datum {
    /// All of them.
    pub const ALL: [Datum; 5] =
        [Datum::Cgcs2000, Datum::Wgs84, Datum::Xian80, Datum::Beijing54, Datum::Etrs89];

    /// Its ellipsoid (EPSG 1024, 7030, 7049, 7024, 7019).
    pub fn ellipsoid(self) -> Ellipsoid {
        let (a, inverse_flattening) = match self {
            Datum::Cgcs2000 | Datum::Etrs89 => (6_378_137.0, 298.257222101),
            Datum::Wgs84 => (6_378_137.0, 298.257223563),
            Datum::Xian80 => (6_378_140.0, 298.257),
            Datum::Beijing54 => (6_378_245.0, 298.3),
        };
        Ellipsoid { a, inverse_flattening }
    }

    /// The EPSG code of its longitude and latitude.
    pub fn geographic_epsg(self) -> u32 {
        match self {
            Datum::Cgcs2000 => 4490,
            Datum::Wgs84 => 4326,
            Datum::Xian80 => 4610,
            Datum::Beijing54 => 4214,
            Datum::Etrs89 => 4258,
        }
    }

    /// The name that survey offices use.
    pub fn name(self) -> &'static str {
        match self {
            Datum::Cgcs2000 => "CGCS2000",
            Datum::Wgs84 => "WGS 84",
            Datum::Xian80 => "Xian 1980",
            Datum::Beijing54 => "Beijing 1954",
            Datum::Etrs89 => "ETRS89",
        }
    }
}
