//! The city of this installation: the table `[city]` of `ditu.toml`, or the home case. Nothing else says where it is.

use ditu_crs::{Crs, Projection, mercator};
use ditu_importers::{City, can_offer};
use ditu_model::{Bounds, Text};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use toml::{Table, Value};

/// Where maps open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// Longitude and latitude in degrees.
    pub(crate) centre: [f64; 2],
    pub(crate) zoom: f64,
}

/// The city and how its maps open.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) city: Arc<City>,
    pub(crate) view: View,
    /// False for the home case, which nobody asked for.
    pub(crate) stated: bool,
}

/// The zooms that the pages have.
const ZOOMS: std::ops::RangeInclusive<f64> = 4.0..=21.0;
/// CSS pixels of a map on the smallest desk, and of a tile at zoom 0: what a view has room for.
const SCREEN: [f64; 2] = [1000.0, 600.0];
const TILE: f64 = 512.0;

impl Default for Home {
    /// Changde, with what lies close around it.
    fn default() -> Home {
        let city = City::new(Text::new("常德市", "Changde"), Bounds::new(110.48, 28.40, 112.30, 30.13));
        Home { city: Arc::new(city), view: View { centre: [111.6985, 29.0316], zoom: 11.0 }, stated: false }
    }
}

impl Home {
    /// Reads `[city]`: `name` and `box` are wanted, `view` and `zones` follow from the box where they are left out.
    ///
    /// # Errors
    /// The key, what is wrong with it, and how it is written.
    pub(crate) fn read(value: &Value) -> Result<Home, Text> {
        let Value::Table(table) = value else {
            return Err(Text::new(
                "city 应是表：写 [city]，下面写 name 和 box",
                "city is a table: write [city], and name and box below it",
            ));
        };
        known("city", table, &["name", "box", "view", "zones"])?;
        let name = name(table.get("name"))?;
        let bounds = bounds(table.get("box"))?;
        let city = match table.get("zones") {
            Some(value) => City::with_zones(name, bounds, zones(value)?),
            None => City::new(name, bounds),
        };
        let view = match table.get("view") {
            Some(value) => view(value, &bounds)?,
            None => fitting(&bounds),
        };
        Ok(Home { city: Arc::new(city), view, stated: true })
    }

    /// As the pages read it.
    pub(crate) fn json(&self) -> Json {
        let b = &self.city.bounds;
        let zones: Vec<Json> = self.city.zones.iter().filter_map(zone).collect();
        json!({
            "name": {"zh": self.city.name.zh, "en": self.city.name.en},
            "box": [b.min[0], b.min[1], b.max[0], b.max[1]],
            "view": {"center": self.view.centre, "zoom": self.view.zoom},
            "zones": zones,
        })
    }
}

/// Refuses keys that nothing reads: a key that is written wrong would else be passed over in silence.
pub(crate) fn known(of: &str, table: &Table, keys: &[&str]) -> Result<(), Text> {
    let Some(key) = table.keys().find(|k| !keys.contains(&k.as_str())) else { return Ok(()) };
    let dot = if of.is_empty() { "" } else { "." };
    Err(Text::new(
        format!("没有 {of}{dot}{key} 这个键；可写 {}", keys.join("、")),
        format!("there is no key {of}{dot}{key}; the keys are {}", keys.join(", ")),
    ))
}

fn name(value: Option<&Value>) -> Result<Text, Text> {
    let wrong = || {
        Text::new(
            "city.name 应是城市名：name = \"格尔利茨\"，或 name = { zh = \"格尔利茨\", en = \"Görlitz\" }",
            "city.name is the city's name: name = \"Görlitz\", or name = { zh = \"格尔利茨\", en = \"Görlitz\" }",
        )
    };
    let text = |v: &Value| v.as_str().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    match value {
        Some(Value::Table(both)) => {
            known("city.name", both, &["zh", "en"])?;
            let of = |key| both.get(key).and_then(text).ok_or_else(wrong);
            Ok(Text::new(of("zh")?, of("en")?))
        }
        Some(value) => text(value).map(|t| Text::new(t.clone(), t)).ok_or_else(wrong),
        None => Err(wrong()),
    }
}

fn number(value: &Value) -> Option<f64> {
    let n = value.as_float().or_else(|| value.as_integer().map(|i| i as f64));
    n.filter(|n| n.is_finite())
}

