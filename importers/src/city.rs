//! The city whose data come in: its name, where it lies, the plane coordinates that are usual in it.

use crate::notes::both;
use ditu_crs::detect::{self, Usual};
use ditu_crs::{Crs, Datum, Projection};
use ditu_model::{Bounds, Text};

/// How far outside the city (degrees) data may reach and still be the city's.
pub(crate) const MARGIN: f64 = 0.25;

/// Where Chinese survey zones are the likely ones, as longitude and latitude around the mainland, Hainan and Taiwan.
/// Coarse on purpose, within a degree: it only chooses a default, and a city says its zones itself where this is wrong.
const CHINA: [[f64; 2]; 34] = [
    [73.5, 39.5],
    [80.2, 42.2],
    [80.0, 45.0],
    [82.5, 45.5],
    [82.5, 47.2],
    [85.5, 47.2],
    [87.5, 49.2],
    [91.0, 45.3],
    [96.0, 42.8],
    [105.0, 41.6],
    [110.5, 43.0],
    [111.7, 45.2],
    [115.5, 45.6],
    [119.8, 46.8],
    [115.6, 47.8],
    [117.0, 49.7],
    [121.0, 53.5],
    [125.5, 53.2],
    [130.8, 48.0],
    [135.0, 48.4],
    [131.0, 44.8],
    [130.6, 42.4],
    [126.0, 41.2],
    [124.2, 39.8],
    [123.0, 31.0],
    [122.5, 24.5],
    [120.5, 21.5],
    [111.0, 17.8],
    [108.2, 18.5],
    [108.0, 21.6],
    [104.0, 22.7],
    [101.5, 21.1],
    [97.5, 24.5],
    [98.6, 27.6],
];
/// The southern border in Tibet, which the list above leaves out where it runs back to its first point.
const TIBET: [[f64; 2]; 9] = [
    [98.6, 27.6],
    [92.0, 26.9],
    [88.8, 27.4],
    [85.0, 28.4],
    [81.2, 30.2],
    [78.6, 31.4],
    [79.0, 33.0],
    [78.0, 35.4],
    [74.5, 37.0],
];

/// A city.
#[derive(Clone, Debug, PartialEq)]
pub struct City {
    /// What people call it.
    pub name: Text,
    /// Its box in degrees, by which numbers without a CRS are recognised and stray features found.
    pub bounds: Bounds,
    /// Plane CRSs that are usual in it, the most usual first.
    pub zones: Vec<Crs>,
    usual: Vec<Usual>,
}

