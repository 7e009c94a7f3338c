//! Units in headings: `埋深(cm)` in a field of metres is a hundredth.

use super::fields::OR;
use ditu_model::Field;

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Length,
    Area,
    Volume,
    Other,
}

/// Spellings, and how many metres, square or cubic metres one is.
const UNITS: [(&[&str], Kind, f64); 15] = [
    (&["mm", "毫米"], Kind::Length, 0.001),
    (&["cm", "厘米"], Kind::Length, 0.01),
    (&["dm", "分米"], Kind::Length, 0.1),
    (&["m", "米"], Kind::Length, 1.0),
    (&["km", "公里", "千米"], Kind::Length, 1000.0),
    (&["m2", "m²", "㎡", "平方米", "平米"], Kind::Area, 1.0),
    (&["mu", "亩"], Kind::Area, 10_000.0 / 15.0),
    (&["ha", "hm2", "hm²", "公顷"], Kind::Area, 10_000.0),
    (&["km2", "km²", "平方公里", "平方千米"], Kind::Area, 1e6),
    (&["万平方米", "万m²"], Kind::Area, 10_000.0),
    (&["m3", "m³", "立方米"], Kind::Volume, 1.0),
    (&["kv", "千伏"], Kind::Other, 1.0),
    (&["mpa", "kpa", "兆帕", "千帕"], Kind::Other, 1.0),
    (&["°", "度"], Kind::Other, 1.0),
    (&["t", "吨", "km/h"], Kind::Other, 1.0),
];

fn find(text: &str) -> Option<(Kind, f64)> {
    let text = text.trim().to_lowercase();
    let text = text.strip_prefix("单位").map_or(text.as_str(), |t| t.trim_start_matches([':', '：']).trim());
    UNITS.iter().find(|(names, ..)| names.contains(&text)).map(|(_, kind, n)| (*kind, *n))
}

/// Units of height as the writers of rasters name them, and how many metres one is; US surveyors' foot is 1200/3937 m.
const HEIGHTS: [(&[&str], f64); 6] = [
    (&["metre", "metres", "meter", "meters"], 1.0),
    (&["ft", "foot", "feet", "international foot", "foot (international)"], 0.3048),
    (
        &["us survey foot", "us-ft", "us_ft", "ftus", "foot_us", "survey foot", "us survey feet"],
        1200.0 / 3937.0,
    ),
    (&["centimetre", "centimetres", "centimeter", "centimeters"], 0.01),
    (&["decimetre", "decimeter", "decimetres", "decimeters"], 0.1),
    (&["millimetre", "millimetres", "millimeter", "millimeters"], 0.001),
];

/// How many metres a unit of height is; `None` for what is none.
pub(crate) fn metres(unit: &str) -> Option<f64> {
    let plain = unit.trim().to_lowercase();
    let named = HEIGHTS.iter().find(|(names, _)| names.contains(&plain.as_str())).map(|(_, n)| *n);
    named.or_else(|| find(unit).filter(|(kind, _)| *kind == Kind::Length).map(|(_, n)| n))
}

/// A unit and nothing else, in brackets or not.
pub(crate) fn is_unit(text: &str) -> bool {
    let bare = text.trim().trim_start_matches(['(', '（', '[']).trim_end_matches([')', '）', ']']);
    find(bare).is_some()
}

/// The unit that a heading states behind its name, in brackets.
fn stated(column: &str) -> Option<&str> {
    let name = column.split(OR).next()?.trim();
    let inner = name.strip_suffix([')', '）', ']'])?;
    let at = inner.rfind(['(', '（', '['])?;
    let unit = inner[at..].trim_start_matches(['(', '（', '[']).trim();
    find(unit).map(|_| unit)
}

/// By what a column's numbers are multiplied to be in the field's unit: 1 where the heading states none or the same.
///
/// # Errors
/// The heading's unit, where it measures something else.
pub(crate) fn factor<'a>(field: &Field, column: &'a str) -> Result<f64, &'a str> {
    let (Some(unit), Some(own)) = (stated(column), field.unit.as_deref()) else { return Ok(1.0) };
    match (find(unit), find(own)) {
        (Some((kind, n)), Some((wanted, m))) if kind == wanted && kind != Kind::Other => Ok(n / m),
        _ if unit.eq_ignore_ascii_case(own) => Ok(1.0),
        (Some(_), None) | (None, _) => Ok(1.0),
        (Some((Kind::Other, _)), Some((Kind::Other, _))) if find(unit) == find(own) => Ok(1.0),
        _ => Err(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_state_units_that_are_the_fields_own_others_or_none() {
        let layers = crate::tests::layers();
        let field = |layer: &str, name: &str| {
            let layer = layers.named(layer).unwrap();
            layer.fields[layer.field(name).unwrap()].clone()
        };
        let depth = field("pipeline.node", "depth_m");
        for (column, n) in [
            ("埋深", 1.0),
            ("埋深(m)", 1.0),
            ("埋深（米）", 1.0),
            ("埋深(cm)", 0.01),
            ("埋深（单位：mm）", 0.001),
            ("埋深[厘米] | depth", 0.01),
            ("高程(85基准)", 1.0),
            ("埋深)cm(", 1.0),
        ] {
            assert_eq!(factor(&depth, column), Ok(n), "{column}");
        }
        assert_eq!(factor(&depth, "埋深(亩)"), Err("亩"));
        let area = field("cadastre.parcel", "area_m2");
        assert!((factor(&area, "宗地面积(亩)").unwrap() - 666.666_666_7).abs() < 1e-6);
        assert_eq!(factor(&area, "面积（公顷）"), Ok(10_000.0));
        assert!(is_unit("(mm)") && is_unit(" ㎡") && !is_unit("m. "), "units alone");
    }
}