fn numbers<const N: usize>(value: Option<&Value>) -> Option<[f64; N]> {
    let all: Vec<f64> = value?.as_array()?.iter().map(number).collect::<Option<_>>()?;
    all.try_into().ok()
}

fn bounds(value: Option<&Value>) -> Result<Bounds, Text> {
    let fits = |[w, s, e, n]: &[f64; 4]| {
        w < e
            && s < n
            && *w >= -180.0
            && *e <= 180.0
            && *s >= -mercator::LAT_LIMIT
            && *n <= mercator::LAT_LIMIT
    };
    let [w, s, e, n] = numbers::<4>(value).filter(fits).ok_or_else(|| {
        Text::new(
            "city.box 应是四个度数，依次为西、南、东、北，西小于东、南小于北：box = [14.88, 51.08, 15.06, 51.22]",
            "city.box is four numbers in degrees: west, south, east, north, with west below east and south below north: box = [14.88, 51.08, 15.06, 51.22]",
        )
    })?;
    Ok(Bounds::new(w, s, e, n))
}

fn view(value: &Value, bounds: &Bounds) -> Result<View, Text> {
    let wrong = || {
        Text::new(
            "city.view 应是起始视图，中心在 city.box 之内，级别 4～21：view = { centre = [14.987, 51.153], zoom = 13 }",
            "city.view is where maps open, its centre inside city.box, its zoom 4 to 21: view = { centre = [14.987, 51.153], zoom = 13 }",
        )
    };
    let table = value.as_table().ok_or_else(wrong)?;
    known("city.view", table, &["centre", "zoom"])?;
    let fit = fitting(bounds);
    let centre = match table.get("centre") {
        Some(value) => numbers::<2>(Some(value)).ok_or_else(wrong)?,
        None => fit.centre,
    };
    let zoom = match table.get("zoom") {
        Some(value) => number(value).ok_or_else(wrong)?,
        None => fit.zoom,
    };
    let inside = bounds.contains(&Bounds::new(centre[0], centre[1], centre[0], centre[1]));
    if inside && ZOOMS.contains(&zoom) { Ok(View { centre, zoom }) } else { Err(wrong()) }
}

/// The view that holds a box.
fn fitting(b: &Bounds) -> View {
    let (a, z) = (mercator::to_world(b.min), mercator::to_world(b.max));
    let room = |i: usize| (SCREEN[i] / TILE / (z[i] - a[i]).abs().max(1e-9)).log2();
    let zoom = (room(0).min(room(1)) * 10.0).floor() / 10.0;
    let centre = mercator::from_world([(a[0] + z[0]) / 2.0, (a[1] + z[1]) / 2.0]);
    View { centre: centre.map(|v| (v * 1e5).round() / 1e5), zoom: zoom.clamp(*ZOOMS.start(), *ZOOMS.end()) }
}

fn zones(value: &Value) -> Result<Vec<Crs>, Text> {
    let wrong = |what: String| {
        Text::new(
            format!(
                "city.zones 应是平面坐标系的 EPSG 代码，常用的写在前，基准为 CGCS2000、WGS 84 或 ETRS89：zones = [25833]{what}"
            ),
            format!(
                "city.zones lists EPSG codes of plane CRSs on CGCS2000, WGS 84 or ETRS89, the most usual first: zones = [25833]{what}"
            ),
        )
    };
    let list = value.as_array().filter(|l| !l.is_empty()).ok_or_else(|| wrong(String::new()))?;
    let of = |value: &Value| {
        let said = match value {
            Value::String(text) => text.clone(),
            Value::Integer(code) => code.to_string(),
            _ => return Err(wrong(String::new())),
        };
        let code = said.trim_start_matches("EPSG:").parse().ok();
        code.and_then(Crs::from_epsg).filter(can_offer).ok_or_else(|| wrong(format!(" ({said})")))
    };
    list.iter().map(of).collect()
}

