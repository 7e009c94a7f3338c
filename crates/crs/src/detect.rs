//! Which CRS could these numbers be in? Recognised by trying every zone and seeing what falls on the city.
//!
//! Numbers tell the projection, never the datum: one place differs by tens of metres between CGCS2000, Xian 1980 and
//! Beijing 1954. Candidates in China are therefore all given as CGCS2000, and whoever asks must know the datum otherwise.

use crate::crs::Crs;
use crate::ellipsoid::Datum;

/// A CRS that puts the numbers on the city.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The CRS, on CGCS2000 (UTM and web Mercator on WGS 84).
    pub crs: Crs,
    /// True when the first number is the northing (or latitude).
    pub swapped: bool,
    /// 0 to 1: how much of the numbers' box falls in the city, lowered for what offices rarely use.
    pub confidence: f64,
    /// Where the numbers fall: west, south, east, north in degrees.
    pub lonlat: [f64; 4],
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
}

/// How far beyond the city's box (degrees) data may reach and still be the city's.
const MARGIN: f64 = 0.25;

/// A CRS that is tried, with how usual it is: 0 to 1.
pub type Usual = (Crs, f64);

/// All usual CRSs in which the box of the numbers (min x, min y, max x, max y) meets the city (west, south, east, north
/// in degrees), best first.
pub fn candidates(numbers: [f64; 4], city: [f64; 4], usual: &[Usual]) -> Vec<Candidate> {
    let mut found = Vec::new();
    if !numbers.iter().all(|n| n.is_finite()) {
        return found;
    }
    for swapped in [false, true] {
        let n = if swapped { [numbers[1], numbers[0], numbers[3], numbers[2]] } else { numbers };
        for (crs, weight) in usual {
            if let Some((share, lonlat)) = placed(crs, n, city) {
                let axes = if swapped {
                    ("，首列为纵坐标", ", first number is the northing")
                } else {
                    ("", "")
                };
                found.push(Candidate {
                    zh: format!("按 {} 落在本市范围内{}", crs.name(), axes.0),
                    en: format!("falls on the city as {}{}", crs.name(), axes.1),
                    crs: *crs,
                    swapped,
                    confidence: share * weight,
                    lonlat,
                });
            }
        }
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

/// What survey files of China come in. A six-degree zone without prefix whose meridian is also a three-degree one's
/// gives the same numbers and is left out.
pub fn in_china() -> Vec<Usual> {
    let gk = |cm: u32, prefix| Crs::gauss_kruger(Datum::Cgcs2000, f64::from(cm), prefix);
    let mut all = vec![(Crs::CGCS2000, 1.0)];
    all.extend((25..=45).flat_map(|z| [(gk(3 * z, Some(z)), 1.0), (gk(3 * z, None), 1.0)]));
    all.extend((13..=23).map(|z| (gk(6 * z - 3, Some(z)), 1.0)));
    all.extend([32648, 32649, 32650].into_iter().filter_map(Crs::from_epsg).map(|c| (c, 0.1)));
    all.extend(Crs::from_epsg(3857).map(|c| (c, 0.9)));
    all
}

/// What files of a city elsewhere come in: degrees, web Mercator and the zones that it uses.
pub fn elsewhere(zones: &[Crs]) -> Vec<Usual> {
    let mut all: Vec<Usual> = Crs::from_epsg(4326).map(|c| (c, 1.0)).into_iter().collect();
    all.extend(zones.iter().filter(|c| !c.is_geographic()).map(|c| (*c, 1.0)));
    all.extend(Crs::from_epsg(3857).map(|c| (c, 0.9)));
    all
}

/// The share of a 5 × 5 grid over the box that falls on the city, and where the box lies.
fn placed(crs: &Crs, n: [f64; 4], city: [f64; 4]) -> Option<(f64, [f64; 4])> {
    let mut box_ = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let mut inside = 0;
    for i in 0..25 {
        let (u, v) = (f64::from(i % 5) / 4.0, f64::from(i / 5) / 4.0);
        let p = crs.unproject([n[0] + (n[2] - n[0]) * u, n[1] + (n[3] - n[1]) * v]);
        if p[0].is_nan() {
            continue;
        }
        box_ = [box_[0].min(p[0]), box_[1].min(p[1]), box_[2].max(p[0]), box_[3].max(p[1])];
        let near = p[0] >= city[0] - MARGIN && p[0] <= city[2] + MARGIN;
        inside += i32::from(near && p[1] >= city[1] - MARGIN && p[1] <= city[3] + MARGIN);
    }
    (inside > 0).then(|| (f64::from(inside) / 25.0, box_))
}
