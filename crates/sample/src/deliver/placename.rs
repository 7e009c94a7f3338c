//! 地名: divisions, hills, waters and what the other themes named, as one UTF-8 table.

use super::{Folder, Poi, io_at};
use crate::SampleError;
use crate::city::City;
use crate::facts::{CITY, COUNTIES, HILLS, TOWNS};
use crate::formats::text::{Charset, TextFile, csv_field, lonlat_text};
use crate::partition::county_of;
use crate::plane::{P, from_lonlat, key, mm};
use std::collections::BTreeSet;

pub(super) fn write(city: &City, folder: &mut Folder<'_>, pois: &[Poi]) -> Result<(), SampleError> {
    let name = "04地名/地名点.csv";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut csv = TextFile::create(&path, Charset::Utf8Bom).map_err(&at)?;
    csv.put("地名代码,标准名称,地名类别,行政区划代码,注记级别,经度,纬度\r\n").map_err(&at)?;
    let mut count = 0u64;
    let mut taken: BTreeSet<(i64, i64)> = BTreeSet::new();
    let mut put = |title: &str, kind: &str, rank: i64, p: P| {
        let village = city.partition.village_at(p);
        let division = village.map_or(CITY.0.to_string(), |v| city.partition.villages[v].code.clone());
        let mut p = mm(p);
        while !taken.insert(key(p)) {
            // Two names on one spot: the second stands a metre aside.
            p = mm([p[0] + 1.0, p[1]]);
        }
        count += 1;
        csv.put(&format!(
            "DM4307{count:07},{},{kind},{division},{rank},{}\r\n",
            csv_field(title),
            lonlat_text(p)
        ))
        .map_err(&at)
    };
    put(CITY.1, "地级市", 95, from_lonlat([111.6935, 29.0335]))?;
    for c in COUNTIES {
        put(c.1, "县区", 85, from_lonlat([c.2, c.3]))?;
    }
    for (t, town) in TOWNS.iter().enumerate() {
        let kind = if town.1.ends_with("街道") { "街道" } else { "乡镇" };
        let rank = 60 + 5 * i64::from(town.1.ends_with('镇')) - i64::from(county_of(t) > 1);
        put(town.1, kind, rank, from_lonlat([town.2, town.3]))?;
    }
    for h in HILLS {
        put(h.0, "山", (30.0 + h.3 / 60.0).min(70.0) as i64, from_lonlat([h.1, h.2]))?;
    }
    for lake in &city.water.lakes {
        put(&lake.name, "湖泊", 45, lake.centre)?;
    }
    for river in &city.water.rivers {
        for k in (60..river.line.len()).step_by(220) {
            if city.partition.village_at(river.line[k]).is_some() {
                put(river.name, "河流", 50 - 8 * i64::from(river.class), river.line[k])?;
            }
        }
    }
    for v in &city.partition.villages {
        let kind = if v.name.ends_with("社区") { "社区" } else { "行政村" };
        put(&v.name, kind, 30, v.place)?;
    }
    for poi in pois {
        let rank = match poi.kind {
            "车站" => 58,
            "医院" => 40,
            "学校" => 34,
            "公园" => 38,
            "旅游景点" => 30,
            "商场" => 26,
            "工业园区" => 22,
            _ => 15,
        };
        put(&poi.name, poi.kind, rank, poi.p)?;
    }
    csv.finish().map_err(&at)?;
    folder.note(name, "placename.place", count);
    Ok(())
}