/// A zone as the pages compute and name it; `zone` is the number that stands before eastings.
fn zone(crs: &Crs) -> Option<Json> {
    let (epsg, Projection::TransverseMercator(tm)) = (crs.epsg()?, crs.projection()) else { return None };
    let prefix = ((tm.false_easting - 500_000.0) / 1e6).round();
    let title = if tm.scale != 1.0 {
        let name = crs.name();
        let short = name.split(" (").next().unwrap_or(&name).to_owned();
        Text::new(format!("{short} EPSG:{epsg}"), format!("{short}, EPSG:{epsg}"))
    } else if prefix == 0.0 {
        // A zone without a number is the three-degree one where both widths have the meridian.
        let width = if tm.central_meridian.rem_euclid(3.0) == 0.0 { 3 } else { 6 };
        Text::new(
            format!("{width}° 带（不含带号）EPSG:{epsg}"),
            format!("{width}° zone, no zone number, EPSG:{epsg}"),
        )
    } else {
        let width = if prefix < 24.0 { 6 } else { 3 };
        Text::new(
            format!("{width}° {prefix} 带（含带号）EPSG:{epsg}"),
            format!("{width}° zone {prefix}, with zone number, EPSG:{epsg}"),
        )
    };
    Some(json!({
        "epsg": epsg,
        "title": {"zh": title.zh, "en": title.en},
        "meridian": tm.central_meridian,
        "scale": tm.scale,
        "easting": tm.false_easting,
        "northing": tm.false_northing,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Home, Text> {
        let table: Table = toml::from_str(text).expect("TOML");
        Home::read(&table["city"])
    }

    #[test]
    fn a_city_needs_its_name_and_box_and_the_rest_follows() {
        let home = read("[city]\nname = \"Görlitz\"\nbox = [14.88, 51.08, 15.06, 51.22]").expect("a city");
        assert_eq!(home.city.name, Text::new("Görlitz", "Görlitz"));
        assert!(!home.city.is_chinese());
        assert!((home.view.centre[0] - 14.97).abs() < 1e-5 && (home.view.centre[1] - 51.15).abs() < 0.01);
        assert_eq!(home.view.zoom, 10.8);
        let json = home.json();
        assert_eq!(json["zones"][0]["epsg"], 32633);
        assert_eq!(json["zones"][0]["title"]["zh"], "WGS 84 / UTM 33N EPSG:32633");
        assert_eq!(json["zones"][0]["meridian"], 15.0);
    }

    #[test]
    fn the_home_case_has_its_zones_without_and_with_number() {
        let json = Home::default().json();
        let titles: Vec<&str> = json["zones"]
            .as_array()
            .expect("zones")
            .iter()
            .filter_map(|z| z["title"]["en"].as_str())
            .collect();
        assert_eq!(titles, ["3° zone, no zone number, EPSG:4546", "3° zone 37, with zone number, EPSG:4525"]);
        let six = read("city = { name = 'x', box = [110, 28, 112, 30], zones = [4499, 'EPSG:4526'] }")
            .expect("zones");
        assert_eq!(six.json()["zones"][0]["title"]["zh"], "6° 21 带（含带号）EPSG:4499");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key() {
        let town = "name = 'x'\nbox = [14.88, 51.08, 15.06, 51.22]\n";
        for (text, key) in [
            ("city = [110.0, 28.0, 112.0, 30.0]".to_owned(), "city is a table"),
            ("[city]\nbox = [14.88, 51.08, 15.06, 51.22]".to_owned(), "city.name"),
            ("[city]\nname = ''\nbox = [14.88, 51.08, 15.06, 51.22]".to_owned(), "city.name"),
            ("[city]\nname = { zh = 'x' }\nbox = [14.88, 51.08, 15.06, 51.22]".to_owned(), "city.name"),
            ("[city]\nname = 'x'".to_owned(), "city.box"),
            ("[city]\nname = 'x'\nbox = [15.06, 51.08, 14.88, 51.22]".to_owned(), "city.box"),
            ("[city]\nname = 'x'\nbox = [15.06, 51.08, 16, 91]".to_owned(), "city.box"),
            ("[city]\nname = 'x'\nbox = [nan, 51.08, 16, 52]".to_owned(), "city.box"),
            (format!("[city]\n{town}view = {{ centre = [111.7, 29.0] }}"), "city.view"),
            (format!("[city]\n{town}view = {{ zoom = 30 }}"), "city.view"),
            (format!("[city]\n{town}view = {{ center = [15, 51.1] }}"), "city.view.center"),
            (format!("[city]\n{town}zones = []"), "city.zones"),
            (format!("[city]\n{town}zones = [4326]"), "(4326)"),
            (format!("[city]\n{town}zones = [2370]"), "(2370)"),
            (format!("[city]\n{town}zone = [25833]"), "city.zone"),
        ] {
            let said = read(&text).expect_err(&text);
            assert!(said.en.contains(key), "{text}: {said:?}");
            assert!(said.zh.chars().any(|c| c > '\u{2e80}'), "{said:?}");
        }
    }
}
