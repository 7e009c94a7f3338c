//! Which column is which field, and which columns hold coordinates.

use super::pairs;
use crate::normal;
use ditu_model::{Field, LayerDef};
use encoding_rs::GB18030;
use std::borrow::Cow;

/// Between a column's name and its second, longer one.
pub(crate) const OR: &str = " | ";

/// How much a column is trusted to mean a field, by the better of its names.
fn trust(field: &Field, column: &str) -> Option<usize> {
    squeezed(column).split(OR).filter_map(|name| trust_name(field, name)).min()
}

/// A heading as it is meant, without the spaces and line breaks that people put between Chinese characters to fill a cell.
fn squeezed(column: &str) -> Cow<'_, str> {
    let wide = |c: char| c.is_whitespace();
    if column.is_ascii() {
        return column.into();
    }
    let column = normal::code(column);
    if !column.trim().contains(wide) || column.contains(OR) {
        return column;
    }
    column.replace(wide, "").into()
}

/// How much a name is trusted to mean a field: the place of the name in the field's list, least is best.
fn trust_name(field: &Field, column: &str) -> Option<usize> {
    if !field.is_called(column) {
        return None;
    }
    let bare = column.split(['(', '（', '[']).next().unwrap_or(column).trim();
    // What an office calls the field goes before what programs call anything (KML's own `Name`).
    let names =
        [&field.title.zh].into_iter().chain(&field.aliases).chain([&field.name, &field.title.en]).enumerate();
    let same = |n: &str| n.eq_ignore_ascii_case(bare) || n.eq_ignore_ascii_case(column.trim());
    names.filter(|(_, n)| same(n)).map(|(rank, _)| rank).min()
}

/// The same for a dBASE name that was cut at ten bytes, perhaps inside a character.
fn trust_cut(field: &Field, column: &str) -> Option<usize> {
    let column = &*normal::code(column);
    let bytes = GB18030.encode(column).0.len();
    if !(8..=10).contains(&bytes) || column.chars().count() < 4 {
        return None;
    }
    let column = column.to_lowercase();
    let names = [&field.title.zh, &field.title.en].into_iter().chain(&field.aliases);
    let cut = |n: &&String| n.to_lowercase().starts_with(&column) && GB18030.encode(n).0.len() > 10;
    names.enumerate().find(|(_, n)| cut(n)).map(|(rank, _)| 10_000 + rank)
}

/// For every field of a layer the column that holds it. A column serves one field, the one it is trusted most for.
pub(crate) fn map(layer: &LayerDef, columns: &[String], cut_names: bool) -> Vec<Option<usize>> {
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (f, field) in layer.fields.iter().enumerate() {
        for (c, column) in columns.iter().enumerate() {
            let rank = trust(field, column).or_else(|| cut_names.then(|| trust_cut(field, column)).flatten());
            if let Some(rank) = rank {
                pairs.push((rank, f, c));
            }
        }
    }
    pairs.sort_unstable();
    let mut mapping = vec![None; layer.fields.len()];
    let mut used = vec![false; columns.len()];
    for (_, field, column) in pairs {
        if mapping[field].is_none() && !used[column] {
            mapping[field] = Some(column);
            used[column] = true;
        }
    }
    mapping
}

const LONGITUDE: &[&str] = &[
    "经度",
    "lon",
    "lng",
    "long",
    "longitude",
    "经",
    "lon_dd",
    "大地经度",
    "gps_lon",
    "longitude_e",
    "东经",
    "经度e",
    "gps经度",
    "经度坐标",
    "wgs84经度",
    "经度值",
];
const LATITUDE: &[&str] = &[
    "纬度",
    "lat",
    "latitude",
    "纬",
    "lat_dd",
    "大地纬度",
    "gps_lat",
    "latitude_n",
    "北纬",
    "纬度n",
    "gps纬度",
    "纬度坐标",
    "wgs84纬度",
    "纬度值",
];
const X: &[&str] = &[
    "x坐标",
    "x",
    "纵坐标",
    "北坐标",
    "x2000",
    "x_2000",
    "xzbz",
    "n",
    "north",
    "northing",
    "n坐标",
    "坐标x",
    "x_coord",
    "coord_x",
    "point_x",
    "x坐标值",
    "x值",
    "xzb",
    "纵坐标x",
    "平面坐标x",
    "2000坐标x",
    "cgcs2000_x",
    "cgcs2000x",
    "北坐标n",
    "北坐标x",
];
const Y: &[&str] = &[
    "y坐标",
    "y",
    "横坐标",
    "东坐标",
    "y2000",
    "y_2000",
    "yzbz",
    "e",
    "east",
    "easting",
    "e坐标",
    "坐标y",
    "y_coord",
    "coord_y",
    "point_y",
    "y坐标值",
    "y值",
    "yzb",
    "横坐标y",
    "平面坐标y",
    "2000坐标y",
    "cgcs2000_y",
    "cgcs2000y",
    "东坐标e",
    "东坐标y",
];
const WKT: &[&str] = &["wkt", "geometry", "geom", "the_geom", "shape_wkt"];

