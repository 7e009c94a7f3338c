//! A coordinate reference system: datum and projection, known by EPSG code or by parameters.

use crate::ellipsoid::Datum;
use crate::gauss::TransverseMercator;
use crate::mercator;

/// Why a text or code is not a CRS that Ditu computes itself.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CrsError {
    /// The text is not well-known text.
    #[error("not well-known text: {0}")]
    Syntax(String),
    /// The datum is none of the five.
    #[error("the datum {0} is not CGCS2000, WGS 84, Xian 1980, Beijing 1954 or ETRS89")]
    Datum(String),
    /// The projection is none that Chinese survey files use.
    #[error("the projection {0} is not Gauss-Krueger, UTM or web Mercator")]
    Projection(String),
    /// A unit other than metre and degree.
    #[error("the unit {0} is neither metre nor degree")]
    Unit(String),
}

/// How longitude and latitude became the numbers in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection {
    /// Not at all: degrees, longitude first.
    Geographic,
    /// Gauss–Krüger or UTM: metres, easting first.
    TransverseMercator(TransverseMercator),
    /// EPSG:3857: metres.
    WebMercator,
}

/// A coordinate reference system. Coordinates are always easting/longitude first, whatever the registry's axis order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crs {
    datum: Datum,
    projection: Projection,
}

/// Codes of one datum's Gauss–Krüger zones: first code, first zone, zone width in degrees, prefixed easting.
const ZONES: [(Datum, u32, u32, u32, bool); 13] = [
    (Datum::Cgcs2000, 4513, 25, 3, true),
    (Datum::Cgcs2000, 4534, 25, 3, false),
    (Datum::Cgcs2000, 4491, 13, 6, true),
    (Datum::Cgcs2000, 4502, 13, 6, false),
    (Datum::Xian80, 2349, 25, 3, true),
    (Datum::Xian80, 2370, 25, 3, false),
    (Datum::Xian80, 2327, 13, 6, true),
    (Datum::Xian80, 2338, 13, 6, false),
    (Datum::Beijing54, 2401, 25, 3, true),
    (Datum::Beijing54, 2422, 25, 3, false),
    (Datum::Beijing54, 21413, 13, 6, true),
    (Datum::Beijing54, 21453, 13, 6, false),
    (Datum::Beijing54, 21473, 13, 6, false),
];

/// UTM: datum, the code that the zone is added to, first and last zone, false northing.
const UTM: [(Datum, u32, (u32, u32), f64); 3] = [
    (Datum::Wgs84, 32600, (1, 60), 0.0),
    (Datum::Wgs84, 32700, (1, 60), 10_000_000.0),
    (Datum::Etrs89, 25800, (28, 38), 0.0),
];
const UTM_SCALE: f64 = 0.9996;

fn zones(width: u32) -> u32 {
    if width == 3 { 21 } else { 11 }
}

fn central_meridian(width: u32, zone: u32) -> f64 {
    f64::from(if width == 3 { 3 * zone } else { 6 * zone - 3 })
}

impl Crs {
    /// CGCS2000 longitude and latitude, in which everything is stored.
    pub const CGCS2000: Crs = Crs { datum: Datum::Cgcs2000, projection: Projection::Geographic };

    /// From parts.
    pub fn new(datum: Datum, projection: Projection) -> Crs {
        Crs { datum, projection }
    }

    /// The CRSs of Chinese survey files: 4490, 4326, 4610, 4214, their Gauss–Krüger zones, 3857; and those of cities
    /// elsewhere: UTM on WGS 84 (326zz, south 327zz), ETRS89 (4258) and its UTM zones 28 to 38 (258zz).
    pub fn from_epsg(code: u32) -> Option<Crs> {
        if code == 3857 || code == 900913 {
            return Some(Crs::new(Datum::Wgs84, Projection::WebMercator));
        }
        if let Some(datum) = Datum::ALL.into_iter().find(|d| d.geographic_epsg() == code) {
            return Some(Crs::new(datum, Projection::Geographic));
        }
        if let Some((datum, first, _, north)) =
            UTM.into_iter().find(|u| (u.1 + u.2.0..=u.1 + u.2.1).contains(&code))
        {
            let cm = f64::from(code - first) * 6.0 - 183.0;
            return Some(Crs::transverse(datum, cm, UTM_SCALE, 500_000.0, north));
        }
        let (datum, first, zone0, width, prefix) =
            ZONES.into_iter().find(|z| (z.1..z.1 + zones(z.3)).contains(&code))?;
        let zone = zone0 + code - first;
        Some(Crs::gauss_kruger(datum, central_meridian(width, zone), prefix.then_some(zone)))
    }

    /// A Gauss–Krüger zone; with a zone number the easting carries it as millions.
    pub fn gauss_kruger(datum: Datum, central_meridian: f64, prefix: Option<u32>) -> Crs {
        let false_easting = 500_000.0 + f64::from(prefix.unwrap_or(0)) * 1e6;
        Crs::transverse(datum, central_meridian, 1.0, false_easting, 0.0)
    }

    fn transverse(datum: Datum, cm: f64, scale: f64, fe: f64, north: f64) -> Crs {
        let tm = TransverseMercator::new(datum.ellipsoid(), cm, 0.0, scale, fe, north);
        Crs::new(datum, Projection::TransverseMercator(tm))
    }

    /// From well-known text (OGC WKT 1, ESRI, WKT 2), judged by its parameters, not by its name.
    ///
    /// # Errors
    /// What in it is not known here; GDAL may still know it.
    pub fn from_wkt(text: &str) -> Result<Crs, CrsError> {
        crate::wkt::parse(text)
    }