impl City {
    /// A city with the zones of its place: in China the three-degree Gauss–Krüger zone of its middle without and with
    /// the zone number before eastings, elsewhere the UTM zone.
    pub fn new(name: Text, bounds: Bounds) -> City {
        let [lon, lat] = [0, 1].map(|i| (bounds.min[i] + bounds.max[i]) / 2.0);
        let zones = if in_china([lon, lat]) {
            let zone = (lon / 3.0).round() as u32;
            let gk = |prefix| Crs::gauss_kruger(Datum::Cgcs2000, f64::from(3 * zone), prefix);
            vec![gk(None), gk(Some(zone))]
        } else {
            let zone = ((lon + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u32 + 1;
            let first = if lat < 0.0 { 32700 } else { 32600 };
            Crs::from_epsg(first + zone).into_iter().collect()
        };
        City::with_zones(name, bounds, zones)
    }

    /// A city with zones of its own.
    pub fn with_zones(name: Text, bounds: Bounds, zones: Vec<Crs>) -> City {
        let usual = if is_chinese(&zones) { detect::in_china() } else { detect::elsewhere(&zones) };
        City { name, bounds, zones, usual }
    }

    /// True where surveys are China's: the old datums, Gauss–Krüger zones and the offset of internet maps can occur.
    pub fn is_chinese(&self) -> bool {
        is_chinese(&self.zones)
    }

    /// The usual CRSs that put numbers (min x, min y, max x, max y) on the city, best first.
    pub(crate) fn candidates(&self, numbers: [f64; 4]) -> Vec<detect::Candidate> {
        let b = &self.bounds;
        detect::candidates(numbers, [b.min[0], b.min[1], b.max[0], b.max[1]], &self.usual)
    }

    /// The box with the margin that data may reach beyond it.
    pub(crate) fn wide(&self) -> Bounds {
        let b = &self.bounds;
        Bounds::new(b.min[0] - MARGIN, b.min[1] - MARGIN, b.max[0] + MARGIN, b.max[1] + MARGIN)
    }

    /// True where a box meets the city or what is close around it.
    pub(crate) fn meets(&self, other: &Bounds) -> bool {
        self.wide().intersects(other)
    }

    /// `常德（110.48～112.3°E，28.4～30.13°N）`, for messages.
    pub fn described(&self) -> Text {
        let extent = extent(&self.bounds);
        both(format!("{}（{}）", self.name.zh, extent.zh), format!("{} ({})", self.name.en, extent.en))
    }

    /// Codes of its zones as a person writes them: `EPSG:4546, EPSG:4525`.
    pub fn codes(&self) -> String {
        let all: Vec<String> =
            self.zones.iter().filter_map(Crs::epsg).map(|code| format!("EPSG:{code}")).collect();
        all.join(", ")
    }
}

fn is_chinese(zones: &[Crs]) -> bool {
    zones.iter().any(|z| matches!(z.datum(), Datum::Cgcs2000 | Datum::Xian80 | Datum::Beijing54))
}

/// True for a zone that a city can offer: plane, and led to CGCS2000 without control.
pub fn can_offer(crs: &Crs) -> bool {
    matches!(crs.projection(), Projection::TransverseMercator(_))
        && ditu_crs::Transform::to_geographic(crs, &Crs::CGCS2000).is_ok()
}

/// The usual CRSs that put numbers (min x, min y, max x, max y) on a city, best first. Without a city only degrees in or
/// near China are evidence.
pub(crate) fn candidates(city: Option<&City>, numbers: [f64; 4]) -> Vec<detect::Candidate> {
    let Some(city) = city else {
        let found = detect::candidates(numbers, [73.0, 3.0, 136.0, 54.0], &detect::in_china());
        return found.into_iter().filter(|c| c.crs.is_geographic() && c.confidence > 0.9).collect();
    };
    city.candidates(numbers)
}

/// What to do where a delivery lies beside the city: it may be another city's installation.
pub(crate) fn cure() -> Text {
    both(
        "若本系统用于另一座城市，在工作目录的 ditu.toml 写明 [city] 的 name 和 box",
        "if this installation is for another city, say so in ditu.toml in the working folder: [city] with name and box",
    )
}

/// A box in words: `110.48～112.3°E，28.4～30.13°N`.
pub(crate) fn extent(b: &Bounds) -> Text {
    let side = |v: f64, [plus, minus]: [char; 2]| {
        let rounded = (v * 1e4).round() / 1e4;
        format!("{}°{}", rounded.abs(), if rounded < 0.0 { minus } else { plus })
    };
    let (w, e) = (side(b.min[0], ['E', 'W']), side(b.max[0], ['E', 'W']));
    let (s, n) = (side(b.min[1], ['N', 'S']), side(b.max[1], ['N', 'S']));
    both(format!("{w}～{e}，{s}～{n}"), format!("{w} to {e}, {s} to {n}"))
}

/// Even–odd rule over the border.
fn in_china([lon, lat]: [f64; 2]) -> bool {
    let ring: Vec<[f64; 2]> = CHINA.into_iter().chain(TIBET.into_iter().skip(1)).collect();
    let mut inside = false;
    let mut before = ring[ring.len() - 1];
    for p in ring {
        if (p[1] > lat) != (before[1] > lat) {
            let x = p[0] + (lat - p[1]) / (before[1] - p[1]) * (before[0] - p[0]);
            inside ^= lon < x;
        }
        before = p;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(lon: f64, lat: f64) -> City {
        City::new(both("某市", "A city"), Bounds::new(lon - 0.2, lat - 0.2, lon + 0.2, lat + 0.2))
    }

    #[test]
    fn a_city_of_china_has_its_three_degree_zone_and_any_other_its_utm_zone() {
        for (lon, lat, codes) in [
            (111.39, 29.27, "EPSG:4546, EPSG:4525"),
            (87.6, 43.8, "EPSG:4538, EPSG:4517"),
            (91.1, 29.65, "EPSG:4539, EPSG:4518"),
            (126.6, 45.8, "EPSG:4551, EPSG:4530"),
            (110.3, 20.0, "EPSG:4546, EPSG:4525"),
            (121.5, 25.0, "EPSG:4550, EPSG:4529"),
            (76.0, 39.5, "EPSG:4534, EPSG:4513"),
            (14.98, 51.15, "EPSG:32633"),
            (106.9, 47.9, "EPSG:32648"),
            (105.85, 21.03, "EPSG:32648"),
            (127.0, 37.55, "EPSG:32652"),
            (85.3, 27.7, "EPSG:32645"),
            (76.9, 43.25, "EPSG:32643"),
            (77.2, 28.6, "EPSG:32643"),
            (31.05, -17.83, "EPSG:32736"),
            (-179.9, 0.5, "EPSG:32601"),
        ] {
            let city = around(lon, lat);
            assert_eq!(city.codes(), codes, "{lon} {lat}");
            assert_eq!(city.is_chinese(), city.zones[0].datum() == Datum::Cgcs2000);
        }
    }

    #[test]
    fn a_box_is_said_by_its_sides() {
        assert_eq!(extent(&Bounds::new(-0.25, -1.5, 112.3, 30.13)).en, "0.25°W to 112.3°E, 1.5°S to 30.13°N");
    }

    #[test]
    fn only_plane_zones_on_a_modern_datum_can_be_offered() {
        for (code, wanted) in [(4546, true), (25833, true), (4490, false), (3857, false), (2370, false)] {
            assert_eq!(can_offer(&Crs::from_epsg(code).expect("known")), wanted, "{code}");
        }
    }
}