fn find(columns: &[String], names: &[&str]) -> Option<usize> {
    let bare = |c: &str| c.split(['(', '（', '[']).next().unwrap_or(c).trim().to_lowercase();
    names.iter().find_map(|n| columns.iter().position(|c| squeezed(c).split(OR).any(|c| bare(c) == *n)))
}

/// The columns that hold coordinates as far as headings tell, the one called longitude or X first. Which of X and Y is
/// the northing is for the numbers to say, and which of several pairs is meant for [`super::pairs`].
pub(crate) fn coordinates(columns: &[String]) -> Option<(usize, usize)> {
    let pair = |a, b| Some((find(columns, a)?, find(columns, b)?));
    let other = || {
        let all = pairs::by_heading(columns);
        all.into_iter().find(|p| p.named == pairs::Named::Plainly).map(|p| p.columns)
    };
    pair(LONGITUDE, LATITUDE).or_else(|| pair(X, Y)).or_else(other)
}

/// Which axis a heading is called by: 0 longitude, 1 latitude, 2 X, 3 Y.
pub(super) fn axis(column: &str) -> Option<usize> {
    let one = std::slice::from_ref;
    let column = column.to_owned();
    [LONGITUDE, LATITUDE, X, Y].iter().position(|names| find(one(&column), names).is_some())
}

/// True when a column says that its degrees are written as degrees, minutes and seconds.
pub(crate) fn is_sexagesimal(column: &str) -> bool {
    let column = column.to_uppercase();
    column.contains("DMS") || column.contains("度分秒")
}

/// The column that holds shapes as well-known text.
pub(crate) fn wkt(columns: &[String]) -> Option<usize> {
    find(columns, WKT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn degrees_go_before_plane_coordinates() {
        let columns = names(&["X坐标(m)", "Y坐标(m)", "经度", "纬度"]);
        assert_eq!(coordinates(&columns), Some((2, 3)));
        assert_eq!(coordinates(&columns[..2]), Some((0, 1)));
        assert_eq!(coordinates(&columns[1..3]), None);
        // Spread over a cell, or broken over two lines.
        assert_eq!(coordinates(&names(&["经 度", "纬　度"])), Some((0, 1)));
        let layers = crate::tests::layers();
        let stop = layers.named("transport.stop").unwrap();
        let mapping = map(stop, &names(&["站台\n编号", "站 名"]), false);
        assert_eq!(
            (mapping[stop.field("code").unwrap()], mapping[stop.field("name").unwrap()]),
            (Some(0), Some(1))
        );
    }

    #[test]
    fn the_name_listed_first_wins_and_no_column_serves_two_fields() {
        let layers = crate::tests::layers();
        let road = layers.named("transport.road").unwrap();
        let columns = names(&["NAME", "DLMC", "路段编号"]);
        let mapping = map(road, &columns, false);
        assert_eq!(mapping[road.field("name").unwrap()], Some(1));
        let mut used: Vec<usize> = mapping.into_iter().flatten().collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, [1, 2]);
    }

    #[test]
    fn u2_a_column_name_cut_at_ten_bytes_is_still_known() {
        let layers = crate::tests::layers();
        let place = layers.named("boundary.area").unwrap();
        let cut = names(&["统计用区划"]);
        assert_eq!(map(place, &cut, true)[place.field("code").unwrap()], Some(0));
        assert_eq!(map(place, &cut, false)[place.field("code").unwrap()], None);
    }
}
