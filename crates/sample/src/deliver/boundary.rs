//! 境界: areas of all levels and the lines between them, as GeoJSON.

use super::{Folder, io_at};
use crate::SampleError;
use crate::city::City;
use crate::facts::{CITY, COUNTIES, TOWNS};
use crate::formats::text::GeoJson;
use crate::partition::county_of;
use crate::plane::area;
use serde_json::json;

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let part = &city.partition;
    let name = "07境界/行政区.geojson";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut out = GeoJson::create(&path, "行政区").map_err(&at)?;
    let mut put =
        |code: &str, title: &str, level: &str, parent: &str, seat: &str, is_in: &dyn Fn(usize) -> bool| {
            let polygons = part.polygons(is_in);
            if polygons.is_empty() {
                return Ok(());
            }
            let km2: f64 = polygons.iter().flatten().map(|r| area(r)).sum::<f64>() / 1e6;
            let properties = json!({
                "行政区代码": code, "行政区名称": title, "级别": level, "上级代码": parent, "政府驻地": seat,
                "面积(平方公里)": (km2 * 1000.0).round() / 1000.0,
            });
            out.polygons(&properties, &polygons).map_err(&at)
        };
    put(CITY.0, CITY.1, "地级", "430000", "武陵区", &|_| true)?;
    for (c, county) in COUNTIES.iter().enumerate() {
        put(county.0, county.1, "县级", CITY.0, "", &|v| county_of(part.villages[v].town) == c)?;
    }
    for (t, town) in TOWNS.iter().enumerate() {
        put(town.0, town.1, "乡级", parent(t), "", &|v| part.villages[v].town == t)?;
    }
    for (i, village) in part.villages.iter().enumerate() {
        put(&village.code, &village.name, "村级", &village.code[..9], "", &|v| v == i)?;
    }
    let count = out.finish().map_err(&at)?;
    folder.note(name, "boundary.area", count);

    let name = "07境界/境界线.geojson";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut out = GeoJson::create(&path, "境界线").map_err(&at)?;
    for arc in &part.arcs {
        let village = |i: i32| usize::try_from(i).ok().map(|i| &part.villages[i]);
        let (l, r) = (village(arc.left), village(arc.right));
        let level = match (l, r) {
            (Some(a), Some(b)) if a.town == b.town => "村级",
            (Some(a), Some(b)) if county_of(a.town) == county_of(b.town) => "乡级",
            (Some(_), Some(_)) => "县级",
            _ => "地级",
        };
        let code = |v: Option<&crate::partition::Village>| {
            let v = v?;
            Some(match level {
                "村级" => v.code.clone(),
                "乡级" => TOWNS[v.town].0.to_string(),
                "县级" => COUNTIES[county_of(v.town)].0.to_string(),
                _ => CITY.0.to_string(),
            })
        };
        let properties =
            json!({ "界线类型": level, "界线性质": "已定界", "左侧代码": code(l), "右侧代码": code(r) });
        out.line(&properties, &arc.line).map_err(&at)?;
    }
    let count = out.finish().map_err(&at)?;
    folder.note(name, "boundary.line", count);
    Ok(())
}

/// The code above a town's: its county, or the city for those of the statistical 430771, which is no county.
fn parent(town: usize) -> &'static str {
    let code = TOWNS[town].0;
    if code.starts_with("430771") { CITY.0 } else { &code[..6] }
}