    /// From well-known text of a survey in China whose datum goes by a name of elsewhere: the ellipsoid of Krassovsky is
    /// Beijing 1954's there, that of IAG 1975 Xian 1980's, and GRS 80 in a Chinese Gauss–Krüger zone CGCS2000's.
    ///
    /// # Errors
    /// What in it is not known here.
    pub fn from_wkt_in_china(text: &str) -> Result<Crs, CrsError> {
        let crs = crate::wkt::parse_in_china(text)?;
        if crs.datum != Datum::Cgcs2000 || crs.epsg().is_some_and(|code| code != 4490) {
            return Ok(crs);
        }
        Err(CrsError::Datum(text.chars().take(40).collect()))
    }

    /// The same projection with another datum's ellipsoid: what numbers look like says nothing of the datum.
    pub fn on(&self, datum: Datum) -> Crs {
        let projection = match &self.projection {
            Projection::TransverseMercator(tm) => Projection::TransverseMercator(TransverseMercator::new(
                datum.ellipsoid(),
                tm.central_meridian,
                tm.latitude_of_origin,
                tm.scale,
                tm.false_easting,
                tm.false_northing,
            )),
            other => *other,
        };
        Crs { datum, projection }
    }

    /// Its datum.
    pub fn datum(&self) -> Datum {
        self.datum
    }

    /// Its projection.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// True for longitude and latitude.
    pub fn is_geographic(&self) -> bool {
        self.projection == Projection::Geographic
    }

    /// The EPSG code with these parameters, if there is one. A six-degree zone without prefix that equals a
    /// three-degree one is given the latter's code.
    pub fn epsg(&self) -> Option<u32> {
        let tm = match &self.projection {
            Projection::Geographic => return Some(self.datum.geographic_epsg()),
            Projection::WebMercator => return (self.datum == Datum::Wgs84).then_some(3857),
            Projection::TransverseMercator(tm) => tm,
        };
        if tm.latitude_of_origin != 0.0 {
            return None;
        }
        if let Some((first, zone)) = self.utm() {
            return Some(first + zone);
        }
        if tm.false_northing != 0.0 {
            return None;
        }
        if tm.scale != 1.0 {
            return None;
        }
        ZONES.into_iter().filter(|z| z.0 == self.datum).find_map(|(_, first, zone0, width, prefix)| {
            (0..zones(width)).find_map(|i| {
                let zone = zone0 + i;
                let easting = 500_000.0 + if prefix { f64::from(zone) * 1e6 } else { 0.0 };
                let equal = (tm.central_meridian - central_meridian(width, zone)).abs() < 1e-9
                    && (tm.false_easting - easting).abs() < 1e-6;
                equal.then_some(first + i)
            })
        })
    }

    /// The first code of the UTM series that this is of, and its zone.
    fn utm(&self) -> Option<(u32, u32)> {
        let Projection::TransverseMercator(tm) = &self.projection else { return None };
        let zone = (tm.central_meridian + 183.0) / 6.0;
        if (tm.scale - UTM_SCALE).abs() > 1e-9 || tm.false_easting != 500_000.0 || zone.fract() != 0.0 {
            return None;
        }
        UTM.into_iter().find_map(|(datum, first, (from, to), north)| {
            let fits = datum == self.datum && north == tm.false_northing;
            (fits && (f64::from(from)..=f64::from(to)).contains(&zone)).then_some((first, zone as u32))
        })
    }

    /// Longitude and latitude in degrees → this CRS's numbers; NaN outside its domain.
    pub fn project(&self, lonlat: [f64; 2]) -> [f64; 2] {
        match &self.projection {
            Projection::Geographic => lonlat,
            Projection::TransverseMercator(tm) => tm.project(lonlat),
            Projection::WebMercator => mercator::project(lonlat),
        }
    }

    /// This CRS's numbers → longitude and latitude in degrees on its own datum; NaN outside its domain.
    pub fn unproject(&self, xy: [f64; 2]) -> [f64; 2] {
        match &self.projection {
            Projection::Geographic => xy,
            Projection::TransverseMercator(tm) => tm.unproject(xy),
            Projection::WebMercator => mercator::unproject(xy),
        }
    }

    /// A name for reports: `CGCS2000 / GK CM 111E, prefix 37 (EPSG:4525)`.
    pub fn name(&self) -> String {
        let datum = self.datum.name();
        let plain = match &self.projection {
            Projection::Geographic => format!("{datum} lon/lat"),
            Projection::WebMercator => "Web Mercator".to_owned(),
            Projection::TransverseMercator(tm) => {
                if let Some((_, zone)) = self.utm() {
                    let half = if tm.false_northing == 0.0 { "N" } else { "S" };
                    return self.coded(format!("{datum} / UTM {zone}{half}"));
                }
                let cm = tm.central_meridian;
                let kind = if tm.scale == 1.0 { "GK" } else { "TM" };
                match ((tm.false_easting - 500_000.0) / 1e6).round() as i64 {
                    0 => format!("{datum} / {kind} CM {cm}E"),
                    prefix => format!("{datum} / {kind} CM {cm}E, prefix {prefix}"),
                }
            }
        };
        self.coded(plain)
    }

    fn coded(&self, plain: String) -> String {
        match self.epsg() {
            Some(code) => format!("{plain} (EPSG:{code})"),
            None => plain,
        }
    }
}
